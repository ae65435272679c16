"""All runs of the playground as a list with filters, each with its session and its request."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import streamlit as st

from workbench.playground.shown import INTERRUPTED, status_of
from workbench.providers.host import open_host
from workbench.store import playground_history
from workbench.store.playground_history import PastRun, Position, Wanted
from workbench.store.playground_runs import DONE, FAILED, RUNNING, STOPPED
from workbench.store.store import open_store
from workbench.ui import state, words
from workbench.ui.request_actions import address
from workbench.ui.zones import viewer_zone

RUNS_PAGE = "pages/playground_runs.py"
_SINCE = {
    "Last hour": timedelta(hours=1),
    "24 hours": timedelta(hours=24),
    "7 days": timedelta(days=7),
    "30 days": timedelta(days=30),
}
_STATUSES = (DONE, FAILED, STOPPED, RUNNING)
_PAGE = 100


def draw_history() -> None:
    connection = open_store().connection
    with st.container(horizontal=True, vertical_alignment="center"):
        st.html('<p class="wb-head"><strong>Runs of the playground</strong></p>', width="stretch")
        st.page_link("pages/playground.py", label="Playground", icon=":material/science:")
    wanted = _draw_filters()
    total = playground_history.count(connection, wanted)
    if not total:
        st.info(
            "No run of the playground fits these filters."
            if wanted != Wanted()
            else "Nothing was run in the playground yet."
        )
        return
    after = _position()
    found = playground_history.runs(connection, wanted, after=after, limit=_PAGE)
    st.html(f'<p class="wb-note">{words.plural(total, "run")}</p>')
    _draw_table(found)
    _draw_pages(found, after is not None)


def _draw_filters() -> Wanted:
    actors, models = playground_history.choices(open_store().connection)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        actor = _choice("By", state.RUNS_ACTOR, actors)
        model = _choice("Model", state.RUNS_MODEL, models)
        status = _choice("Status", state.RUNS_STATUS, _STATUSES)
        since = _choice("Begun in the", state.RUNS_SINCE, list(_SINCE))
        text = st.text_input(
            "Session",
            key=state.RUNS_TEXT,
            bind="query-params",
            placeholder="Part of its name, or its number",
        )
    given = text.strip()
    is_number = given.isdecimal() and len(given) < 17
    return Wanted(
        actor=actor,
        model=model,
        status=status,
        since=datetime.now(UTC) - _SINCE[since] if since else None,
        session=int(given) if is_number else None,
        text="" if is_number else given,
    )


def _choice(label: str, key: str, options: Sequence[str]) -> str | None:
    chosen = st.selectbox(
        label,
        options,
        index=None,
        key=key,
        bind="query-params",
        placeholder="any",
        on_change=_first_page,
    )
    return str(chosen) if chosen else None


def _first_page() -> None:
    st.query_params.pop(state.POSITION, None)


def _position() -> Position | None:
    """Where the page of the link begins; None at the beginning, and where that says nothing."""
    moment, _, id_ = st.query_params.get(state.POSITION, "").partition("_")
    try:
        return datetime.fromtimestamp(int(moment) / 1_000_000, UTC), id_
    except (ValueError, OverflowError, OSError):
        return None


def _draw_table(found: Sequence[PastRun]) -> None:
    zone = viewer_zone()
    st.dataframe(
        [_line(one) for one in found],
        hide_index=True,
        row_height=30,
        key="playground-history",
        column_config={
            "Begun": st.column_config.DatetimeColumn(
                format="YYYY-MM-DD HH:mm:ss", timezone=str(zone)
            ),
            "Session": st.column_config.TextColumn(width="medium"),
            "Open session": st.column_config.LinkColumn(
                display_text="open", width="small", help="The session that it was run in"
            ),
            "Request": st.column_config.LinkColumn(
                display_text="open", width="small", help="The request in the logs"
            ),
            "Total": st.column_config.NumberColumn(format="%.0f ms"),
            "Cost": st.column_config.NumberColumn(format="$%.6f"),
        },
    )


def _line(one: PastRun) -> dict[str, Any]:
    status = one.status
    if status == RUNNING:
        status = status_of(open_host(), one.id, one.process, one.started_at)
    session = address("playground", {state.SESSION: str(one.session_id)})
    request = address("request", {state.REQUEST: str(one.request_id)})
    numbers = [
        f"{word} {number + 1}"
        for word, number in (("row", one.row), ("repeat", one.repeat), ("answer", one.turn))
        if number
    ]
    return {
        "Begun": one.started_at,
        "Status": status,
        "Model": one.model,
        "By": one.actor,
        "Session": one.session if one.session is not None else "(removed)",
        "Which": ", ".join(numbers),
        "Open session": session if one.session is not None else None,
        "Request": request if one.request_id is not None else None,
        "Total": one.latency_ms,
        "In": one.input_tokens,
        "Out": one.output_tokens,
        "Cost": float(one.cost) if one.cost is not None else None,
        "Error": one.error or ("The server ended before it." if status == INTERRUPTED else ""),
    }


def _draw_pages(found: Sequence[PastRun], is_later: bool) -> None:
    def older() -> None:
        last = found[-1]
        moment = round(last.started_at.timestamp() * 1_000_000)
        st.query_params[state.POSITION] = f"{moment}_{last.id}"

    with st.container(horizontal=True):
        st.button("Newest", type="tertiary", disabled=not is_later, on_click=_first_page)
        st.button("Older", type="tertiary", disabled=len(found) < _PAGE, on_click=older)
