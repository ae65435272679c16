"""Filters in a person's words, for chips, manifests and messages."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from workbench.filters import terms
from workbench.filters.fields import Field
from workbench.filters.model import Condition, Filter, Group
from workbench.filters.units import plain
from workbench.filters.values import duration

_LONGEST = 80
_MOST = 5


def describe(item: Filter | Group | Condition) -> str:
    """What is asked for: "model is gpt-4o-mini", "tag has prod and latency > 2 s"."""
    if isinstance(item, Condition):
        return _condition(item)
    if isinstance(item, Group):
        between = " or " if item.logic == "OR" else " and "
        return between.join(_inner(child) for child in item.items) or "everything"
    pieces = [_inner(child) if len(item.items) > 1 else describe(child) for child in item.items]
    pieces += [f"text contains {_shown(term)}" for term in item.terms]
    return " and ".join(pieces) or "everything"


def _inner(item: Condition | Group) -> str:
    return describe(item) if isinstance(item, Condition) else f"({describe(item)})"


def _condition(condition: Condition) -> str:
    field, operator = condition.spec, condition.comparison
    if field.kind == "boolean":
        return field.label if operator.name == "is_true" else field.label.replace("is", "is not", 1)
    name = field.label if condition.key is None else f"{field.label} {_shown(condition.key)}"
    match operator.takes:
        case "nothing":
            return f"{name} {operator.words}"
        case "duration":
            return f"{name} {operator.words} {_length(condition.value)}"
        case "range":
            first, last = (_value(field, value) for value in condition.value)
            return f"{name} {operator.words} {first} and {last}"
        case "list":
            shown = [_value(field, value) for value in condition.value]
            more = len(shown) - _MOST
            rest = f" and {more} more" if more > 0 else ""
            return f"{name} {operator.words} {', '.join(shown[:_MOST])}{rest}"
    return f"{name} {operator.words} {_value(field, condition.value)}"


def _value(field: Field, value: Any) -> str:
    if isinstance(value, datetime):
        seconds = "minutes" if not value.second and not value.microsecond else "seconds"
        return f"{value.replace(tzinfo=None).isoformat(' ', seconds)} UTC"
    if isinstance(value, int | Decimal):
        return _measure(field, value)
    return value.lower() if field.choices else _shown(value)


def _measure(field: Field, value: int | Decimal) -> str:
    match field.unit:
        case "ms":
            if value < 1_000:
                return f"{plain(value)} ms"
            return f"{plain(Decimal(value) / 1_000)} s"
        case "dollars":
            return f"${plain(value)}"
        case "tokens":
            return f"{value:,}" if isinstance(value, int) else plain(value)
    return plain(value)


def _length(text: str) -> str:
    names = {"m": "minute", "h": "hour", "d": "day", "w": "week"}
    duration(text)
    count, name = int(text[:-1]), names[text[-1]]
    return name if count == 1 else f"{count} {name}s"


def _shown(text: str) -> str:
    """A user's text, cut where it is long, in quotes where it would run into the sentence."""
    if len(text) > _LONGEST:
        text = text[:_LONGEST] + "…"
    return text if terms.is_plain(text, also=":<>=~^$!") else terms.quote(text)
