"""CSV as RFC 4180 has it, in UTF-8; safe to open in a spreadsheet."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv

from workbench.export.hashing_file import HashingFile
from workbench.export.tables.encoding import harmless, iso
from workbench.export.tables.sink import named
from workbench.store.export_columns import Column

_TEXTS = ("text", "json", "list")


class CsvSink:
    """One header, a row a request. Nothing is an empty cell, the empty text is `""`."""

    LISTS_AS_TEXT = True
    MAX_ROWS = None

    def __init__(self, path: Path, columns: Sequence[Column], _title: str = "") -> None:
        self._columns = columns
        self.file = HashingFile(path)
        self._writer: Any = None

    def write(self, table: pa.Table) -> None:
        table = pa.table([self._cells(c, table[c.name]) for c in self._columns], self._names)
        if self._writer is None:
            self._writer = pacsv.CSVWriter(self.file, table.schema)
        self._writer.write_table(table)

    def _cells(self, column: Column, values: Any) -> Any:
        if column.kind in _TEXTS:
            return harmless(values)
        return iso(values) if column.kind == "time" else values

    @property
    def _names(self) -> list[str]:
        """A key of the metadata may begin like a formula too."""
        names: list[str] = harmless(pa.array(named(self._columns))).to_pylist()
        return names

    def close(self) -> None:
        if self._writer is None:
            self.write(empty(self._columns))
        self._writer.close()
        self.file.close()

    def abandon(self) -> None:
        # The writer has to be closed, or it writes its end when it is collected.
        self.file.drop()
        if self._writer is not None:
            with contextlib.suppress(pa.ArrowException, OSError):
                self._writer.close()
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
