"""Masking of an Arrow table: the columns that hold what people and models wrote."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
import pyarrow as pa

from workbench.export.masking.masker import Masker
from workbench.store.export_columns import COLUMNS, Column

METADATA = COLUMNS["metadata"]


def needed(masker: Masker | None, columns: Sequence[Column]) -> list[Column]:
    """The columns to read: the metadata too, where names come out of it."""
    if masker is None or not masker.name_fields or METADATA in columns:
        return list(columns)
    return [*columns, METADATA]


def masked(table: pa.Table, masker: Masker, columns: Sequence[Column]) -> pa.Table:
    """The table with these columns masked. It has METADATA where the masker has name fields."""
    names = _names(table, masker)
    for column in columns:
        if not column.holds_text:
            continue
        at = table.schema.get_field_index(column.name)
        values = table.column(at)
        if pa.types.is_list(values.type):
            lists = enumerate(values.to_pylist())
            kept = [_list(each, masker, names[row] if names else ()) for row, each in lists]
            made: Any = pa.chunked_array([pa.array(kept, values.type)])
        else:
            is_json = column.kind in ("json", "list")
            made = masker.column(values, is_json=is_json, names=names)
        table = table.set_column(at, column.name, made)
    return table


def _list(values: list[str] | None, masker: Masker, names: tuple[str, ...]) -> list[str] | None:
    return None if values is None else [masker.text(value, names) for value in values]


def _names(table: pa.Table, masker: Masker) -> list[tuple[str, ...]]:
    if not masker.name_fields:
        return []
    texts = table[METADATA.name].to_pylist()
    return [masker.names_of(orjson.loads(text) if text else None) for text in texts]
