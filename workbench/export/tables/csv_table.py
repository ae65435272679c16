"""CSV as RFC 4180 has it, in UTF-8; safe to open in a spreadsheet."""

from __future__ import annotations

import contextlib
import mmap
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.csv as pacsv

from workbench.export.hashing_file import HashingFile
from workbench.export.tables.encoding import harmless, iso
from workbench.export.tables.sink import named
from workbench.store.export_columns import Column

_TEXTS = ("text", "json", "list")
# Bytes that a value of another kind may take: a number of 8 bytes has up to 24 characters, a sum of
# money up to 40.
_MOST_BYTES = 48
# Bytes of the table that go into a room: little enough to stay in a processor's cache until they
# are written, and to keep the rooms of both threads small.
_ROOM_BYTES = 2 * 2**20
# Bytes of a room that is kept for the next rows; those are larger where a text is long.
_KEPT_BYTES = 2**24
# Rooms that are on their way to the file: with one, encoding would wait for the digest of the last.
_IN_FLIGHT = 4


class Filled(NamedTuple):
    """Memory, and how many bytes of it are used."""

    room: Any
    size: int


class CsvSink:
    """One header, a row a request. Nothing is an empty cell, the empty text is `""`."""

    LISTS_AS_TEXT = True
    MAX_ROWS = None

    def __init__(self, path: Path, columns: Sequence[Column], _title: str = "") -> None:
        self._columns = columns
        # A key of the metadata may begin like a formula too.
        self._names: list[str] = harmless(pa.array(named(columns))).to_pylist()
        self._names_bytes = sum(2 * len(name.encode()) for name in self._names)
        self.file = HashingFile(path, _IN_FLIGHT)
        self._has_header = False
        # Encodes the second half of a table while the first one is encoded.
        self._beside = ThreadPoolExecutor(1, "export-encode")
        self._free: list[Any] = []
        self._being_written: deque[Any] = deque()

    def write(self, table: pa.Table) -> None:
        middle = table.num_rows // 2
        second = self._beside.submit(lambda: list(self._encoded(table.slice(middle))))
        if not self._has_header:
            self._has_header = True
            self._put(self._filled(self._cells_of(empty(self._columns)), has_header=True))
        for filled in self._encoded(table.slice(0, middle)):
            self._put(filled)
        for filled in second.result():
            self._put(filled)

    def _encoded(self, table: pa.Table) -> Iterator[Filled]:
        """The rows, in as many rooms as keep each small."""
        cells = self._cells_of(table)
        rows = max(1, _ROOM_BYTES * table.num_rows // max(1, table.nbytes))
        for start in range(0, table.num_rows, rows):
            yield self._filled(cells.slice(start, rows))

    def _cells_of(self, table: pa.Table) -> pa.Table:
        return pa.table([self._cells(c, table[c.name]) for c in self._columns], self._names)

    def _filled(self, cells: pa.Table, *, has_header: bool = False) -> Filled:
        room = self._room(cells)
        options = pacsv.WriteOptions(include_header=has_header, batch_size=max(1, cells.num_rows))
        with pa.FixedSizeBufferWriter(room) as target:
            with pacsv.CSVWriter(target, cells.schema, write_options=options) as writer:
                writer.write_table(cells)
            return Filled(room, target.tell())

    def _room(self, cells: pa.Table) -> Any:
        """Memory that holds the cells if every sign were a quotation mark."""
        most = 2 * cells.nbytes + _MOST_BYTES * (cells.num_rows + 1) * (len(self._columns) + 1)
        most += self._names_bytes
        if most <= _KEPT_BYTES:
            # Both threads take of them.
            with contextlib.suppress(IndexError):
                return self._free.pop()
        # Straight from the system, which has it back whole when the room is no longer used.
        return pa.py_buffer(mmap.mmap(-1, max(most, _KEPT_BYTES)))

    def _put(self, filled: Filled) -> None:
        """Hand it over, and take back what is written by then."""
        self.file.hand_over(memoryview(filled.room)[: filled.size])
        self._being_written.append(filled.room)
        while len(self._being_written) > _IN_FLIGHT:
            done = self._being_written.popleft()
            if done.size <= _KEPT_BYTES:
                self._free.append(done)

    def _cells(self, column: Column, values: Any) -> Any:
        if column.kind in _TEXTS:
            return harmless(values)
        return iso(values) if column.kind == "time" else values

    def close(self) -> None:
        if not self._has_header:
            self.write(empty(self._columns))
        self._beside.shutdown()
        self.file.close()

    def abandon(self) -> None:
        self._beside.shutdown()
        self.file.drop()
        self.file.close()

    @property
    def notes(self) -> dict[str, Any]:
        return {
            "cells": "Texts that a spreadsheet would take for a formula begin with an apostrophe; "
            "lists and objects are JSON."
        }


def empty(columns: Sequence[Column]) -> pa.Table:
    """A table without rows, for a file that has a header and nothing else."""
    types = {"time": pa.timestamp("us", "UTC"), "whole": pa.int64(), "number": pa.float64()}
    types |= {"money": pa.decimal128(18, 9), "yes_no": pa.bool_()}
    fields = [(column.name, types.get(column.kind, pa.string())) for column in columns]
    return pa.schema(fields).empty_table()
