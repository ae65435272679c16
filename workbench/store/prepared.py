"""Requests prepared as Arrow by whoever read them, ready to be inserted by the writer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from workbench.store import clock
from workbench.store.request_columns import BODIES, REQUESTS, bodies_of, columns_of
from workbench.store.rows import NewRequest


@dataclass(frozen=True, slots=True)
class Prepared:
    """Rows ready to be inserted; their ids are missing. It can be sent to another process.

    keys: the `client_record` of each row. requests, bodies: one Arrow batch each (IPC stream), a
    row for a row. uses, scores: rows by their number in here. blobs: data by SHA-256.
    """

    keys: tuple[str, ...]
    requests: bytes
    bodies: bytes
    uses: tuple[tuple[int, str], ...] = ()
    blobs: tuple[tuple[str, bytes], ...] = ()
    scores: tuple[tuple[int, str, float, str], ...] = ()

    @property
    def size(self) -> int:
        """About how many bytes wait with it."""
        return len(self.requests) + len(self.bodies) + sum(len(data) for _, data in self.blobs)

    def part(self, start: int, stop: int) -> Prepared:
        """The rows from `start` up to `stop`."""
        inside = range(start, stop)
        uses = tuple((row - start, digest) for row, digest in self.uses if row in inside)
        wanted = {digest for _, digest in uses}
        return Prepared(
            self.keys[start:stop],
            _written(read(self.requests).slice(start, stop - start)),
            _written(read(self.bodies).slice(start, stop - start)),
            uses,
            tuple(blob for blob in self.blobs if blob[0] in wanted),
            tuple((row - start, *rest) for row, *rest in self.scores if row in inside),  # type: ignore[misc]
        )


def prepare(
    rows: Sequence[NewRequest], keys: Sequence[str], assumed: Sequence[bool], origin: str
) -> Prepared:
    """Raises ValueError, TypeError or OverflowError for a value that no column can hold.

    keys: the `client_record` of each row. assumed: whether a time of it was. All get `origin`.
    (Copies of the rows with these values would take as long as everything else here.)
    """
    numbered = list(enumerate(rows))
    columns = columns_of(numbered, clock.now())
    columns["client_record"] = keys
    columns["body_hash"] = [None] * len(rows)
    columns["origin"] = [origin] * len(rows)
    columns["time_assumed"] = assumed
    bodies, found, uses = bodies_of(numbered)
    return Prepared(
        tuple(keys),
        _written(pa.Table.from_pydict(columns, schema=REQUESTS)),
        _written(pa.Table.from_pydict(bodies, schema=BODIES)),
        tuple(uses),
        tuple(found.items()),
        tuple(
            (number, name, value, row.actor)
            for number, row in numbered
            for name, value in row.scores
        ),
    )


def _written(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def read(data: bytes) -> pa.Table:
    return pa.ipc.open_stream(data).read_all()
