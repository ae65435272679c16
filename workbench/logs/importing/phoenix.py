"""Arize Phoenix: spans with OpenInference attributes, from `get_spans_dataframe` and the REST API.

Columns of the data frame (Parquet, CSV): name, span_kind, parent_id, start_time, end_time,
status_code, status_message, context.trace_id, context.span_id, attributes.*
(https://arize.com/docs/phoenix/how-to/extract-data-from-spans); the API's JSON has the same with
`context` and `attributes` as objects. Attributes are OpenInference's, flattened with dots
(`llm.input_messages.0.message.role`), nested, or a list of dicts with dotted keys
(https://github.com/Arize-ai/openinference/blob/main/spec/semantic_conventions.md). Spans of kind
LLM and EMBEDDING are calls to a model; the others are passed over. Times are UTC.
"""

from __future__ import annotations

from typing import Any

from workbench.logs.importing import values
from workbench.logs.importing.draft import Draft
from workbench.logs.importing.record import Context, Record, Row, Skipped
from workbench.logs.importing.shapes import as_input, as_output

NAME = "phoenix"
LABEL = "Phoenix (spans: Parquet, CSV, JSONL, JSON)"

_CALLS = frozenset({"LLM", "EMBEDDING"})
_MAX_INDEX = 10_000


def looks(columns: frozenset[str], sample: Row) -> float:
    has_span = "context.span_id" in columns or isinstance(sample.get("context"), dict)
    if "span_kind" in columns and (has_span or "start_time" in columns):
        return 0.95
    return 0.9 if has_span and any(name.startswith("attributes") for name in columns) else 0.0


def read(row: Row, context: Context) -> Record | Skipped:
    span = nested({name: values.parsed(value) for name, value in row.items()})
    attributes = _object(span.get("attributes"))
    llm = _object(attributes.get("llm"))
    kind = values.text(span.get("span_kind")).upper()
    kind = kind or values.text(_at(attributes, "openinference", "span", "kind")).upper()
    if kind not in _CALLS:
        return Skipped(f"{kind.lower() or 'span'}: no call to a model")
    about = _object(span.get("context"))
    draft = Draft(context)
    key = [values.text(about.get(name)) for name in ("trace_id", "span_id")]
    draft.key(":".join(key) if all(key) else None)
    draft.put("provider", llm.get("provider") or llm.get("system"))
    embedding = _object(attributes.get("embedding"))
    draft.put("model", llm.get("model_name") or embedding.get("model_name"))
    draft.body["input"] = _input(llm, attributes)
    draft.body["output"] = _said(llm.get("output_messages"), attributes, "output")
    draft.put("parameters", _parameters(llm))
    _put_counts(draft, llm)
    if values.text(span.get("status_code")).upper() == "ERROR":
        draft.put("status", "ERROR")
        draft.put("error_message", span.get("status_message"))
    template = _object(llm.get("prompt_template"))
    draft.put("prompt_input_variables", _object(values.parsed(template.get("variables"))) or None)
    draft.put("trace_id", about.get("trace_id"))
    draft.put("span_id", about.get("span_id"))
    draft.metadata(attributes.get("metadata"))
    draft.note("session_id", _at(attributes, "session", "id"))
    draft.note("user_id", _at(attributes, "user", "id"))
    draft.note("name", span.get("name"))
    draft.tag(_at(attributes, "tag", "tags"))
    draft.keep({"parent_id": span.get("parent_id"), "events": span.get("events")})
    draft.keep({name: value for name, value in attributes.items() if name not in _READ})
    names = ("start_time", "end_time")
    draft.times(span.get("start_time"), span.get("end_time"), names=names, utc=True)
    return draft.record()


_READ = frozenset({"llm", "input", "output", "metadata", "session", "user", "tag", "openinference"})


def nested(value: Any) -> Any:
    """Dotted keys as objects, and objects whose keys are 0, 1, 2 … as lists.

    >>> nested({"a.b": 1, "a.c.0.d": 2})
    {'a': {'b': 1, 'c': [{'d': 2}]}}
    """
    if isinstance(value, list):
        return [nested(one) for one in value]
    if not isinstance(value, dict):
        return value
    result: dict[str, Any] = {}
    for key, each in value.items():
        if values.absent(each):
            continue
        *path, last = key.split(".") if "." in key else (key,)
        place = result
        for step in path:
            inner = place.setdefault(step, {})
            place = inner if isinstance(inner, dict) else place
        each = nested(each)
        if isinstance(each, dict) and isinstance(place.get(last), dict):
            place[last] = {**place[last], **each}
        else:
            place[last] = each
    return _lists(result)


