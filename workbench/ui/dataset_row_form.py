"""A row's form: a field for each column, the split and the tags."""

from __future__ import annotations

from typing import Any

import streamlit as st

from workbench.datasets.adding import Target, add_by_hand
from workbench.jsontext import FieldError
from workbench.store import dataset_pages
from workbench.store.connection import Cursor
from workbench.store.dataset_reading import DatasetRow
from workbench.store.dataset_values import EMPTY, JSON, TEXT, Column, NewRow
from workbench.store.errors import NotFound, Refused
from workbench.store.store import open_store
from workbench.ui import access
from workbench.ui.dataset_links import Opened, say, show_row
from workbench.ui.dataset_values import edited_as, read_typed, typed
from workbench.ui.importing_words import plain

# A browser's field takes no more without trouble: an image is better brought in by a file.
_MOST = 200_000


@st.dialog("Row", width="large")
def ask_row(found: Opened, row: DatasetRow | None) -> None:
    """row: the one to edit; None adds one."""
    held: dict[str, tuple[Column, Any, str | None]] = {}
    key = f"row-form-{row.id if row else 'new'}-{found.version.number}"
    with st.form(key, border=False):
        for column in found.version.columns:
            before = row.values.get(column.name) if row else None
            held[column.name] = (column, before, _draw_field(column, before, key))
        name, text = _draw_new_column(key)
        split, tags = _draw_about(found, row, key)
        if not st.form_submit_button("Keep" if row else "Add", type="primary"):
            return
    try:
        values = _read(row, held)
        if name.strip() and text:
            if name.strip() in values:
                raise Refused(f'There is a column "{name.strip()}" already.')
            values[name.strip()] = text
        _keep(found, row, values, split, tags)
    except (FieldError, Refused, NotFound) as error:
        st.error(plain(str(error)))
        return
    st.rerun()


def _draw_field(column: Column, before: Any, key: str) -> str | None:
    """The text of the field; None where the value cannot be changed here."""
    type_ = edited_as(column, before)
    text = typed(before, type_)
    if len(text) > _MOST:
        st.caption(f"{plain(column.name)}: too large to be edited here; it stays as it is.")
        return None
    label = plain(column.name) + ("" if type_ in (TEXT, EMPTY) else f" ({type_})")
    if type_ in (TEXT, EMPTY, JSON):
        height = 160 if len(text) > 200 else 80
        return st.text_area(label, text, key=f"{key}-{column.name}", height=height)
    return st.text_input(label, text, key=f"{key}-{column.name}")


def _draw_new_column(key: str) -> tuple[str, str]:
    with st.expander("A new column"):
        name = st.text_input("Name", key=f"{key}-new-name", max_chars=200)
        text = st.text_area("Value", key=f"{key}-new-value", height=80)
    return name, text


def _draw_about(found: Opened, row: DatasetRow | None, key: str) -> tuple[str | None, list[str]]:
    connection = open_store().connection
    id_, number = found.dataset.id, found.version.number
    splits = [one for one in dataset_pages.splits(connection, id_, number) if one]
    known = list(dataset_pages.tags(connection, id_, number))
    now = row.split if row else None
    left, right = st.columns(2)
    options = list(dict.fromkeys([*splits, *([now] if now else []), "train", "test"]))
    split = left.selectbox(
        "Split",
        options,
        index=options.index(now) if now else None,
        placeholder="None",
        accept_new_options=True,
        key=f"{key}-split",
    )
    tags = right.multiselect(
        "Tags",
        list(dict.fromkeys([*known, *(row.tags if row else ())])),
        default=list(row.tags) if row else [],
        accept_new_options=True,
        placeholder="None",
        key=f"{key}-tags",
    )
    return split, list(tags)


def _read(
    row: DatasetRow | None, held: dict[str, tuple[Column, Any, str | None]]
) -> dict[str, Any]:
    """The row's values with what was typed; what was left alone stays exactly as it was."""
    values = dict(row.values) if row else {}
    for name, (column, before, text) in held.items():
        type_ = edited_as(column, before)
        if text is None or text == typed(before, type_):
            continue
        value = read_typed(text, type_, name, before)
        if value is None:
            values.pop(name, None)
        else:
            values[name] = value
    return values


def _keep(
    found: Opened,
    row: DatasetRow | None,
    values: dict[str, Any],
    split: str | None,
    tags: list[str],
) -> None:
    store, actor, id_ = open_store(), access.actor(), found.dataset.id
    if row is None:
        new = NewRow(values, split, tuple(tags))
        add_by_hand(store, actor, Target(id_), [new])
        say("The row is added to the draft.")
        return

    def change(cursor: Cursor) -> None:
        changes = store.datasets
        changes.edit_row(cursor, actor, id_, row.id, values)
        if split != row.split:
            changes.set_split(cursor, actor, id_, [row.id], split)
        if tuple(tags) != row.tags:
            changes.set_tags(cursor, actor, id_, [row.id], tags)

    store.change(change).result()
    show_row(row.id)
    say(f"Row {row.id} is changed in the draft.")
