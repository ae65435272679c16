"""Adding thousands of requests at once, prepared as Arrow by whoever read them.

What makes a row (columns, bodies without their blobs) is computed away from the writer, in another
process if need be; the writer looks for rows that are there already, gives ids and inserts.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa

from workbench.store import adding, clock
from workbench.store.connection import Cursor
from workbench.store.errors import Refused
from workbench.store.rows import NewRequest
from workbench.store.store import Store

_VIEW = "incoming_bulk"


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
            _written(_read(self.requests).slice(start, stop - start)),
            _written(_read(self.bodies).slice(start, stop - start)),
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
    columns = adding._columns_of(numbered, clock.now())
    columns["client_record"] = keys
    columns["body_hash"] = [None] * len(rows)
    columns["origin"] = [origin] * len(rows)
    columns["time_assumed"] = assumed
    bodies, found, uses = adding._bodies_of(numbered)
    return Prepared(
        tuple(keys),
        _written(pa.Table.from_pydict(columns, schema=adding._REQUESTS)),
        _written(pa.Table.from_pydict(bodies, schema=adding._BODIES)),
        tuple(uses),
        tuple(found.items()),
        tuple(
            (number, name, value, row.actor)
            for number, row in numbered
            for name, value in row.scores
        ),
    )


class Bulk:
    """Adds prepared rows through the store's writer."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._batch = self._add

    def add(self, prepared: Prepared) -> Future[int]:
        """The number of rows that were new, after the commit; the others are there already.

        Raises Busy where too much is waiting. The future raises Refused for a value that the
        store cannot hold; nothing of `prepared` was written then.
        """
        return self._store.writer.add(self._batch, prepared, prepared.size)

    def _add(self, cursor: Cursor, batch: Sequence[Prepared]) -> list[int]:
        seen: set[str] = set()
        return [self._add_one(cursor, prepared, seen) for prepared in batch]

    def _add_one(self, cursor: Cursor, prepared: Prepared, seen: set[str]) -> int:
        seen |= _known(cursor, prepared.keys)
        new = []
        for number, key in enumerate(prepared.keys):
            if key not in seen:
                seen.add(key)
                new.append(number)
        if not new:
            return 0
        requests, bodies = _read(prepared.requests), _read(prepared.bodies)
        if len(new) < len(prepared.keys):
            requests, bodies = requests.take(new), bodies.take(new)
        ids = {number: self._store.make_id() for number in new}
        at = clock.now()
        column = pa.array(ids.values(), pa.int64())
        received = pa.array([at] * len(new), pa.timestamp("us"))
        requests = _with(_with(requests, "id", column), "received_at", received)
        try:
            self._insert(cursor, prepared, ids, requests, _with(bodies, "request_id", column))
        except duckdb.DataError as error:
            reason = str(error).splitlines()[0]
            raise Refused(f"A request holds a value that cannot be kept: {reason}") from error
        return len(new)

    def _insert(
        self,
        cursor: Cursor,
        prepared: Prepared,
        ids: dict[int, int],
        requests: pa.Table,
        bodies: pa.Table,
    ) -> None:
        _run(
            cursor,
            f"INSERT INTO requests ({adding._COLUMNS}) SELECT {adding._VALUES} FROM {_VIEW}",
            requests,
        )
        _run(cursor, f"INSERT INTO bodies SELECT * FROM {_VIEW}", bodies)
        uses = [(ids[row], digest) for row, digest in prepared.uses if row in ids]
        if uses:
            wanted = {digest for _, digest in uses}
            found = {digest: data for digest, data in prepared.blobs if digest in wanted}
            adding._insert_blobs(cursor, found)
            _rows(cursor, "request_blobs", adding._USES, uses)
        at = clock.now()
        scores = [
            (ids[row], name, value, actor, at)
            for row, name, value, actor in prepared.scores
            if row in ids
        ]
        if scores:
            _rows(cursor, "scores", adding._SCORES, scores)


def _known(cursor: Cursor, keys: Sequence[str]) -> set[str]:
    # A record that was deleted stays deleted: importing a file again does not bring it back.
    return {
        key
        for (key,) in cursor.execute(
            "SELECT client_record::VARCHAR FROM requests "
            "WHERE client_record IN (SELECT unnest(?::UUID[]))",
            [list(keys)],
        ).fetchall()
    }


def _rows(cursor: Cursor, table: str, schema: pa.Schema, rows: Sequence[tuple[Any, ...]]) -> None:
    columns = dict(zip(schema.names, zip(*rows, strict=True), strict=True))
    feed = pa.Table.from_pydict(columns, schema=schema)
    _run(cursor, f"INSERT INTO {table} SELECT * FROM {_VIEW}", feed)


def _run(cursor: Cursor, statement: str, table: pa.Table) -> None:
    cursor.register(_VIEW, table)
    try:
        cursor.execute(statement)
    finally:
        cursor.unregister(_VIEW)


def _with(table: pa.Table, name: str, column: pa.Array) -> pa.Table:
    return table.set_column(table.schema.get_field_index(name), name, column)


def _written(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def _read(data: bytes) -> pa.Table:
    return pa.ipc.open_stream(data).read_all()
