"""What can be done with the picked requests, and the way back from it."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from workbench.filters import Filter
from workbench.logs import bulk_jobs
from workbench.logs.bulk import (
    Deleting,
    Done,
    Kind,
    Selection,
    Starring,
    Undone,
)
from workbench.logs.bulk_jobs import Job
from workbench.store.errors import StoreError
from workbench.store.purge import Purged
from workbench.store.store import open_store
from workbench.ui import selection, state, words
from workbench.ui.access import actor
from workbench.ui.bulk_forms import draw_menus
from workbench.ui.compare import draw_compare_link
from workbench.ui.dataset_add import ask_add
from workbench.ui.evaluation_logs import ask_evaluate
from workbench.ui.export_links import draw_picked_link

# So long a click waits for its own work, so that most need no progress bar.
WAIT_SECONDS = 1.5
POLL_SECONDS = 0.5
_DONE = {
    "tag": "Changed the tags of",
    "metadata": "Changed the metadata of",
    "score": "Scored",
    "group": "Grouped",
    "delete": "Deleted",
}


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
    """What the last change did with the way back, or how far the one under way has come."""
    job = _job()
    if job is None:
        return
    if not job.is_done:
        _draw_progress(job.id)
        return
    with st.container(
        horizontal=True, vertical_alignment="center", gap="small", key="bulk-outcome", border=True
    ):
        _draw_sentence(job)
        outcome = job.outcome
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


def _job() -> Job | None:
    """The one that this person started last; else one of anybody that is still under way."""
    job = bulk_jobs.find(st.session_state.get(state.BULK_JOB, 0))
    running = bulk_jobs.running()
    return job or (running[0] if running else None)


@st.fragment(run_every=POLL_SECONDS)
def _draw_progress(job_id: int) -> None:
    job = bulk_jobs.find(job_id)
    if job is None or job.is_done:
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center", key="bulk-progress"):
        share = job.through / job.of if job.of else 0.0
        text = f"{job.through:,} of {words.plural(job.of, 'request')}" if job.of else "Starting"
        st.progress(min(1.0, share), text)
        st.button("Stop", key="bulk-stop", icon=":material/stop_circle:", on_click=job.stop)


def _draw_sentence(job: Job) -> None:
    error = job.error
    if error is not None:
        known = str(error) if isinstance(error, StoreError) else "The server's log has the reason."
        st.markdown(f":material/error: Not done: {known}", width="stretch")
        return
    st.markdown(sentence(job), width="stretch")


def sentence(job: Job) -> str:
    """What became of a job, in words."""
    outcome = job.outcome
    stopped = " until it was stopped" if outcome is not None and outcome.stopped else ""
    if isinstance(outcome, Done):
        did = _DONE.get(job.kind.action, "Changed") if job.kind else "Changed"
        if isinstance(job.kind, Starring):
            did = "Starred" if job.kind.starred else "Took the star from"
        if outcome.planned and not outcome.changed and not stopped:
            return f"Nothing to change: {words.plural(outcome.planned, 'request')} had it already."
        text = f"{did} {words.plural(outcome.changed, 'request')}{stopped}."
        same = outcome.planned - outcome.changed
        if same and not stopped:
            text += f" {words.plural(same, 'other')} needed no change."
        return text
    if isinstance(outcome, Undone):
        text = f"Put back {words.plural(outcome.restored, 'request')}{stopped}."
        if outcome.left:
            text += f" {outcome.left:,} had been changed again since, and stay as they are."
        return text
    if isinstance(outcome, Purged):
        return purged_sentence(outcome)
    return ""


def purged_sentence(purged: Purged) -> str:
    text = f"Purged {words.plural(purged.requests, 'request')}"
    if purged.blobs:
        text += f" and {words.plural(purged.blobs, 'image or file', 'images and files')}"
    if purged.stopped:
        return f"{text} until it was stopped. Purge again to go on."
    if not purged.is_erased:
        return (
            f"{text}. Traces may be left in the store's files: purge again when less is going on."
        )
    return f"{text}. The store's files hold nothing of them any more."


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
