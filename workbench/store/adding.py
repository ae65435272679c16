"""Adding requests: many in a few statements, each call once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb
import pyarrow as pa

from workbench.ids import IdMaker, first_id_at
from workbench.store import blob_rows, clock, pieces
from workbench.store.connection import Connection, Cursor
from workbench.store.errors import Refused
from workbench.store.feed import Feed
from workbench.store.guards import guard
from workbench.store.recent import SAME_CALL, RecentBodies
from workbench.store.request_columns import (
    BODIES,
    REQUESTS,
    SCORES,
    USES,
    bodies_of,
    columns_of,
    transposed,
)
from workbench.store.rows import Added, NewRequest

_CASTS = {
    "client_record": "client_record::UUID",
    "body_hash": "body_hash::UUID",
}
_COLUMNS = ", ".join(REQUESTS.names)
_VALUES = ", ".join(_CASTS.get(name, name) for name in REQUESTS.names)


class RequestBatch:
    """Adds requests: the writer calls it with all that are waiting."""

    def __init__(self, connection: Connection, cursor: Cursor, make_id: IdMaker) -> None:
        """`cursor` is the writer's."""
        self._make_id = make_id
        # On DuckLake another process may have the call already.
        self._recent = None if connection.is_ducklake else RecentBodies()

        def feed(name: str, schema: pa.Schema, insert: str) -> Feed:
            return Feed(cursor, name, schema, insert, is_prepared=not connection.is_ducklake)

        into_requests = f"INSERT INTO requests ({_COLUMNS}) SELECT {_VALUES}"
        self._requests = feed("incoming_requests", REQUESTS, into_requests)
        self._bodies = feed("incoming_bodies", BODIES, "INSERT INTO bodies SELECT *")
        self._rests = {
            table: feed(f"incoming_{table}", pieces.SCHEMA, f"INSERT INTO {table} SELECT *")
            for table in pieces.TABLES
        }
        self._uses = feed("incoming_uses", USES, "INSERT INTO request_blobs SELECT *")
        self._scores = feed("incoming_scores", SCORES, "INSERT INTO scores SELECT *")

    def __call__(self, cursor: Cursor, rows: Sequence[NewRequest]) -> list[Added]:
        """Raises Refused for rows with a value that no column can hold."""
        try:
            return self._add(cursor, rows)
        except (ValueError, TypeError, OverflowError, duckdb.DataError) as error:
            reason = str(error).splitlines()[0]
            raise Refused(f"A request holds a value that cannot be kept: {reason}") from error

    def _add(self, cursor: Cursor, rows: Sequence[NewRequest]) -> list[Added]:
        hashes = [row.body_hash for row in rows if row.body_hash]
        if self._recent is not None:
            hashes = self._recent.perhaps_known(cursor, hashes)
        known = _known_records(cursor, rows, hashes)
        added: list[Added] = []
        new: list[tuple[int, NewRequest]] = []
        for row in rows:
            keys = [key for key in (row.client_record, row.body_hash) if key is not None]
            first = next((known[key] for key in keys if key in known), None)
            if first is None:
                first = self._make_id()
                known.update(dict.fromkeys(keys, first))
                new.append((first, row))
                added.append(Added(first, duplicate=False))
            else:
                added.append(Added(first, duplicate=True))
        if new:
            self._insert(cursor, new)
        return added

    def _insert(self, cursor: Cursor, new: Sequence[tuple[int, NewRequest]]) -> None:
        received = clock.now()
        bodies, found, uses = bodies_of(new)
        self._requests.insert(columns_of(new, received))
        bodies, rests = pieces.cut(bodies)
        self._bodies.insert(bodies)
        for table, rows in rests.rows.items():
            if rows:
                self._rests[table].insert(transposed(pieces.SCHEMA, rows))
        if found:
            _insert_blobs(cursor, found)
            self._uses.insert(transposed(USES, uses))
        scores = [
            (id_, name, value, row.actor, received)
            for id_, row in new
            for name, value in row.scores
        ]
        if scores:
            self._scores.insert(transposed(SCORES, scores))


def _known_records(
    cursor: Cursor, rows: Sequence[NewRequest], hashes: Sequence[str]
) -> dict[str, int]:
    """Ids of the records that these calls repeat, by the digest that says so.

    hashes: those of the rows' `body_hash` that may be there.
    """
    records = [row.client_record for row in rows if row.client_record]
    known: dict[str, int] = {}
    if hashes:
        # A record that was deleted is no answer: whoever sends the call again wants it kept.
        since = first_id_at(clock.from_stored(clock.now()) - SAME_CALL)
        known.update(
            cursor.execute(
                "SELECT body_hash::VARCHAR, min(id) FROM requests WHERE id >= ? "
                "AND body_hash IN (SELECT unnest(?::UUID[])) AND deleted_at IS NULL GROUP BY ALL",
                [since, hashes],
            ).fetchall()
        )
    if records:
        known.update(
            cursor.execute(
                "SELECT client_record::VARCHAR, min(id) FROM requests "
                "WHERE client_record IN (SELECT unnest(?::UUID[])) GROUP BY ALL",
                [records],
            ).fetchall()
        )
    return known


def _insert_blobs(cursor: Cursor, found: Mapping[str, bytes]) -> None:
    there = {
        digest
        for (digest,) in cursor.execute(
            "SELECT sha256 FROM blobs WHERE sha256 IN (SELECT unnest(?::VARCHAR[]))", [list(found)]
        ).fetchall()
    }
    for digest in found:
        # Another process may be removing the last request that used the blob, or adding it too.
        guard(cursor, "blob", digest)
    new = {digest: data for digest, data in found.items() if digest not in there}
    blob_rows.insert(cursor, new, clock.now())
