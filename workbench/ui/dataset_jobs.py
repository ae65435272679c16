"""How far rows have come that are brought in, and what became of them."""

from __future__ import annotations

import csv
import io

import pandas as pd
import streamlit as st

from workbench.datasets import jobs
from workbench.datasets.from_files import UNEXPECTED, reason_of
from workbench.datasets.going_on import CAN_GO_ON, go_on
from workbench.datasets.jobs import Brought, brought_of
from workbench.jobs.running import Shown
from workbench.store.store import open_store
from workbench.ui import access, words
from workbench.ui.importing_words import plain
from workbench.ui.job_cards import (
    POLL_SECONDS,
    draw_dismiss,
    draw_lost,
    draw_progress,
    now_of,
    through_of,
)

_SHOWN = 500


def draw_jobs(dataset_id: int) -> None:
    """Those that go on or were stopped by a restart, the last one that ended, and older ones that
    say what went wrong."""
    every = jobs.of_dataset(open_store(), dataset_id)
    for job in every:
        if not job.is_over:
            st.fragment(_draw_progress, run_every=POLL_SECONDS)(job)
    for job in every:
        if job.is_lost:
            draw_lost(
                job, job.row.title, _words(job), _go_on if job.row.kind in CAN_GO_ON else None
            )
    done = [job for job in every if job.is_over and not job.is_lost]
    for number, job in enumerate(done[:5]):
        outcome = brought_of(job)
        if number == 0 or outcome is None or outcome.refused:
            _draw_done(job, outcome)


def _draw_progress(job: Shown) -> None:
    now = now_of(job)
    if now is None or now.is_over:
        st.rerun()
    text = f"{plain(now.row.title)}: {through_of(now)} rows"
    draw_progress(now, text, f"job-{job.id}", f"stop-job-{job.id}")


def _draw_done(job: Shown, outcome: Brought | None) -> None:
    if outcome is None:
        icon, text = ":material/error:", f"It broke off: {_reason(job)}"
    else:
        icon = ":material/warning:" if outcome.refused else ":material/check:"
        text = sentence(outcome)
    with st.container(border=True, key=f"job-{job.id}"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"{icon} **{plain(job.row.title)}** · {plain(text)}", width="stretch")
            draw_dismiss(job)
        if outcome is not None and outcome.refused:
            _draw_refused(job, outcome)


def _reason(job: Shown) -> str:
    if job.live is not None and job.live.error is not None:
        return reason_of(job.live.error)
    return job.row.error or UNEXPECTED


def _words(job: Shown) -> str:
    """What is there of one that a restart stopped, and what to do."""
    row = job.row
    rows = int((row.outcome or {}).get("rows", 0))
    if row.kind == jobs.FROM_FILE:
        there = f"{words.plural(rows, 'row')} of it {'is' if rows == 1 else 'are'} in the draft."
        return f"{there} The file is gone with the server: to have the rest, bring it in anew."
    if row.kind == jobs.CHANGE:
        return "What was done until then stays; do the same again for the rest."
    if row.kind == jobs.DUPLICATES:
        return "Go on takes the rows out that repeat an earlier one."
    return (
        f"{words.plural(rows, 'row')} {'is' if rows == 1 else 'are'} in the draft. Go on brings in "
        "the rest."
    )


def _go_on(job_id: int) -> None:
    go_on(open_store(), access.actor(), job_id)


def sentence(outcome: Brought) -> str:
    """What became of the rows, in words."""
    text = f"{words.plural(outcome.rows, 'row')} {outcome.verb}"
    if outcome.known:
        text += f", {outcome.known:,} were in the draft already"
    if outcome.refused:
        text += f", {outcome.refused:,} refused"
    return f"{text} until it was stopped." if outcome.stopped else f"{text}."


def _draw_refused(job: Shown, outcome: Brought) -> None:
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
