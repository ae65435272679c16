"""An import of the server: how far it is, what became of the rows, and what can be done with it."""

from __future__ import annotations

import csv
from itertools import islice
from pathlib import Path

import pandas as pd
import streamlit as st

from workbench.export import links as links_to_files
from workbench.filters import to_text
from workbench.logs.importing.background_job import (
    DONE,
    FAILED,
    INTERRUPTED,
    RESUMABLE,
    UNFINISHED,
    WAITING,
    Job,
)
from workbench.store.store import open_store
from workbench.ui import links, state, words
from workbench.ui.download import draw_download
from workbench.ui.hostile import escaped
from workbench.ui.importing import all_jobs, show_choice
from workbench.ui.importing_words import STATES, plain
from workbench.ui.zones import exact

_SHOWN = 10
_SECONDS = 0.5


def draw_job(job: Job) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.html(
            f'<p class="wb-head" dir="auto"><b>{escaped(job.asked.name)}</b> '
            f"· began {escaped(exact(job.created_at))} · {escaped(job.actor)}</p>",
            width="stretch",
        )
        st.button("Import another file", on_click=show_choice)
    if job.state in UNFINISHED:
        _draw_progress(job.id)
    else:
        _draw_end(job)


@st.fragment(run_every=_SECONDS)
def _draw_progress(job_id: str) -> None:
    job = all_jobs().get(job_id)
    if job is None or job.state not in UNFINISHED:
        st.rerun()
    assert job is not None
    if job.state == WAITING:
        st.progress(0.0, "Waiting for the import before it")
    elif not job.rate:
        st.progress(job.fraction or 0.0, "Starting")
    elif job.fraction is None:
        st.markdown(f"Reading, {words.plural(round(job.rate), 'row')} a second")
    else:
        st.progress(job.fraction, f"{job.fraction:.0%} read, {job.rate:,.0f} rows a second")
    _draw_counts(job)
    stopping = all_jobs().is_stopping(job_id)
    st.button(
        "Stopping after what is under way" if stopping else "Stop",
        icon=":material/stop_circle:",
        disabled=stopping,
        on_click=all_jobs().stop,
        args=(job_id,),
    )
    st.caption("It goes on when this page is left or reloaded.")


def _draw_counts(job: Job) -> None:
    counts = job.counts
    grid = st.grid(5, min_column_width=130, border=True)
    grid.metric("Read", f"{counts.read:,}")
    grid.metric("Stored", f"{counts.stored:,}")
    grid.metric("There already", f"{counts.duplicates:,}")
    grid.metric("Refused", f"{counts.refused:,}")
    passed = "Rows that are no calls to a model, such as the spans of tools."
    grid.metric("Passed over", f"{counts.skipped_rows:,}", help=passed)


def _draw_end(job: Job) -> None:
    _draw_state(job)
    _draw_counts(job)
    with st.container(horizontal=True, vertical_alignment="center"):
        if job.counts.stored or job.counts.duplicates:
            st.page_link(
                "pages/logs.py",
                label="Open in Logs",
                icon=":material/list_alt:",
                query_params={state.FILTER: to_text(links.of_origin(job.origin))},
            )
        if job.state in RESUMABLE:
            st.button(
                "Go on",
                type="primary",
                icon=":material/play_circle:",
                on_click=all_jobs().resume,
                args=(job.id, open_store()),
            )
        with st.popover("Remove from the list"):
            st.markdown(
                "What was stored stays. The list of refused rows goes, and an upload that was not "
                "read to its end."
            )
            st.button("Remove it", type="primary", on_click=_remove, args=(job.id,))
    for reason, number in sorted(job.counts.skipped.items(), key=lambda pair: -pair[1]):
        st.caption(f"{number:,} × {plain(reason)}")
    refused = all_jobs().refused_file(job.id)
    if refused is not None:
        _draw_refused(job, refused)


def _draw_state(job: Job) -> None:
    if job.state == DONE:
        end = f" {exact(job.ended_at)}" if job.ended_at else ""
        st.markdown(f"{STATES[DONE]}{end}")
        if job.counts.read and not (job.counts.stored or job.counts.refused):
            st.caption("Nothing is new: this was imported before.")
    elif job.state == FAILED:
        st.error(plain(job.problem or "The import failed."), icon=":material/error:")
    elif job.state == INTERRUPTED:
        st.warning("The server ended while it ran. It goes on where it was.")
    else:
        st.warning("It was stopped. What was stored stays; it goes on where it was.")


def _remove(job_id: str) -> None:
    all_jobs().remove(job_id)
    show_choice()


def _draw_refused(job: Job, path: Path) -> None:
    st.markdown(f"**{words.plural(job.counts.refused, 'refused row')}**")
    with path.open(encoding="utf-8", newline="") as file:
        first = list(islice(csv.DictReader(file), _SHOWN))
    frame = pd.DataFrame(first).rename(columns=str.capitalize)
    st.dataframe(frame, hide_index=True, row_height=30, alt="The first refused rows")
    size = path.stat().st_size
    draw_download(
        "Download the refused rows",
        path.read_bytes,
        size,
        f"{job.asked.name}.refused.csv",
        links_to_files.refused_path(job.id),
        mime="text/csv",
    )
