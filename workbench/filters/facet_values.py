"""Values of one field that a filter asks for or leaves out, and how a click changes that."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from workbench.filters.fields import field_named
from workbench.filters.model import Condition, Filter, Group

# Kind: operators for one value, for several, and for none; each with its opposite.
_ASKED = {
    "string": ("is", "in", "is_null"),
    "array": ("contains", "in", "is_empty"),
    "nested": ("key_equals", "in", "is_empty"),
}
_LEFT_OUT = {
    "string": ("is_not", "not_in", "is_not_null"),
    "array": ("not_contains", "not_in", "is_not_empty"),
    "nested": ("key_not_equals", "not_in", "is_not_empty"),
}


@dataclass(frozen=True, slots=True)
class Chosen:
    """Values that the single conditions on a field ask for and leave out; None: a missing one."""

    asked: tuple[str | None, ...]
    left_out: tuple[str | None, ...]


def chosen(filter_: Filter, field: str, key: str | None = None) -> Chosen:
    """What the filter says of the values of a string, an array or a metadata key."""
    kind = field_named(field).kind
    found: list[tuple[str | None, ...]] = []
    for operators in (_ASKED[kind], _LEFT_OUT[kind]):
        own = (c for c in _own(filter_, field, key) if c.operator in operators)
        found.append(tuple(dict.fromkeys(value for c in own for value in _values(c))))
    return Chosen(*found)


def toggled(
    filter_: Filter, field: str, value: str | None, key: str | None = None, *, leave_out: bool
) -> Filter:
    """The filter after a click on a value: asked for (or left out), or no longer.

    Several values of a field are asked for as one list, any of which will do, unless the filter
    asks for several of them separately. A value is never both asked for and left out.
    """
    kind = field_named(field).kind
    operators, others = _ASKED[kind], _LEFT_OUT[kind]
    if leave_out:
        operators, others = others, operators
    now = chosen(filter_, field, key)
    present = value in (now.left_out if leave_out else now.asked)
    filter_ = _without(filter_, field, key, value, others)
    if present:
        return _without(filter_, field, key, value, operators)
    own = [c for c in _own(filter_, field, key) if c.operator in operators]
    if value is None:
        for condition in own if not leave_out else ():
            filter_ = filter_.without(condition)
        return filter_.with_condition(Condition(field, operators[2], None, key))
    if not leave_out:
        filter_ = filter_.without(Condition(field, operators[2], None, key))
    lists = [c for c in own if c.operator != operators[2]]
    if len(lists) == 1:
        wider = Condition(field, operators[1], (*_values(lists[0]), value), key)
        return _replaced(filter_, lists[0], wider)
    return filter_.with_condition(Condition(field, operators[0], value, key))


def _own(filter_: Filter, field: str, key: str | None) -> list[Condition]:
    return [c for c in filter_.conditions if (c.field, c.key) == (field, key)]


def _values(condition: Condition) -> tuple[Any, ...]:
    value = condition.value
    return value if isinstance(value, tuple) else (value,)


def _without(
    filter_: Filter, field: str, key: str | None, value: str | None, operators: tuple[str, str, str]
) -> Filter:
    for condition in _own(filter_, field, key):
        if condition.operator not in operators or value not in _values(condition):
            continue
        rest = tuple(each for each in _values(condition) if each != value)
        narrower = Condition(field, operators[1], rest, key) if rest else None
        filter_ = _replaced(filter_, condition, narrower)
    return filter_


def _replaced(filter_: Filter, old: Condition, new: Condition | None) -> Filter:
    """The filter with another condition in the place of one, or with none there."""
    items: list[Condition | Group] = []
    for item in filter_.items:
        kept = new if item == old else item
        if kept is not None and kept not in items:
            items.append(kept)
    return replace(filter_, where=Group(tuple(items)))
