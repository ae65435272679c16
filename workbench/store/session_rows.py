"""A session and what names it: the key that holds it together, and its value."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal
from urllib.parse import quote, unquote

from workbench.filters import Condition
from workbench.store import clock
from workbench.store.rows import Summary

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - stored times carry no zone
_MICROSECOND = timedelta(microseconds=1)
# The end of the year 9999, where times end.
_LAST_MICROSECOND = 253_402_300_800 * 10**6 - 1
MAX_KEY = 200
MAX_VALUE = 1000


@dataclass(frozen=True, slots=True)
class SessionKey:
    """What holds a session together: a group, a trace, or the value of one metadata path."""

    kind: Literal["group", "trace", "metadata"]
    path: str = ""

    @classmethod
    def parse(cls, text: str) -> SessionKey | None:
        """The key that a link names: group, trace or metadata.PATH; None for anything else."""
        if text == "group":
            return cls("group")
        if text == "trace":
            return cls("trace")
        kind, dot, path = text.partition(".")
        if kind != "metadata" or not dot or not path or len(path) > MAX_KEY:
            return None
        return cls("metadata", path)

    def __str__(self) -> str:
        return f"metadata.{self.path}" if self.kind == "metadata" else self.kind

    @property
    def label(self) -> str:
        return self.path if self.kind == "metadata" else self.kind


@dataclass(frozen=True, slots=True)
class SessionId:
    """One session. Its text is what stands in a link: metadata.session_id:abc."""

    key: SessionKey
    value: str

    @classmethod
    def parse(cls, text: str) -> SessionId | None:
        key, colon, value = text.partition(":")
        found = SessionKey.parse(unquote(key))
        if found is None or not colon or not value or len(value) > MAX_VALUE:
            return None
        if found.kind == "group" and not re.fullmatch("[0-9]{1,16}", value):
            return None
        return cls(found, value)

    def __str__(self) -> str:
        return f"{quote(str(self.key), safe='. -_/@')}:{self.value}"

    @property
    def condition(self) -> Condition | None:
        """What the log filter calls this session; None where it has no name for it."""
        if self.key.kind == "metadata":
            return Condition("metadata", "key_equals", self.value, self.key.path)
        return Condition("group_id", "is", int(self.value)) if self.key.kind == "group" else None


@dataclass(frozen=True, slots=True)
class KeyInUse:
    """A key and how the newest requests use it."""

    key: SessionKey
    requests: int
    values: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A session as the list shows it. Times aware (UTC); cost in dollars, None if none is known."""

    id: SessionId
    first_at: datetime
    last_at: datetime
    requests: int
    errors: int
    tokens: int
    cost: Decimal | None
    unpriced: int
    first_words: str = ""
    models: tuple[str, ...] = ()

    @property
    def duration(self) -> timedelta:
        return self.last_at - self.first_at


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the list of sessions; its text stands in a link."""

    last_at: datetime
    value: str

    @classmethod
    def parse(cls, text: str) -> Position | None:
        micros, dash, value = text.partition("-")
        if not dash or not (micros.isascii() and micros.isdecimal()) or len(micros) > 18:
            return None
        if int(micros) > _LAST_MICROSECOND or len(value) > MAX_VALUE:
            return None
        return cls(_EPOCH + int(micros) * _MICROSECOND, value)

    @classmethod
    def of(cls, session: Session) -> Position:
        return cls(clock.to_stored(session.last_at), session.id.value)

    def __str__(self) -> str:
        return f"{(self.last_at - _EPOCH) // _MICROSECOND}-{self.value}"


@dataclass(frozen=True, slots=True)
class SessionPage:
    """Sessions, the one with the newest end first; `total`: how many there are in all."""

    rows: list[Session]
    total: int
    has_newer: bool
    has_older: bool


@dataclass(frozen=True, slots=True)
class SessionRequest:
    """A request with its messages. Where an image or other long base64 would stand, its digest
    stands between two marks (`blobs.MARK`); `requests.get` has the request whole."""

    summary: Summary
    prompt: Any
    output: Any
    error_message: str | None
