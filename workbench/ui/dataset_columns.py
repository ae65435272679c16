"""The columns of the draft: what they are for, which are shown, new ones."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from workbench.datasets.changing import change_columns
from workbench.store.dataset_pages import value_names
from workbench.store.dataset_values import MAX_NAME, ROLES, Column
from workbench.store.errors import NotFound, Refused
from workbench.store.store import open_store
from workbench.ui import access
from workbench.ui.dataset_links import Opened, say
from workbench.ui.importing_words import plain


@st.dialog("Columns", width="large")
def ask_columns(found: Opened) -> None:
    columns = found.version.columns
    st.caption(
        "What a column is for tells evaluations and exports what to do with it. A hidden column "
        "keeps its values in the rows."
    )
    edited: Any = st.data_editor(
        pd.DataFrame(
            {
                "Column": [one.name for one in columns],
                "Type": [one.type for one in columns],
                "For": [one.role for one in columns],
                "Shown": [True for _ in columns],
            }
        ),
        key=f"columns-{found.version.number}-{len(columns)}",
        hide_index=True,
        disabled=["Column", "Type"],
        column_config={"For": st.column_config.SelectboxColumn(options=list(ROLES), required=True)},
    )
    hidden = _hidden(found)
    back = st.multiselect("Show again", hidden) if hidden else []
    names = st.text_input("New columns", placeholder="Their names, with commas between them")
    left, right = st.columns(2)
    old = left.selectbox(
        "Rename", [one.name for one in columns], index=None, placeholder="No column", key="rename"
    )
    new = right.text_input(
        "Its new name",
        key="rename-to",
        max_chars=MAX_NAME,
        disabled=old is None,
        help="Published versions keep the old name",
    )
    if not st.button("Keep", type="primary", key="keep-columns"):
        return
    kept = [
        Column(column.name, column.type, str(role))
        for column, role, shown in zip(columns, edited["For"], edited["Shown"], strict=True)
        if shown
    ]
    kept += [Column(name) for name in back]
    kept += [Column(name.strip()) for name in names.split(",") if name.strip()]
    renamed = None if old is None else (old, new)
    try:
        change_columns(open_store(), access.actor(), found.dataset.id, kept, renamed)
    except (Refused, NotFound) as error:
        st.error(plain(str(error)))
        return
    say("The columns are kept.")
    st.rerun()


def _hidden(found: Opened) -> list[str]:
    """Columns that rows have values of and the version does not show."""
    there = value_names(open_store().connection, found.dataset.id, found.version.number)
    shown = {column.name for column in found.version.columns}
    return [name for name in there if name not in shown]
