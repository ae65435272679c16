"""Parquet: typed columns, times with their zone, money as decimals, JSON as text."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from workbench.export.hashing_file import HashingFile
from workbench.logs.importing.parquetrows import KIND_MARK
from workbench.store.export_columns import Column

# A row group is what a reader and this writer hold in memory: so many rows of 3 KB, or fewer of
# more (a request may hold megabytes).
ROW_GROUP_ROWS, ROW_GROUP_BYTES = 8192, 32 * 2**20
# Values that repeat; looking for repetition in texts costs as much as all the rest.
_REPEATING = frozenset(
    "provider model status error_type finish_reason prompt_name prompt_id prompt_version "
    "prompt_label function_name api_type source origin actor cost_source normaliser".split()
)

# What DuckDB hands over is narrower here and there, and its times are in "Etc/UTC", which some
# readers do not know.
_TYPES = {
    "time": pa.timestamp("us", "UTC"),
    "whole": pa.int64(),
    "number": pa.float64(),
    "money": pa.decimal128(18, 9),
    "yes_no": pa.bool_(),
    "list": pa.list_(pa.string()),
}


def _field(column: Column) -> pa.Field:
    type_ = _TYPES.get(column.kind, pa.string())
    return pa.field(column.name, type_, metadata={KIND_MARK: column.kind})


class ParquetSink:
    LISTS_AS_TEXT = False
    MAX_ROWS = None

    def __init__(self, path: Path, columns: Sequence[Column], _title: str = "") -> None:
        self._columns = columns
        self.file = HashingFile(path)
        self._held: list[pa.Table] = []
        self._rows = self._bytes = 0
        # Said beforehand, so that a file without a row has the types of every other.
        self._schema = pa.schema([_field(column) for column in columns])
        self._writer = pq.ParquetWriter(
            self.file,
            self._schema,
            use_dictionary=[c.name for c in columns if c.name in _REPEATING],
            write_statistics=[c.name for c in columns if c.kind in ("time", "whole")],
        )

    def write(self, table: pa.Table) -> None:
        table = table.cast(self._schema)
        self._held.append(table)
        self._rows += table.num_rows
        self._bytes += table.nbytes
        if self._rows >= ROW_GROUP_ROWS or self._bytes >= ROW_GROUP_BYTES:
            self._flush()

    def _flush(self) -> None:
        if self._held:
            self._writer.write_table(pa.concat_tables(self._held), row_group_size=ROW_GROUP_ROWS)
            self._held.clear()
            self._rows = self._bytes = 0

    def close(self) -> None:
        self._flush()
        self._writer.close()
        self.file.close()

    def abandon(self) -> None:
        # The writer has to be closed, or it writes its end when it is collected.
        self.file.drop()
        with contextlib.suppress(pa.ArrowException, OSError):
            self._writer.close()
        self.file.close()

    @property
    def notes(self) -> dict[str, Any]:
        return {"json_columns": [c.name for c in self._columns if c.kind == "json"]}
