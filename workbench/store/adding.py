"""Adding requests: many in a few statements, each call once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any

import duckdb
import orjson
import pyarrow as pa

from workbench.filters.folding import search_fold
from workbench.ids import IdMaker, first_id_at
from workbench.store import blob_rows, blobs, clock, pieces
from workbench.store.connection import Connection, Cursor
from workbench.store.errors import Refused
from workbench.store.feed import Feed
from workbench.store.guards import guard
from workbench.store.metadata import index_of
from workbench.store.recent import SAME_CALL, RecentBodies
from workbench.store.rows import Added, NewRequest

_TIME = pa.timestamp("us")
_REQUESTS = pa.schema(
    [
        ("id", pa.int64()),
        ("started_at", _TIME),
        ("ended_at", _TIME),
        ("received_at", _TIME),
        ("time_assumed", pa.bool_()),
        ("latency_ms", pa.float64()),
        ("source", pa.string()),
        ("origin", pa.string()),
        ("actor", pa.string()),
        ("provider", pa.string()),
        ("model", pa.string()),
        ("function_name", pa.string()),
        ("api_type", pa.string()),
        ("status", pa.string()),
        ("error_type", pa.string()),
        ("error_message", pa.string()),
        ("finish_reason", pa.string()),
        ("input_tokens", pa.int64()),
        ("output_tokens", pa.int64()),
        ("cached_tokens", pa.int64()),
        ("cache_write_tokens", pa.int64()),
        ("reasoning_tokens", pa.int64()),
        ("cost", pa.decimal128(18, 9)),
        ("cost_source", pa.string()),
        ("cost_formula", pa.string()),
        ("tags", pa.list_(pa.string())),
        ("metadata", pa.string()),
        ("metadata_index", pa.list_(pa.string())),
        ("prompt_name", pa.string()),
        ("prompt_id", pa.int64()),
        ("prompt_version", pa.int32()),
        ("prompt_label", pa.string()),
        ("group_id", pa.int64()),
        ("span_id", pa.string()),
        ("trace_id", pa.string()),
        ("is_json", pa.bool_()),
        ("is_tool_call", pa.bool_()),
        ("is_plain_text", pa.bool_()),
        ("tool_names", pa.list_(pa.string())),
        ("image_count", pa.int32()),
        ("input_preview", pa.string()),
        ("output_preview", pa.string()),
        ("normaliser", pa.string()),
        ("client_record", pa.string()),
        ("body_hash", pa.string()),
    ]
)
_BODIES = pa.schema(
    [
        ("request_id", pa.int64()),
        ("started_at", _TIME),
        ("input_text", pa.string()),
        ("output_text", pa.string()),
        ("input_folded", pa.string()),
        ("output_folded", pa.string()),
        ("prompt", pa.string()),
        ("output", pa.string()),
        ("parameters", pa.string()),
        ("input_variables", pa.string()),
        ("raw", pa.string()),
    ]
)
_USES = pa.schema([("request_id", pa.int64()), ("sha256", pa.string())])
_SCORES = pa.schema(
    [
        ("request_id", pa.int64()),
        ("name", pa.string()),
        ("value", pa.float64()),
        ("actor", pa.string()),
        ("scored_at", _TIME),
    ]
)
# Columns that are computed here; every other one is the row's field of that name.
_COMPUTED = (
    "id",
    "started_at",
    "ended_at",
    "received_at",
    "latency_ms",
    "cost_formula",
    "metadata",
    "metadata_index",
)
_COPIED = tuple(name for name in _REQUESTS.names if name not in _COMPUTED)
_copied = attrgetter(*_COPIED)
_CASTS = {
    "client_record": "client_record::UUID",
    "body_hash": "body_hash::UUID",
}
_COLUMNS = ", ".join(_REQUESTS.names)
_VALUES = ", ".join(_CASTS.get(name, name) for name in _REQUESTS.names)


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
        self._requests = feed("incoming_requests", _REQUESTS, into_requests)
        self._bodies = feed("incoming_bodies", _BODIES, "INSERT INTO bodies SELECT *")
        self._rests = {
            table: feed(f"incoming_{table}", pieces.SCHEMA, f"INSERT INTO {table} SELECT *")
            for table in pieces.TABLES
        }
        self._uses = feed("incoming_uses", _USES, "INSERT INTO request_blobs SELECT *")
        self._scores = feed("incoming_scores", _SCORES, "INSERT INTO scores SELECT *")

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
        bodies, found, uses = _bodies_of(new)
        self._requests.insert(_columns_of(new, received))
        bodies, rests = pieces.cut(bodies)
        self._bodies.insert(bodies)
        for table, rows in rests.rows.items():
            if rows:
                self._rests[table].insert(_transposed(pieces.SCHEMA, rows))
        if found:
            _insert_blobs(cursor, found)
            self._uses.insert(_transposed(_USES, uses))
        scores = [
            (id_, name, value, row.actor, received)
            for id_, row in new
            for name, value in row.scores
        ]
        if scores:
            self._scores.insert(_transposed(_SCORES, scores))


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


def _columns_of(
    new: Sequence[tuple[int, NewRequest]], received: datetime
) -> dict[str, Sequence[Any]]:
    rows = [row for _, row in new]
    columns: dict[str, Sequence[Any]] = dict(
        zip(_COPIED, zip(*map(_copied, rows), strict=True), strict=True)
    )
    columns["id"] = [id_ for id_, _ in new]
    columns["started_at"] = [clock.to_stored(row.started_at) for row in rows]
    columns["ended_at"] = [clock.to_stored(row.ended_at) for row in rows]
    columns["received_at"] = [received] * len(rows)
    columns["latency_ms"] = [
        (row.ended_at - row.started_at) / timedelta(milliseconds=1) for row in rows
    ]
    columns["metadata"] = [_json(row.metadata) for row in rows]
    columns["metadata_index"] = [index_of(row.metadata) for row in rows]
    columns["cost_formula"] = [_json(row.cost_formula) for row in rows]
    return columns


def _bodies_of(
    new: Sequence[tuple[int, NewRequest]],
) -> tuple[dict[str, Sequence[Any]], dict[str, bytes], list[tuple[int, str]]]:
    """The columns of `bodies`, the blobs found in them by digest, and which request uses which."""
    found: dict[str, bytes] = {}
    uses: dict[tuple[int, str], None] = {}
    rows: list[tuple[Any, ...]] = []
    for id_, row in new:
        texts: list[str | None] = []
        for text in (_json(row.prompt), _json(row.output), _json(row.parameters), row.raw):
            if text is None:
                texts.append(None)
                continue
            kept, taken = blobs.take_out(text)
            texts.append(kept)
            for blob in taken:
                found[blob.sha256] = blob.data
                uses[id_, blob.sha256] = None
        prompt, output, parameters, raw = texts
        started, variables = clock.to_stored(row.started_at), _json(row.input_variables)
        values = (id_, started, row.input_text, row.output_text)
        folded = (search_fold(row.input_text), search_fold(row.output_text))
        rows.append((*values, *folded, prompt, output, parameters, variables, raw))
    return _transposed(_BODIES, rows), found, list(uses)


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


def _transposed(schema: pa.Schema, rows: Sequence[tuple[Any, ...]]) -> dict[str, Sequence[Any]]:
    return dict(zip(schema.names, zip(*rows, strict=True), strict=True))


def _json(value: Any) -> str | None:
    return None if value is None else orjson.dumps(value).decode()
