"""A file on its way into a dataset: how each column is read, the first rows, where they go."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from workbench.datasets.from_files import (
    USES,
    ColumnPlan,
    Preview,
    Reading,
    preview,
)
from workbench.datasets.types import TYPES
from workbench.logs.importing import incoming
from workbench.logs.importing.incoming import Incoming
from workbench.logs.importing.record import ImportFailed
from workbench.store.dataset_reading import DatasetRow
from workbench.ui import words
from workbench.ui.dataset_into import draw_target
from workbench.ui.dataset_links import read_dataset, show_dataset
from workbench.ui.dataset_rows import frame_of
from workbench.ui.hostile import escaped
from workbench.ui.importing import all_jobs
from workbench.ui.importing_words import plain

ENCODINGS = ("UTF-8", "windows-1252", "iso-8859-1", "utf-16", "shift_jis", "gb18030", "koi8-r")


def draw_import(token: str) -> None:
    file = incoming.find(all_jobs().folder, token)
    if file is None:
        st.warning("This file is not there any more: choose it again.")
        st.button("All datasets", on_click=show_dataset, args=(read_dataset(),))
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            "",
            icon=":material/arrow_back:",
            type="tertiary",
            help="Back, without bringing it in",
            on_click=show_dataset,
            args=(read_dataset(),),
            key="leave-import",
        )
        st.html(
            f'<p class="wb-head"><strong>{escaped(file.name)}</strong> '
            f'<span class="wb-note">{words.size(file.size)}</span></p>',
            width="stretch",
        )
    try:
        reading, found = _draw_reading(file)
    except ImportFailed as error:
        st.error(plain(str(error)), icon=":material/error:")
        _draw_encoding(file)
        return
    reading = _draw_plans(file, reading, found)
    draw_target(file, reading, has_rows=_draw_preview(file, reading))


def _encoding(file: Incoming) -> str | None:
    chosen = st.session_state.get(f"encoding-{file.token}", ENCODINGS[0])
    return None if chosen == ENCODINGS[0] else str(chosen)


def _draw_encoding(file: Incoming) -> None:
    st.selectbox("Encoding", ENCODINGS, key=f"encoding-{file.token}", width=200)


def _draw_reading(file: Incoming) -> tuple[Reading, Preview]:
    """Encoding and sheet where there is a choice. Raises ImportFailed."""
    encoding = _encoding(file)
    reading = Reading(encoding=encoding)
    first = _look(file.path, _stamp(file.path), reading)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if len(first.sheets) > 1:
            sheet = st.selectbox("Sheet", first.sheets, key=f"sheet-{file.token}", width=240)
            reading = replace(reading, sheet=sheet)
        if not first.sheets:
            _draw_encoding(file)
    return reading, _look(file.path, _stamp(file.path), reading)


def _draw_plans(file: Incoming, reading: Reading, found: Preview) -> Reading:
    st.markdown("**How each column comes in**")
    labels = {label: name for name, label in TYPES.items()}
    edited: Any = st.data_editor(
        pd.DataFrame(
            {
                "Column": [one.column for one in found.plans],
                "For example": [found.examples.get(one.column, "") for one in found.plans],
                "Comes in as": [one.use for one in found.plans],
                "Type": [TYPES[one.type] for one in found.plans],
                "Name": [one.name for one in found.plans],
            }
        ),
        key=f"plans-{file.token}-{reading.sheet}-{reading.encoding}",
        hide_index=True,
        row_height=30,
        height=min(30 * (len(found.plans) + 1) + 4, 420),
        disabled=["Column", "For example"],
        column_config={
            "For example": st.column_config.TextColumn(width="medium"),
            "Comes in as": st.column_config.SelectboxColumn(
                options=list(USES),
                required=True,
                help="What goes in, the expected answer, what is told beside it, the row's split "
                "or tags, or nothing",
            ),
            "Type": st.column_config.SelectboxColumn(options=list(labels), required=True),
            "Name": st.column_config.TextColumn(required=True, max_chars=200),
        },
    )
    plans = tuple(
        ColumnPlan(plan.column, str(name).strip(), labels[str(type_)], use)  # type: ignore[arg-type]
        for plan, use, type_, name in zip(
            found.plans, edited["Comes in as"], edited["Type"], edited["Name"], strict=True
        )
    )
    return replace(reading, plans=plans)


def _draw_preview(file: Incoming, reading: Reading) -> bool:
    """Whether any of the first rows would come in."""
    try:
        found = _look(file.path, _stamp(file.path), reading)
    except ImportFailed as error:
        st.warning(plain(str(error)), icon=":material/error:")
        return False
    names = [plan.name for plan in found.plans if plan.use in ("input", "expected", "metadata")]
    rows = [
        DatasetRow(place, dict(row.values), row.split, tuple(row.tags), None)
        for place, row in found.rows
    ]
    st.markdown("**The first rows**")
    if rows:
        frame = frame_of(rows, names).rename(columns={"Row": found.unit.capitalize()})
        st.dataframe(
            frame,
            hide_index=True,
            row_height=30,
            height=30 * (min(len(rows), 8) + 1) + 4,
            placeholder="",
            column_config={found.unit.capitalize(): st.column_config.NumberColumn(format="%d")},
        )
    elif not found.refused:
        st.info("The file has no rows.")
    if found.refused:
        st.warning(_refused_words(found), icon=":material/error:")
        st.dataframe(
            pd.DataFrame(
                {
                    found.unit.capitalize(): [one.place for one in found.refused[:50]],
                    "Reason": [one.reason for one in found.refused[:50]],
                    "Row": [one.text[:300] for one in found.refused[:50]],
                }
            ),
            hide_index=True,
            row_height=30,
        )

    return bool(rows)


def _refused_words(found: Preview) -> str:
    if not found.rows:
        text = "None of the first rows would come in."
    else:
        many = words.plural(len(found.refused), "row")
        text = f"{many} of the first ones would be refused; all others come in."
    is_of_type = any(one.field is not None for one in found.refused)
    return f"{text} Another type may take them." if is_of_type else text


def _stamp(path: Path) -> int:
    return path.stat().st_mtime_ns


@lru_cache(maxsize=16)
def _look(path: Path, _stamp: int, reading: Reading) -> Preview:
    """Raises ImportFailed."""
    return preview(path, reading)
