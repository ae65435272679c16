"""A range of ids read from one table at a time, and brought into the order of the ids."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from workbench.store.connection import ROW_GROUP_ROWS, Cursor
from workbench.store.errors import StoreError
from workbench.store.export_columns import Column

#: The column that every part begins with: the id of the row. It cannot be printed, so no
#: column of a dataset is named like it.
ROW = "row\tid"
BATCH_ROWS = 8 * ROW_GROUP_ROWS
# In more stretches than this a table is copied into order: each is a piece to go through.
_MOST_STRETCHES = 64
# Bytes that are looked at together: what comes of them stays in a processor's cache.
_LOOKED_AT = 2**16
_SCORES = (
    "(SELECT request_id, list({'name': name, 'value': value, 'actor': actor, 'scored_at': "
    "strftime(scored_at, '%Y-%m-%dT%H:%M:%S.%fZ')} ORDER BY scored_at, name) AS scores "
    "FROM scores WHERE request_id BETWEEN $low AND $high GROUP BY request_id) s"
)
_REQUESTS, _BODIES = "requests r", "bodies b"
_SOURCES = (
    (_REQUESTS, "r.id", False),
    (_BODIES, "b.request_id", False),
    (_SCORES, "s.request_id", True),
)


@dataclass(frozen=True, slots=True)
class Part:
    """What is read from one table. may_miss: not every request has a row there. has_texts: it is
    the table whose values are long. has_scores: it is the table of scores."""

    select: str
    names: tuple[str, ...]
    may_miss: bool
    has_texts: bool
    has_scores: bool


def parts_of(columns: Sequence[Column], lists_as_text: bool, *, sparse: bool) -> list[Part]:
    """The reads that together give the columns, over `temp.main.chosen` where they are sparse."""
    found = []
    others = dict.fromkeys(column.source for column in columns if column.source)
    for source, key, may_miss in (*_SOURCES, *((each, "h.request_id", True) for each in others)):
        mine = [column for column in columns if _source_of(column) == source]
        if not mine:
            continue
        shown = ", ".join(f"{_value(c, lists_as_text)} AS {_name(c.name)}" for c in mine)
        only = (
            f" AND {key} IN (SELECT id FROM temp.main.chosen WHERE id BETWEEN $low AND $high)"
            if sparse
            else ""
        )
        select = (
            f"SELECT {key} AS {_name(ROW)}, {shown} FROM {source} "
            f"WHERE {key} BETWEEN $low AND $high{only}"
        )
        names = tuple(column.name for column in mine)
        found.append(Part(select, names, may_miss, source == _BODIES, source == _SCORES))
    return found


def _source_of(column: Column) -> str:
    if column.source:
        return column.source
    if column.needs_scores:
        return _SCORES
    return _BODIES if column.needs_bodies else _REQUESTS


def _value(column: Column, lists_as_text: bool) -> str:
    if column.name == "scores" or (column.kind == "list" and lists_as_text):
        return f"to_json({column.sql})::VARCHAR"
    return column.sql


def _name(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


class Interrupted(Exception):
    """The reading was stopped from another thread."""


@contextmanager
def reading() -> Iterator[None]:
    """Raises StoreError where the store cannot be read, and Interrupted."""
    try:
        yield
    except duckdb.InterruptException as error:
        raise Interrupted from error
    except duckdb.Error as error:
        raise StoreError(f"The store cannot be read: {str(error).splitlines()[0]}") from error


def fetched(cursor: Cursor, select: str, low: int, high: int) -> pa.Table:
    """Raises StoreError and Interrupted."""
    with reading():
        found = cursor.execute(select, {"low": low, "high": high})
        # DuckDB makes room for as many rows as a batch may have: a million, if it is not told.
        return found.to_arrow_table(BATCH_ROWS)


def in_utc(table: pa.Table) -> pa.Table:
    """The table with the zone of its times, which are kept without one: a reader of Parquet then
    knows. (Arrow puts it on as it is; DuckDB would look at each time by itself.)"""
    fields = [
        field.with_type(pa.timestamp(field.type.unit, "UTC"))
        if pa.types.is_timestamp(field.type) and field.type.tz is None
        else field
        for field in table.schema
    ]
    return table.cast(pa.schema(fields))


def aligned(table: pa.Table, ids: Any, *, missing: bool) -> pa.Table:
    """A row for each id, in their order; ids are sorted. Without a row there: nulls."""
    found = np.asarray(table[ROW])
    if len(found) == len(ids) and bool(np.array_equal(found, ids)):
        return table
    order = np.argsort(found, kind="stable")
    if len(found) == len(ids) and bool(np.array_equal(found[order], ids)):
        return _in_order(table, order)
    at = np.searchsorted(found, ids, sorter=order)
    there = at < len(found)
    at = np.where(there, at, 0)
    rows = order[at] if len(found) else at
    if missing or not bool(there.all()):
        there &= (found[rows] if len(found) else np.zeros(len(ids), np.int64)) == ids
    # A null index gives a null row.
    return table.take(pa.array(rows, mask=~there))


def _in_order(table: pa.Table, order: Any) -> pa.Table:
    """The rows in this order, without a copy of the texts where whole stretches change places:
    after a join DuckDB hands over what its threads find as it comes."""
    begins = np.flatnonzero(np.diff(order) != 1) + 1
    if len(begins) > _MOST_STRETCHES:
        return table.take(pa.array(order))
    stretches = np.split(order, begins)
    return pa.concat_tables([table.slice(int(each[0]), len(each)) for each in stretches])


def has_byte(texts: Any, low: int, high: int | None = None) -> bool:
    """Whether an ASCII sign (any from low to high) stands in any of the texts.

    Ten times quicker than Arrow's search of substrings, which takes as long as reading the rows.
    """
    most = low if high is None else high
    for chunk in texts.chunks:
        _, offsets, data = chunk.buffers()
        if data is None or not len(chunk):
            continue
        ends = np.frombuffer(offsets, dtype=np.int32)
        held = np.frombuffer(data, dtype=np.uint8)
        held = held[ends[chunk.offset] : ends[chunk.offset + len(chunk)]]
        # Most texts have no control characters: the least byte says so in half the time.
        if most < 0x20 and len(held) and int(held.min()) > most:
            continue
        # Bytes below 0x80 are whole signs in UTF-8. Subtracting wraps, so one comparison does.
        for start in range(0, len(held), _LOOKED_AT):
            some = held[start : start + _LOOKED_AT]
            if bool((some == low if high is None else (some - low) <= high - low).any()):
                return True
    return False
