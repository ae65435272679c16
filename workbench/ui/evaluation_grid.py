"""The grid of a run: heads of its columns, a line of conditions, a dense page, a cell beside it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import lru_cache

import streamlit as st

from workbench.evals import grid_query, grid_reading, grids
from workbench.evals.grid_reading import Condition, Page, Sort
from workbench.evals.grids import Grid
from workbench.store.errors import NotFound, Refused
from workbench.store.evaluation_values import RUNNING
from workbench.store.store import open_store
from workbench.ui import state, words
from workbench.ui.dataset_links import draw_pages, order_by, read_number
from workbench.ui.evaluation_cell import Place, draw_cell
from workbench.ui.evaluation_heads import draw_heads
from workbench.ui.evaluation_links import find, read_cell
from workbench.ui.evaluation_table import HEIGHT, draw_table
from workbench.ui.export_links import draw_grid_link
from workbench.ui.hostile import escaped
from workbench.ui.linked import text_in_link
from workbench.ui.saying import say_at_once

ROWS = 50
#: Seconds between two looks at a grid that runs.
POLL_SECONDS = 2.0


def draw_grid(found: Grid) -> None:
    if found.run.dataset_id is None:
        st.info("This evaluation has no dataset yet: choose one under *Settings of the run*.")
        return
    asked = _draw_filter(found)
    st.session_state.pop(state.WHOLE_PAGE, None)
    if found.run.state == RUNNING:
        st.fragment(_draw_moving, run_every=POLL_SECONDS)(found.run.id, asked)
    else:
        _draw(found, asked)


Asked = tuple[list[Condition], Sort] | None


def _draw_moving(run_id: int, asked: Asked) -> None:
    """By itself, as long as it runs: which versions its prompts took is known only some time after
    its start, so the run is read each time."""
    say_at_once()
    if st.session_state.pop(state.WHOLE_PAGE, False):
        # What was clicked concerns more than this part.
        st.rerun()
    try:
        found = grids.grid(open_store(), run_id)
    except NotFound:
        st.rerun()
    if found.run.state != RUNNING:
        st.rerun()
    _draw(found, asked)


def _draw(found: Grid, asked: Asked) -> None:
    draw_heads(found, grid_reading.summaries(open_store(), found.run.id))
    if asked is None:
        return
    where, sort = asked
    number = max(1, read_number("page") or 1)
    page = _page(found, where, sort, number)
    pages = max(1, (page.total + ROWS - 1) // ROWS)
    if number > pages:
        number = pages
        page = _page(found, where, sort, number)
    if page.total == 0 and read_cell() is None:
        _draw_nothing(bool(where))
        return
    st.markdown(f"**{words.plural(page.total, 'row')}**{' match' if where else ''}")
    opened = read_cell()
    if opened is None:
        draw_table(found, page, None)
    else:
        _draw_beside(found, page, where, sort, number, opened)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        draw_pages(pages, number)
        draw_grid_link(found.run.id)


def _draw_filter(found: Grid) -> Asked:
    names = list(found.ids)
    with st.container(horizontal=True, vertical_alignment="bottom", key="evaluation-query"):
        line = text_in_link("Find", "q", key="evaluation-line", placeholder=_example(found))
        if line:
            st.button(
                "",
                icon=":material/filter_alt_off:",
                type="tertiary",
                key="grid-all-rows",
                help="All rows",
                on_click=find,
                args=("",),
            )
        _draw_order(found)
    sort = grid_query.read_order(st.query_params.get(state.SORT, ""), found.inputs, names)
    try:
        return grid_query.read(line, found.inputs, names), sort
    except Refused as error:
        st.warning(escaped(str(error)), icon=":material/error:")
        return None


def _example(found: Grid) -> str:
    checks = [one.name for one in found.columns if one.kind.result.startswith("true or false")]
    name = grid_query.named(found.columns[0].name) if found.columns else "answer"
    check = f"{grid_query.named(checks[0])}=false " if checks else ""
    return f"Words, or conditions such as {check}{name}.state=failed split=test"


def _draw_order(found: Grid) -> None:
    names = list(found.ids)
    text = st.query_params.get(state.SORT, "")
    chosen = grid_query.read_order(text, found.inputs, names)
    key = "evaluation-sort"
    options = grid_query.order_names(found.inputs, names)
    now = chosen.column if chosen.field == "value" else f"{chosen.column}.{chosen.field}"
    st.session_state[key] = now if now in options else "@row"
    st.selectbox(
        "Order",
        options,
        format_func=lambda one: "In order" if one == "@row" else one,
        key=key,
        label_visibility="collapsed",
        width=170,
        on_change=lambda: order_by(st.session_state[key], chosen.descending),
    )
    st.button(
        "",
        icon=":material/arrow_downward:" if chosen.descending else ":material/arrow_upward:",
        type="tertiary",
        key="evaluation-sort-way",
        help="The other way round",
        on_click=lambda: order_by(st.session_state[key], not chosen.descending),
    )


def _page(found: Grid, where: Sequence[Condition], sort: Sort, number: int) -> Page:
    store = open_store()
    moving = store.connection.is_ducklake or found.run.state == RUNNING
    # What runs, and what another process changes in a DuckLake, is new each moment.
    stamp = time.monotonic_ns() // 500_000_000 if moving else store.connection.changes
    return _read(
        store.settings.database, stamp, found.run.id, tuple(where), sort, (number - 1) * ROWS
    )


@lru_cache(maxsize=8)
def _read(
    _store: str,
    _stamp: int,
    run_id: int,
    where: tuple[Condition, ...],
    sort: Sort,
    offset: int,
) -> Page:
    """A page, read once for all reruns that only draw it again."""
    return grid_reading.page(
        open_store(), run_id, where=where, sort=sort, offset=offset, limit=ROWS
    )


def _draw_nothing(is_filtered: bool) -> None:
    if is_filtered:
        st.info("No row matches. Take a condition out of the line above.")
        st.button("Show all rows", key="show-all-rows", on_click=find, args=("",))
    else:
        st.info("This version of the dataset has no rows.")


def _draw_beside(
    found: Grid,
    page: Page,
    where: Sequence[Condition],
    sort: Sort,
    number: int,
    opened: tuple[int, str],
) -> None:
    with st.container(key="list"):
        table, detail = st.columns([1, 1.1], gap="small")
    with table:
        draw_table(found, page, opened)
    with detail, st.container(border=True, height=HEIGHT, key="detail"):
        before, after = _neighbours(found, page, where, sort, number, opened[0])
        draw_cell(found, opened, before, after)


def _neighbours(
    found: Grid, page: Page, where: Sequence[Condition], sort: Sort, number: int, row: int
) -> tuple[Place | None, Place | None]:
    """(row, page) before and after the open one; beyond this page that one is turned to."""
    ids = [one.id for one in page.rows]
    if row not in ids:
        return None, (ids[0], number) if ids else None
    at = ids.index(row)
    before = (ids[at - 1], number) if at else None
    after = (ids[at + 1], number) if at + 1 < len(ids) else None
    if before is None and number > 1:
        rows = _page(found, where, sort, number - 1).rows
        before = (rows[-1].id, number - 1) if rows else None
    if after is None and number * ROWS < page.total:
        rows = _page(found, where, sort, number + 1).rows
        after = (rows[0].id, number + 1) if rows else None
    return before, after
