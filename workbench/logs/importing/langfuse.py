"""Langfuse: observations and traces, from the blob storage export and from the UI.

Columns: https://langfuse.com/docs/api-and-data-platform/features/blob-storage-export-fields
(`observations_v2/`, `observations/`, `traces/` as JSON, JSONL, CSV, Parquet; times in UTC without
a zone) and the batch export of the tables, which has the same fields in camelCase
(`langfuse/langfuse`, worker/src/features/database-read-stream).

Generations and embeddings are calls to a model; spans, events, tools and the like are passed over.
A traces file holds only what the whole trace took and gave: import the observations where there
are any.
"""

from __future__ import annotations

from typing import Any

from workbench.jsontext import FieldError
from workbench.logs.importing import values
from workbench.logs.importing.draft import Draft
from workbench.logs.importing.mapping import snake
from workbench.logs.importing.record import Context, Record, Row, Skipped
from workbench.logs.importing.shapes import as_input, as_output

NAME = "langfuse"
LABEL = "Langfuse (observations or traces: JSON, JSONL, CSV, Parquet)"

_OURS = frozenset(
    {"provided_model_name", "usage_details", "parent_observation_id", "internal_model_id"}
)
_CALLS = frozenset({"GENERATION", "EMBEDDING"})
_NOTES = ("user_id", "session_id", "environment", "release", "version", "trace_name")
_READ = frozenset(
    "id type input output start_time end_time timestamp latency provided_model_name model "
    "model_parameters usage_details usage cost_details total_cost calculated_total_cost metadata "
    "tags trace_tags level status_message prompt_name prompt_version trace_id input_usage "
    "output_usage total_usage prompt_tokens completion_tokens total_tokens project_id created_at "
    "updated_at input_cost output_cost".split()
) | frozenset(_NOTES)


def looks(columns: frozenset[str], _sample: Row) -> float:
    names = frozenset(map(snake, columns))
    if {"id", "type", "start_time", "trace_id"} <= names and names & _OURS:
        return 0.95
    if {"id", "timestamp", "input", "output", "bookmarked", "public"} <= names:
        return 0.9
    return 0.0


def read(row: Row, context: Context) -> Record | Skipped:
    given = {snake(name): value for name, value in row.items()}
    kind = values.text(given.get("type")).upper()
    if kind and kind not in _CALLS:
        return Skipped(f"{kind.lower()}: no call to a model")
    is_trace = not kind and "timestamp" in given and "start_time" not in given
    draft = Draft(context)
    draft.key(given.get("id"))
    draft.put("model", given.get("provided_model_name") or given.get("model"))
    draft.body["input"] = as_input(given.get("input"))
    draft.body["output"] = as_output(given.get("output"))
    draft.put("parameters", _object(given, "model_parameters") or None)
    _put_usage(draft, given)
    _put_cost(draft, given)
    _put_status(draft, given)
    draft.put("prompt_name", given.get("prompt_name"))
    draft.put("prompt_version_number", given.get("prompt_version"))
    draft.put("trace_id", given.get("id") if is_trace else given.get("trace_id"))
    draft.put("span_id", None if is_trace else given.get("id"))
    draft.metadata(given.get("metadata"))
    for name in _NOTES:
        draft.note(name, given.get(name))
    if not is_trace:
        draft.note("name", given.get("name"))
    draft.tag(given.get("tags"))
    draft.tag(given.get("trace_tags"))
    draft.keep({name: value for name, value in given.items() if name not in _READ})
    start = given.get("timestamp") if is_trace else given.get("start_time")
    seconds = values.number(given.get("latency"), "latency")
    draft.times(start, given.get("end_time"), seconds, ("start_time", "end_time"), utc=True)
    return draft.record()


def _object(given: Row, name: str) -> dict[str, Any]:
    found = values.parsed(given.get(name))
    return found if isinstance(found, dict) else {}


def _put_usage(draft: Draft, given: Row) -> None:
    """Counts by category. "input" and "output" are what the other categories leave over.

    Langfuse takes the detailed categories off the whole when it reads a vendor's usage; where
    input and output already add up to the total, they are the whole.
    """
    told = _object(given, "usage_details") or _object(given, "usage")
    counts = {
        name: values.whole(number, name) or 0 for name, number in told.items() if _is_count(number)
    }
    sent, received = counts.get("input", 0), counts.get("output", 0)
    cached = sum(n for name, n in counts.items() if "cache" in name and not _is_write(name))
    written = sum(n for name, n in counts.items() if _is_write(name))
    reasoned = sum(n for name, n in counts.items() if "reasoning" in name)
    if counts and counts.get("total", -1) != sent + received:
        sent += sum(n for name, n in counts.items() if name != "input" and _is_sent(name))
        received += sum(n for name, n in counts.items() if name != "output" and _is_received(name))
    whole = ("input_usage", "prompt_tokens"), ("output_usage", "completion_tokens")
    for field, names, count in zip(
        ("input_tokens", "output_tokens"), whole, (sent, received), strict=True
    ):
        said = next((given[name] for name in names if not values.absent(given.get(name))), None)
        draft.put(field, count or said)
    for field, count in (
        ("cached_tokens", cached),
        ("cache_write_tokens", written),
        ("reasoning_tokens", reasoned),
    ):
        draft.put(field, count or None)


def _is_count(value: Any) -> bool:
    return isinstance(value, int | float | str) and not isinstance(value, bool) and value != ""


def _is_write(name: str) -> bool:
    return "cache" in name and any(word in name for word in ("creation", "write", "written"))


def _is_sent(name: str) -> bool:
    return name.startswith(("input_", "cache_", "prompt_"))


def _is_received(name: str) -> bool:
    return name.startswith(("output_", "completion_")) or name == "reasoning_tokens"


def _put_cost(draft: Draft, given: Row) -> None:
    cost = given.get("total_cost")
    if values.absent(cost):
        cost = given.get("calculated_total_cost")
    if values.absent(cost):
        cost = _object(given, "cost_details").get("total")
    try:
        draft.put("price", cost)
    except FieldError as error:
        raise FieldError("total_cost", error.reason) from None


def _put_status(draft: Draft, given: Row) -> None:
    level = values.text(given.get("level")).upper()
    if level in ("ERROR", "WARNING"):
        draft.put("status", level)
        draft.put("error_message", given.get("status_message"))
    else:
        draft.note("status_message", given.get("status_message"))
