"""Reading cells: JSON values as texts, numbers and JSON. What cannot be read raises CellFailed."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import orjson

from workbench.evals.cells import CellFailed
from workbench.messages import conversation_text, is_conversation

#: Characters of a value that is shown in a message.
_SHOWN = 80


def need(values: Mapping[str, Any], column: str) -> Any:
    """The value of a column in this row."""
    if column not in values:
        raise CellFailed("missing_input", f'The column "{column}" has no value in this row.')
    return values[column]


def as_text(value: Any) -> str:
    """A text as it is, nothing as the empty text, all else as JSON."""
    if isinstance(value, str):
        return value
    return "" if value is None else to_json(value)


def readable(value: Any) -> str:
    """A value as people read it: messages and calls of tools as text, all else as `as_text`."""
    if is_conversation(value):
        return conversation_text(value) or ("" if _is_empty(value) else as_text(value))
    if is_answer(value):
        calls = [f"{one['name']}({as_text(one['arguments'])})" for one in value["tool_calls"]]
        return "\n".join([value["content"], *calls] if value["content"] else calls)
    return as_text(value)


def _is_empty(messages: Any) -> bool:
    return all(
        part.get("type") == "text" and not part.get("text")
        for message in messages
        for part in message["content"]
    )


def is_answer(value: Any) -> bool:
    """Whether it is what a prompt's cell keeps of an answer with calls of tools."""
    return (
        isinstance(value, dict)
        and value.keys() == {"content", "tool_calls"}
        and isinstance(value["content"], str)
        and isinstance(value["tool_calls"], list)
        and all(
            isinstance(one, dict)
            and one.keys() == {"name", "arguments"}
            and isinstance(one["name"], str)
            for one in value["tool_calls"]
        )
    )


def to_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def shown(value: Any) -> str:
    """A value for a message: quoted, on one line, cut."""
    text = " ".join(as_text(value).split())
    return f'"{text[:_SHOWN]}…"' if len(text) > _SHOWN else f'"{text}"'


def as_number(value: Any, column: str) -> float | int:
    """A number, or a text that is one."""
    found = number_or_none(value)
    if found is None:
        raise CellFailed("bad_value", f'"{column}" holds {shown(value)}, which is not a number.')
    return found


def number_or_none(value: Any) -> float | int | None:
    """A finite number, or a text that is one (decimal point, no separators); else None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        text = value.strip()
        try:
            # int() and float() take underscores, which no one writes in data.
            value = None if "_" in text or len(text) > 400 else _parsed(text)
        except ValueError:
            return None
    if isinstance(value, int):
        return value
    return value if isinstance(value, float) and math.isfinite(value) else None


def _parsed(text: str) -> float | int:
    try:
        return int(text)
    except ValueError:
        return float(text)


def as_json(value: Any, column: str) -> Any:
    """A JSON value; a text is parsed."""
    if not isinstance(value, str):
        return value
    try:
        return parse_json(value)
    except ValueError as error:
        raise CellFailed("bad_value", f'"{column}" does not hold JSON: {error}.') from None


def parse_json(text: str) -> Any:
    """JSON as its standard has it; raises ValueError with a clause."""
    try:
        return json.loads(text, parse_constant=_no_constant, parse_float=_finite)
    except json.JSONDecodeError as error:
        if not text.strip():
            raise ValueError("the text is empty") from None
        reason = f"{error.msg[0].lower()}{error.msg[1:]}"
        raise ValueError(f"{reason} (line {error.lineno}, column {error.colno})") from None
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"the number {text[:40]} is too large")
    return number


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def storable(value: Any) -> Any:
    """The value as any JSON reader takes it: halves of surrogate pairs, which JSON's escapes can
    hold and UTF-8 cannot, become U+FFFD, and whole numbers beyond 64 bits floats, or texts where
    they are too large for one."""
    try:
        orjson.dumps(value)
    except (TypeError, ValueError):
        return _mended(value)
    return value


def _mended(value: Any) -> Any:
    if isinstance(value, str):
        return mended_text(value)
    if isinstance(value, dict):
        return {mended_text(str(name)): _mended(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_mended(each) for each in value]
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return float(value) if abs(value) < 10**308 else str(value)
    return value


def mended_text(text: str) -> str:
    """The text with U+FFFD for what UTF-8 cannot hold."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def same_json(left: Any, right: Any) -> bool:
    """Equality as JSON has it: 1 is 1.0, true is not 1, the order of keys does not count."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same_json(left[k], right[k]) for k in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same_json, left, right))
    return bool(left == right)
