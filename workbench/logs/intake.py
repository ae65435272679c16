"""A logged call as it comes over the wire, made into the row that the store keeps. Pure functions.

Bodies have passed the checks of their wire model: fields are there and of their types. What only a
calculation finds (a time out of range, a price too large) raises FieldError with the field's name.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from workbench.jsontext import FieldError
from workbench.logs import text as words
from workbench.logs.call import Call, Conversation
from workbench.logs.normalise import from_log_request, normalise, prompt_blueprint, provider_name
from workbench.logs.normalise.shape import count
from workbench.logs.pricing import cost_of
from workbench.messages import unknown_part
from workbench.settings import LOCAL_ZONE, Settings
from workbench.store.rows import ERROR, SUCCESS, NewRequest
from workbench.usage import Cost, Usage

TRACK, LOG = "track-request", "log-request"
DEFAULT_SCORE = "default"
MAX_ERROR_MESSAGE = 10_000
MAX_NAME = 1024
MAX_METADATA_BYTES = 2**20
_YEAR_10000 = 253_402_300_800
_CENT_MILLIONTH = Decimal("1e-9")
_TOO_DEAR = Decimal(10**9)
# hashlib gives up the interpreter for more, and the event loop then waits milliseconds to get it
# back from the writer: a quarter of its time, for a hash of microseconds.
_HASHED_AT_ONCE = 2047
log = logging.getLogger(__name__)

# Words in a vendor's error, and the documented error types that they amount to.
_ERROR_TYPES = (
    ("quota", "PROVIDER_QUOTA_LIMIT"),
    ("rate_limit", "PROVIDER_RATE_LIMIT"),
    ("timeout", "PROVIDER_TIMEOUT"),
    ("auth", "PROVIDER_AUTH_ERROR"),
    ("api_key", "PROVIDER_AUTH_ERROR"),
)


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sent a call, and the zone of times that come without one (None: this machine's).

    place: where it was made ("api"; in the workbench itself "playground", "evaluation").
    """

    actor: str
    zone: tzinfo | None = None
    place: str = "api"


@dataclass(frozen=True, slots=True)
class Taken:
    """A call ready to be kept, and the conversation that was read out of it."""

    row: NewRequest
    conversation: Conversation


def zone_of(settings: Settings) -> tzinfo | None:
    return None if settings.time_zone == LOCAL_ZONE else ZoneInfo(settings.time_zone)


def track_request(body: Mapping[str, Any], raw: str, sender: Sender) -> Taken:
    """A `POST /track-request`: the provider's own call and answer. `raw` has no key in it."""
    call = Call(
        provider=body["provider_type"],
        function_name=body.get("function_name") or "",
        kwargs=body.get("kwargs") or {},
        args=body.get("args") or [],
        response=body.get("request_response"),
    )
    try:
        conversation = _whole(normalise(call))
    except Exception:
        # A call that a normaliser trips over is kept and shown raw: no record is lost to it.
        log.exception("a call could not be read and is kept raw")
        conversation = unread(call)
    return _taken(body, raw, sender, conversation, TRACK, body.get("prompt_version"))


def log_request(body: Mapping[str, Any], raw: str, sender: Sender) -> Taken:
    """A `POST /log-request`: the neutral form. `raw` has no key in it."""
    try:
        conversation = _whole(from_log_request(body))
    except Exception:
        log.exception("a logged request could not be read and is kept raw")
        conversation = unread(Call(body["provider"], body.get("function_name") or ""))
    return _taken(body, raw, sender, conversation, LOG, body.get("prompt_version_number"))


def blueprint(taken: Taken, body: Mapping[str, Any]) -> dict[str, Any]:
    """The `prompt_blueprint` of a call, with provider and model as the caller named them."""
    is_track = taken.row.source == TRACK
    return prompt_blueprint(
        taken.conversation,
        provider=body.get("provider_type" if is_track else "provider"),
        model=body.get("model"),
        display_roles=is_track,
    )


