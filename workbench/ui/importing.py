"""The way into an import: a file from the browser or from the server's folder, and earlier imports.

The link says where a person is: `file` names a file that is being looked at, `job` an import.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

from workbench.logs.importing import incoming
from workbench.logs.importing.background import Jobs, jobs
from workbench.logs.importing.background_job import UNFINISHED, Job
from workbench.logs.importing.incoming import Incoming
from workbench.logs.importing.record import ImportFailed
from workbench.store.store import open_store
from workbench.ui import state, words
from workbench.ui.importing_words import STATES, plain
from workbench.ui.marks import style_of
from workbench.ui.zones import zone_name

_ROUND = "import-round"
_TABLE = "import-jobs"
_LISTED = 20


def all_jobs() -> Jobs:
    return jobs(open_store().settings)


def opened_job() -> Job | None:
    """The import that the link names."""
    job_id = st.query_params.get(state.IMPORT_JOB, "")
    job = all_jobs().get(job_id) if job_id else None
    if job_id and job is None:
        st.warning("This import is not in the list any more. What it stored is still there.")
    return job


def chosen_file() -> Incoming | None:
    """The file that the link names."""
    token = st.query_params.get(state.IMPORT_FILE, "")
    file = incoming.find(all_jobs().folder, token) if token else None
    if token and file is None:
        st.warning("This file is not there any more: choose it again.")
    return file


def show_choice() -> None:
    st.query_params.pop(state.IMPORT_JOB, None)
    st.query_params.pop(state.IMPORT_FILE, None)


def show_file(token: str) -> None:
    show_choice()
    st.query_params[state.IMPORT_FILE] = token


def show_job(job_id: str) -> None:
    show_choice()
    st.query_params[state.IMPORT_JOB] = job_id


def draw_choice() -> None:
    """The two ways to a file, and below them the imports of this store."""
    st.title("Import", anchor=False)
    st.markdown(
        "Files of logged requests: JSONL, JSON, CSV and Parquet, OpenAI batches and fine-tuning "
        "files, and the exports of PromptLayer, Langfuse, LangSmith, Phoenix and Helicone. You see "
        "how a file would be read before anything is stored, and importing it twice adds nothing."
    )
    left, right = st.columns(2, gap="medium")
    with left, st.container(border=True, height="stretch"):
        _draw_upload()
    with right, st.container(border=True, height="stretch"):
        _draw_folder()
    _draw_jobs()


def receive(label: str, key: str) -> Incoming | None:
    """An uploader whose file is written to the disk and then leaves the memory."""
    number = st.session_state.get(f"{_ROUND}-{key}", 0)
    uploaded = st.file_uploader(label, key=f"{key}-{number}")
    if uploaded is None:
        return None
    try:
        kept = incoming.keep_upload(all_jobs().folder, uploaded.name, uploaded)
    except ImportFailed as error:
        st.error(plain(str(error)), icon=":material/error:")
        return None
    _let_go(uploaded)
    st.session_state[f"{_ROUND}-{key}"] = number + 1
    return kept


def _let_go(uploaded: UploadedFile) -> None:
    """Streamlit would keep the bytes until the browser's tab is closed."""
    context = get_script_run_ctx()
    if context is not None and isinstance(context.uploaded_file_mgr, MemoryUploadedFileManager):
        context.uploaded_file_mgr.remove_file(context.session_id, uploaded.file_id)


def _draw_upload() -> None:
    st.subheader("Upload a file", anchor=False)
    most = st.get_option("server.maxUploadSize")
    kept = receive(f"From this computer, up to {most} MB", "import-upload")
    if kept is not None:
        show_file(kept.token)
        st.rerun()


def _draw_folder() -> None:
    folder = all_jobs().folder
    st.subheader("Take one that is on the server", anchor=False)
    st.markdown("Files of any size that lie in this folder:")
    st.code(str(folder), language=None, wrap_lines=True)
    files = {file.token: file for file in incoming.placed(folder)}
    if not files:
        st.caption("There is none yet.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        token = st.selectbox(
            "File",
            list(files),
            format_func=lambda one: f"{files[one].name} ({words.size(files[one].size)})",
            label_visibility="collapsed",
            width="stretch",
        )
        st.button("Look at it", on_click=show_file, args=(token,))


def _draw_jobs() -> None:
    listed = all_jobs().listed()[:_LISTED]
    if not listed:
        return
    st.subheader("Imports", anchor=False)
    if _are_going(listed):
        st.fragment(_draw_moving, run_every=1)()
    else:
        _draw_table(listed)


def _are_going(listed: list[Job]) -> bool:
    return any(job.state in UNFINISHED for job in listed)


def _draw_moving() -> None:
    listed = all_jobs().listed()[:_LISTED]
    if not _are_going(listed):
        # The page draws the table once more, and then it stands still.
        st.rerun()
    _draw_table(listed)


def _draw_table(listed: list[Job]) -> None:
    config = st.column_config
    chosen: Any = st.dataframe(
        frame_of(listed).style.map(style_of, subset=["State"]),
        key=f"{_TABLE}-{listed[0].id if listed else 0}",
        hide_index=True,
        row_height=30,
        on_select="rerun",
        selection_mode=["single-row", "single-cell"],
        column_config={
            "Began": config.DatetimeColumn("Began", format="distance", width=120),
            "File": config.TextColumn("File", width=280),
            "State": config.TextColumn("State", width=110),
            **{
                name: config.NumberColumn(name, format="localized", width=100)
                for name in ("Read", "Stored", "There already", "Refused")
            },
            "By": config.TextColumn("By", width=140),
        },
        alt="Imports, the newest first",
    )
    selection = chosen["selection"]
    rows = [row for row, _ in selection["cells"]] + list(selection["rows"])
    if rows and rows[0] < len(listed):
        show_job(listed[rows[0]].id)
        st.rerun()


def frame_of(listed: list[Job]) -> pd.DataFrame:
    """The table of imports, a row for each."""
    began = pd.Series([job.created_at for job in listed], dtype="datetime64[us, UTC]")
    return pd.DataFrame(
        {
            "Began": began.dt.tz_convert(zone_name()),
            "File": [job.asked.name for job in listed],
            "State": [STATES[job.state] for job in listed],
            "Read": [job.counts.read for job in listed],
            "Stored": [job.counts.stored for job in listed],
            "There already": [job.counts.duplicates for job in listed],
            "Refused": [job.counts.refused for job in listed],
            "By": [job.actor for job in listed],
        }
    )
