"""The opposite of a condition, where there is one."""

from __future__ import annotations

from workbench.filters.model import Condition, Group

_PAIRS = (
    ("is", "is_not"),
    ("in", "not_in"),
    ("is_null", "is_not_null"),
    ("contains", "not_contains"),
    ("eq", "neq"),
    ("gt", "lte"),
    ("gte", "lt"),
    ("before", "after"),
    ("is_true", "is_false"),
    ("is_empty", "is_not_empty"),
    ("key_equals", "key_not_equals"),
    ("key_contains", "key_not_contains"),
)
_OPPOSITE = dict(_PAIRS) | {b: a for a, b in _PAIRS}


def inverted(item: Condition | Group) -> Condition | Group | None:
    """The opposite condition; of a group the opposites joined by the other logic.

    None where there is none (a range, a start or end of a text, a time counted back from now).
    What is missing: `latency > 2 s` and its opposite `latency ≤ 2 s` both leave out requests
    whose latency is unknown; the other pairs share every request between them.
    """
    if isinstance(item, Condition):
        opposite = _OPPOSITE.get(item.operator)
        if opposite is None or all(each.name != opposite for each in item.spec.operators):
            return None
        return Condition(item.field, opposite, item.value, item.key)
    children = [inverted(child) for child in item.items]
    found = tuple(child for child in children if child is not None)
    if len(found) < len(children):
        return None
    return Group(found, "AND" if item.logic == "OR" else "OR")
