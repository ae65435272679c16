"""The neutral schema: flat columns, the same in JSONL, CSV and Parquet. docs/import.md lists them.

Columns of another name come in through a mapping: column -> field.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from workbench.jsontext import FieldError
from workbench.logs.importing import values
from workbench.logs.importing.draft import KNOWN, Draft
from workbench.logs.importing.record import Context, Record, Row
from workbench.logs.importing.shapes import as_input, as_output

NAME = "neutral"
LABEL = "Neutral schema (JSONL, CSV, Parquet)"

#: Field -> (kind of value, what it is). docs/import.md is made from this.
FIELDS: Mapping[str, tuple[str, str]] = {
    "id": ("text", "Your own id of the record: the same one is never stored twice."),
    "provider": ("text", "Who ran the model: openai, anthropic, bedrock …"),
    "model": ("text", "The model that answered."),
    "input": ("content", "What went in: text, messages as JSON, or a blueprint as JSON."),
    "output": ("content", "What came back: text, messages as JSON, or a blueprint as JSON."),
    "started_at": ("time", "When the call began."),
    "ended_at": ("time", "When the answer was there. Without it: the start and the latency."),
    "latency_ms": ("number", "How long it took, in milliseconds. Used where one time is missing."),
    "latency_s": ("number", "The same in seconds."),
    "status": ("word", "SUCCESS, WARNING or ERROR."),
    "error_type": ("text", "What kind of error."),
    "error_message": ("text", "The error's own words."),
    "input_tokens": ("whole number", "All tokens that went in, cached ones included."),
    "output_tokens": ("whole number", "All tokens that came back, reasoning included."),
    "cached_tokens": ("whole number", "Of the input tokens, read from the vendor's cache."),
    "cache_write_tokens": ("whole number", "Of the input tokens, written to that cache."),
    "reasoning_tokens": ("whole number", "Of the output tokens, spent on hidden reasoning."),
    "cost": ("number", "Dollars. Without it the cost is computed as for a live request."),
    "finish_reason": ("text", "Why the model stopped, in the vendor's word."),
    "parameters": ("object", "Settings of the call: temperature, max_tokens …"),
    "function_name": ("text", "The vendor's function, such as openai.chat.completions.create."),
    "api_type": ("text", "chat-completions, responses …"),
    "tags": ("list", "A list, JSON of one, or text with commas between the tags."),
    "metadata": (
        "object",
        "What is unique to the request. Columns `metadata.KEY` add one key each.",
    ),
    "prompt_name": ("text", "The prompt template that was used."),
    "prompt_id": ("whole number", "Its id."),
    "prompt_version": ("whole number", "Its version."),
    "prompt_label": ("text", "The release label that it was fetched by."),
    "input_variables": ("object", "The values that the template was filled with."),
    "group_id": ("whole number", "The group that the request belongs to."),
    "trace_id": ("text", "The trace that it belongs to."),
    "span_id": ("text", "The span that it is."),
    "score": ("number", "A score from 0 to 100."),
    "score_name": ("text", 'The name of the score; "default" without one.'),
    "scores": ("list", "Several scores, as an export has them: a list of {name, value}."),
}
METADATA = "metadata."
#: The same fields under the names of `POST /log-request` and of the stored row.
_ALSO = {
    "client_record_id": "id",
    "request_start_time": "started_at",
    "request_end_time": "ended_at",
    "provider_type": "provider",
    "price": "cost",
    "prompt_version_number": "prompt_version",
    "prompt_input_variables": "input_variables",
}
_BODY_FIELDS = {
    "cost": "price",
    "prompt_version": "prompt_version_number",
    "input_variables": "prompt_input_variables",
}
_PUT = tuple(
    (field, _BODY_FIELDS.get(field, field))
    for field in FIELDS
    if field not in ("id", "input", "output", "started_at", "ended_at", "latency_ms", "latency_s")
    and field not in ("tags", "metadata")
)
assert set(KNOWN) <= set(FIELDS)


@lru_cache(maxsize=1024)
def field_of(column: str) -> str | None:
    """The field that a column of this name is, or None."""
    if column.startswith(METADATA) and len(column) > len(METADATA):
        return column
    return column if column in FIELDS else _ALSO.get(column)


def looks(columns: frozenset[str], _sample: Row) -> float:
    """How surely a file with these columns holds the neutral schema: from 0 to 1."""
    if not {"input", "output"} <= columns:
        return 0.0
    fitting = sum(field_of(column) is not None for column in columns)
    return 0.3 + 0.6 * fitting / len(columns)


def read(row: Row, context: Context) -> Record:
    """The record of a row; raises FieldError where a value is not what its field needs."""
    mapping = context.mapping
    given: Row = {}
    notes: Row = {}
    rest: Row = {}
    for column, value in row.items():
        if value is None or value == "":
            continue
        field = field_of(column) if mapping is None else mapping.get(column)
        if field is None or field == "":
            if mapping is None:
                rest[column] = value
        elif field.startswith(METADATA):
            notes[field.removeprefix(METADATA)] = value
        elif field not in given or values.absent(given[field]):
            given[field] = value
    return record_of(given, notes, rest, context)


def record_of(given: Row, notes: Row, rest: Row, context: Context) -> Record:
    """A record from fields of FIELDS, further metadata, and what is only kept."""
    if values.absent(given.get("input")) and values.absent(given.get("output")):
        raise FieldError("", "this row has neither input nor output")
    draft = Draft(context)
    draft.key(given.get("id"))
    for field, name in _PUT:
        if field in given:
            draft.put(name, given[field])
    draft.body["input"] = as_input(given.get("input"))
    draft.body["output"] = as_output(given.get("output"))
    draft.tag(given.get("tags"))
    draft.metadata(given.get("metadata"))
    for name, value in notes.items():
        draft.note(name, value)
    draft.keep(rest)
    if any(not values.no_value(given.get(name)) for name in ("started_at", "ended_at")):
        draft.times(given.get("started_at"), given.get("ended_at"), _seconds(given))
    else:
        draft.assume_times()
    return draft.record()


def _seconds(given: Row) -> float | None:
    milliseconds = values.number(given.get("latency_ms"), "latency_ms")
    if milliseconds is not None:
        return milliseconds / 1000
    return values.number(given.get("latency_s"), "latency_s")


def fields_table() -> str:
    """The fields as a Markdown table: docs/import.md is made from it."""
    rows = ["| column | value | what it is |", "|---|---|---|"]
    rows += [f"| `{name}` | {kind} | {text} |" for name, (kind, text) in FIELDS.items()]
    return "\n".join(rows)
