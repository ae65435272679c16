"""JSON Lines: an object a request, with lists and objects as such."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from workbench.export.hashing_file import HashingFile
from workbench.export.tables.encoding import json_values
from workbench.store.export_columns import Column


class JsonlSink:
    """Every line has every column; nothing is null."""

    LISTS_AS_TEXT = True
    MAX_ROWS = None

    def __init__(self, path: Path, columns: Sequence[Column], _title: str = "") -> None:
        self._columns = columns
        self.file = HashingFile(path)

    def write(self, table: pa.Table) -> None:
        pieces: list[Any] = []
        for number, column in enumerate(self._columns):
            name = orjson.dumps(column.name).decode()
            pieces += (f"{',' if number else '{'}{name}:", json_values(column, table[column.name]))
        lines = pc.binary_join_element_wise(
            *pieces, "}\n", "", null_handling="replace", null_replacement="null"
        )
        for chunk in lines.chunks:
            self._write(chunk)

    def _write(self, lines: Any) -> None:
        """The texts of an Arrow array lie one after the other: that is the file's content."""
        if not len(lines):
            return
        _, offsets, data = lines.buffers()
        ends = np.frombuffer(offsets, dtype=np.int32)
        self.file.hand_over(memoryview(data)[ends[lines.offset] : ends[lines.offset + len(lines)]])

    def close(self) -> None:
        self.file.close()

    def abandon(self) -> None:
        self.file.drop()
        self.file.close()

    @property
    def notes(self) -> dict[str, Any]:
        return {}
