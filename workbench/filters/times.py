"""Time ranges: kept relative in links and counted from the moment of the query."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from workbench.filters.values import duration, moment

TIME_FIELD = "request_start_time"
PRESETS = {
    "1h": "Last hour",
    "24h": "Last 24 hours",
    "7d": "Last 7 days",
    "30d": "Last 30 days",
    "all": "All time",
}


@dataclass(frozen=True, slots=True)
class TimeRange:
    """A stretch of start times: `last` ("7d") counts back from now; `start` is inside, `end` is
    the first moment outside. All None is all time."""

    last: str | None = None
    start: datetime | None = None
    end: datetime | None = None

    def __post_init__(self) -> None:
        if self.last is not None:
            duration(self.last)
        for name in ("start", "end"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, moment(value))

    @classmethod
    def last_(cls, text: str) -> TimeRange:
        """The range of a preset such as "7d"; "all" is all time."""
        return cls() if text == "all" else cls(last=text)

    @classmethod
    def of(cls, comparisons: Iterable[tuple[str, Any]]) -> TimeRange:
        """The narrowest range that date comparisons (operator, value) leave open."""
        last: str | None = None
        starts: list[datetime] = []
        ends: list[datetime] = []
        for operator, value in comparisons:
            match operator:
                case "within":
                    last = value if last is None else min(last, value, key=duration)
                case "after":
                    starts.append(value)
                case "before":
                    ends.append(value)
                case "between":
                    starts.append(value[0])
                    ends.append(_past(value[1]))
                case "is":
                    starts.append(value)
                    ends.append(_past(value))
        return cls(last, max(starts, default=None), min(ends, default=None))

    @property
    def preset(self) -> str | None:
        """ "all", the preset or length that it is ("7d", "90m"), or None for absolute times."""
        if self.start is None and self.end is None:
            return self.last or "all"
        return None

    def comparisons(self) -> Iterator[tuple[str, Any]]:
        """The date comparisons that say the same."""
        if self.last is not None:
            yield "within", self.last
        if self.start is not None:
            yield "after", self.start
        if self.end is not None:
            yield "before", self.end

    def bounds(self, now: datetime) -> tuple[datetime | None, datetime | None]:
        """From (inclusive) and to (exclusive) in UTC; None where it is open."""
        start = self.start
        if self.last is not None:
            since = back_from(now, self.last)
            start = since if start is None else max(start, since)
        return start, self.end


def back_from(now: datetime, length: str) -> datetime:
    """The moment that lies `length` ("7d") before `now`, in UTC."""
    try:
        return moment(now) - duration(length)
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC)


def _past(value: datetime) -> datetime:
    """The first microsecond after: ranges with an inclusive end become half open."""
    try:
        return value + timedelta(microseconds=1)
    except OverflowError:
        return value
