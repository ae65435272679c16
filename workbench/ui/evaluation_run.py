"""The bar that runs an evaluation: what it would cost, how far it is, what can be done."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from workbench.evals import running
from workbench.evals.grids import Grid
from workbench.evals.running import Estimate, Progress
from workbench.jsontext import FieldError
from workbench.store.errors import NotFound, Refused
from workbench.store.evaluation_values import CANCELLED, NEW, PAUSED, RUNNING
from workbench.store.store import open_store
from workbench.ui import access, words
from workbench.ui import evaluation_words as say_it
from workbench.ui.dataset_links import say
from workbench.ui.hostile import escaped
from workbench.ui.marks import marked
from workbench.ui.saying import say_at_once

POLL_SECONDS = 1.0


def draw_run_bar(found: Grid) -> None:
    now = running.progress(open_store(), found.run.id)
    if now.state == RUNNING or now.is_finishing:
        st.fragment(_draw_moving, run_every=POLL_SECONDS)(found)
        return
    with st.container(
        horizontal=True, vertical_alignment="center", gap="small", key="run-bar", border=True
    ):
        _draw_progress(now)
        if found.is_newest:
            _draw_actions(found, now)


def _draw_moving(found: Grid) -> None:
    say_at_once()
    now = running.progress(open_store(), found.run.id)
    if now.state != RUNNING and not now.is_finishing:
        st.rerun()
    with st.container(
        horizontal=True, vertical_alignment="center", gap="small", key="run-bar", border=True
    ):
        _draw_progress(now)
        if now.is_finishing:
            return
        _button("Pause", "pause", running.pause, found, help_="Begin no further cell")
        _button(
            "Cancel",
            "stop",
            running.cancel,
            found,
            help_="Stop the cells that run as well; a later start runs them",
        )


def _draw_progress(now: Progress) -> None:
    state = say_it.run_state(now.state, now.counts)
    with st.container(gap="xsmall", width="stretch"):
        line = say_it.progress_line(now)
        st.html(f'<p class="wb-note"><strong>{marked(state)}</strong> · {escaped(line)}</p>')
        if now.total and now.share < 1:
            st.progress(min(1.0, now.share))
        said = [now.reason] if now.reason else []
        if now.is_finishing:
            said.append("The cells that it began are brought to their end.")
        if said:
            st.html(f'<p class="wb-note wb-held">{escaped(" ".join(said))}</p>')


def _draw_actions(found: Grid, now: Progress) -> None:
    if not found.columns or found.run.dataset_id is None:
        return
    to_run = now.counts.left - now.for_people
    if to_run > 0:
        label = {NEW: "Run", PAUSED: "Resume", CANCELLED: "Go on"}.get(now.state, "Run")
        if st.button(label, icon=":material/play_arrow:", type="primary", key="start-run"):
            _begin(found, now)
    if now.state == PAUSED:
        _button("Cancel", "stop", running.cancel, found)
    if now.counts.failed:
        st.button(
            f"Rerun {now.counts.failed:,} failed",
            icon=":material/replay:",
            type="tertiary",
            key="rerun-failed",
            on_click=_do,
            args=(lambda: running.rerun(open_store(), access.actor(), found.run.id, "failed"),),
        )


def _button(
    label: str, icon: str, do: Callable[..., object], found: Grid, *, help_: str | None = None
) -> None:
    st.button(
        label,
        icon=f":material/{icon}:",
        key=f"run-{label.lower()}",
        help=help_,
        on_click=_do,
        args=(lambda: do(open_store(), access.actor(), found.run.id),),
    )


def _do(work: Callable[[], object]) -> None:
    """From a callback: what cannot be done is said after the run."""
    try:
        work()
    except (Refused, NotFound, FieldError) as error:
        say(str(error))


def calls_models(found: Grid) -> bool:
    return any(one.kind.calls_models for one in found.columns)


def _begin(found: Grid, now: Progress) -> None:
    """At once where nothing is called; else with what it would cost before it."""
    # What was held goes on without being asked again.
    if calls_models(found) and now.state not in (PAUSED, CANCELLED):
        _ask_start(found)
        return
    try:
        running.start(open_store(), access.actor(), found.run.id)
    except (Refused, NotFound) as error:
        st.error(escaped(str(error)))
        return
    st.rerun()


@st.dialog("Run the evaluation", width="medium")
def _ask_start(found: Grid) -> None:
    store, run_id = open_store(), found.run.id
    try:
        with st.spinner("Working out what it would cost"):
            asked = running.estimate(store, run_id)
    except (Refused, NotFound) as error:
        st.error(escaped(str(error)))
        return
    _draw_estimate(asked)
    budget = found.run.budget
    st.caption(
        f"It pauses before it has spent more than {words.money(budget)}."
        if budget is not None
        else "No budget is set: the settings of the run have one."
    )
    if st.button("Start", type="primary", icon=":material/play_arrow:", key="start-now"):
        try:
            running.start(store, access.actor(), run_id)
        except (Refused, NotFound) as error:
            st.error(escaped(str(error)))
            return
        st.rerun()


def _draw_estimate(asked: Estimate) -> None:
    dollars = (
        f"about {words.money(asked.dollars)}"
        if asked.dollars is not None
        else f"{words.money(asked.known)} for what is known, more for what is not"
    )
    st.html(
        f"<p>{escaped(words.plural(asked.calls, 'call'))} of models over "
        f"{escaped(words.plural(asked.rows, 'row'))}: <strong>{escaped(dollars)}</strong></p>"
    )
    st.dataframe(
        {
            "Column": [one.column for one in asked.columns],
            "Model": [one.model or "" for one in asked.columns],
            "Cells": [one.cells for one in asked.columns],
            "Calls": [one.calls for one in asked.columns],
            "Tokens in": [one.input_tokens for one in asked.columns],
            "Tokens out": [one.output_tokens for one in asked.columns],
            "Cost": [words.money(one.dollars) for one in asked.columns],
        },
        hide_index=True,
        placeholder="",
        column_config={
            **{
                name: st.column_config.NumberColumn(format="localized")
                for name in ("Cells", "Calls", "Tokens in", "Tokens out")
            },
            "Cost": st.column_config.TextColumn(alignment="right"),
        },
    )
    noted: dict[str, list[str]] = {}
    for one in asked.columns:
        for problem in one.problems:
            st.warning(escaped(f"{one.column}: {problem}"), icon=":material/error:")
        if one.note:
            noted.setdefault(one.note, []).append(one.column)
    # Columns of one model have one note.
    for note, names in noted.items():
        st.caption(escaped(f"{', '.join(names)}: {note}"))
