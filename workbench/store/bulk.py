"""Adding thousands of requests at once, prepared as Arrow by whoever read them.

What makes a row (columns, bodies without their blobs) is computed away from the writer, in another
process if need be; the writer looks for rows that are there already, gives ids and inserts.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any

import duckdb
import pyarrow as pa

from workbench.store import adding, clock, pieces
from workbench.store.connection import ROW_GROUP_ROWS, Cursor
from workbench.store.errors import Refused
from workbench.store.prepared import Prepared, read
from workbench.store.request_columns import SCORES, USES
from workbench.store.store import Store

VIEW = "incoming_bulk"


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
        found = read(data)
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
        _rows(cursor, "request_blobs", USES, uses)
    scores = [
        (each.ids[row], name, value, actor, at)
        for each in chosen
        for row, name, value, actor in each.part.scores
        if row in each.ids
    ]
    if scores:
        _rows(cursor, "scores", SCORES, scores)


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
