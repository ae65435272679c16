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

from workbench.store import adding, clock, pieces
from workbench.store.connection import ROW_GROUP_ROWS, Cursor
from workbench.store.errors import Refused
from workbench.store.rows import NewRequest
from workbench.store.store import Store

VIEW = "incoming_bulk"


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

    def add(self, parts: Sequence[Prepared]) -> Future[list[int]]:
        """The number of rows of each part that were new, after the commit; others are there.

        All parts are inserted by one statement: some thousand rows at once go straight into the
        file's row groups, where fewer are written to the log first, which takes twice as long. A
        multiple of ROW_GROUP_ROWS is best: groups that are not whole are joined by a later
        checkpoint, which takes half as long again and leaves a file half as large again.
        Raises Busy where too much is waiting. The future raises Refused for a value that the
        store cannot hold; nothing of `parts` was written then.
        """
        return self._store.writer.add(self._batch, tuple(parts), sum(p.size for p in parts))

    def _add(self, cursor: Cursor, batch: Sequence[tuple[Prepared, ...]]) -> list[list[int]]:
        seen: set[str] = set()
        return [self._add_parts(cursor, parts, seen) for parts in batch]

    def _add_parts(self, cursor: Cursor, parts: Sequence[Prepared], seen: set[str]) -> list[int]:
        seen |= _known(cursor, [key for part in parts for key in part.keys])
        chosen = [_Chosen(part, seen) for part in parts]
        for each in chosen:
            each.ids = {number: self._store.make_id() for number in each.new}
        ids = [id_ for each in chosen for id_ in each.ids.values()]
        if ids:
            try:
                _insert(cursor, [each for each in chosen if each.new], ids)
            except duckdb.DataError as error:
                reason = str(error).splitlines()[0]
                raise Refused(f"A request holds a value that cannot be kept: {reason}") from error
        return [len(each.new) for each in chosen]


class _Chosen:
    """The rows of a part that are not there yet. ids: by their number in the part."""

    def __init__(self, part: Prepared, seen: set[str]) -> None:
        self.part = part
        self.new: list[int] = []
        self.ids: dict[int, int] = {}
        for number, key in enumerate(part.keys):
            if key not in seen:
                seen.add(key)
                self.new.append(number)

    def table(self, data: bytes) -> pa.Table:
        found = _read(data)
        return found if len(self.new) == len(self.part.keys) else found.take(self.new)


def _insert(cursor: Cursor, chosen: Sequence[_Chosen], ids: Sequence[int]) -> None:
    at = clock.now()
    column = pa.array(ids, pa.int64())
    received = pa.array([at] * len(ids), pa.timestamp("us"))
    requests = _joined([each.table(each.part.requests) for each in chosen])
    requests = _with(_with(requests, "id", column), "received_at", received)
    bodies = _with(_joined([each.table(each.part.bodies) for each in chosen]), "request_id", column)
    run_over(
        cursor,
        f"INSERT INTO requests ({adding._COLUMNS}) SELECT {adding._VALUES} FROM {VIEW}",
        requests,
    )
    bodies, rests = pieces.cut_table(bodies)
    run_over(cursor, f"INSERT INTO bodies SELECT * FROM {VIEW}", bodies)
    rests.insert(cursor)
    uses = [
        (each.ids[row], digest)
        for each in chosen
        for row, digest in each.part.uses
        if row in each.ids
    ]
    if uses:
        wanted = {digest for _, digest in uses}
        found = {digest: data for each in chosen for digest, data in each.part.blobs}
        adding._insert_blobs(cursor, {digest: found[digest] for digest in sorted(wanted)})
        _rows(cursor, "request_blobs", adding._USES, uses)
    scores = [
        (each.ids[row], name, value, actor, at)
        for each in chosen
        for row, name, value, actor in each.part.scores
        if row in each.ids
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
    run_over(cursor, f"INSERT INTO {table} SELECT * FROM {VIEW}", feed)


def run_over(cursor: Cursor, statement: str, table: pa.Table) -> None:
    """Run a statement that reads `table` under the name VIEW."""
    # In batches of a row group: DuckDB closes a group where a batch ends, be it whole or not.
    batches = table.to_batches(max_chunksize=ROW_GROUP_ROWS)
    cursor.register(VIEW, pa.Table.from_batches(batches, table.schema))
    try:
        cursor.execute(statement)
    finally:
        cursor.unregister(VIEW)


def _joined(tables: Sequence[pa.Table]) -> pa.Table:
    return pa.concat_tables(tables).combine_chunks()


def _with(table: pa.Table, name: str, column: pa.Array) -> pa.Table:
    return table.set_column(table.schema.get_field_index(name), name, column)


def _written(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def _read(data: bytes) -> pa.Table:
    return pa.ipc.open_stream(data).read_all()
