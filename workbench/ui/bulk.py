"""What can be done with the picked requests, and the way back from it."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from workbench.filters import Filter
from workbench.jobs.running import Shown, jobs_of
from workbench.logs import bulk_jobs
from workbench.logs.bulk import Deleting, Done, Kind, Selection
from workbench.store.store import open_store
from workbench.ui import bulk_words, selection, state, words
from workbench.ui.access import actor
from workbench.ui.bulk_forms import draw_menus
from workbench.ui.compare import draw_compare_link
from workbench.ui.dataset_add import ask_add
from workbench.ui.evaluation_logs import ask_evaluate
from workbench.ui.export_links import draw_picked_link
from workbench.ui.job_cards import POLL_SECONDS, draw_lost, draw_progress, now_of

# So long a click waits for its own work, so that most need no progress bar.
WAIT_SECONDS = 1.5


def draw_bulk(
    chosen: Selection, filter_: Filter, now: datetime, up_to: int, found: int | None
) -> None:
    """The bar of what is picked. found: how many requests match the filter, None if not known."""
    number = selection.count(chosen, found)
    if number == 0:
        return
    with st.container(
        horizontal=True, vertical_alignment="center", gap="small", key="bulk", border=True
    ):
        named = "All that match" if number is None else words.plural(number, "request")
        st.markdown(f"**{named}** picked")
        if chosen.filter is None and (found is None or number is None or number < found):
            st.button(
                "Pick all that match" if found is None else f"Pick all {found:,} that match",
                key="pick-all",
                type="tertiary",
                on_click=selection.pick_all,
                args=(filter_, now, up_to),
            )
        draw_menus(chosen, number, _start)
        draw_picked_link(chosen)
        if st.button(
            "Add to dataset", icon=":material/dataset:", key="bulk-dataset", type="tertiary"
        ):
            ask_add(chosen, number)
        if st.button("Evaluate", icon=":material/rule:", key="bulk-evaluate", type="tertiary"):
            ask_evaluate(chosen, number)
        if len(chosen.ids) == 2:
            draw_compare_link(sorted(chosen.ids))
        st.button(
            "Delete",
            icon=":material/delete:",
            key="bulk-delete",
            type="tertiary",
            on_click=_delete,
            args=(chosen,),
            help="Hide them at once. This can be undone until they are purged in the settings",
        )
        st.button(
            "",
            icon=":material/close:",
            key="bulk-clear",
            type="tertiary",
            help="Pick nothing",
            on_click=selection.clear,
        )


def draw_outcome() -> None:
    """What the last change did with the way back, how far the one under way has come, or where one
    was stopped by a restart."""
    job = _job()
    if job is None:
        return
    if not job.is_over:
        st.fragment(_draw_progress, run_every=POLL_SECONDS)(job)
        return
    if job.is_lost:
        draw_lost(job, bulk_words.title_of(job.row), bulk_words.LOST[job.row.kind], _go_on)
        return
    with st.container(
        horizontal=True, vertical_alignment="center", gap="small", key="bulk-outcome", border=True
    ):
        st.markdown(bulk_words.told_of(job), width="stretch")
        outcome = bulk_jobs.outcome_of(job)
        if isinstance(outcome, Done) and outcome.changed:
            st.button(
                "Undo",
                icon=":material/undo:",
                key="bulk-undo",
                type="primary",
                on_click=_undo,
                args=(outcome.id,),
            )
        st.button(
            "", icon=":material/close:", key="bulk-dismiss", type="tertiary", on_click=_dismiss
        )


def _job() -> Shown | None:
    """The one that this person started last; else one of anybody that is under way, or that a
    restart stopped."""
    jobs = jobs_of(open_store())
    own = st.session_state.get(state.BULK_JOB)
    job = None if own is None else jobs.get(own)
    if job is None:
        found = sorted(jobs.open_ones(bulk_jobs.LOGS), key=lambda one: one.is_over)
        job = found[0] if found else None
    return job


def _draw_progress(job: Shown) -> None:
    now = now_of(job)
    if now is None or now.is_over:
        st.rerun()
    text = f"{now.through:,} of {words.plural(now.of, 'request')}" if now.of else "Starting"
    draw_progress(now, text, "bulk-progress", "bulk-stop")


def _go_on(job_id: int) -> None:
    bulk_jobs.go_on(open_store(), actor(), job_id)
    st.session_state[state.BULK_JOB] = job_id


def _start(chosen: Selection, kind: Kind) -> None:
    job = bulk_jobs.start(open_store(), actor(), chosen, kind)
    st.session_state[state.BULK_JOB] = job.id
    job.wait(WAIT_SECONDS)


def _undo(change_id: int) -> None:
    job = bulk_jobs.start_undo(open_store(), actor(), change_id)
    st.session_state[state.BULK_JOB] = job.id
    job.wait(WAIT_SECONDS)


def _dismiss() -> None:
    st.session_state.pop(state.BULK_JOB, None)


def _delete(chosen: Selection) -> None:
    _start(chosen, Deleting())
    selection.clear()
    st.query_params.pop(state.REQUEST, None)
