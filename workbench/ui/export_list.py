"""The list of exports: those that run with their progress, the others as a table."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from workbench.export.jobs import Job, Jobs, jobs_of
from workbench.export.running import Progress
from workbench.export.sources import words_of
from workbench.export.spec import read_spec
from workbench.jsontext import FieldError
from workbench.store import exports
from workbench.store.errors import StoreError
from workbench.store.store import open_store
from workbench.ui import state, words
from workbench.ui.export_words import STAGES, STATES, label_of_format
from workbench.ui.importing_words import plain
from workbench.ui.marks import style_of
from workbench.ui.saying import say_at_once
from workbench.ui.zones import zone_name

_SECONDS = 1.0
_LISTED = 50


def all_exports() -> Jobs:
    return jobs_of(open_store())


def show_export(id_: int) -> None:
    st.query_params[state.EXPORT_JOB] = str(id_)


def draw_exports() -> None:
    """Nothing where there is no export yet."""
    listed = all_exports().listed(_LISTED)
    if not listed:
        return
    st.subheader("Exports", anchor=False)
    is_busy = any(job.row.status in exports.UNFINISHED for job in listed)
    st.fragment(_draw, run_every=_SECONDS if is_busy else None)(is_busy)


def _draw(was_busy: bool) -> None:
    say_at_once()
    listed = all_exports().listed(_LISTED)
    running = [job for job in listed if job.row.status in exports.UNFINISHED]
    if was_busy and not running:
        st.rerun()
    for job in running:
        with st.container(horizontal=True, vertical_alignment="center", key=f"run-{job.row.id}"):
            draw_bar(job)
            if st.button("Open", key=f"open-{job.row.id}"):
                show_export(job.row.id)
                st.rerun()
            draw_cancel(job.row.id)
    _draw_table(listed)


def draw_bar(job: Job) -> None:
    name = plain(job.row.name)
    if job.row.status == exports.WAITING:
        st.progress(0.0, f"{name}: waiting for the export before it")
    elif job.progress is not None:
        st.progress(share_of(job.progress), f"{name}: {stage_of(job.progress)}")
    else:
        st.progress(0.0, f"{name}: another process of this workbench runs it")


def share_of(progress: Progress) -> float:
    return min(1.0, progress.done / progress.total) if progress.total else 0.0


def stage_of(progress: Progress) -> str:
    stage = STAGES.get(progress.stage, progress.stage.capitalize())
    if progress.stage == "comparing" or progress.total is None:
        return stage
    return f"{stage}, {progress.done:,} of {progress.total:,}"


def draw_cancel(id_: int) -> None:
    st.button(
        "Cancel",
        icon=":material/stop_circle:",
        key=f"cancel-{id_}",
        on_click=_cancel,
        args=(id_,),
        help="Nothing of it is left then",
    )


def _cancel(id_: int) -> None:
    try:
        all_exports().cancel(id_)
    except StoreError as error:
        st.session_state[state.SAID] = str(error)


def _draw_table(listed: list[Job]) -> None:
    config = st.column_config
    chosen: Any = st.dataframe(
        frame_of(listed).style.map(style_of, subset=["State"]),
        key=f"exports-{listed[0].row.id if listed else 0}",
        hide_index=True,
        row_height=30,
        on_select="rerun",
        selection_mode=["single-row", "single-cell"],
        column_config={
            "Began": config.DatetimeColumn("Began", format="distance", width=120),
            "Files": config.TextColumn("Files", width=200),
            "Format": config.TextColumn("Format", width=190),
            "State": config.TextColumn("State", width=110),
            "Rows": config.NumberColumn("Rows", format="localized", width=100),
            "Written": config.NumberColumn("Written", format="localized", width=100),
            "Size": config.TextColumn("Size", width=90),
            "Filter": config.TextColumn("Filter", width=280),
            "By": config.TextColumn("By", width=120),
        },
        alt="Exports, the newest first",
    )
    selection = chosen["selection"]
    rows = [row for row, _ in selection["cells"]] + list(selection["rows"])
    if rows and rows[0] < len(listed):
        show_export(listed[rows[0]].row.id)
        st.rerun()


def frame_of(listed: list[Job]) -> pd.DataFrame:
    """The table of exports, a row for each."""
    rows = [job.row for job in listed]
    began = pd.Series([row.created_at for row in rows], dtype="datetime64[us, UTC]")
    return pd.DataFrame(
        {
            "Began": began.dt.tz_convert(zone_name()),
            "Files": [row.name for row in rows],
            "Format": [label_of_format(row.spec.get("format", "csv")) for row in rows],
            "State": [STATES.get(row.status, row.status) for row in rows],
            "Rows": pd.array([row.rows_expected for row in rows], dtype="Int64"),
            "Written": pd.array([row.rows_written for row in rows], dtype="Int64"),
            "Size": ["" if row.bytes is None else words.size(row.bytes) for row in rows],
            "Filter": [filter_words(job) for job in listed],
            "By": [row.created_by for row in rows],
        }
    )


def filter_words(job: Job) -> str:
    """The filter of an export in words."""
    try:
        return words_of(read_spec(job.row.spec))
    except FieldError:
        return "made by another version"
