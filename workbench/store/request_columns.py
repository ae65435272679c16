"""The columns of requests and their bodies, as Arrow takes them. Pure functions.

Processes that read files for an import make them too. Those start faster without a database engine:
nothing that is imported here may import one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any

import orjson
import pyarrow as pa

from workbench.filters.folding import search_fold
from workbench.store import blobs, clock
from workbench.store.metadata import index_of
from workbench.store.rows import NewRequest

_TIME = pa.timestamp("us")
REQUESTS = pa.schema(
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
BODIES = pa.schema(
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
USES = pa.schema([("request_id", pa.int64()), ("sha256", pa.string())])
SCORES = pa.schema(
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
_COPIED = tuple(name for name in REQUESTS.names if name not in _COMPUTED)
_copied = attrgetter(*_COPIED)


def columns_of(
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


def bodies_of(
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
    return transposed(BODIES, rows), found, list(uses)


def transposed(schema: pa.Schema, rows: Sequence[tuple[Any, ...]]) -> dict[str, Sequence[Any]]:
    return dict(zip(schema.names, zip(*rows, strict=True), strict=True))


def _json(value: Any) -> str | None:
    return None if value is None else orjson.dumps(value).decode()
