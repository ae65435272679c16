"""A session as one conversation: each request's messages without those that stood there before.

An application sends the whole history with each request. Here each turn keeps what is new in it,
and says how much of what came earlier it repeats.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from workbench.diff.matching import Budget, matches
from workbench.store.rows import Detail
from workbench.store.session_rows import SessionId, SessionKey, SessionRequest

# Interleaved conversations (a chat and the classifier beside it) are told apart this far back.
LOOK_BACK = 24
# The last part of a metadata path that holds a conversation together, without "_", "-" and case;
# the first ones say more.
SESSION_NAMES = (
    "sessionid",
    "session",
    "conversationid",
    "conversation",
    "threadid",
    "thread",
    "chatid",
    "chat",
    "traceid",
    "runid",
    "ticketid",
    "userid",
    "user",
)
# What a model's answer has and its echo in the next request lacks, or has otherwise.
_NOT_COMPARED = {"id", "annotations", "cache_control", "provider_metadata", "signature"}


@dataclass(frozen=True, slots=True)
class Run:
    """Neighbouring messages of one prompt: new ones, or such as stood in an earlier turn."""

    messages: tuple[Mapping[str, Any], ...]
    start: int
    is_new: bool


@dataclass(frozen=True, slots=True)
class Turn:
    """One request of a session.

    runs: the messages of its prompt, all of them and in order. repeats: the place of the earlier
    turn whose messages they repeat, None where nothing is repeated. pause: from the end of the turn
    before to its start; None for the first, negative where it started earlier than that ended.
    """

    place: int
    request: SessionRequest
    runs: tuple[Run, ...]
    repeats: int | None
    pause: timedelta | None

    @property
    def new(self) -> tuple[Mapping[str, Any], ...]:
        return tuple(each for run in self.runs if run.is_new for each in run.messages)

    @property
    def output(self) -> list[Mapping[str, Any]]:
        return [each for each in self.request.output or [] if isinstance(each, Mapping)]


@dataclass(slots=True)
class _Seen:
    """What a turn sent and got, as numbers of equal messages."""

    place: int
    numbers: list[int]
    counts: Counter[int] = field(default_factory=Counter)


def turns(requests: Sequence[SessionRequest], *, first: int = 0) -> list[Turn]:
    """The turns of requests in their order; `first`: the place of the first in its session.

    Each turn is compared with the one of the LOOK_BACK before it that shares most with it (of
    several the latest): its prompt and its answer are what a later request may repeat.
    """
    numbers: dict[str, int] = {}
    seen: list[_Seen] = []
    found: list[Turn] = []
    for index, request in enumerate(requests):
        messages = prompt_messages(request.prompt)
        own = [numbers.setdefault(fingerprint(each), len(numbers)) for each in messages]
        earlier = _most_alike(own, seen)
        repeated = _repeated(own, earlier)
        runs = _runs(messages, repeated)
        found.append(
            Turn(
                place=first + index,
                request=request,
                runs=runs,
                repeats=first + earlier.place if earlier and repeated else None,
                pause=_pause(requests, index),
            )
        )
        answer = [each for each in request.output or [] if isinstance(each, Mapping)]
        own += [numbers.setdefault(fingerprint(each), len(numbers)) for each in answer]
        seen.append(_Seen(index, own, Counter(own)))
        del seen[:-LOOK_BACK]
    return found


def prompt_messages(prompt: Any) -> list[Mapping[str, Any]]:
    """The messages of a prompt; a completion prompt counts as one message."""
    if not isinstance(prompt, Mapping):
        return []
    if prompt.get("type") == "completion":
        return [{"role": "prompt", "content": prompt.get("content") or []}]
    return [each for each in prompt.get("messages") or [] if isinstance(each, Mapping)]


def fingerprint(message: Mapping[str, Any]) -> str:
    """The same for messages that say the same: ids, thinking and white space at the ends of texts
    do not count, and the arguments of a tool call count by their value."""
    parts = [_said(part) for part in message.get("content") or () if isinstance(part, Mapping)]
    parts = [part for part in parts if part is not None]
    calls = [call.get("function") for call in message.get("tool_calls") or ()]
    if message.get("function_call"):
        calls.append(message["function_call"])
    called = [
        [call.get("name"), _value_of(str(call.get("arguments") or ""))]
        for call in calls
        if isinstance(call, Mapping)
    ]
    said: list[Any] = [message.get("role"), message.get("name"), parts, called]
    if not parts and not called:
        said.append(dict(message))
    try:
        return json.dumps(said, sort_keys=True, default=str)
    except RecursionError:
        return _flat(said)


def _flat(value: Any) -> str:
    """Like JSON, for values that are nested deeper than its writer goes."""
    pieces = []
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, Mapping):
            pieces.append(f"{{{len(each)}")
            waiting += [part for key in sorted(each) for part in (each[key], key)]
        elif isinstance(each, list | tuple):
            pieces.append(f"[{len(each)}")
            waiting += each
        else:
            pieces.append(json.dumps(each, default=str))
    return ",".join(pieces)


def _said(part: Mapping[str, Any]) -> Any:
    kind = part.get("type")
    if kind == "thinking":
        return None
    if kind == "text":
        text = str(part.get("text") or "").strip()
        return text or None
    return {key: value for key, value in part.items() if key not in _NOT_COMPARED}


def _value_of(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _most_alike(own: Sequence[int], seen: Sequence[_Seen]) -> _Seen | None:
    counts = Counter(own)
    best, most = None, 0
    for each in reversed(seen):
        shared = (counts & each.counts).total()
        if shared > most:
            best, most = each, shared
    return best


def _repeated(own: list[int], earlier: _Seen | None) -> set[int]:
    """Places of the messages that stood in the earlier turn, in the same order."""
    if earlier is None:
        return set()
    return {place for place, _ in matches(own, earlier.numbers, Budget())}


def _runs(messages: Sequence[Mapping[str, Any]], repeated: set[int]) -> tuple[Run, ...]:
    found: list[Run] = []
    start = 0
    for place in range(1, len(messages) + 1):
        if place == len(messages) or (place in repeated) != (start in repeated):
            found.append(Run(tuple(messages[start:place]), start, start not in repeated))
            start = place
    return tuple(found)


def _pause(requests: Sequence[SessionRequest], index: int) -> timedelta | None:
    if index == 0:
        return None
    before, here = requests[index - 1].summary, requests[index].summary
    return here.started_at - before.ended_at


def sessions_of(detail: Detail) -> list[SessionId]:
    """The sessions that a request belongs to, the most telling first."""
    found = [
        (rank, SessionId(SessionKey("metadata", path), value))
        for path, value in _scalars(detail.metadata)
        if (rank := _rank(path)) is not None and value
    ]
    found.sort(key=lambda each: each[0])
    ids = [each for _, each in found]
    if detail.group_id is not None:
        ids.append(SessionId(SessionKey("group"), str(detail.group_id)))
    if detail.trace_id:
        ids.append(SessionId(SessionKey("trace"), detail.trace_id))
    return ids


def likeliest(keys: Sequence[SessionKey]) -> SessionKey | None:
    """The key that most likely holds conversations together; `keys` come most frequent first."""
    ranked = [(rank, key) for key in keys if (rank := key_rank(key)) is not None]
    return min(ranked, key=lambda each: each[0])[1] if ranked else None


def key_rank(key: SessionKey) -> int | None:
    """How well a key's name says that it holds conversations together (0 is best), or None."""
    if key.kind == "metadata":
        return _rank(key.path)
    return len(SESSION_NAMES) + (key.kind == "trace")


def _rank(path: str) -> int | None:
    """Both the whole path ("session.id") and its last part ("app.session_id") may say it."""
    names = [path, path.rpartition(".")[2]]
    plain = [name.lower().replace("_", "").replace("-", "").replace(".", "") for name in names]
    ranks = [SESSION_NAMES.index(name) for name in plain if name in SESSION_NAMES]
    return min(ranks, default=None)


def _scalars(metadata: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Paths and values, as the store's index of metadata has them."""
    found = []
    for key, value in metadata.items():
        inner = value.items() if isinstance(value, Mapping) else ()
        pairs = [(str(key), value), *((f"{key}.{name}", each) for name, each in inner)]
        for path, each in pairs:
            if isinstance(each, str):
                found.append((path, each))
            elif isinstance(each, int | float):
                found.append((path, json.dumps(each)))
    return found
