"""Helicone: requests, as its export tool and `POST /v1/request/query-clickhouse` give them.

Fields: https://docs.helicone.ai/tools/export and the tool's source (`Helicone/helicone`,
examples/export/typescript/index.ts): JSON and JSONL hold whole records with `request_body` and
`response_body` (with --include-body) as the vendor's own call and answer; CSV holds twelve columns,
no answer, and JSON whose quotes are doubled twice. Times are UTC; `delay_ms` and `latency` are
milliseconds.
"""

from __future__ import annotations

from typing import Any

from workbench.logs.importing import values
from workbench.logs.importing.draft import Draft
from workbench.logs.importing.paths import function_of
from workbench.logs.importing.record import Context, Record, Row
from workbench.logs.importing.shapes import as_output

NAME = "helicone"
LABEL = "Helicone (requests: JSON, JSONL, CSV)"

_READ = frozenset(
    "request_id response_id request_created_at response_created_at request_body response_body "
    "response_status model request_model response_model model_override provider prompt_tokens "
    "completion_tokens total_tokens prompt_cache_read_tokens prompt_cache_write_tokens "
    "reasoning_tokens cost cost_usd costUSD latency delay_ms request_properties properties "
    "request_user_id user_id request_path target_url scores signed_body_url".split()
)


def looks(columns: frozenset[str], _sample: Row) -> float:
    if {"response_id", "request_created_at"} <= columns:
        return 0.95
    return 0.9 if {"request_body", "response_body", "request_created_at"} <= columns else 0.0


def read(row: Row, context: Context) -> Record:
    asked = values.parsed(row.get("request_body"))
    kwargs = asked if isinstance(asked, dict) else {}
    answer = values.parsed(row.get("response_body"))
    draft = Draft(context, is_call=True)
    draft.key(row.get("request_id") or row.get("response_id"))
    provider = values.text(row.get("provider"))
    draft.put("provider_type", provider.lower() if provider.upper() != "CUSTOM" else None)
    path = values.text(row.get("request_path")) or values.text(row.get("target_url"))
    draft.put("function_name", function_of(path))
    model = next((row[n] for n in _MODELS if not values.absent(row.get(n))), None)
    draft.body["kwargs"] = kwargs if "model" in kwargs or not model else {**kwargs, "model": model}
    if isinstance(asked, str) and asked:
        draft.body["kwargs"] = {**draft.body["kwargs"], "messages": [_user(asked)]}
    draft.body["request_response"] = _answer(answer)
    draft.put("model", model)
    draft.put("input_tokens", row.get("prompt_tokens"))
    draft.put("output_tokens", row.get("completion_tokens"))
    draft.put("cached_tokens", row.get("prompt_cache_read_tokens") or None)
    draft.put("cache_write_tokens", row.get("prompt_cache_write_tokens") or None)
    draft.put("reasoning_tokens", row.get("reasoning_tokens") or None)
    draft.put("price", next((row[n] for n in _COSTS if not values.absent(row.get(n))), None))
    _put_status(draft, row, answer)
    draft.metadata(row.get("request_properties") or row.get("properties"))
    draft.note("user_id", row.get("request_user_id") or row.get("user_id"))
    draft.keep({key: value for key, value in row.items() if key not in _READ})
    delay = row.get("delay_ms")
    delay = row.get("latency") if values.absent(delay) else delay
    milliseconds = values.number(delay, "latency")
    seconds = None if milliseconds is None or milliseconds < 0 else milliseconds / 1000
    names = ("request_created_at", "response_created_at")
    ended = None if seconds is not None else row.get(names[1])
    draft.times(row.get(names[0]), ended, seconds, names, utc=True)
    return draft.record()


_MODELS = ("response_model", "request_model", "model", "model_override")
_COSTS = ("cost_usd", "costUSD", "cost")


def _user(said: str) -> dict[str, Any]:
    return {"role": "user", "content": said}


def _answer(answer: Any) -> Any:
    """The vendor's answer; text that is none of a vendor becomes a chat completion of it."""
    if isinstance(answer, dict | list):
        return answer
    if values.absent(answer):
        return {}
    message = as_output(values.text(answer))["messages"][0]
    said = message["content"][0]["text"]
    return {"choices": [{"index": 0, "message": {"role": "assistant", "content": said}}]}


def _put_status(draft: Draft, row: Row, answer: Any) -> None:
    status = values.whole(row.get("response_status"), "response_status")
    # Helicone's own codes for a request that was cut off or timed out are negative.
    if status is None or 0 <= status < 400:
        return
    inner = answer.get("error") if isinstance(answer, dict) else None
    said = inner.get("message") if isinstance(inner, dict) else inner
    draft.put("status", "ERROR")
    draft.put("error_type", "PROVIDER_RATE_LIMIT" if status == 429 else "PROVIDER_ERROR")
    draft.put("error_message", said if isinstance(said, str) and said else f"status {status}")
