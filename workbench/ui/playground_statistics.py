"""What repeats and rows say: distributions, differences with their tests, and how sure they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from workbench.playground import calls, places
from workbench.playground.analysis import MEASURES, Report, report
from workbench.playground.differences import differences
from workbench.playground.session import Session
from workbench.providers.call import ResponseFormat
from workbench.providers.host import open_host
from workbench.store import playground_runs
from workbench.store.playground_runs import Batch
from workbench.store.store import open_store
from workbench.ui import state, words
from workbench.ui.playground_figures import draw_distribution
from workbench.ui.playground_numbers import columns_html, differences_html
from workbench.ui.playground_view import View
from workbench.ui.zones import minute


def draw_statistics(view: View) -> None:
    session = view.session
    connection = open_store().connection
    found = playground_runs.batches(connection, places.sessions_of(session, view.kept))
    if not found:
        return
    part = st.expander(
        "Statistics",
        icon=":material/analytics:",
        expanded=state.BATCH in st.query_params or state.BASE in st.query_params,
        key=f"statistics-{session.id}",
        on_change="rerun",
    )
    if part.open:
        with part:
            if session.blind_seed is not None:
                st.caption(
                    "Statistics would tell whose answer is whose: they are shown when blind "
                    "mode is off."
                )
            else:
                _draw_inside(view, found)


def _draw_inside(view: View, found: Sequence[Batch]) -> None:
    session = view.session
    batch = _draw_batch(view, found)
    runs = playground_runs.of_batch(open_store().connection, batch.id)
    columns = [(one.id, session.title(one)) for one in session.columns]
    result = report(columns, runs, _wanted(session), view.votes)
    if not result.columns:
        st.caption("The columns of this run are not there any more.")
        return
    st.html(columns_html(result))
    _draw_notes(result)
    if len(result.columns) > 1:
        _draw_differences(session, result)
    if result.rows > 1 or result.repeats > 1:
        _draw_chart(session, result)


def _draw_batch(view: View, found: Sequence[Batch]) -> Batch:
    """The press of Run that the link names; without it the one that the columns show."""
    by_id = {one.id: one for one in found}
    named = st.query_params.get(state.BATCH) or ""
    shown = places.batch_of(view.session, view.kept)
    wanted = int(named) if named.isdecimal() and len(named) < 17 else shown
    here = by_id.get(wanted) or by_id.get(shown) or found[0]
    widget = f"batch-{view.session.id}-{here.id}"

    def choose() -> None:
        st.query_params[state.BATCH] = str(st.session_state[widget])

    st.selectbox(
        "Which run",
        list(by_id),
        index=list(by_id).index(here.id),
        format_func=lambda id_: _words(by_id[id_]),
        key=widget,
        width=420,
        on_change=choose,
    )
    return here


def _words(batch: Batch) -> str:
    several = [
        words.plural(number, word)
        for number, word in ((batch.rows, "row"), (batch.repeats, "repeat"))
        if number > 1
    ]
    return " · ".join((minute(batch.started_at), words.plural(batch.runs, "run"), *several))


def _wanted(session: Session) -> dict[str, ResponseFormat | None]:
    """The JSON that each column is asked for."""
    connections = open_host().connections()
    row = session.rows[0] if session.rows else None
    found: dict[str, ResponseFormat | None] = {}
    for column in session.columns:
        prepared = calls.prepare(open_store(), connections, session, column, row)
        found[column.id] = prepared.call.response_format if prepared.call else None
    return found


def _draw_notes(result: Report) -> None:
    unfinished = sum(one.unfinished for one in result.columns)
    said = []
    if unfinished:
        said.append(
            f"{words.plural(unfinished, 'run')} did not end by itself and counts nowhere: it goes "
            "on, was stopped or interrupted."
            if unfinished == 1
            else f"{unfinished:,} runs did not end by themselves and count nowhere: they go on, "
            "were stopped or interrupted."
        )
    if result.rows == 1 and result.repeats == 1:
        said.append("One answer each says little: repeat the run to learn how much is chance.")
    if said:
        st.caption(" ".join(said))


def _draw_differences(session: Session, result: Report) -> None:
    titles = {one.column_id: one.title for one in result.columns}
    named = st.query_params.get(state.BASE)
    base = named if named in titles else next(iter(titles))
    widget = f"base-{session.id}-{base}"

    def choose() -> None:
        st.query_params[state.BASE] = st.session_state[widget]

    st.selectbox(
        "Differences from",
        list(titles),
        index=list(titles).index(base),
        format_func=titles.__getitem__,
        key=widget,
        width=260,
        on_change=choose,
    )
    found = differences(result, base)
    if not found:
        st.caption("No two answers to the same row and repeat can be compared.")
        return
    st.html(differences_html(found, titles))
    st.caption(
        "Intervals are of 95 %, tests two-sided at 5 %; each line is tested for itself, so that of "
        "twenty lines without any difference about one seems to have one. About how many more: for "
        "a chance of 80 %, were the difference what it was here."
    )


def _draw_chart(session: Session, result: Report) -> None:
    there: dict[str, Any] = {
        one.name: one.title
        for one in MEASURES
        if one.kind == "number" and any(one.name in each.summaries for each in result.columns)
    }
    if not there:
        return
    named = st.query_params.get(state.MEASURE)
    measure = named if named in there else next(iter(there))
    widget = f"measure-{session.id}-{measure}"

    def choose() -> None:
        st.query_params[state.MEASURE] = st.session_state[widget]

    st.selectbox(
        "Distribution of",
        list(there),
        index=list(there).index(measure),
        format_func=there.__getitem__,
        key=widget,
        width=260,
        on_change=choose,
    )
    draw_distribution(result, measure, there[measure], f"chart-{session.id}")