def _lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    made = {key: _lists(each) for key, each in value.items()}
    if made and len(made) <= _MAX_INDEX and all(key.isascii() and key.isdigit() for key in made):
        return [made[key] for key in sorted(made, key=int)]
    return made


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _at(value: Any, *path: str) -> Any:
    for step in path:
        value = _object(value).get(step)
    return value


def _input(llm: Row, attributes: Row) -> dict[str, Any]:
    found = _said(llm.get("input_messages"), attributes, "input")
    tools = [_tool(one) for one in _list(llm.get("tools"))]
    return {**found, "tools": [one for one in tools if one]} if any(tools) else found


def _said(messages: Any, attributes: Row, side: str) -> dict[str, Any]:
    """The messages of one side, else its plain value, else its prompts or choices."""
    read = [_message(one) for one in _list(messages)]
    if read:
        return {"type": "chat", "messages": read}
    value = _at(attributes, side, "value")
    if values.absent(value) and side == "input":
        value = _at(attributes, "embedding", "text")
    return as_input(value) if side == "input" else as_output(value)


def _list(value: Any) -> list[Any]:
    found = values.parsed(value)
    return found if isinstance(found, list) else []


def _message(raw: Any) -> dict[str, Any]:
    said = _object(_object(raw).get("message")) or _object(raw)
    result: dict[str, Any] = {"role": values.text(said.get("role")).lower() or "user"}
    parts = [_part(one) for one in _list(said.get("contents"))]
    result["content"] = parts or values.text(said.get("content"))
    for name in ("name", "tool_call_id"):
        if isinstance(said.get(name), str):
            result[name] = said[name]
    calls = [_call(one) for one in _list(said.get("tool_calls"))]
    if calls:
        result["tool_calls"] = calls
    elif said.get("function_call_name"):
        arguments = values.text(said.get("function_call_arguments_json"))
        result["function_call"] = {"name": said["function_call_name"], "arguments": arguments}
    return result


def _part(raw: Any) -> dict[str, Any]:
    said = _object(_object(raw).get("message_content")) or _object(raw)
    image = _at(said, "image", "image", "url") or _at(said, "image", "url")
    if isinstance(image, str):
        return {"type": "image_url", "image_url": {"url": image}}
    if said.get("type") in (None, "text") and "text" in said:
        return {"type": "text", "text": values.text(said["text"])}
    return said


def _call(raw: Any) -> dict[str, Any]:
    said = _object(_object(raw).get("tool_call")) or _object(raw)
    function = _object(said.get("function"))
    arguments = function.get("arguments")
    return {
        "id": values.text(said.get("id")),
        "type": "function",
        "function": {
            "name": values.text(function.get("name")),
            "arguments": arguments if isinstance(arguments, str) else values.text(arguments),
        },
    }


def _tool(raw: Any) -> Any:
    """A tool's definition, which OpenInference keeps as JSON text of the vendor's own schema."""
    said = _object(_object(raw).get("tool")) or _object(raw)
    schema = values.parsed(said.get("json_schema"))
    if not isinstance(schema, dict):
        return None
    if "function" in schema or schema.get("type") not in (None, "object"):
        return schema
    return {"type": "function", "function": schema}


def _parameters(llm: Row) -> dict[str, Any] | None:
    found = _object(values.parsed(llm.get("invocation_parameters")))
    return {key: value for key, value in found.items() if key not in _NO_PARAMETERS} or None


_NO_PARAMETERS = frozenset({"model", "model_name", "messages", "tools"})


def _put_counts(draft: Draft, llm: Row) -> None:
    counts = _object(llm.get("token_count"))
    # With details beside it, a flattened count stands within the same object.
    sent, received = counts.get("prompt"), counts.get("completion")
    details = _object(counts.get("prompt_details"))
    draft.put("input_tokens", sent)
    draft.put("output_tokens", received)
    draft.put("cached_tokens", details.get("cache_read") or None)
    draft.put("cache_write_tokens", details.get("cache_write") or None)
    thought = _at(counts, "completion_details", "reasoning")
    draft.put("reasoning_tokens", thought or None)
    cost = llm.get("cost")
    draft.put("price", cost.get("total") if isinstance(cost, dict) else cost)
    draft.put("finish_reason", llm.get("finish_reason"))