def unread(call: Call) -> Conversation:
    """What is shown of a call that nothing could read: nothing but its raw text."""
    return Conversation(
        prompt={"type": "chat", "messages": []},
        output=[{"role": "assistant", "content": [unknown_part(None)]}],
        normaliser="raw/1",
        provider=provider_name(call.provider, call.function_name),
    )


def _whole(conversation: Conversation) -> Conversation:
    """The conversation, if it can be written as JSON; raises TypeError where it cannot."""
    orjson.dumps((conversation.prompt, conversation.output, conversation.parameters))
    return conversation


def _taken(
    body: Mapping[str, Any],
    raw: str,
    sender: Sender,
    conversation: Conversation,
    source: str,
    prompt_version: int | None,
) -> Taken:
    started, start_assumed = moment(body["request_start_time"], sender.zone, "request_start_time")
    ended, end_assumed = moment(body["request_end_time"], sender.zone, "request_end_time")
    usage = _usage(body, conversation.usage)
    cost = _cost(body, conversation, usage, started)
    status, error_type, error_message = _outcome(body, conversation)
    kind = words.output_kind(conversation)
    # What makes a repeated call the same record: the caller's own id, else the whole body.
    own = body.get("client_record_id")
    row = NewRequest(
        started_at=started,
        # A clock that was set back during the call: it took no time, and `raw` has both times.
        ended_at=max(started, ended),
        actor=sender.actor,
        origin=sender.place,
        source=source,
        raw=raw,
        time_assumed=start_assumed or end_assumed,
        provider=_name(conversation.provider),
        model=_name(conversation.model),
        function_name=body.get("function_name") or None,
        api_type=body.get("api_type"),
        status=status,
        error_type=error_type,
        error_message=error_message,
        finish_reason=_name(conversation.finish_reason),
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cached_tokens=usage.cached_tokens,
        cache_write_tokens=usage.cache_write_tokens,
        reasoning_tokens=usage.reasoning_tokens,
        cost=None if cost is None else cost.total,
        cost_source=None if cost is None else cost.source,
        cost_formula=None if cost is None else cost.formula,
        tags=tags(body.get("tags")),
        metadata=metadata(body.get("metadata"), raw),
        prompt_name=body.get("prompt_name") or None,
        prompt_id=_whole_number(body.get("prompt_id")),
        prompt_version=_whole_number(prompt_version),
        prompt_label=body.get("prompt_label") or None,
        group_id=_whole_number(body.get("group_id")),
        span_id=body.get("span_id") or None,
        trace_id=body.get("trace_id") or None,
        is_json=kind.is_json,
        is_tool_call=kind.is_tool_call,
        is_plain_text=kind.is_plain_text,
        tool_names=tuple(name[:MAX_NAME] for name in words.tool_names(conversation)),
        image_count=words.image_count(conversation),
        input_preview=words.input_preview(conversation),
        output_preview=words.output_preview(conversation),
        input_text=words.input_text(conversation),
        output_text=words.output_text(conversation),
        prompt=conversation.prompt,
        output=conversation.output,
        parameters=conversation.parameters,
        input_variables=body.get("prompt_input_variables"),
        normaliser=conversation.normaliser,
        scores=scores(body),
        client_record=None if own is None else uuid_of("record", sender.actor, own),
        body_hash=uuid_of(source, sender.actor, raw) if own is None else None,
    )
    return Taken(row, conversation)


def moment(value: float | str, zone: tzinfo | None, field: str) -> tuple[datetime, bool]:
    """The time (UTC) that a value means, and whether its zone had to be assumed.

    Numbers are seconds since 1970 (the SDK's), texts are ISO 8601; years 1970 to 9999.
    """
    if isinstance(value, str):
        return _moment_of_text(value, zone, field)
    if not 0 <= value < _YEAR_10000:
        hint = ", this looks like milliseconds" if 1e12 <= value < 1e14 else ""
        raise FieldError(field, f"seconds since 1970 within the years to 9999 are needed{hint}")
    return datetime.fromtimestamp(value, UTC), False


