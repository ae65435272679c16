"""Values as files hold them (text, JSON, Arrow's Python values) made into what a body needs.

Each raises FieldError with the field and a reason that a person understands.
"""

from __future__ import annotations

import ast
import math
import re
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any

import orjson

from workbench.jsontext import MAX_CONTAINERS, MAX_DEPTH, FieldError, kind
from workbench.logs.intake import moment as read_moment

_WHOLE = re.compile(r"[+-]?[0-9]{1,20}(?:\.0*)?\Z")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?\Z")
_GONE = frozenset({"", "null", "none", "nan", "nat", "undefined", "n/a", "<na>"})
_MAX_LITERAL = 2**20
_SHOWN = 60
# Seconds since 1970 stay below 1e11 until the year 5138; what is larger counts smaller units.
_UNITS = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3))
_SMALLER_UNITS = 1e11


def absent(value: Any) -> bool:
    """Whether a cell says nothing: None, "" or NaN. "None" is a text that a model may well say."""
    if isinstance(value, str):
        return not value
    return value is None or (isinstance(value, float) and math.isnan(value))


def no_value(value: Any) -> bool:
    """Whether a cell that should hold a number, a time or an object holds a word for none."""
    if isinstance(value, str):
        return len(value) < 10 and value.strip().lower() in _GONE
    return absent(value)


def text(value: Any) -> str:
    """A cell as text: "" where it says nothing, JSON where it is a JSON value."""
    if isinstance(value, str):
        return value
    if absent(value):
        return ""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, datetime | date):
        return value.isoformat()
    return dumped(value)


