"""Writing the one-line text syntax that `parse_text` reads back exactly."""

from __future__ import annotations

from typing import Any

from workbench.filters import terms
from workbench.filters.fields import Field
from workbench.filters.model import Condition, Filter, Group
from workbench.filters.times import TIME_FIELD
from workbench.filters.units import date_text, number_text

_SIGNS = {
    "is": ":",
    "is_not": ":",
    "in": ":",
    "not_in": ":",
    "contains": ":",
    "not_contains": ":",
    "key_equals": ":",
    "key_not_equals": ":",
    "key_contains": "~",
    "key_not_contains": "~",
    "starts_with": "^=",
    "ends_with": "$=",
    "eq": ":",
    "neq": ":",
    "between": ":",
    "gt": ">",
    "gte": ">=",
    "lt": "<",
    "lte": "<=",
    "after": ">=",
    "before": "<",
    "within": ":",
}
_NEGATIVE = frozenset(
    {"is_not", "not_in", "not_contains", "neq", "key_not_equals", "key_not_contains"}
    | {"is_null", "is_empty", "is_false"}
)
_PRESENCE = frozenset({"is_null", "is_not_null", "is_empty", "is_not_empty"})
_TIME_WORDS = {"after": "after", "before": "before", "within": "last"}


def to_text(filter_: Filter) -> str:
    """The filter in one line, for people, links and boxes; "" for the empty filter."""
    if len(filter_.items) == 1 and isinstance(filter_.items[0], Group) and not filter_.text:
        return item_text(filter_.items[0])[1:-1]
    pieces = [item_text(item) for item in filter_.items]
    if filter_.text:
        pieces.append(filter_.text)
    return " ".join(pieces)


def item_text(item: Condition | Group) -> str:
    """One condition, or a group in parentheses."""
    if isinstance(item, Condition):
        return _condition_text(item)
    between = " OR " if item.logic == "OR" else " "
    return f"({between.join(map(_inner, item.items))})"


def _inner(item: Condition | Group) -> str:
    """Inside a group a word alone is one that the text contains."""
    if isinstance(item, Condition) and (item.field, item.operator) == ("text", "contains"):
        return terms.joined((item.value,))
    return item_text(item)


def _condition_text(condition: Condition) -> str:
    field, operator = condition.spec, condition.operator
    minus = "-" if operator in _NEGATIVE else ""
    if field.kind == "boolean":
        return f"{minus}is:{field.name.removeprefix('is_')}"
    name = name_of(field)
    if condition.key is not None:
        plain = terms.is_plain(condition.key, also="-")
        name += "." + (condition.key if plain else terms.quote(condition.key))
    if operator in _PRESENCE:
        return f"{minus}has:{name}"
    if field.name == TIME_FIELD and operator in _TIME_WORDS:
        return f"{_TIME_WORDS[operator]}:{_value(field, condition.value)}"
    values = condition.value if isinstance(condition.value, tuple) else (condition.value,)
    between = ".." if operator == "between" else ","
    shown = between.join(_value(field, value) for value in values)
    return f"{minus}{name}{_SIGNS[operator]}{shown}"


def name_of(field: Field) -> str:
    """The name that the text syntax writes."""
    if field.kind == "nested":
        return field.name
    if field.name == "output_text":
        return "output"
    return field.short[0] if field.short else field.name


def _value(field: Field, value: Any) -> str:
    match field.kind:
        case "number" | "score":
            return number_text(value, field.unit)
        case "date":
            return value if isinstance(value, str) else date_text(value)
        case "id":
            return str(value)
        case _:
            text = value.lower() if field.choices else value
            return text if terms.is_plain(text, also=":<>=~^$!") else terms.quote(text)
