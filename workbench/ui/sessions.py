"""Sessions: the list of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

import pandas as pd
import streamlit as st

from workbench.filters import Filter
from workbench.logs.sessions import key_rank, likeliest
from workbench.store import sessions
from workbench.store.session_rows import (
    KeyInUse,
    Position,
    Session,
    SessionId,
    SessionKey,
    SessionPage,
)
from workbench.store.store import open_store
from workbench.ui import state
from workbench.ui.empty import draw_no_match
from workbench.ui.export_links import draw_export_link
from workbench.ui.filter_bar import draw_filter_bar, read_filter
from workbench.ui.log_list import as_of, draw_news, show_newest
from workbench.ui.log_table import ROW_HEIGHT
from workbench.ui.zones import zone_name

ROWS = 25
_EXAMPLE = '{"session_id": "2f6c", "user_id": "u_42"}'


def open_session() -> SessionId | None:
    """The session that the link names."""
    return SessionId.parse(st.query_params.get(state.SESSION, ""))


def draw_sessions(now: datetime) -> None:
    """The filter bar with the choice of key, and the table; a click opens a session."""
    keys = sessions.keys_in_use(open_store().connection)
    key = _chosen_key(keys)
    if key is None:
        _draw_no_keys()
        return
    # Before the filter is read: a link without any parameter would open the default view of Logs.
    st.query_params[state.SESSION_KEY] = str(key)
    filter_ = read_filter()
    draw_filter_bar(filter_, now, lambda: _draw_key(keys, key), with_views=False)
    page = _read(key, filter_, now)
    if not page.rows:
        _draw_nothing(key, filter_, now)
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        word = "session" if page.total == 1 else "sessions"
        st.markdown(f"**{page.total:,}** {word}", width="stretch")
        draw_export_link(filter_, help_="The requests of these sessions, as files")
        draw_news(filter_, now)
    _draw_table(page.rows)
    _draw_pager(page, key, filter_, now)


def _chosen_key(keys: Sequence[KeyInUse]) -> SessionKey | None:
    """The link's key, else the one whose name says most."""
    asked = SessionKey.parse(st.query_params.get(state.SESSION_KEY, ""))
    if asked is not None:
        return asked
    known = [each.key for each in keys]
    return likeliest(known) or (known[0] if known else None)


def _draw_key(keys: Sequence[KeyInUse], chosen: SessionKey) -> None:
    ranked = sorted(keys, key=lambda each: rank if (rank := key_rank(each.key)) is not None else 99)
    options = list(dict.fromkeys([*(each.key for each in ranked), chosen]))
    widget = f"session-key-{chosen}"
    st.selectbox(
        "Held together by",
        options,
        index=options.index(chosen),
        format_func=lambda key: key.label,
        key=widget,
        label_visibility="collapsed",
        help="What the requests of a session share",
        on_change=lambda: _choose_key(st.session_state[widget]),
        width=190,
    )


def _choose_key(key: SessionKey) -> None:
    st.query_params[state.SESSION_KEY] = str(key)
    show_newest()


def _read(key: SessionKey, filter_: Filter, now: datetime) -> SessionPage:
    return sessions.page(
        open_store().connection,
        key,
        filter_,
        now=now,
        limit=ROWS,
        position=Position.parse(st.query_params.get(state.POSITION, "")),
        up_to=as_of(),
    )


def _draw_no_keys() -> None:
    st.title("No sessions yet", anchor=False)
    st.markdown(
        "A session is what requests share: a group, a trace, or a value in their metadata. "
        "Log requests with metadata such as"
    )
    st.code(_EXAMPLE, language="json")
    st.markdown("and they appear here as conversations.")


def _draw_nothing(key: SessionKey, filter_: Filter, now: datetime) -> None:
    if st.query_params.get(state.POSITION):
        st.info("There is no session at this place any more.")
        st.button("Newest", on_click=show_newest)
    elif filter_.is_empty:
        st.info(f"No request carries {key.label}: choose what else holds sessions together.")
    else:
        draw_no_match(filter_, now)


