"""The one form of each value: what a condition may hold, or why not."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any

from workbench.filters.errors import FilterError, quoted
from workbench.filters.fields import Field, Operator

MAX_LIST = 1_000
MAX_LENGTH = 2_000
_MAX_ID = 2**63 - 1
_WHOLE = Decimal(10) ** 15
_FRACTION = Decimal(1).scaleb(-12)
_DURATION = re.compile(r"([1-9][0-9]{0,4})([mhdw])", re.ASCII)
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_LONGEST = timedelta(days=36_500)
_NUMBER = re.compile(r"[+-]?(\d{1,40}(\.\d{0,40})?|\.\d{1,40})([eE][+-]?\d{1,3})?", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_TIME = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d([.,]\d{1,6})?)?(Z|[+-]\d\d:?\d\d)?",
    re.ASCII,
)


def checked_text(value: object, what: str = "The value", longest: int = MAX_LENGTH) -> str:
    """Text that UTF-8 can hold and that is not too long."""
    if not isinstance(value, str):
        raise FilterError(f"{what} must be text, not {_kind_of(value)}.")
    if len(value) > longest:
        raise FilterError(f"{what} is longer than {longest:,} characters.")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise FilterError(
            f"{what} is not valid Unicode: character {error.start + 1} is half of a pair."
        ) from None
    return value


def duration(text: str) -> timedelta:
    """The length of "90m", "24h", "7d" or "4w"."""
    match = _DURATION.fullmatch(text)
    if match is None:
        raise FilterError(f'{quoted(text)} is no length of time, such as "90m", "24h", "7d", "4w".')
    length = timedelta(**{_UNITS[match[2]]: int(match[1])})
    if length > _LONGEST:
        raise FilterError(f"{quoted(text)} is more than a hundred years.")
    return length


def number(value: object) -> int | Decimal:
    """A finite number in its one form: an int where it is whole, else a Decimal without zeros
    at its end. A float counts as the shortest decimal that reads the same."""
    if isinstance(value, bool):
        raise FilterError(f"The value must be a number, not {_kind_of(value)}.")
    if isinstance(value, float):
        if not math.isfinite(value):
            raise FilterError("The value must be a finite number.")
        found = Decimal(repr(value))
    elif isinstance(value, int | Decimal):
        found = Decimal(value)
    elif isinstance(value, str):
        if not _NUMBER.fullmatch(value):
            raise FilterError(f"{quoted(value)} is not a number.")
        found = Decimal(value)
    else:
        raise FilterError(f"The value must be a number, not {_kind_of(value)}.")
    if not found.is_finite():
        raise FilterError("The value must be a finite number.")
    if abs(found) >= _WHOLE:
        raise FilterError("The number is too large: at most 15 digits before the point.")
    if found and (abs(found) < _FRACTION or found != found.quantize(_FRACTION)):
        raise FilterError("The number is too fine: at most 12 digits after the point.")
    return int(found) if found == found.to_integral_value() else found.normalize()


def whole(value: object) -> int:
    """An id: a whole number, or the text of one."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,19}", value, re.ASCII):
        value = int(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise FilterError(f"The value must be a whole number, not {_kind_of(value)}.")
    if not 0 <= value <= _MAX_ID:
        raise FilterError("The value is outside the numbers that ids can have.")
    return value


def moment(value: object, zone: tzinfo = UTC) -> datetime:
    """A time in UTC. Text is ISO 8601; without a zone (or as a day alone) it is in `zone`."""
    if isinstance(value, str):
        return _moment_from(value, zone)
    if not isinstance(value, datetime):
        raise FilterError(
            f'The value must be a time such as "2026-11-01T09:30:00Z", not {_kind_of(value)}.'
        )
    try:
        aware = value if value.tzinfo is not None else value.replace(tzinfo=zone)
        return aware.astimezone(UTC).replace(fold=0)
    except OverflowError:
        raise FilterError("The time is outside the years 1 to 9999.") from None


def _moment_from(text: str, zone: tzinfo) -> datetime:
    match = _TIME.fullmatch(text)
    if match is None and not _DAY.fullmatch(text):
        raise FilterError(
            f'{quoted(text)} is no time: write "2026-11-01" or "2026-11-01T09:30:00Z".'
        )
    try:
        return moment(datetime.fromisoformat(text.replace(",", ".")), zone)
    except ValueError as error:
        if isinstance(error, FilterError):
            raise
        raise FilterError(f"{quoted(text)} is no time that the calendar has.") from None


def _one(field: Field, value: object) -> Any:
    match field.kind:
        case "id":
            return whole(value)
        case "number" | "score":
            return number(value)
        case "date":
            return moment(value)
        case "nested":
            return checked_text(_as_text(value))
        case "text":
            text = checked_text(value)
            if not text:
                raise FilterError("The value is empty: there is nothing to look for.")
            return text
        case _:
            text = checked_text(value)
            if field.choices:
                if text.upper() not in field.choices:
                    raise FilterError(
                        f"{quoted(text)} is no {field.label}. There are {', '.join(field.choices)}."
                    )
                return text.upper()
            return text


def _as_text(value: object) -> object:
    """A JSON value inside a nested field compares as its text."""
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float | Decimal):
        return format(Decimal(repr(value)) if isinstance(value, float) else value, "f")
    return value


def checked(field: Field, operator: Operator, value: object) -> Any:
    """The value in its one form, or FilterError (whose path is "value" or "value[3]")."""
    match operator.takes:
        case "nothing":
            if value is not None:
                raise FilterError(f"{operator.name} takes no value.", "value")
            return None
        case "duration":
            try:
                duration(checked_text(value))
            except FilterError as error:
                raise error.at("value") from None
            return value
        case "one":
            try:
                if field.kind == "nested" and operator.name.endswith("contains") and value == "":
                    raise FilterError("The value is empty: there is nothing to look for.")
                return _one(field, value)
            except FilterError as error:
                raise error.at("value") from None
    values = _several(value, operator)
    found = []
    for place, item in enumerate(values):
        try:
            found.append(_one(field, item))
        except FilterError as error:
            raise error.at(f"value[{place}]") from None
    if operator.takes == "range" and found[0] > found[1]:
        raise FilterError("The first end of the range is after the second.", "value")
    return tuple(dict.fromkeys(found)) if operator.takes == "list" else tuple(found)


def _several(value: object, operator: Operator) -> Sequence[object]:
    if isinstance(value, str) or not isinstance(value, Sequence | frozenset | set):
        raise FilterError(f"{operator.name} takes a list of values.", "value")
    values = list(value)
    if operator.takes == "range":
        if len(values) != 2:
            raise FilterError(f"{operator.name} takes two values, from and to.", "value")
    elif not values:
        raise FilterError(f"{operator.name} takes at least one value.", "value")
    elif len(values) > MAX_LIST:
        raise FilterError(f"{operator.name} takes at most {MAX_LIST:,} values.", "value")
    return values


_KINDS: dict[type, str] = {
    bool: "true or false",
    str: "text",
    int: "a number",
    float: "a number",
    dict: "an object",
}


def _kind_of(value: object) -> str:
    if value is None:
        return "nothing"
    found = _KINDS.get(type(value))
    return found or ("a list" if isinstance(value, Sequence) else type(value).__name__)
