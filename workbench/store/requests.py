"""Reading one request whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from workbench.store import blob_rows, blobs, clock, pieces, stars
from workbench.store.connection import Connection
from workbench.store.rows import Detail, Score, Summary

SUMMARY_COLUMNS = (
    "r.id, r.started_at, r.ended_at, r.status, r.provider, r.model, r.prompt_name, "
    "r.prompt_version, r.input_preview, r.output_preview, r.latency_ms, r.input_tokens, "
    "r.output_tokens, r.cost, r.tags, r.error_type"
)
_SUMMARY_WIDTH = SUMMARY_COLUMNS.count(",") + 1
_DETAIL_COLUMNS = (
    "r.received_at, r.time_assumed, r.source, r.origin, r.actor, r.function_name, r.api_type, "
    "r.error_message, r.finish_reason, r.cached_tokens, r.cache_write_tokens, r.reasoning_tokens, "
    "r.cost_source, r.cost_formula, r.metadata, r.prompt_id, r.prompt_label, r.group_id, "
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


def blob(connection: Connection, sha256: str) -> bytes | None:
    """An attachment that some request uses, by its digest."""
    with connection.cursor() as cursor:
        return blob_rows.read(cursor, [sha256]).get(sha256)


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
        kept = cursor.execute(
            f"SELECT {', '.join(pieces.PLAIN)} FROM bodies WHERE request_id = ?", [request_id]
        ).fetchone() or ("", "", None, None, None, None, "")
        (body,) = pieces.whole(cursor, [request_id], pieces.PLAIN, [kept])
        texts = [text or "" for text in (*body[2:5], body[6])]
        digests = {digest for text in texts for digest in blobs.references(text)}
        data = blob_rows.read(cursor, digests)
        (summary,) = stars.with_stars(cursor, [summary_from(row)])
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
        summary=summary,
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
