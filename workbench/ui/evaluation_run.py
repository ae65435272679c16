"""The bar that runs an evaluation: what it would cost, how far it is, what can be done."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from workbench.evals import running
from workbench.evals.grids import Grid
from workbench.evals.running import Progress
from workbench.store.evaluation_values import CANCELLED, NEW, PAUSED, RUNNING
from workbench.store.store import open_store
from workbench.ui import access
from workbench.ui import evaluation_words as say_it
from workbench.ui.evaluation_ask import Again, begin, begin_again
from workbench.ui.hostile import escaped
from workbench.ui.marks import marked
from workbench.ui.saying import done_or_said, say_at_once

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
            # What was held goes on without being asked again.
            begin(found, is_known=now.state in (PAUSED, CANCELLED))
    if now.state == PAUSED:
        _button("Cancel", "stop", running.cancel, found)
    if now.counts.failed:
        label = f"Rerun {now.counts.failed:,} failed"
        if st.button(label, icon=":material/replay:", type="tertiary", key="rerun-failed"):
            begin_again(found, Again("failed"))


def _button(
    label: str, icon: str, do: Callable[..., object], found: Grid, *, help_: str | None = None
) -> None:
    st.button(
        label,
        icon=f":material/{icon}:",
        key=f"run-{label.lower()}",
        help=help_,
        on_click=done_or_said,
        args=(lambda: do(open_store(), access.actor(), found.run.id),),
    )
