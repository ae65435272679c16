"""How far rows have come that are brought in, and what became of them."""

from __future__ import annotations

import csv
import io

import pandas as pd
import streamlit as st

from workbench.datasets import jobs
from workbench.datasets.from_files import reason_of
from workbench.datasets.jobs import Brought, Job
from workbench.ui import words
from workbench.ui.importing_words import plain

POLL_SECONDS = 0.5
_SHOWN = 500


def draw_jobs(dataset_id: int) -> None:
    """Those that go on, the last one that ended, and older ones that say what went wrong."""
    every = jobs.of_dataset(dataset_id)
    for job in every:
        if not job.is_done:
            st.fragment(_draw_progress, run_every=POLL_SECONDS)(job)
    done = [job for job in every if job.is_done]
    for number, job in enumerate(done[:5]):
        if number == 0 or job.outcome is None or job.outcome.refused:
            _draw_done(job)


def _draw_progress(job: Job) -> None:
    if job.is_done:
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center", key=f"job-{job.id}"):
        share = job.through / job.of if job.of else 0.0
        of = f" of {job.of:,}" if job.of else ""
        st.progress(min(1.0, share), f"{plain(job.title)}: {job.through:,}{of} rows")
        st.button(
            "Stop", key=f"stop-job-{job.id}", icon=":material/stop_circle:", on_click=job.stop
        )


def _draw_done(job: Job) -> None:
    with st.container(border=True, key=f"job-{job.id}"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            if job.error is not None:
                icon, text = ":material/error:", f"It broke off: {reason_of(job.error)}"
            else:
                assert job.outcome is not None
                icon = ":material/warning:" if job.outcome.refused else ":material/check:"
                text = sentence(job.outcome)
            st.markdown(f"{icon} **{plain(job.title)}** · {plain(text)}", width="stretch")
            st.button(
                "",
                icon=":material/close:",
                type="tertiary",
                key=f"forget-job-{job.id}",
                help="Dismiss",
                on_click=jobs.forget,
                args=(job.id,),
            )
        if job.outcome is not None and job.outcome.refused:
            _draw_refused(job, job.outcome)


def sentence(outcome: Brought) -> str:
    """What became of the rows, in words."""
    text = f"{words.plural(outcome.rows, 'row')} {outcome.verb}"
    if outcome.known:
        text += f", {outcome.known:,} were in the draft already"
    if outcome.refused:
        text += f", {outcome.refused:,} refused"
    return f"{text} until it was stopped." if outcome.stopped else f"{text}."


def _draw_refused(job: Job, outcome: Brought) -> None:
    with st.expander(f"{words.plural(outcome.refused, 'refused row')} with reasons"):
        shown = outcome.listed[:_SHOWN]
        st.dataframe(
            pd.DataFrame(
                {
                    "Place": [one.place for one in shown],
                    "Reason": [one.reason for one in shown],
                    "Row": [one.text[:300] for one in shown],
                }
            ),
            hide_index=True,
            row_height=30,
            column_config={"Reason": st.column_config.TextColumn(width="large")},
        )
        if len(outcome.listed) < outcome.refused:
            st.caption(f"The first {len(outcome.listed):,} are listed.")
        st.download_button(
            "Refused rows as CSV",
            _as_csv(outcome),
            "refused.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
            key=f"refused-{job.id}",
        )


def _as_csv(outcome: Brought) -> bytes:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\r\n")
    table.writerow(("place", "reason", "row"))
    for one in outcome.listed:
        # An apostrophe keeps a spreadsheet from running what a row begins with.
        row = f"'{one.text}" if one.text[:1] in ("=", "+", "-", "@", "\t", "\r") else one.text
        table.writerow((one.place, one.reason, row))
    return text.getvalue().encode("utf-8-sig")
