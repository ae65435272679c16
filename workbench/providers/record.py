"""The log record of a run: built by the same intake as every other call's."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson

from workbench.jsontext import mended
from workbench.logs.intake import Sender, Taken, track_request
from workbench.logs.key_removal import SHORTEST, without_keys
from workbench.providers.call import Call, Origin
from workbench.providers.errors import PARTIAL, ProviderError
from workbench.providers.reach import Target
from workbench.providers.run import FAILED, STOPPED, Run
from workbench.store.rows import ERROR, SUCCESS, WARNING, NewRequest

#: Keeps a record, given the row and the body that it was made of, and tells the request's id.
#: Raises StoreError where it cannot be kept.
Sink = Callable[[NewRequest, Mapping[str, Any]], Awaitable[int]]
STOPPED_TYPE = "STOPPED"
REMOVED = "[API key removed]"

_PARTIAL_KINDS = ("bad_answer", "timeout", "unavailable")


def body_of(
    run: Run,
    target: Target | None,
    kwargs: Mapping[str, Any],
    response: Any,
    status: str,
    error: ProviderError | None,
) -> dict[str, Any]:
    """The run as a `/track-request` body; without a key, since none is in the request."""
    progress, origin = run.progress, run.origin
    started = progress.sent_at or progress.ended_at or datetime.now(UTC)
    ended = progress.ended_at or datetime.now(UTC)
    body: dict[str, Any] = {
        "function_name": _function(run.call, target),
        "provider_type": target.logged if target else run.call.provider,
        "args": [],
        "kwargs": kwargs,
        "tags": list(origin.tags),
        "request_response": _response(response, error),
        "request_start_time": started.timestamp(),
        "request_end_time": ended.timestamp(),
        "metadata": _metadata(run, origin),
        "client_record_id": run.id,
        **_outcome(run, status, error),
    }
    links = {
        "prompt_name": origin.prompt_name,
        "prompt_id": origin.prompt_id,
        "prompt_version": origin.prompt_version,
        "prompt_label": origin.prompt_label,
        "prompt_input_variables": origin.input_variables,
        "group_id": origin.group_id,
        "span_id": origin.span_id,
    }
    return body | {name: value for name, value in links.items() if value is not None}


def _function(call: Call, target: Target | None) -> str:
    if target is None:
        return "chat.completions.create"
    return target.adapter.stream_name if call.stream else target.adapter.function_name


def _response(response: Any, error: ProviderError | None) -> Any:
    if response is not None:
        return response
    return error.body if error is not None and isinstance(error.body, dict) else {}


def _metadata(run: Run, origin: Origin) -> dict[str, Any]:
    progress = run.progress
    found: dict[str, Any] = dict(origin.metadata)
    if progress.first is not None and progress.sent is not None:
        found["first_token_ms"] = round((progress.first - progress.sent) * 1000, 1)
    if progress.attempt > 1:
        found["attempts"] = progress.attempt
    if progress.ignored:
        found["ignored"] = " ".join(progress.ignored)
    return found


def _outcome(run: Run, status: str, error: ProviderError | None) -> dict[str, Any]:
    if status == STOPPED:
        sentence = "Stopped before the answer was complete."
        return {"status": WARNING, "error_type": STOPPED_TYPE, "error_message": sentence}
    if status != FAILED or error is None:
        return {"status": SUCCESS}
    kind = error.error_type
    if run.progress.has_said_anything() and error.kind in _PARTIAL_KINDS:
        kind = PARTIAL
    return {"status": ERROR, "error_type": kind, "error_message": str(error)}


def taken_of(body: dict[str, Any], origin: Origin, target: Target | None) -> Taken:
    """The record, with nothing in it that is a key; `body` is what it says afterwards."""
    raw = _text_of(body)
    secrets = list(target.access.secrets.values()) if target else []
    if any(secret in raw for secret in secrets if len(secret) >= SHORTEST):
        raw, cleaned = without_keys(raw, orjson.loads(raw), secrets)
        body.clear()
        body.update(cleaned)
    taken = track_request(body, raw, Sender(origin.actor, UTC, origin.place))
    if target is None or target.is_priced:
        return taken
    return replace(taken, row=replace(taken.row, cost=None, cost_source=None, cost_formula=None))


def _text_of(body: dict[str, Any]) -> str:
    """The body as JSON. What JSON cannot hold (half of a surrogate pair, which vendors cut where a
    stream's pieces end) is mended in the body too, so that both say the same."""
    try:
        return orjson.dumps(body, default=str).decode()
    except TypeError:
        whole = mended(body)
        body.clear()
        body.update(whole)
        return orjson.dumps(body, default=str).decode()


def cleaned(text: str, secrets: Iterable[str]) -> str:
    """A vendor's text without the key: some repeat it in their errors."""
    for secret in secrets:
        if len(secret) >= SHORTEST:
            text = text.replace(secret, REMOVED)
    return text
