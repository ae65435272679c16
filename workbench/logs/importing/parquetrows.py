"""Parquet: read a batch at a time, so that a row group is never in memory whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from workbench.logs.importing.container import BLOCK_BYTES, BLOCK_ROWS, Block, Position
from workbench.logs.importing.record import ImportFailed, Refusal, Row
from workbench.logs.importing.values import plain

_LEAST_ROWS = 16
#: Where an export says, with each of its columns, what is in it (see `Parquet.kinds`).
KIND_MARK = b"workbench.kind"


@dataclass(frozen=True, slots=True)
class ParquetDecoder:
    def rows(self, block: Block) -> Iterator[tuple[int, Row | Refusal]]:
        for batch in pa.ipc.open_stream(block.payload):
            place = block.start.place
            for row in batch.to_pylist():
                yield place, plain(row)
                place += 1


class Parquet:
    """A Parquet file. An offset is a number of rows.

    kinds: of the columns of an own export, as `store.export_columns.Column` has them; a text of the
    kind "json" is a value written as JSON, one of the kind "text" is a text whatever it looks like.
    """

    unit = "row"

    def __init__(self, path: Path) -> None:
        """Raises ImportFailed where this is no Parquet file that can be read."""
        self._path = path
        try:
            with pq.ParquetFile(path) as file:
                self.header = tuple(file.schema_arrow.names)
                self.kinds = {
                    each.name: each.metadata[KIND_MARK].decode(errors="replace")
                    for each in file.schema_arrow
                    if KIND_MARK in (each.metadata or {})
                }
                groups = [file.metadata.row_group(i) for i in range(file.num_row_groups)]
                self._groups = [group.num_rows for group in groups]
                largest = max((g.total_byte_size / max(1, g.num_rows) for g in groups), default=1)
                if any(g.total_byte_size > 0 and g.num_rows < 0 for g in groups):
                    raise ImportFailed("This Parquet file is damaged.")
                self._rows = int(min(BLOCK_ROWS, max(_LEAST_ROWS, BLOCK_BYTES / max(1, largest))))
        except (pa.ArrowException, OSError) as error:
            raise ImportFailed(f"This Parquet file cannot be read: {_reason(error)}.") from error

    def decoder(self) -> ParquetDecoder:
        return ParquetDecoder()

    def blocks(self, start: Position) -> Iterator[Block]:
        first, before = self._group_of(start.offset)
        at = before
        try:
            with pq.ParquetFile(self._path, pre_buffer=False) as file:
                groups = range(first, len(self._groups))
                for batch in file.iter_batches(self._rows, row_groups=groups, use_threads=False):
                    until = at + batch.num_rows
                    if until > start.offset:
                        batch = batch.slice(max(0, start.offset - at))
                        at = max(at, start.offset)
                        yield Block(
                            _written(batch), Position(at, at + 1), Position(until, until + 1)
                        )
                    at = until
        except (pa.ArrowException, OSError) as error:
            raise ImportFailed(
                f"After row {at:,} this Parquet file cannot be read: {_reason(error)}."
            ) from error

    def _group_of(self, row: int) -> tuple[int, int]:
        """The row group that a row is in, and how many rows stand before that group."""
        before = 0
        for number, rows in enumerate(self._groups):
            if row < before + rows:
                return number, before
            before += rows
        return len(self._groups), before


def _written(batch: pa.RecordBatch) -> bytes:
    batch = pa.RecordBatch.from_arrays(
        [_plain(column) for column in batch.columns], batch.schema.names
    )
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return bytes(sink.getvalue())


def _plain(column: Any) -> Any:
    """Nanoseconds become microseconds, which Python's times can hold; categories their values."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_timestamp(column.type) and column.type.unit == "ns":
        return column.cast(pa.timestamp("us", column.type.tz), safe=False)
    return column


def _reason(error: Exception) -> str:
    return str(error).splitlines()[0].rstrip(".")