def plain(value: Any) -> Any:
    """A value that JSON can hold: times as ISO 8601, decimals as numbers, bytes as text."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set):
        return [plain(each) for each in value]
    if isinstance(value, Decimal):
        return float(value) if value.is_finite() else None
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value)


def dumped(value: Any) -> str:
    return orjson.dumps(value).decode()


def parsed(value: Any) -> Any:
    """The object or list that a text spells; everything else stays, far too deep ones too.

    Also read: JSON whose quotes were doubled once too often (Helicone's CSV), and the Python
    spelling of lists and dicts that pandas writes into CSV (Phoenix).
    """
    if not isinstance(value, str):
        return value
    if value[:64].lstrip()[:1] not in ("{", "["):
        return value
    opened = value.count("[") + value.count("{")
    if opened > MAX_CONTAINERS:
        return value
    found = _json_of(value)
    if opened > MAX_DEPTH and not isinstance(found, str) and _is_deep(found):
        return value
    return found


def _json_of(value: str) -> Any:
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        pass
    if '""' in value:
        try:
            return orjson.loads(value.replace('""', '"'))
        except orjson.JSONDecodeError:
            pass
    if len(value) <= _MAX_LITERAL:
        try:
            found = ast.literal_eval(value.strip())
        except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
            return value
        return plain(found) if isinstance(found, dict | list) else value
    return value


def whole(value: Any, field: str) -> int | None:
    """A whole number, also as text or as 3.0."""
    if type(value) is int:
        return value
    if no_value(value):
        return None
    if isinstance(value, bool):
        raise FieldError(field, f"a whole number is needed, {kind(value)} came")
    if isinstance(value, float | Decimal) and value == int(value):
        return int(value)
    if isinstance(value, str) and _WHOLE.match(value.strip()):
        return int(value.strip().partition(".")[0])
    raise FieldError(field, f"a whole number is needed, {shown(value)} came")


def number(value: Any, field: str) -> float | None:
    """A finite number, also as text, with or without a dollar sign."""
    if no_value(value):
        return None
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        read = float(value)
    elif isinstance(value, str) and _NUMBER.match(stripped := value.strip().removeprefix("$")):
        read = float(stripped)
    else:
        raise FieldError(field, f"a number is needed, {shown(value)} came")
    if not math.isfinite(read):
        raise FieldError(field, f"a finite number is needed, {shown(value)} came")
    return read


def moment(value: Any, field: str, zone: tzinfo | None) -> tuple[datetime, bool]:
    """The time in UTC, and whether its zone had to be assumed.

    Numbers count seconds since 1970, or milli-, micro- or nanoseconds where they are that large.
    """
    if isinstance(value, float):
        pass
    elif isinstance(value, datetime):
        value = value.isoformat()
    elif isinstance(value, date):
        value = f"{value.isoformat()}T00:00:00"
    elif isinstance(value, str):
        value = value.strip()
        value = float(value) if _NUMBER.match(value) else _zone_as_offset(value)
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        value = float(value)
        if value >= _SMALLER_UNITS:
            value /= next(unit for least, unit in _UNITS if value >= least)
        if not math.isfinite(value):
            raise FieldError(field, "a finite number is needed")
    elif not isinstance(value, str):
        raise FieldError(field, f"a time is needed, {shown(value)} came")
    return read_moment(value, zone, field)


def _zone_as_offset(value: str) -> str:
    for name in (" UTC", " GMT"):
        if value.endswith(name):
            return value.removesuffix(name) + "+00:00"
    return value


def times(
    start: Any, end: Any, seconds: float | None, zone: tzinfo | None, names: tuple[str, str]
) -> tuple[str, str, bool]:
    """Start and end in ISO 8601 and whether a zone was assumed.

    A missing end is the start and `seconds`; a missing start is counted back from the end.
    """
    has_start, has_end = not no_value(start), not no_value(end)
    if not has_start and not has_end:
        raise FieldError(names[0], "this record has no time")
    if seconds is not None and not 0 <= seconds < 10**9:
        raise FieldError("latency", f"a duration from 0 up is needed, {seconds:g} seconds came")
    length = timedelta(seconds=seconds or 0)
    began, ended, assumed, also = None, None, False, False
    if has_start:
        began, assumed = moment(start, names[0], zone)
    if has_end:
        ended, also = moment(end, names[1], zone)
    try:
        first = began if began is not None else (ended or _EPOCH) - length
        last = ended if ended is not None else first + length
    except OverflowError:
        raise FieldError(names[0], "a time within the years 1970 to 9999 is needed") from None
    return first.isoformat(), last.isoformat(), assumed or also


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def listed(value: Any) -> list[str]:
    """Tags: a list, JSON of one, or text with commas (or `|` or `;`) between them."""
    if absent(value):
        return []
    found = parsed(value)
    if isinstance(found, list):
        return [text(one) for one in found if not absent(one)]
    if isinstance(found, dict):
        return [f"{key}:{text(one)}" if not absent(one) else key for key, one in found.items()]
    return [piece.strip() for piece in re.split(r"[,;|]", text(found)) if piece.strip()]


def mapped(value: Any, field: str) -> dict[str, Any] | None:
    """An object, or JSON of one; [{"key": …, "value": …}] counts as one too."""
    if no_value(value):
        return None
    found = parsed(value)
    if isinstance(found, list) and all(isinstance(one, dict) and "key" in one for one in found):
        return {text(one["key"]): one.get("value") for one in found}
    if not isinstance(found, dict):
        raise FieldError(field, f"a JSON object is needed, {shown(value)} came")
    return found


def shown(value: Any) -> str:
    """A value in a sentence, not too long of it."""
    if isinstance(value, str):
        return f'"{value[:_SHOWN]}…"' if len(value) > _SHOWN else f'"{value}"'
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return str(value)[:_SHOWN]
    if value is None or isinstance(value, bool | list | tuple | dict):
        return kind(value)
    return type(value).__name__


def _is_deep(value: Any) -> bool:
    """Whether lists and objects stand deeper in one another than the API takes."""
    waiting = [(value, 1)]
    while waiting:
        current, depth = waiting.pop()
        if depth > MAX_DEPTH:
            return True
        inside = current.values() if isinstance(current, dict) else current
        waiting += [(one, depth + 1) for one in inside if isinstance(one, dict | list)]
    return False
