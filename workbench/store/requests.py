"""Requests: adding many in one statement, reading one whole."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import orjson
import pyarrow as pa

from workbench.ids import IdMaker, first_id_at
from workbench.store import blobs, clock
from workbench.store.connection import Connection
from workbench.store.rows import Added, Detail, NewRequest, Score, Summary
from workbench.store.writer import Cursor

# The SDK repeats a call without an idempotency key: the same body within this time is one call.
SAME_CALL = timedelta(hours=1)

_TIME = pa.timestamp("us")
_COST = pa.decimal128(18, 9)
_REQUEST_SCHEMA = pa.schema(
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
        ("cost", _COST),
        ("cost_source", pa.string()),
        ("cost_formula", pa.string()),
        ("tags", pa.list_(pa.string())),
        ("metadata", pa.string()),
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
_BODY_SCHEMA = pa.schema(
    [
        ("request_id", pa.int64()),
        ("started_at", _TIME),
        ("input_text", pa.string()),
        ("output_text", pa.string()),
        ("prompt", pa.string()),
        ("output", pa.string()),
        ("parameters", pa.string()),
        ("input_variables", pa.string()),
        ("raw", pa.string()),
    ]
)
_SCORE_SCHEMA = pa.schema(
    [
        ("request_id", pa.int64()),
        ("name", pa.string()),
        ("value", pa.float64()),
        ("actor", pa.string()),
        ("scored_at", _TIME),
    ]
)
_USE_SCHEMA = pa.schema([("request_id", pa.int64()), ("sha256", pa.string())])
_CASTS = {"metadata": "metadata::JSON::VARIANT", "client_record": "client_record::UUID"}
_CASTS["body_hash"] = "body_hash::UUID"
_COLUMNS = ", ".join(_REQUEST_SCHEMA.names)
_VALUES = ", ".join(_CASTS.get(name, name) for name in _REQUEST_SCHEMA.names)


def _json(value: Any) -> str | None:
    return None if value is None else orjson.dumps(value).decode()


class RequestBatch:
    """Adds requests: the writer calls it with all that are waiting."""

    def __init__(self, make_id: IdMaker) -> None:
        self._make_id = make_id

    def __call__(self, cursor: Cursor, rows: Sequence[NewRequest]) -> list[Added]:
        known = _known_records(cursor, rows)
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
            _insert(cursor, new)
        return added


def _known_records(cursor: Cursor, rows: Sequence[NewRequest]) -> dict[str, int]:
    """Ids of the records that these calls repeat, by the digest that says so."""
    hashes = [row.body_hash for row in rows if row.body_hash]
    records = [row.client_record for row in rows if row.client_record]
    known: dict[str, int] = {}
    if hashes:
        since = first_id_at(clock.from_stored(clock.now()) - SAME_CALL)
        known.update(
            cursor.execute(
                "SELECT body_hash::VARCHAR, min(id) FROM requests "
                "WHERE id >= ? AND body_hash IN (SELECT unnest(?::UUID[])) GROUP BY ALL",
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


def _insert(cursor: Cursor, new: Sequence[tuple[int, NewRequest]]) -> None:
    received = clock.now()
    bodies: list[dict[str, Any]] = []
    requests: list[dict[str, Any]] = []
    found: dict[str, bytes] = {}
    uses: list[dict[str, Any]] = []
    scores: list[dict[str, Any]] = []
    for id_, row in new:
        requests.append(_request_row(id_, row, received))
        body, taken = _body_row(id_, row)
        bodies.append(body)
        for blob in taken:
            found[blob.sha256] = blob.data
            uses.append({"request_id": id_, "sha256": blob.sha256})
        scores.extend(
            {
                "request_id": id_,
                "name": name,
                "value": value,
                "actor": row.actor,
                "scored_at": received,
            }
            for name, value in row.scores
        )
    _append(
        cursor,
        f"INSERT INTO requests ({_COLUMNS}) SELECT {_VALUES} FROM incoming",
        requests,
        _REQUEST_SCHEMA,
    )
    _append(cursor, "INSERT INTO bodies SELECT * FROM incoming", bodies, _BODY_SCHEMA)
    if found:
        _insert_blobs(cursor, found, uses)
    if scores:
        _append(cursor, "INSERT INTO scores SELECT * FROM incoming", scores, _SCORE_SCHEMA)


def _append(cursor: Cursor, statement: str, rows: list[dict[str, Any]], schema: pa.Schema) -> None:
    cursor.register("incoming", pa.Table.from_pylist(rows, schema=schema))
    try:
        cursor.execute(statement)
    finally:
        cursor.unregister("incoming")


def _request_row(id_: int, row: NewRequest, received: Any) -> dict[str, Any]:
    values = {name: getattr(row, name, None) for name in _REQUEST_SCHEMA.names}
    values["id"] = id_
    values["started_at"] = clock.to_stored(row.started_at)
    values["ended_at"] = clock.to_stored(row.ended_at)
    values["received_at"] = received
    values["latency_ms"] = (row.ended_at - row.started_at) / timedelta(milliseconds=1)
    values["metadata"] = _json(row.metadata)
    values["cost_formula"] = _json(row.cost_formula)
    return values


def _body_row(id_: int, row: NewRequest) -> tuple[dict[str, Any], list[blobs.Blob]]:
    taken: list[blobs.Blob] = []
    values: dict[str, Any] = {
        "request_id": id_,
        "started_at": clock.to_stored(row.started_at),
        "input_text": row.input_text,
        "output_text": row.output_text,
        "input_variables": _json(row.input_variables),
    }
    for name, text in (
        ("prompt", _json(row.prompt)),
        ("output", _json(row.output)),
        ("parameters", _json(row.parameters)),
        ("raw", row.raw),
    ):
        if text is not None:
            text, blobs_here = blobs.take_out(text)
            taken.extend(blobs_here)
        values[name] = text
    return values, list({blob.sha256: blob for blob in taken}.values())


def _insert_blobs(cursor: Cursor, found: dict[str, bytes], uses: list[dict[str, Any]]) -> None:
    there = {
        digest
        for (digest,) in cursor.execute(
            "SELECT sha256 FROM blobs WHERE sha256 IN (SELECT unnest(?::VARCHAR[]))", [list(found)]
        ).fetchall()
    }
    at = clock.now()
    for digest, data in found.items():
        if digest not in there:
            cursor.execute("INSERT INTO blobs VALUES (?, ?, ?, ?)", [digest, len(data), data, at])
    _append(cursor, "INSERT INTO request_blobs SELECT * FROM incoming", uses, _USE_SCHEMA)


SUMMARY_COLUMNS = (
    "r.id, r.started_at, r.ended_at, r.status, r.provider, r.model, r.prompt_name, "
    "r.prompt_version, r.input_preview, r.output_preview, r.latency_ms, r.input_tokens, "
    "r.output_tokens, r.cost, r.tags, r.error_type"
)
_SUMMARY_WIDTH = SUMMARY_COLUMNS.count(",") + 1
_DETAIL_COLUMNS = (
    "r.received_at, r.time_assumed, r.source, r.origin, r.actor, r.function_name, r.api_type, "
    "r.error_message, r.finish_reason, r.cached_tokens, r.cache_write_tokens, r.reasoning_tokens, "
    "r.cost_source, r.cost_formula, r.metadata::JSON, r.prompt_id, r.prompt_label, r.group_id, "
    "r.span_id, r.trace_id, r.is_json, r.is_tool_call, r.is_plain_text, r.tool_names, "
    "r.image_count, r.normaliser"
)


def summary_from(row: Sequence[Any]) -> Summary:
    """A Summary from the values of SUMMARY_COLUMNS."""
    return Summary(
        id=row[0],
        started_at=clock.from_stored(row[1]),
        ended_at=clock.from_stored(row[2]),
        status=row[3],
        provider=row[4],
        model=row[5],
        prompt_name=row[6],
        prompt_version=row[7],
        input_preview=row[8] or "",
        output_preview=row[9] or "",
        latency_ms=row[10],
        input_tokens=row[11],
        output_tokens=row[12],
        cost=row[13],
        tags=row[14] or [],
        error_type=row[15],
    )


def get(connection: Connection, request_id: int) -> Detail | None:
    """A request with all that belongs to it, or None if there is none or it was deleted."""
    with connection.cursor() as cursor:
        row = cursor.execute(
            f"SELECT {SUMMARY_COLUMNS}, {_DETAIL_COLUMNS} FROM requests r "
            "WHERE r.id = ? AND r.deleted_at IS NULL",
            [request_id],
        ).fetchone()
        if row is None:
            return None
        body = cursor.execute(
            "SELECT input_text, output_text, prompt, output, parameters, input_variables, raw "
            "FROM bodies WHERE request_id = ?",
            [request_id],
        ).fetchone() or ("", "", None, None, None, None, "")
        texts = [text or "" for text in (*body[2:5], body[6])]
        digests = list(dict.fromkeys(d for text in texts for d in blobs.references(text)))
        data = _blob_data(cursor, digests)
        scores = [
            Score(name, value, actor, clock.from_stored(at))
            for name, value, actor, at in cursor.execute(
                "SELECT name, value, actor, scored_at FROM scores WHERE request_id = ? "
                "ORDER BY scored_at, name",
                [request_id],
            ).fetchall()
        ]
    prompt, output, parameters, raw = (blobs.put_back(text, data) for text in texts)
    rest = row[_SUMMARY_WIDTH:]
    return Detail(
        summary=summary_from(row),
        received_at=clock.from_stored(rest[0]),
        time_assumed=rest[1],
        source=rest[2],
        origin=rest[3],
        actor=rest[4],
        function_name=rest[5],
        api_type=rest[6],
        error_message=rest[7],
        finish_reason=rest[8],
        cached_tokens=rest[9],
        cache_write_tokens=rest[10],
        reasoning_tokens=rest[11],
        cost_source=rest[12],
        cost_formula=_value(rest[13]),
        metadata=_value(rest[14]) or {},
        prompt_id=rest[15],
        prompt_label=rest[16],
        group_id=rest[17],
        span_id=rest[18],
        trace_id=rest[19],
        is_json=rest[20],
        is_tool_call=rest[21],
        is_plain_text=rest[22],
        tool_names=rest[23] or [],
        image_count=rest[24],
        normaliser=rest[25],
        input_text=body[0] or "",
        output_text=body[1] or "",
        prompt=_value(prompt),
        output=_value(output),
        parameters=_value(parameters) or {},
        input_variables=_value(body[5]),
        raw=raw,
        scores=scores,
    )


def _value(text: str | None) -> Any:
    return orjson.loads(text) if text else None


def _blob_data(cursor: Cursor, digests: list[str]) -> dict[str, bytes]:
    if not digests:
        return {}
    rows = cursor.execute(
        "SELECT sha256, data FROM blobs WHERE sha256 IN (SELECT unnest(?::VARCHAR[]))", [digests]
    ).fetchall()
    return {digest: bytes(data) for digest, data in rows}
