"""What each filter should find, in plain Python over plain rows: no SQL, no patterns."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from workbench.filters import Condition, Filter, Group


@dataclass
class Row:
    """A request with its body, as the tests think of it. Times are aware and in UTC."""

    id: int
    started_at: datetime
    ended_at: datetime
    latency_ms: float | None = None
    source: str = "api"
    origin: str = "api"
    provider: str | None = None
    model: str | None = None
    function_name: str | None = None
    status: str = "SUCCESS"
    error_type: str | None = None
    finish_reason: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost: Decimal | None = None
    tags: list[str] | None = None
    metadata: dict[str, Any] | None = None
    prompt_name: str | None = None
    prompt_id: int | None = None
    prompt_version: int | None = None
    prompt_label: str | None = None
    group_id: int | None = None
    is_json: bool | None = None
    is_tool_call: bool | None = None
    is_plain_text: bool | None = None
    is_starred: bool = False
    tool_names: list[str] | None = None
    input_text: str | None = None
    output_text: str | None = None
    output: list[dict[str, Any]] | None = None
    input_variables: dict[str, Any] | None = None
    scores: list[tuple[str, float]] = field(default_factory=list)


_NAMES = {
    "pl_id": "id",
    "engine": "model",
    "provider_type": "provider",
    "prompt_version_number": "prompt_version",
    "request_start_time": "started_at",
    "request_end_time": "ended_at",
}
_LENGTHS = {"m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}


def matches(filter_: Filter, row: Row, now: datetime) -> bool:
    if not _holds(filter_.where, row, now):
        return False
    whole = [_plain(text) for text in _both(row)]
    return all(any(_plain(term) in text for text in whole) for term in filter_.terms)


def _holds(item: Condition | Group, row: Row, now: datetime) -> bool:
    if isinstance(item, Group):
        found = [_holds(child, row, now) for child in item.items]
        return not found or (all(found) if item.logic == "AND" else any(found))
    match item.spec.kind:
        case "date":
            return _date(item, getattr(row, _NAMES[item.field]), now)
        case "boolean":
            return (getattr(row, item.field) is True) == (item.operator == "is_true")
        case "text":
            return _text(item, row)
        case "array":
            return _array(item, row)
        case "nested":
            return _nested(item, row)
        case "score":
            return _score(item, row)
    value = _total(row) if item.field == "total_tokens" else _attribute(row, item.field)
    return _number(item, value) if item.spec.kind == "number" else _string(item, value)


def _attribute(row: Row, name: str) -> Any:
    return getattr(row, _NAMES.get(name, name))


def _total(row: Row) -> int | None:
    counts = [n for n in (row.input_tokens, row.output_tokens) if n is not None]
    return sum(counts) if counts else None


def _string(item: Condition, value: Any) -> bool:
    match item.operator:
        case "is":
            return bool(value == item.value)
        case "is_not":
            return bool(value != item.value)
        case "in":
            return value in item.value
        case "not_in":
            return value not in item.value
        case "is_null":
            return value is None
    return value is not None


def _exact(value: Any, asked: Any) -> Any:
    """A double is compared with the double that the asked number is nearest to."""
    return float(asked) if isinstance(value, float) else asked


def _number(item: Condition, value: Any) -> bool:
    if item.operator in ("is_null", "is_not_null"):
        return (value is None) == (item.operator == "is_null")
    if value is None:
        return item.operator == "neq"
    if item.operator == "between":
        return bool(_exact(value, item.value[0]) <= value <= _exact(value, item.value[1]))
    asked = _exact(value, item.value)
    found = {
        "eq": value == asked,
        "neq": value != asked,
        "gt": value > asked,
        "gte": value >= asked,
        "lt": value < asked,
        "lte": value <= asked,
    }
    return bool(found[item.operator])


def _score(item: Condition, row: Row) -> bool:
    values = [value for name, value in row.scores if item.key is None or name == item.key]
    match item.operator:
        case "is_null":
            return not values
        case "is_not_null":
            return bool(values)
        case "neq":
            return not any(value == float(item.value) for value in values)
    return any(_number(item, value) for value in values)


def _date(item: Condition, value: datetime, now: datetime) -> bool:
    match item.operator:
        case "is":
            return bool(value == item.value)
        case "before":
            return bool(value < item.value)
        case "after":
            return bool(value >= item.value)
        case "between":
            return bool(item.value[0] <= value <= item.value[1])
    length = timedelta(seconds=int(item.value[:-1]) * _LENGTHS[item.value[-1]])
    return value >= now - length


def fold(text: str) -> str:
    return text.replace("İ", "i").replace("ı", "i").casefold()


def _sought(text: str, needle: str) -> Iterator[tuple[str, str]]:
    """The text and each spelling of the needle, without their case."""
    for form in (
        unicodedata.normalize("NFC", needle),
        unicodedata.normalize("NFD", needle),
        needle,
    ):
        folded = fold(text)
        if "\u0307" not in fold(form):
            folded = folded.replace("i\u0307", "i")
        yield folded, fold(form)


def _has(text: str, needle: str) -> bool:
    return any(part in whole for whole, part in _sought(text, needle))


def _both(row: Row) -> tuple[str, str]:
    return row.input_text or "", row.output_text or ""


def _plain(text: str) -> str:
    """A whole text, or a needle for one, as canonical caseless matching has it (Unicode D145), with
    the Turkish letters as i."""
    folded = fold(unicodedata.normalize("NFC", text)).replace("i\u0307", "i")
    return unicodedata.normalize("NFC", folded)


def _text(item: Condition, row: Row) -> bool:
    texts = _both(row) if item.field == "text" else (getattr(row, item.field) or "",)
    whole, needle = [_plain(text) for text in texts], _plain(item.value)
    match item.operator:
        case "contains":
            return any(needle in text for text in whole)
        case "not_contains":
            return not any(needle in text for text in whole)
        case "starts_with":
            return any(text.startswith(needle) for text in whole)
    return any(text.endswith(needle) for text in whole)


def _array(item: Condition, row: Row) -> bool:
    match item.field:
        case "metadata_keys" | "input_variable_keys" | "output_keys":
            return _keys(item, row)
    have = getattr(row, item.field) or []
    match item.operator:
        case "contains":
            return item.value in have
        case "not_contains":
            return item.value not in have
        case "in":
            return bool(set(item.value) & set(have))
        case "not_in":
            return not set(item.value) & set(have)
    return (not have) == (item.operator == "is_empty")


def _keys(item: Condition, row: Row) -> bool:
    nested = {"metadata_keys": "metadata", "output_keys": "output"}.get(
        item.field, "input_variables"
    )
    match item.operator:
        case "is_empty":
            return not _any_key(nested, row)
        case "is_not_empty":
            return _any_key(nested, row)
    keys = item.value if isinstance(item.value, tuple) else (item.value,)
    found = any(_values(nested, row, key) for key in keys)
    return found == (item.operator in ("contains", "in"))


def _any_key(nested: str, row: Row) -> bool:
    if nested == "output":
        return any(_text_objects(row)) or bool(_calls(row))
    return bool(getattr(row, nested))


def _nested(item: Condition, row: Row) -> bool:
    values = _values(item.field, row, item.key or "")
    texts = [
        _as_text(v) for v in _walked(values) if v is not None and not isinstance(v, dict | list)
    ]
    match item.operator:
        case "is_empty":
            return not values
        case "is_not_empty":
            return bool(values)
        case "key_equals":
            return item.value in texts
        case "key_not_equals":
            return item.value not in texts
        case "in":
            return bool(set(item.value) & set(texts))
        case "not_in":
            return not set(item.value) & set(texts)
        case "key_contains":
            return any(_has(text, item.value) for text in texts)
    return not any(_has(text, item.value) for text in texts)


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _values(nested: str, row: Row, key: str) -> list[Any]:
    if nested == "metadata":
        return _metadata(row.metadata or {}, key)
    if nested == "input_variables":
        return _under([row.input_variables or {}], key)
    found = _under(_text_objects(row), key)
    calls, arguments = "tool_calls", "tool_calls.function.arguments"
    parsed = [_parsed(c.get("function", {}).get("arguments")) for c in _calls(row)]
    containers = [value for value in parsed if isinstance(value, dict | list)]
    if key == calls:
        found += _calls(row)
    elif key == arguments:
        found += containers
        raw = [c.get("function", {}).get("arguments") for c in _calls(row)]
        found += [r for r in raw if r is not None and not isinstance(_parsed(r), dict | list)]
    elif key.startswith(f"{arguments}."):
        found += _under(containers, key[len(arguments) + 1 :])
    elif key.startswith(f"{calls}."):
        found += _under(_calls(row), key[len(calls) + 1 :])
    return found


def _metadata(metadata: dict[str, Any], key: str) -> list[Any]:
    """A key as it is written, else what its path leads to, wherever its dots belong."""
    if metadata.get(key) is not None:
        return [metadata[key]]
    return [value for value in _at(metadata, key) if value is not None]


def _at(value: Any, path: str) -> Iterator[Any]:
    for key, inner in value.items() if isinstance(value, dict) else ():
        if key == path:
            yield inner
        elif path.startswith(f"{key}."):
            yield from _at(inner, path[len(key) + 1 :])


def _text_objects(row: Row) -> list[dict[str, Any]]:
    parts = [part for message in row.output or [] for part in message.get("content") or []]
    value = _parsed("\n".join(part["text"] for part in parts if part.get("text") is not None))
    return [value] if isinstance(value, dict) else []


def _calls(row: Row) -> list[dict[str, Any]]:
    found = [call for message in row.output or [] for call in message.get("tool_calls") or []]
    older = [m["function_call"] for m in row.output or [] if m.get("function_call")]
    return found + [{"type": "function", "function": call} for call in older]


def _parsed(text: Any) -> Any:
    try:
        return json.loads(text)
    except (TypeError, ValueError):
        return None


def _under(documents: list[Any], key: str) -> list[Any]:
    found = _path(documents, [key])
    if "." in key:
        found += _path(documents, key.split("."))
    return [value for value in found if value is not None]


def _path(documents: list[Any], steps: list[str]) -> list[Any]:
    for step in steps:
        documents = [d.get(step) for d in _walked(documents) if isinstance(d, dict)]
    return documents


def _walked(values: list[Any]) -> list[Any]:
    for _ in range(2):
        values = [v for value in values for v in (value if isinstance(value, list) else [value])]
    return values
