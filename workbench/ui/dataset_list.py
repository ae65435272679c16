"""The list of datasets, and the three ways to make one."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from workbench.datasets.adding import make
from workbench.store import datasets
from workbench.store.datasets import Dataset
from workbench.store.errors import NotFound, Refused
from workbench.store.store import open_store
from workbench.ui import access, state
from workbench.ui.dataset_into import name_problem
from workbench.ui.dataset_links import draw_pages, read_number, say, show_dataset
from workbench.ui.importing import receive
from workbench.ui.importing_words import plain
from workbench.ui.linked import draw_no_hit, text_in_link, toggle_in_link
from workbench.ui.log_table import ROW_HEIGHT
from workbench.ui.zones import zone_name

ROWS = 50
_TABLE = "dataset-table"


def draw_list() -> None:
    connection = open_store().connection
    text, deleted = _draw_filters()
    total = datasets.counted(connection, text, deleted=deleted)
    if total == 0:
        _draw_empty(text, deleted)
        return
    pages = (total + ROWS - 1) // ROWS
    number = min(read_number("page") or 1, pages)
    found = datasets.listed(
        connection, text, limit=ROWS, offset=(number - 1) * ROWS, deleted=deleted
    )
    st.markdown(f"**{total:,}** {'dataset' if total == 1 else 'datasets'}")
    _draw_table(found, deleted)
    draw_pages(pages, number)


def _draw_filters() -> tuple[str, bool]:
    with st.container(horizontal=True, vertical_alignment="bottom", key="dataset-filters"):
        text = text_in_link("Search", "q", key="dataset-name", placeholder="Part of a name")
        deleted = toggle_in_link("Removed", "deleted", key="removed-datasets")
        if st.button("From a file", icon=":material/upload_file:", key="new-from-file"):
            ask_file(None)
        if st.button("New dataset", icon=":material/add:", type="primary", key="new-dataset"):
            _ask_new()
    return text, deleted


def _draw_table(found: list[Dataset], deleted: bool) -> None:
    config = st.column_config
    selected: Any = st.dataframe(
        frame_of(found),
        key=f"{_TABLE}-{hash(tuple(one.id for one in found))}",
        hide_index=True,
        row_height=ROW_HEIGHT,
        height=ROW_HEIGHT * (min(len(found), 24) + 1) + 4,
        on_select="rerun",
        selection_mode="single-cell",
        column_config={
            "Name": config.TextColumn(width="medium"),
            "Rows": config.NumberColumn(format="localized", width=90),
            "Version": config.NumberColumn(width=80),
            "Draft": config.TextColumn(width=80),
            "Changed": config.DatetimeColumn(format="distance", width=120),
            "By": config.TextColumn(width=140),
        },
        placeholder="",
        alt="Datasets, the last changed first",
    )
    cells = selected["selection"]["cells"]
    if not cells or cells[0][0] >= len(found):
        return
    chosen = found[cells[0][0]]
    if deleted:
        store, actor = open_store(), access.actor()
        try:
            store.change(lambda cursor: store.datasets.restore(cursor, actor, chosen.id)).result()
        except (Refused, NotFound) as error:
            st.error(plain(str(error)))
            return
        say(f"{chosen.name} is restored.")
    show_dataset(chosen.id)
    st.rerun()


def frame_of(found: list[Dataset]) -> pd.DataFrame:
    changed = pd.Series([one.updated_at for one in found], dtype="datetime64[us, UTC]")
    return pd.DataFrame(
        {
            "Name": [one.name for one in found],
            "Rows": pd.Series([one.rows for one in found], dtype="Int64"),
            "Version": pd.Series([one.newest for one in found], dtype="Int64"),
            "Draft": ["open" if one.draft else "" for one in found],
            "Changed": changed.dt.tz_convert(zone_name()),
            "By": [one.updated_by for one in found],
            "Description": [one.description[:200] for one in found],
        }
    )


def _draw_empty(text: str, deleted: bool) -> None:
    if deleted:
        st.info("No removed dataset" + (" has this in its name." if text else "."))
        return
    if text and datasets.counted(open_store().connection, "", deleted=False):
        draw_no_hit("dataset")
        return
    st.subheader("No datasets yet", anchor=False)
    st.markdown(
        "A dataset is a table of cases with numbered versions: what an evaluation runs on, and "
        "what fine-tuning learns from. There are three ways to one."
    )
    logs, file, hand = st.columns(3, gap="medium")
    with logs, st.container(border=True, height="stretch"):
        st.markdown("**From the logs**")
        st.caption(
            "Filter requests, pick some or all that match, and choose *Add to dataset*: variables, "
            "messages and answers become columns."
        )
        st.page_link("pages/logs.py", label="Open the logs", icon=":material/list_alt:")
    with file, st.container(border=True, height="stretch"):
        st.markdown("**From a file**")
        st.caption("CSV, JSONL, JSON, Parquet or Excel. You see how each column is read first.")
        if st.button("Choose a file", icon=":material/upload_file:", key="empty-file"):
            ask_file(None)
    with hand, st.container(border=True, height="stretch"):
        st.markdown("**By hand**")
        st.caption("Name it and its columns, then fill in rows in a grid.")
        if st.button("New dataset", icon=":material/add:", key="empty-hand"):
            _ask_new()


@st.dialog("From a file")
def ask_file(dataset_id: int | None) -> None:
    """dataset_id: rows go into this one; None makes a new one."""
    most = st.get_option("server.maxUploadSize")
    kept = receive(f"CSV, JSONL, JSON, Parquet or Excel, up to {most} MB", "dataset-upload")
    st.caption(
        "Nothing comes in yet: first you see how it is read. Larger files go into the server's "
        "imports folder; the Import page shows where that is."
    )
    if kept is not None:
        show_dataset(dataset_id)
        st.query_params[state.IMPORT_FILE] = kept.token
        st.rerun()


@st.dialog("New dataset")
def _ask_new() -> None:
    name = st.text_input("Name", max_chars=200, key="new-name")
    columns = st.text_input(
        "Columns",
        placeholder="question, output",
        key="new-columns",
        help="Their names, with commas between them. More can come later",
    )
    description = st.text_area("Description", height=80, max_chars=10_000)
    problem = name_problem(name, can_choose=False)
    if problem is not None:
        st.caption(problem)
    if not st.button("Make it", type="primary", key="make-dataset", disabled=problem is not None):
        return
    names = [each.strip() for each in columns.split(",") if each.strip()]
    try:
        made = make(open_store(), access.actor(), name, description=description, columns=names)
    except Refused as error:
        st.error(plain(str(error)))
        return
    say("It is there, with a draft: add the first row.")
    st.session_state["dataset-grid"] = bool(names)
    show_dataset(made.dataset_id)
    st.rerun()
