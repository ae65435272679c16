"""One run of a call: what it has said so far, for a page that looks every now and then."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from workbench.jsontext import mended, mended_text
from workbench.messages import Message, ToolCall, message_text, part_text, text_part
from workbench.providers.call import Call, Origin
from workbench.providers.errors import ProviderError
from workbench.providers.events import (
    Event,
    Finished,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    UsageSeen,
    finish,
)
from workbench.usage import Cost, Usage

WAITING, RUNNING, RETRYING = "waiting", "running", "retrying"
DONE, FAILED, STOPPED = "done", "failed", "stopped"
ENDED = (DONE, FAILED, STOPPED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """How a run ended: everything that is known then. A failed one holds what had come.

    messages: in the blueprint's shape, read by the same normaliser as the log's.
    finish_reason: in the vendor's word; `finish`: in ours (see `events.finish`).
    raw: request and response as they are logged, JSON text; see `raw_request`, `raw_response`.
    cost: None when it is not known.
    request_id: of the log record; None where it could not be written, and then `log_problem`
        says why.
    """

    status: str
    messages: Sequence[Message]
    usage: Usage
    cost: Cost | None
    model: str | None
    finish_reason: str | None
    finish: str | None
    error: ProviderError | None
    raw: str
    request_id: int | None
    log_problem: str | None

    @property
    def raw_request(self) -> dict[str, Any]:
        """The arguments that the vendor's package was given."""
        found: dict[str, Any] = orjson.loads(self.raw)["kwargs"]
        return found

    @property
    def raw_response(self) -> Any:
        """The vendor's answer; of a stream, the list of its pieces."""
        return orjson.loads(self.raw)["request_response"]


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A snapshot of a run. Milliseconds count from the sending of the attempt that is shown.

    status: "waiting" (for a place among those that run at once), "running", "retrying", "done",
        "failed" or "stopped".
    attempt: from 1; `wait_seconds`: how long it waits before the next one.
    tokens_per_second: output tokens between the first piece and the end; estimated from the
        length of the text until the vendor's count is there.
    ignored: a sentence for each setting that the model does not take.
    answer: None until it has ended.
    """

    id: str
    status: str
    text: str
    thinking: str
    tool_calls: Sequence[ToolCall]
    usage: Usage | None
    finish: str | None
    error: ProviderError | None
    ignored: Sequence[str]
    attempt: int
    wait_seconds: float | None
    first_token_ms: float | None
    elapsed_ms: float
    tokens_per_second: float | None
    answer: Answer | None

    @property
    def has_ended(self) -> bool:
        return self.status in ENDED


@dataclass
class Progress:
    """What the host writes while a run goes on; snapshots are taken of it from other threads.

    Lists are only added to, and each field is set in one step, so no lock is needed. Times are
    seconds of a monotonic clock.
    """

    clock: Callable[[], float]
    status: str = WAITING
    texts: list[str] = field(default_factory=list)
    thoughts: list[str] = field(default_factory=list)
    calls: list[dict[str, Any]] = field(default_factory=list)
    by_index: dict[int, dict[str, Any]] = field(default_factory=dict)
    usage: Usage | None = None
    reason: str | None = None
    error: ProviderError | None = None
    ignored: tuple[str, ...] = ()
    attempt: int = 1
    wait_seconds: float | None = None
    created: float = 0.0
    sent: float | None = None
    first: float | None = None
    ended: float | None = None
    sent_at: datetime | None = None
    ended_at: datetime | None = None

    def begin(self, attempt: int, at: datetime) -> None:
        self.attempt, self.wait_seconds = attempt, None
        self.sent, self.sent_at = self.clock(), at
        self.status = RUNNING

    def add(self, event: Event) -> None:
        if self.first is None and isinstance(event, TextDelta | ThinkingDelta | ToolCallDelta):
            self.first = self.clock()
        match event:
            case TextDelta(text):
                self.texts.append(text)
            case ThinkingDelta(text):
                self.thoughts.append(text)
            case ToolCallDelta():
                self._add_call(event)
            case UsageSeen(usage):
                self.usage = _merged(self.usage, usage)
            case Finished(reason):
                self.reason = reason

    def _add_call(self, piece: ToolCallDelta) -> None:
        call = None if piece.index is None else self.by_index.get(piece.index)
        if call is None:
            call = {"id": "", "name": "", "arguments": []}
            if piece.index is not None:
                self.by_index[piece.index] = call
            self.calls.append(call)
        call["id"] = piece.id or call["id"]
        call["name"] += piece.name
        call["arguments"].append(piece.arguments)

    def tool_calls(self) -> list[ToolCall]:
        return [
            {
                "id": call["id"],
                "type": "function",
                "function": {"name": call["name"], "arguments": "".join(call["arguments"])},
            }
            for call in list(self.calls)
        ]

    def has_said_anything(self) -> bool:
        return bool(self.texts or self.thoughts or self.calls)


def _merged(before: Usage | None, seen: Usage) -> Usage:
    """Counts that were seen later replace those before; what a later one leaves out stays."""
    if before is None:
        return seen
    return Usage(
        seen.input_tokens or before.input_tokens,
        seen.output_tokens if seen.output_tokens is not None else before.output_tokens,
        seen.cached_tokens if seen.cached_tokens is not None else before.cached_tokens,
        before.cache_write_tokens if seen.cache_write_tokens is None else seen.cache_write_tokens,
        before.reasoning_tokens if seen.reasoning_tokens is None else seen.reasoning_tokens,
        seen.billing or before.billing,
    )


class Run:
    """A handle on a run that the host owns: it goes on whatever becomes of the page."""

    def __init__(self, id_: str, call: Call, origin: Origin, clock: Callable[[], float]) -> None:
        self.id = id_
        self.call = call
        self.origin = origin
        self.progress = Progress(clock, created=clock())
        self.future: Future[Answer] = Future()
        #: Called in the host's thread when the answer is whole, before it is logged.
        self.on_answer: Callable[[], object] | None = None
        self._cancel: Callable[[], object] | None = None
        self._stopped = threading.Event()

    @property
    def stop_was_asked(self) -> bool:
        return self._stopped.is_set()

    def stop(self) -> None:
        """End it; what has come is kept and logged. Returns at once, may be called twice."""
        self._stopped.set()
        cancel = self._cancel
        if cancel is not None:
            cancel()

    def on_stop(self, cancel: Callable[[], object]) -> None:
        """Set by the host when the run begins."""
        self._cancel = cancel
        if self.stop_was_asked:
            cancel()

    def result(self, timeout: float | None = None) -> Answer:
        """Wait for the end; raises TimeoutError. A failure is an answer, not an exception."""
        return self.future.result(timeout)

    def state(self) -> State:
        """What it has said so far. Cheap: made for looking five times a second."""
        progress = self.progress
        answer = self.future.result() if self.future.done() else None
        # A piece of a stream may end in the middle of a surrogate pair.
        text = mended_text("".join(progress.texts))
        thinking = mended_text("".join(progress.thoughts))
        calls: Sequence[ToolCall] = mended(progress.tool_calls())
        if answer is not None and not progress.has_said_anything():
            text, thinking, calls = _said(answer.messages)
        usage = progress.usage if answer is None else answer.usage
        reason = progress.reason if answer is None else answer.finish_reason
        now = progress.ended if progress.ended is not None else progress.clock()
        sent = progress.sent if progress.sent is not None else progress.created
        return State(
            id=self.id,
            status=progress.status if answer is None else answer.status,
            text=text,
            thinking=thinking,
            tool_calls=calls,
            usage=usage,
            finish=finish(reason),
            error=progress.error if answer is None else answer.error,
            ignored=progress.ignored,
            attempt=progress.attempt,
            wait_seconds=progress.wait_seconds,
            first_token_ms=None if progress.first is None else (progress.first - sent) * 1000,
            elapsed_ms=(now - sent) * 1000,
            tokens_per_second=_speed(progress, usage, text, now),
            answer=answer,
        )


def unread_answer(run: Run, status: str, error: ProviderError | None, failure: Exception) -> Answer:
    """The end of a run that could be neither read nor logged: what came, and why it is not kept."""
    progress = run.progress
    message: Message = {
        "role": "assistant",
        "content": [text_part(mended_text("".join(progress.texts)))],
    }
    calls = mended(progress.tool_calls())
    if calls:
        message["tool_calls"] = calls
    return Answer(
        status=status,
        messages=[message] if progress.has_said_anything() else [],
        usage=progress.usage or Usage(),
        cost=None,
        model=run.call.model,
        finish_reason=progress.reason,
        finish=finish(progress.reason),
        error=error,
        raw='{"kwargs":{},"request_response":null}',
        request_id=None,
        log_problem=mended_text(f"{type(failure).__name__}: {failure}"),
    )


def _said(messages: Sequence[Message]) -> tuple[str, str, list[ToolCall]]:
    """Text, thinking and calls of an answer that did not come as a stream."""
    thoughts = [
        part_text(part) for one in messages for part in one["content"] if part["type"] == "thinking"
    ]
    texts = [
        message_text({"content": [part for part in one["content"] if part["type"] != "thinking"]})
        for one in messages
    ]
    calls = [call for one in messages for call in one.get("tool_calls") or ()]
    return "\n".join(filter(None, texts)), "\n".join(thoughts), calls


def _speed(progress: Progress, usage: Usage | None, text: str, now: float) -> float | None:
    if progress.first is None or now - progress.first < 0.05:
        return None
    tokens = usage.output_tokens if usage else None
    if not tokens:
        tokens = (len(text) + sum(map(len, progress.thoughts))) // 4
    return tokens / (now - progress.first) if tokens else None
