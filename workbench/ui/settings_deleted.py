"""Deleted requests that wait to be purged, and the last changes of many requests, to be undone."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from workbench.logs import bulk_jobs
from workbench.store import bulk_changes
from workbench.store.bulk_changes import UNDO_FOR, BulkChange
from workbench.store.store import open_store
from workbench.ui import state, words
from workbench.ui.access import actor
from workbench.ui.bulk import WAIT_SECONDS, draw_outcome
from workbench.ui.bulk_words import described
from workbench.ui.chips import label_of

SHOWN = 10


def draw_deleted(deleted: int) -> None:
    """deleted: how many requests are deleted and not yet purged."""
    st.subheader("Deleted requests", anchor=False)
    draw_outcome()
    if deleted:
        are = "is" if deleted == 1 else "are"
        st.markdown(
            f"{words.plural(deleted, 'request')} {are} hidden. What was deleted in the last "
            f"{UNDO_FOR.days} days can be brought back below. A purge removes it for good: texts, "
            "images that nothing else uses, scores, and the texts in the audit trail. Backups that "
            "were made before still hold it."
        )
        if st.button("Purge…", icon=":material/delete_forever:", key="purge"):
            _confirm(deleted)
    else:
        st.caption("Nothing is deleted that is not purged.")
    recent = bulk_changes.recent(open_store().connection, SHOWN)
    changes = [change for change in recent if change.changed]
    if changes:
        st.subheader("Last changes of many requests", anchor=False)
        st.caption(f"Each can be undone for {UNDO_FOR.days} days.")
        now = datetime.now(UTC)
        for change in changes:
            _draw_change(change, now)


@st.dialog("Purge deleted requests")
def _confirm(deleted: int) -> None:
    st.markdown(
        f"**{words.plural(deleted, 'request')}** will be removed for good. "
        "This cannot be undone, and takes a while in a large store; requests that come in go on "
        "being taken."
    )
    with st.container(horizontal=True):
        if st.button("Purge for good", type="primary", key="purge-confirmed", on_click=_purge):
            st.rerun()
        if st.button("Keep them"):
            st.rerun()


def _purge() -> None:
    job = bulk_jobs.start_purge(open_store(), actor())
    st.session_state[state.BULK_JOB] = job.id
    job.wait(WAIT_SECONDS)


def _draw_change(change: BulkChange, now: datetime) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        who = change.actor.removeprefix("user:")
        st.markdown(
            f"{label_of(described(change))} :small[· {words.ago(change.made_at, now)} by "
            f"{label_of(who)}]",
            width="stretch",
        )
        if change.kept and change.kind is not None:
            st.button(
                "Undo",
                icon=":material/undo:",
                key=f"undo-{change.id}",
                type="tertiary",
                on_click=_undo,
                args=(change.id,),
            )
        elif change.undone_at is not None:
            st.caption("Undone", width="content")


def _undo(change_id: int) -> None:
    job = bulk_jobs.start_undo(open_store(), actor(), change_id)
    st.session_state[state.BULK_JOB] = job.id
    job.wait(WAIT_SECONDS)
