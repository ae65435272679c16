"""The list of requests with its open request beside it: pages by position, live mode, keyboard."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import streamlit as st

from workbench.filters import Filter
from workbench.store import search
from workbench.store.extras import extras
from workbench.store.search import DEFAULT, Page, Position
from workbench.store.store import open_store
from workbench.ui import selection, state, words
from workbench.ui.bulk import draw_bulk
from workbench.ui.columns import shown
from workbench.ui.detail import draw_detail
from workbench.ui.facets import are_shown
from workbench.ui.log_table import ROW_HEIGHT, draw_rows, usual_columns, with_stars
from workbench.ui.request_actions import draw_steps
from workbench.ui.sorting import arrow, ask_for, sort_now

ROWS = 25
# The open request scrolls by itself, so closing it returns to the same place.
TABLE_HEIGHT = ROW_HEIGHT * (ROWS + 1) + 4
_TABLE = "log-table"
LIVE_SECONDS = 2


def as_of() -> int:
    """The newest request that this view knows: what arrives later does not shift the pages."""
    if state.AS_OF not in st.session_state:
        st.session_state[state.AS_OF] = search.newest_id(open_store().connection)
    return int(st.session_state[state.AS_OF])


def open_request() -> int | None:
    text = st.query_params.get(state.REQUEST, "")
    return int(text) if text.isdecimal() and len(text) <= 16 else None


def set_open_request(request_id: int | None) -> None:
    if request_id is None:
        st.query_params.pop(state.REQUEST, None)
    else:
        st.query_params[state.REQUEST] = str(request_id)


def read_page(filter_: Filter, now: datetime) -> Page:
    sort = sort_now()
    return search.page(
        open_store().connection,
        filter_,
        now=now,
        limit=ROWS,
        position=Position.parse(st.query_params.get(state.POSITION, ""), sort),
        up_to=as_of(),
        sort=sort,
    )


def draw_list(filter_: Filter, now: datetime, found: int | None) -> None:
    """The table, and beside it the open request. found: how many requests match, if known."""
    page = read_page(filter_, now)
    opened = open_request()
    draw_bulk(selection.selection(filter_), filter_, now, as_of(), found)
    if opened is None:
        _draw_table(page, filter_, now, None)
        return
    with st.container(key="list"):
        table, detail = st.columns([1.15, 1], gap="small")
    with table:
        _draw_table(page, filter_, now, opened)
    with detail, st.container(border=True, height=TABLE_HEIGHT, key="detail"):
        draw_detail(opened, lambda: _draw_toolbar(page, filter_, now, opened))


def draw_open_first(filter_: Filter, now: datetime) -> None:
    """While nothing is open, the key for the next request opens the first one."""
    st.button(
        "",
        icon=":material/keyboard_arrow_down:",
        shortcut="j",
        help="Open the first request",
        key="go-first",
        type="tertiary",
        on_click=_open_first,
        args=(filter_, now),
    )


def _open_first(filter_: Filter, now: datetime) -> None:
    rows = read_page(filter_, now).rows
    if rows:
        set_open_request(rows[0].id)


def _draw_table(page: Page, filter_: Filter, now: datetime, opened: int | None) -> None:
    ids = [row.id for row in page.rows]
    columns = with_stars(shown() if opened is None else usual_columns(narrow=True), page.rows)
    more = any(column.is_extra for column in columns)
    key = f"{_TABLE}-{ids[0] if ids else 0}-{len(ids)}"
    rows = selection.rows_of(selection.selection(filter_), ids)
    st.session_state[key] = {"selection": {"rows": rows, "columns": [], "cells": []}}
    draw_rows(
        page.rows,
        key,
        columns=columns,
        extras=extras(open_store().connection, ids) if more else None,
        mark=arrow,
        opened=opened,
        tight=are_shown(),
        height=ROW_HEIGHT * (len(ids) + 1) + 4,
        on_select=lambda: selected(key, ids, filter_),
        # Choosing columns is what turns off sorting in the browser, which would only turn round
        # this one page; a click on a heading asks for the order of the whole list instead.
        selection_mode=["multi-row", "single-cell", "single-column"],
    )
    _draw_pager(page, filter_, now)


def selected(key: str, ids: list[int], filter_: Filter) -> None:
    """A click on a heading sorts, on any cell opens its line, on a box picks its request."""
    chosen = st.session_state[key]["selection"]
    if chosen["columns"]:
        label = chosen["columns"][0]
        every = (*shown(), *usual_columns(narrow=True))
        column = next((each for each in every if each.label == label), None)
        if column is not None:
            ask_for(column)
    elif chosen["cells"]:
        set_open_request(ids[chosen["cells"][0][0]])
    else:
        selection.pick_rows(selection.selection(filter_), ids, chosen["rows"])


def _draw_pager(page: Page, filter_: Filter, now: datetime) -> None:
    if not page.has_newer and not page.has_older:
        return
    in_time = sort_now() == DEFAULT
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Newer" if in_time else "Previous",
            icon=":material/chevron_left:",
            disabled=not page.has_newer,
            on_click=_turn,
            args=(page, filter_, now, "newer"),
        )
        st.button(
            "Older" if in_time else "Next",
            icon=":material/chevron_right:",
            icon_position="right",
            disabled=not page.has_older,
            on_click=_turn,
            args=(page, filter_, now, "older"),
        )
        if page.has_newer:
            st.button("Newest" if in_time else "First", type="tertiary", on_click=show_newest)


def _turn(page: Page, filter_: Filter, now: datetime, direction: Literal["newer", "older"]) -> None:
    """Turn the page: the link names its first line, so it stays put whatever arrives."""
    if not page.rows:
        show_newest()
        return
    edge = page.positions[0] if direction == "newer" else page.positions[-1]
    beyond = search.page(
        open_store().connection,
        filter_,
        now=now,
        limit=ROWS,
        position=edge,
        direction=direction,
        up_to=as_of(),
        sort=sort_now(),
    )
    if not beyond.rows or (direction == "newer" and not beyond.has_newer):
        st.query_params.pop(state.POSITION, None)
    else:
        st.query_params[state.POSITION] = str(beyond.positions[0])


def show_newest() -> None:
    st.query_params.pop(state.POSITION, None)
    st.session_state.pop(state.AS_OF, None)


def _draw_toolbar(page: Page, filter_: Filter, now: datetime, opened: int) -> None:
    newer, older = _neighbours(page, filter_, now, opened)
    draw_steps(newer, older, lambda target: _go(page, target))
    st.button(
        "",
        icon=":material/close:",
        shortcut="Esc",
        help="Close",
        key="close",
        type="tertiary",
        on_click=set_open_request,
        args=(None,),
    )


def _neighbours(
    page: Page, filter_: Filter, now: datetime, opened: int
) -> tuple[int | None, int | None]:
    """Ids of the requests before and after the open one, on this page or beyond it."""
    connection, sort = open_store().connection, sort_now()
    here = next((place for place in page.positions if place.id == opened), None)
    here = here or search.position_of(connection, opened, sort)
    if here is None:
        return None, None
    return search.neighbours(connection, filter_, here, now=now, up_to=as_of(), sort=sort)


def _go(page: Page, target: int | None) -> None:
    """Open another request; when it lies beyond this page, the page goes with it."""
    if target is None:
        return
    set_open_request(target)
    if all(row.id != target for row in page.rows):
        place = search.position_of(open_store().connection, target, sort_now())
        if place is not None:
            st.query_params[state.POSITION] = str(place)


def draw_live() -> None:
    st.toggle("Live", key=state.LIVE, bind="query-params", help="Show requests as they arrive")


@st.fragment(run_every=LIVE_SECONDS)
def draw_news(filter_: Filter, now: datetime) -> None:
    """What arrived since the list was read: taken over in live mode, offered otherwise."""
    newest = search.newest_id(open_store().connection)
    known = as_of()
    if newest <= known:
        return
    if st.session_state.get(state.LIVE) and state.POSITION not in st.query_params:
        st.session_state[state.AS_OF] = newest
        st.rerun()
    arrived = search.count(open_store().connection, filter_, now=now, after=known)
    if arrived and st.button(
        f"{words.plural(arrived, 'new request')}", icon=":material/refresh:", type="tertiary"
    ):
        show_newest()
        st.rerun()
