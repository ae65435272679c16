"""Parquet: typed columns, times with their zone, money as decimals, JSON as text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from workbench.export.tables.csv_table import empty
from workbench.export.tables.sink import HashingFile
from workbench.store.export_columns import Column

# Of 3 KB each: a row group is what a reader and this writer hold in memory.
ROW_GROUP_ROWS = 8192
# Values that repeat; looking for repetition in texts costs as much as all the rest.
_REPEATING = frozenset(
    "provider model status error_type finish_reason prompt_name prompt_id prompt_version "
    "prompt_label function_name api_type source origin actor cost_source normaliser".split()
)


class ParquetSink:
    LISTS_AS_TEXT = False
    MAX_ROWS = None

    def __init__(self, path: Path, columns: Sequence[Column], _title: str = "") -> None:
        self._columns = columns
        self.file = HashingFile(path)
        self._writer: Any = None
        self._held: list[pa.Table] = []
        self._rows = 0

    def write(self, table: pa.Table) -> None:
        for column in self._columns:
            if column.kind == "time":
                # DuckDB says "Etc/UTC", which some readers do not know.
                at = table.schema.get_field_index(column.name)
                times = table.column(at).cast(pa.timestamp("us", "UTC"))
                table = table.set_column(at, column.name, times)
        if self._writer is None:
            self._writer = pq.ParquetWriter(
                self.file,
                table.schema,
                use_dictionary=[c.name for c in self._columns if c.name in _REPEATING],
                write_statistics=[c.name for c in self._columns if c.kind in ("time", "whole")],
            )
        self._held.append(table)
        self._rows += table.num_rows
        if self._rows >= ROW_GROUP_ROWS:
            self._flush()

    def _flush(self) -> None:
        if self._held:
            self._writer.write_table(pa.concat_tables(self._held), row_group_size=ROW_GROUP_ROWS)
            self._held.clear()
            self._rows = 0

    def close(self) -> None:
        if self._writer is None:
            self.write(empty(self._columns))
        self._flush()
        self._writer.close()
        self.file.close()

    @property
    def notes(self) -> dict[str, Any]:
        return {"json_columns": [c.name for c in self._columns if c.kind == "json"]}
