"""PromptLayer: request logs, as its API gives them.

PromptLayer documents no file format of its own for request logs. Read are the shapes of its API,
one record a row or line, or the answer's list as a whole: the items of `POST
/api/public/v2/requests/search`, `GET /api/public/v2/requests/{id}` (with its `prompt_blueprint`),
and the row that `POST /log-request` answers (function_kwargs, request_response, engine …); as CSV
with the same columns, JSON in the cells. The fields are those of its OpenAPI document.
"""

from __future__ import annotations

from typing import Any

from workbench.jsontext import FieldError
from workbench.logs.importing import values
from workbench.logs.importing.draft import Draft
from workbench.logs.importing.record import Context, Record, Row
from workbench.logs.importing.shapes import as_input, as_output

NAME = "promptlayer"
LABEL = "PromptLayer (request logs: JSON, JSONL, CSV)"

_TIMES = ("request_start_time", "request_end_time")
_OURS = frozenset(
    {"engine", "tags_array", "prompt_blueprint", "function_kwargs", "prompt_string", "request_id"}
)
_READ = frozenset(
    "id request_id provider_type provider engine model input_tokens output_tokens tokens price "
    "score request_start_time request_end_time latency latency_ms tags_array tags metadata scores "
    "prompt_name prompt_id prompt_version_number prompt_version prompt_input_variables "
    "function_name function_args function_kwargs request_response prompt_blueprint prompt_string "
    "response_string trace_id span_id status error_type error_message group_id success "
    "workspace_id created_at type is_starred is_sharable share_hash share_view_count".split()
)


def looks(columns: frozenset[str], _sample: Row) -> float:
    if _TIMES[0] not in columns or not columns & {"provider_type", "provider", "engine"}:
        return 0.0
    return min(0.96, 0.8 + 0.04 * len(columns & _OURS)) if columns & _OURS else 0.0


def read(row: Row, context: Context) -> Record:
    asked, answer = _object(row.get("function_kwargs")), values.parsed(row.get("request_response"))
    is_call = bool(asked) and isinstance(answer, dict | list) and bool(answer)
    draft = Draft(context, is_call=is_call)
    draft.key(row.get("request_id") or row.get("id"))
    model = row.get("engine") or row.get("model")
    provider = row.get("provider_type") or row.get("provider")
    draft.put("function_name", row.get("function_name"))
    draft.put("model", model)
    if is_call:
        draft.put("provider_type", provider)
        draft.put("args", row.get("function_args"))
        draft.body["kwargs"] = asked
        draft.body["request_response"] = answer
    else:
        _put_conversation(draft, row, provider)
    version = row.get("prompt_version_number")
    if values.absent(version) and not isinstance(values.parsed(row.get("prompt_version")), dict):
        version = row.get("prompt_version")
    draft.put("prompt_version" if is_call else "prompt_version_number", version)
    for name in ("prompt_name", "prompt_id", "prompt_input_variables", "trace_id", "span_id"):
        draft.put(name, row.get(name))
    for name in ("input_tokens", "output_tokens", "price", "status", "error_type", "error_message"):
        draft.put(name, row.get(name))
    _put_scores(draft, row)
    draft.metadata(row.get("metadata"))
    draft.tag(row.get("tags_array"))
    draft.tag(row.get("tags"))
    draft.keep({name: value for name, value in row.items() if name not in _READ})
    draft.times(row.get(_TIMES[0]), row.get(_TIMES[1]), _seconds(row), _TIMES, utc=True)
    return draft.record()


def _object(value: Any) -> dict[str, Any]:
    found = values.parsed(value)
    return found if isinstance(found, dict) else {}


def _put_conversation(draft: Draft, row: Row, provider: Any) -> None:
    """From the blueprint, whose last assistant messages are the answer; else from the two texts."""
    draft.put("provider", provider)
    blueprint = _object(row.get("prompt_blueprint")) or _object(row.get("prompt_version"))
    template = _object(blueprint.get("prompt_template"))
    messages = template.get("messages")
    if isinstance(messages, list) and messages:
        cut = len(messages)
        while cut and isinstance(messages[cut - 1], dict):
            if messages[cut - 1].get("role") != "assistant":
                break
            cut -= 1
        draft.body["input"] = {**template, "type": "chat", "messages": messages[:cut]}
        draft.body["output"] = {"type": "chat", "messages": messages[cut:]}
    elif template:
        draft.body["input"] = template
        draft.body["output"] = as_output(row.get("response_string"))
    else:
        draft.body["input"] = as_input(row.get("prompt_string"))
        draft.body["output"] = as_output(row.get("response_string"))
    about = _object(_object(blueprint.get("metadata")).get("model"))
    draft.put("parameters", about.get("parameters"))
    if "model" not in draft.body:
        draft.put("model", about.get("name"))


def _put_scores(draft: Draft, row: Row) -> None:
    """One score, as a body has; the others are kept beside it."""
    scores = values.parsed(row.get("scores"))
    if not isinstance(scores, list) or not scores:
        draft.put("score", row.get("score"))
        return
    first = scores[0] if isinstance(scores[0], dict) else {}
    draft.put("score", first.get("score", first.get("value")))
    draft.put("score_name", first.get("name"))
    draft.keep({"scores": scores[1:]})


def _seconds(row: Row) -> float | None:
    """`latency_ms` is milliseconds, `latency` seconds."""
    milliseconds = values.number(row.get("latency_ms"), "latency_ms")
    if milliseconds is not None:
        return milliseconds / 1000
    try:
        return values.number(row.get("latency"), "latency")
    except FieldError:
        return None
