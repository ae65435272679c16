"""What every list of jobs draws: how far one is, and where one was stopped by a restart."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from workbench.jobs.running import Shown, jobs_of
from workbench.store.errors import StoreError
from workbench.store.store import open_store
from workbench.ui.importing_words import plain

POLL_SECONDS = 0.5


def now_of(job: Shown) -> Shown | None:
    """The job as it is by now; None where it is off the list."""
    # Where this process runs it, memory has it: it is asked for twice a second.
    return job if job.live is not None else jobs_of(open_store()).get(job.id)


def through_of(job: Shown) -> str:
    """How far it came: N of M, or N."""
    return f"{job.through:,} of {job.of:,}" if job.of else f"{job.through:,}"


def draw_progress(job: Shown, text: str, key: str, stop_key: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key=key):
        st.progress(min(1.0, job.through / job.of) if job.of else 0.0, text)
        st.button(
            "Stop",
            key=stop_key,
            icon=":material/stop_circle:",
            on_click=jobs_of(open_store()).stop,
            args=(job.id,),
        )


def draw_lost(job: Shown, title: str, text: str, go_on: Callable[[int], object] | None) -> None:
    """text: what is there by now, and what to do. go_on: None where it cannot go on."""
    where = f" at {through_of(job)}" if job.through or job.of else ""
    with (
        st.container(border=True, key=f"job-{job.id}"),
        st.container(horizontal=True, vertical_alignment="center", gap="small"),
    ):
        st.markdown(
            f":material/restart_alt: **{plain(title)}** · Stopped{where} by a restart. {text}",
            width="stretch",
        )
        if go_on is not None:
            st.button(
                "Go on",
                key=f"go-on-job-{job.id}",
                icon=":material/play_arrow:",
                type="primary",
                on_click=_go_on,
                args=(job.id, go_on),
            )
        draw_dismiss(job)


def draw_dismiss(job: Shown) -> None:
    st.button(
        "",
        icon=":material/close:",
        type="tertiary",
        key=f"forget-job-{job.id}",
        help="Dismiss",
        on_click=jobs_of(open_store()).forget,
        args=(job.id,),
    )


def _go_on(job_id: int, go_on: Callable[[int], object]) -> None:
    try:
        go_on(job_id)
    except StoreError as error:
        st.toast(plain(str(error)), icon=":material/error:")
