"""Reading the sample: a made-up month of requests, moved to end at the moment of loading.

`data/make_sample.py` says what a line holds. The bodies are what the `promptlayer` client sends;
only what depends on the moment is put in here: the times, the `created` second of OpenAI answers,
an idempotency key, and the days that the texts name. Such a day is a mark, `⟦-3 de⟧`: three days
before the anchor's date, as a German writes it.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

SAMPLE_PATH = Path(__file__).parents[2] / "data" / "sample" / "requests.jsonl.gz"
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
_MARK = re.compile(r"⟦([+-]\d+) ([A-Za-z-]+)⟧")
_MONTH_FIRST = "{month} {day}"
_DAY_FIRST = "{day} {month}"
_DOTS = "{day}.{number}."
_SLASHES = "{day}/{number}"
_PATTERNS: dict[str, str] = {
    "iso": "{iso}",
    "en-US": _MONTH_FIRST,
    "en": _DAY_FIRST,
    "de": _DOTS,
    "ja": "{number}月{day}日",
    "zh": "{number}月{day}日",
    "ko": "{number}월 {day}일",
    "ru": "{day:02d}.{number:02d}",
    "he": "{day}.{number}",
}


@dataclass(frozen=True, slots=True)
class SampleRequest:
    """One request of the sample, ready to be logged.

    path: the API path that takes the body, "/track-request" or "/log-request".
    body: with request_start_time and request_end_time (seconds since 1970, UTC) and a
        client_record_id that is the same at every loading ("sample-000123").
    scores: [{"name": str, "value": 0 to 100}].
    group: a number that requests of one group share within the sample, or None.
    """

    path: str
    body: dict[str, Any]
    scores: list[dict[str, Any]]
    group: int | None


def read_sample(path: Path, anchor: datetime) -> Iterator[SampleRequest]:
    """The requests of a sample file, oldest first, the newest just before `anchor`.

    Streams: one line is in memory at a time. `anchor` must know its time zone (ValueError). Raises
    OSError for a file that cannot be read and ValueError for a line that is not a request.
    """
    if anchor.tzinfo is None:
        raise ValueError("anchor must have a time zone")
    end = anchor.timestamp()
    put_day = partial(_day, anchor.date())
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            yield _request(number, json.loads(_MARK.sub(put_day, line)), end)


def day_text(day: date, style: str) -> str:
    """A day as `style` writes it: "iso", a language, or a locale; others write day/month."""
    pattern = _PATTERNS.get(style) or _PATTERNS.get(style[:2], _SLASHES)
    return pattern.format(
        day=day.day, number=day.month, month=MONTHS[day.month - 1], iso=day.isoformat()
    )


def _day(anchor: date, mark: re.Match[str]) -> str:
    return day_text(anchor + timedelta(days=int(mark[1])), mark[2])


def _request(number: int, line: Any, end: float) -> SampleRequest:
    try:
        body: dict[str, Any] = line["body"]
        start = end + line["offset_seconds"]
        finish = start + line["duration_seconds"]
        path, group = line["path"], line["group"]
    except (KeyError, TypeError) as missing:
        raise ValueError(f"line {number} is not a request of the sample: {missing}") from missing
    answer = body.get("request_response")
    if isinstance(answer, dict) and "created" in answer:
        answer["created"] = int(start)
    body["request_start_time"] = round(start, 3)
    body["request_end_time"] = round(finish, 3)
    body["client_record_id"] = f"sample-{number:06d}"
    return SampleRequest(path, body, line.get("scores", []), group)
