"""Numbers and times as people write them in the text syntax, and back."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta, tzinfo
from decimal import Decimal

from workbench.filters.errors import FilterError, quoted
from workbench.filters.values import duration, moment, number

_SCALED = re.compile(r"(?P<number>.*?)(?P<suffix>[a-zA-Z]*)", re.DOTALL)
_LENGTH = re.compile(r"\d+[a-z]", re.ASCII)
_SUFFIXES: dict[str, dict[str, int]] = {
    "ms": {"": 1, "ms": 1, "s": 1_000, "m": 60_000, "min": 60_000, "h": 3_600_000},
    "tokens": {"": 1, "k": 1_000, "m": 1_000_000},
    "dollars": {"": 1},
    "": {"": 1},
}
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_AGO = {"today": 0, "yesterday": 1}
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DAYS = (*_AGO, *_WEEKDAYS)
_EXAMPLES = {"ms": "2s or 500ms", "tokens": "1500 or 2k", "dollars": "0.01 or $0.01", "": "3"}


def number_value(text: str, unit: str) -> int | Decimal:
    """A number with an optional suffix of its unit: "2s" is 2000 milliseconds, "1k" 1000 tokens."""
    match = _SCALED.fullmatch(text.removeprefix("$") if unit == "dollars" else text)
    scale = None if match is None else _SUFFIXES[unit].get(match["suffix"].lower())
    if match is None or scale is None:
        raise FilterError(f"{quoted(text)} is no number here: write {_EXAMPLES[unit]}.")
    try:
        found = number(match["number"])
    except FilterError as error:
        if "not a number" not in error.sentence:
            raise
        raise FilterError(f"{quoted(text)} is no number: write {_EXAMPLES[unit]}.") from None
    return number(found * scale)


def date_value(text: str, zone: tzinfo) -> datetime | str:
    """A time, or a length of time such as "7d" as it stands. A day is its first moment."""
    if _LENGTH.fullmatch(text):
        duration(text)
        return text
    if text.casefold() in DAYS:
        day = whole_day(text, zone)
        if day is not None:
            return day[0]
    return moment(text, zone)


def whole_day(text: str, zone: tzinfo) -> tuple[datetime, datetime] | None:
    """The first and the last moment of a day in `zone`: "2026-11-17", "today", "yesterday", or a
    day of the week, which is the last one before today. None where the text names no day."""
    today = datetime.now(zone).date()
    word = text.casefold()
    if word in _AGO:
        day = today - timedelta(days=_AGO[word])
    elif word in _WEEKDAYS:
        day = today - timedelta(days=(today.weekday() - _WEEKDAYS.index(word) - 1) % 7 + 1)
    elif _DAY.fullmatch(text):
        day = moment(text, zone).astimezone(zone).date()
    else:
        return None
    try:
        after = moment(datetime.combine(day + timedelta(days=1), time()), zone)
    except OverflowError:
        return None
    return moment(datetime.combine(day, time()), zone), after - timedelta(microseconds=1)


def number_text(value: int | Decimal, unit: str) -> str:
    """The number as the text syntax writes it."""
    if isinstance(value, int) and abs(value) >= 1_000:
        if unit == "ms":
            return f"{plain(Decimal(value) / 1_000)}s"
        if unit == "tokens" and value % 1_000 == 0:
            return f"{value // 1_000}k"
    return f"{plain(value)}ms" if unit == "ms" else plain(value)


def plain(value: int | Decimal) -> str:
    """Digits without an exponent and without zeros at the end."""
    return str(value) if isinstance(value, int) else format(value.normalize(), "f")


def date_text(value: datetime) -> str:
    """ISO 8601 in UTC, as short as it stays exact: "2026-11-01T09:30Z"."""
    fine = "minutes" if not value.second and not value.microsecond else "auto"
    return value.replace(tzinfo=None).isoformat(timespec=fine) + "Z"
