"""A page of the draft's rows as a grid to type in; nothing is kept before it is said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from workbench.jsontext import FieldError
from workbench.store.connection import Cursor
from workbench.store.dataset_reading import DatasetRow
from workbench.store.dataset_values import BOOLEAN, NUMBER, Column, NewRow
from workbench.store.errors import NotFound, Refused
from workbench.store.store import open_store
from workbench.ui import access, words
from workbench.ui.dataset_links import Opened, say
from workbench.ui.dataset_values import edited_as, read_typed, typed
from workbench.ui.importing_words import plain
from workbench.ui.log_table import ROW_HEIGHT

# Longer values, images above all, are edited in the row's own form.
_LONGEST = 4_000
_SHOWN_COLUMNS = 30
# Under the rows: a heading, and room for new ones before the grid begins to scroll.
_LINES_TO_COME = 7
_SPLIT, _TAGS = "Split", "Tags"
_ROUND = "dataset-grid-round"


def draw_grid(found: Opened, rows: Sequence[DatasetRow]) -> None:
    columns = found.version.columns[:_SHOWN_COLUMNS]
    frame, locked = frame_of(rows, columns)
    number = st.session_state.get(_ROUND, 0)
    key = f"dataset-editor-{number}-{hash(tuple(row.id for row in rows))}"
    st.data_editor(
        frame,
        key=key,
        num_rows="dynamic",
        hide_index=True,
        row_height=ROW_HEIGHT,
        height=ROW_HEIGHT * min(len(rows) + _LINES_TO_COME, 27),
        disabled=["Row", *locked],
        placeholder="",
        column_config={
            "Row": st.column_config.NumberColumn(format="%d", width=70),
            _SPLIT: st.column_config.TextColumn(),
            _TAGS: st.column_config.ListColumn(width=140),
        }
        # What holds no value yet is no text by itself, and then nothing can be typed into it.
        | {
            label_of(column.name): st.column_config.TextColumn()
            for column in columns
            if column.type not in (NUMBER, BOOLEAN)
        },
    )
    edits: dict[str, Any] = st.session_state.get(key) or {}
    _draw_bar(found, rows, columns, edits)


def frame_of(
    rows: Sequence[DatasetRow], columns: Sequence[Column]
) -> tuple[pd.DataFrame, list[str]]:
    """The page, and the columns that are too long to be typed into."""
    frame: dict[str, Any] = {"Row": pd.Series([row.id for row in rows], dtype="int64")}
    locked = []
    for column in columns:
        values = [row.values.get(column.name) for row in rows]
        label = label_of(column.name)
        if column.type == NUMBER:
            frame[label] = pd.Series(values, dtype="float64")
        elif column.type == BOOLEAN:
            frame[label] = pd.Series(values, dtype="boolean")
        else:
            texts = [
                None if one is None else typed(one, edited_as(column, one), indent=False)
                for one in values
            ]
            if any(len(text) > _LONGEST for text in texts if text):
                locked.append(label)
                texts = [text[:_LONGEST] if text else text for text in texts]
            frame[label] = pd.Series(texts, dtype="string")
    frame[_SPLIT] = pd.Series([row.split for row in rows], dtype="string")
    frame[_TAGS] = pd.Series([list(row.tags) for row in rows], dtype="object")
    return pd.DataFrame(frame), locked


def label_of(name: str) -> str:
    """The heading of a column; what the grid adds itself keeps its name."""
    return f"{name} " if name in ("Row", _SPLIT, _TAGS) else name


def _draw_bar(
    found: Opened,
    rows: Sequence[DatasetRow],
    columns: Sequence[Column],
    edits: dict[str, Any],
) -> None:
    number = sum(len(edits.get(name) or ()) for name in ("edited_rows", "deleted_rows"))
    number += len(_added(edits))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if st.button(
            f"Keep {words.plural(number, 'change')}" if number else "Keep",
            type="primary",
            disabled=not number,
            key="keep-grid",
        ):
            _keep(found, rows, columns, edits)
        st.button("Drop them", disabled=not number, key="drop-grid", on_click=_next_round)
        st.caption(
            "Rows are added at the bottom and taken out with their box. Text is text; objects, "
            "and new values of a mixed column, are JSON. Changes that are not kept are lost with "
            "the page."
        )


def _added(edits: dict[str, Any]) -> list[dict[str, Any]]:
    """New rows into which something was typed."""
    return [
        one
        for one in edits.get("added_rows") or ()
        if any(value not in (None, "", []) for value in one.values())
    ]


def _next_round() -> None:
    """A grid of another key is a new one, without changes."""
    st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1


def _keep(
    found: Opened,
    rows: Sequence[DatasetRow],
    columns: Sequence[Column],
    edits: dict[str, Any],
) -> None:
    store, actor, id_ = open_store(), access.actor(), found.dataset.id
    try:
        edited = [
            (rows[int(at)], changed) for at, changed in (edits.get("edited_rows") or {}).items()
        ]
        values = {row.id: merged(row, changed, columns) for row, changed in edited}
        added = [
            NewRow(merged(None, one, columns), one.get(_SPLIT), tuple(one.get(_TAGS) or ()))
            for one in _added(edits)
        ]
        deleted = [rows[int(at)].id for at in edits.get("deleted_rows") or ()]

        def change(cursor: Cursor) -> None:
            changes = store.datasets
            for row, changed in edited:
                changes.edit_row(cursor, actor, id_, row.id, values[row.id])
                if _SPLIT in changed:
                    changes.set_split(cursor, actor, id_, [row.id], changed[_SPLIT])
                if _TAGS in changed:
                    changes.set_tags(cursor, actor, id_, [row.id], changed[_TAGS] or [])
            if added:
                changes.add_rows(cursor, actor, id_, added)
            if deleted:
                changes.delete_rows(cursor, actor, id_, deleted)

        store.change(change).result()
    except (FieldError, Refused, NotFound) as error:
        st.error(f"Nothing was kept. {plain(str(error))}")
        return
    _next_round()
    done = ((edited, "changed"), (added, "added"), (deleted, "taken out"))
    told = [f"{len(some):,} {verb}" for some, verb in done if some]
    say(f"Rows: {', '.join(told)}.")
    st.rerun()


def merged(
    row: DatasetRow | None, changed: dict[str, Any], columns: Sequence[Column]
) -> dict[str, Any]:
    """The values of a row with what was typed into its cells. Raises FieldError."""
    values = dict(row.values) if row else {}
    for column in columns:
        label = label_of(column.name)
        if label not in changed:
            continue
        typed_in, before = changed[label], values.get(column.name)
        value = typed_in
        if isinstance(typed_in, str):
            value = read_typed(typed_in, edited_as(column, before), column.name, before)
        elif isinstance(typed_in, float) and typed_in.is_integer() and abs(typed_in) < 2**53:
            value = int(typed_in)
        if value is None:
            values.pop(column.name, None)
        else:
            values[column.name] = value
    return values
