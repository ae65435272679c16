"""Some requests whole, as flat objects: the names are those of the neutral schema of imports."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson

from workbench.store import blob_rows, blobs, clock, pieces
from workbench.store.bulk_batch import IDS
from workbench.store.connection import Connection, Cursor

_PLAIN = (
    *("id", "started_at", "ended_at", "latency_ms", "provider", "model", "status", "error_type"),
    *("error_message", "finish_reason", "input_tokens", "output_tokens", "cached_tokens"),
    *("cache_write_tokens", "reasoning_tokens", "cost", "tags", "prompt_name", "prompt_id"),
    *("prompt_version", "prompt_label", "function_name", "api_type", "group_id", "trace_id"),
    "span_id",
)
_JSON = {
    "metadata": "r.metadata",
    "input": "b.prompt",
    "output": "b.output",
    "parameters": "b.parameters",
    "input_variables": "b.input_variables",
}
_BODY = tuple(column[2:] for column in _JSON.values() if column.startswith("b."))
NAMES = (*_PLAIN, "scores", *_JSON)
_SIZE = " + ".join(f"coalesce(strlen({column}), 0)" for column in _JSON.values())
_FROM = (
    f"FROM requests r JOIN bodies b ON b.request_id = r.id WHERE r.id IN {IDS} "
    "AND b.request_id IN (SELECT unnest(?::BIGINT[])) AND r.deleted_at IS NULL"
)


def whole_rows(
    connection: Connection, ids: Sequence[int], max_bytes: int
) -> list[dict[str, Any]] | None:
    """An object for each request that is there, in the order of `ids`; None where their texts are
    larger than `max_bytes`. Times are ISO 8601 in UTC, cost a decimal as text, images as sent."""
    if not ids:
        return []
    both = [list(ids), list(ids)]
    with connection.cursor() as cursor:
        size = cursor.execute(f"SELECT coalesce(sum({_SIZE}), 0) {_FROM}", both).fetchone()
        rest = pieces.bytes_of(cursor, ids, _BODY)
        if size is None or size[0] + sum(rest.values()) > max_bytes:
            return None
        columns = ", ".join((*(f"r.{name}" for name in _PLAIN), *_JSON.values()))
        found = cursor.execute(f"SELECT {columns} {_FROM}", both).fetchall()
        texts = pieces.whole(
            cursor, [row[0] for row in found], _BODY, [row[-len(_BODY) :] for row in found]
        )
        found = [(*row[: -len(_BODY)], *text) for row, text in zip(found, texts, strict=True)]
        digests = {
            digest
            for row in found
            for text in row[len(_PLAIN) :]
            if text
            for digest in blobs.references(text)
        }
        data = _data(cursor, digests, max_bytes)
        if data is None:
            return None
        scores = cursor.execute(
            f"SELECT request_id, name, value FROM scores WHERE request_id IN {IDS} "
            "ORDER BY scored_at",
            [list(ids)],
        ).fetchall()
    given: dict[int, dict[str, float]] = {}
    for id_, name, value in scores:
        given.setdefault(id_, {})[name] = value
    rows = {row[0]: _object(row, given.get(row[0], {}), data) for row in found}
    return [rows[id_] for id_ in ids if id_ in rows]


def _object(row: Sequence[Any], scores: dict[str, float], data: dict[str, bytes]) -> dict[str, Any]:
    plain = {name: _shown(value) for name, value in zip(_PLAIN, row, strict=False)}
    texts = zip(_JSON, row[len(_PLAIN) :], strict=True)
    values = {
        name: orjson.loads(blobs.put_back(text, data)) if text else None for name, text in texts
    }
    return {**plain, "scores": scores, **values}


def _shown(value: Any) -> Any:
    if isinstance(value, datetime):
        return clock.from_stored(value).isoformat().replace("+00:00", "Z")
    return format(value, "f") if isinstance(value, Decimal) else value


def _data(cursor: Cursor, digests: set[str], max_bytes: int) -> dict[str, bytes] | None:
    """The blobs; None where they are larger than `max_bytes`."""
    if sum(blob_rows.sizes(cursor, digests).values()) > max_bytes:
        return None
    return blob_rows.read(cursor, digests)