def _moment_of_text(value: str, zone: tzinfo | None, field: str) -> tuple[datetime, bool]:
    try:
        read = datetime.fromisoformat(value)
    except ValueError:
        raise FieldError(
            field, 'a time such as "2026-03-01T12:00:00Z", or seconds since 1970, is needed'
        ) from None
    assumed = read.tzinfo is None
    try:
        if assumed:
            read = read.astimezone() if zone is None else read.replace(tzinfo=zone)
        read = read.astimezone(UTC)
    except (OverflowError, ValueError, OSError):
        read = datetime.min.replace(tzinfo=UTC)
    if read.year < 1970:
        raise FieldError(field, "a time within the years 1970 to 9999 is needed")
    return read, assumed


def tags(value: list[str] | None) -> tuple[str, ...]:
    """Tags without outer space, each once, in order; empty ones say nothing and are left out."""
    if not value:
        return ()
    return tuple(dict.fromkeys(stripped for tag in value if (stripped := tag.strip())))


def metadata(value: dict[str, Any] | None, raw: str) -> dict[str, Any]:
    """Metadata as sent: values that are no strings stay what they are."""
    if not value:
        return {}
    if len(raw) > MAX_METADATA_BYTES:
        check_metadata_size(value)
    return value


def check_metadata_size(value: dict[str, Any]) -> None:
    size = len(orjson.dumps(value))
    if size > MAX_METADATA_BYTES:
        raise FieldError(
            "metadata", f"{MAX_METADATA_BYTES} bytes of JSON are the limit, {size} came"
        )


def scores(body: Mapping[str, Any]) -> tuple[tuple[str, float], ...]:
    """The score of a `/log-request`. The SDK sends 0 when it was told none, so 0 needs a name."""
    score, name = body.get("score"), body.get("score_name")
    if score is None or (score == 0 and not name):
        return ()
    return ((name or DEFAULT_SCORE, float(score)),)


def _whole_number(value: float | None) -> int | None:
    return None if value is None else int(value)


def _name(value: str | None) -> str | None:
    return value[:MAX_NAME] if value else None


def _usage(body: Mapping[str, Any], read: Usage | None) -> Usage:
    if read is not None:
        return read
    sent, received = count(body.get("input_tokens")), count(body.get("output_tokens"))
    return Usage(sent, received) if sent or received else Usage()


def _cost(
    body: Mapping[str, Any], conversation: Conversation, usage: Usage, at: datetime
) -> Cost | None:
    price = body.get("price")
    stated = None if price is None else Decimal(repr(price))
    if stated is not None and stated >= _TOO_DEAR:
        raise FieldError("price", f"dollars below {_TOO_DEAR} are needed")
    cost = cost_of(conversation.provider, conversation.model, usage, at, stated)
    if cost is None or cost.total >= _TOO_DEAR:
        return None
    return Cost(cost.total.quantize(_CENT_MILLIONTH), cost.source, cost.formula)


def _outcome(
    body: Mapping[str, Any], conversation: Conversation
) -> tuple[str, str | None, str | None]:
    """Status, error type and message: the caller's word, else what the answer itself says."""
    status = body.get("status")
    error_type, message = body.get("error_type"), body.get("error_message")
    if conversation.error is not None and status in (None, SUCCESS) and not error_type:
        kind, said = conversation.error
        lowered = f"{kind} {said}".lower()
        status = ERROR
        error_type = next(
            (name for word, name in _ERROR_TYPES if word in lowered), "PROVIDER_ERROR"
        )
        message = message or f"{kind}: {said}"
    return status or SUCCESS, error_type, message[:MAX_ERROR_MESSAGE] if message else None


def uuid_of(*texts: str) -> str:
    """A UUID's text made of 128 bits of the texts' SHA-256."""
    hashed = hashlib.sha256()
    for text in texts:
        data = memoryview(text.encode())
        for start in range(0, len(data), _HASHED_AT_ONCE):
            hashed.update(data[start : start + _HASHED_AT_ONCE])
        hashed.update(b"\0")
    found = hashed.hexdigest()
    return f"{found[:8]}-{found[8:12]}-{found[12:16]}-{found[16:20]}-{found[20:32]}"
