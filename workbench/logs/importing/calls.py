"""Bodies of `POST /track-request` (and `/log-request`) one a line: spools, and what a proxy kept.

The fields are those of docs/api.md; `client_record_id` is the record's own id.
"""

from __future__ import annotations

from workbench.jsontext import FieldError
from workbench.logs.importing import neutral, values
from workbench.logs.importing.draft import Draft
from workbench.logs.importing.record import Context, Record, Row

NAME = "calls"
LABEL = "Calls as the API takes them (JSONL of /track-request or /log-request bodies)"

_TIMES = ("request_start_time", "request_end_time")
_PUT = (
    "provider_type",
    "function_name",
    "args",
    "kwargs",
    "request_response",
    "model",
    "api_type",
    "status",
    "error_type",
    "error_message",
    "prompt_name",
    "prompt_id",
    "prompt_version",
    "prompt_label",
    "prompt_input_variables",
    "group_id",
    "span_id",
    "trace_id",
    "input_tokens",
    "output_tokens",
    "price",
    "score",
    "score_name",
)
_READ = frozenset((*_PUT, *_TIMES, "client_record_id", "tags", "metadata", "api_key"))


def looks(columns: frozenset[str], sample: Row) -> float:
    if {"provider_type", "request_response"} <= columns and "id" not in columns:
        return 0.95 if "request_start_time" in columns else 0.6
    if {"provider", "input", "output", *_TIMES} <= columns:
        return 0.9 if isinstance(sample.get("input"), dict) else 0.0
    return 0.0


def read(row: Row, context: Context) -> Record:
    if "request_response" not in row and "kwargs" not in row:
        given = {key: value for key, value in row.items() if key != "api_key"}
        return neutral.read(given, context)
    draft = Draft(context, is_call=True)
    draft.key(row.get("client_record_id"))
    for name in _PUT:
        draft.put(name, row.get(name))
    if values.absent(row.get("kwargs")) and values.absent(row.get("request_response")):
        raise FieldError("", "this row has neither kwargs nor request_response")
    draft.tag(row.get("tags"))
    draft.metadata(row.get("metadata"))
    draft.keep({key: value for key, value in row.items() if key not in _READ})
    draft.times(row.get(_TIMES[0]), row.get(_TIMES[1]), names=_TIMES)
    return draft.record()