def _draw_table(rows: Sequence[Session]) -> None:
    key = f"sessions-{rows[0].id}-{len(rows)}"
    config = st.column_config
    st.dataframe(
        _frame(rows),
        key=key,
        hide_index=True,
        row_height=ROW_HEIGHT,
        height=ROW_HEIGHT * (len(rows) + 1) + 4,
        placeholder="",
        alt="Sessions, the one with the newest end first",
        on_select=lambda: _selected(key, rows),
        selection_mode=["single-row", "single-cell"],
        column_config={
            "Last": config.DatetimeColumn("Last", format="distance", width=116),
            "Session": config.TextColumn("Session", width=170),
            "First words": config.TextColumn("First words", width=430),
            "Requests": config.NumberColumn("Requests", format="localized", width=84),
            "Errors": config.NumberColumn("Errors", format="localized", width=70),
            "Duration": config.TextColumn("Duration", width=104),
            "Tokens": config.NumberColumn("Tokens", format="localized", width=84),
            "Cost": config.NumberColumn("Cost", format="$%.5f", width=94),
            "Began": config.DatetimeColumn("Began", format="YYYY-MM-DD HH:mm", width=140),
        },
    )


def _frame(rows: Sequence[Session]) -> pd.DataFrame:
    zone = zone_name()

    def times(moments: list[datetime]) -> pd.Series:
        return pd.Series(moments, dtype="datetime64[us, UTC]").dt.tz_convert(zone)

    return pd.DataFrame(
        {
            "Last": times([row.last_at for row in rows]),
            "Session": [row.id.value for row in rows],
            "First words": [row.first_words for row in rows],
            "Requests": [row.requests for row in rows],
            "Errors": [row.errors or None for row in rows],
            "Duration": [duration(row.duration) for row in rows],
            "Tokens": [row.tokens or None for row in rows],
            "Cost": [None if row.cost is None else float(row.cost) for row in rows],
            "Began": times([row.first_at for row in rows]),
        }
    )


def duration(length: timedelta) -> str:
    """A span of time in its two largest units."""
    seconds = length.total_seconds()
    if seconds < 10:
        return f"{max(seconds, 0):.1f} s"
    whole = round(seconds)
    for unit, size, smaller, part in (
        ("d", 86_400, "h", 3600),
        ("h", 3600, "min", 60),
        ("min", 60, "s", 1),
    ):
        if whole >= size:
            rest = whole % size // part
            return f"{whole // size:,} {unit}" + (f" {rest} {smaller}" if rest else "")
    return f"{whole} s"


def _selected(key: str, rows: Sequence[Session]) -> None:
    selection = st.session_state[key]["selection"]
    place = selection["cells"][0][0] if selection["cells"] else None
    if place is None and selection["rows"]:
        place = selection["rows"][0]
    if place is not None:
        st.query_params[state.SESSION] = str(rows[place].id)


def _draw_pager(page: SessionPage, key: SessionKey, filter_: Filter, now: datetime) -> None:
    if not page.has_newer and not page.has_older:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Newer",
            icon=":material/chevron_left:",
            disabled=not page.has_newer,
            on_click=_turn,
            args=(page, key, filter_, now, "newer"),
        )
        st.button(
            "Older",
            icon=":material/chevron_right:",
            icon_position="right",
            disabled=not page.has_older,
            on_click=_turn,
            args=(page, key, filter_, now, "older"),
        )
        if page.has_newer:
            st.button("Newest", type="tertiary", on_click=show_newest)


def _turn(
    page: SessionPage,
    key: SessionKey,
    filter_: Filter,
    now: datetime,
    direction: Literal["newer", "older"],
) -> None:
    """Turn the page: the link names its first line, so it stays put whatever arrives."""
    edge = page.rows[0] if direction == "newer" else page.rows[-1]
    beyond = sessions.page(
        open_store().connection,
        key,
        filter_,
        now=now,
        limit=ROWS,
        position=Position.of(edge),
        direction=direction,
        up_to=as_of(),
    )
    if not beyond.rows or (direction == "newer" and not beyond.has_newer):
        st.query_params.pop(state.POSITION, None)
    else:
        st.query_params[state.POSITION] = str(Position.of(beyond.rows[0]))
