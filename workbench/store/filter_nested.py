"""Conditions on what stands under a key, and on which keys there are."""

from __future__ import annotations

from typing import Any

from workbench.filters import Condition
from workbench.store.filter_json import (
    Values,
    input_variable_values,
    output_values,
)
from workbench.store.filter_parts import Part, found_in, joined
from workbench.store.filter_pieces import in_whole
from workbench.store.metadata import THERE, VALUE

_INDEX = "r.metadata_index"
_NEGATIVE = ("key_not_equals", "key_not_contains", "not_in", "is_empty")
_KEYS_OF = {
    "metadata_keys": "metadata",
    "output_keys": "output",
    "input_variable_keys": "input_variables",
}
_NO_KEYS = {
    "metadata_keys": "coalesce(len(json_keys(r.metadata)), 0) {} 0",
    "input_variable_keys": "coalesce(len(json_keys(b.input_variables)), 0) {} 0",
}


def keys_part(condition: Condition) -> Part:
    """A key is there when a value other than null stands under it."""
    field = _KEYS_OF[condition.field]
    if condition.operator in ("is_empty", "is_not_empty"):
        sign = "=" if condition.operator == "is_empty" else ">"
        if field == "output":
            values = output_values(None)
            part = Part(f"coalesce(len({values.sql}), 0) {sign} 0", values.params)
        else:
            part = Part(_NO_KEYS[condition.field].format(sign))
        return part if field == "metadata" else in_whole(field, part)
    several = condition.operator in ("in", "not_in")
    keys = condition.value if several else (condition.value,)
    tests = [_key_test(field, "is_not_empty", None, key) for key in keys]
    found = joined(tests, "OR")
    if condition.operator in ("contains", "in"):
        return found
    return Part(f"NOT coalesce({found.sql}, FALSE)", found.params)


def nested_part(condition: Condition) -> Part:
    return _key_test(condition.field, condition.operator, condition.value, condition.key or "")


def _key_test(field: str, operator: str, value: Any, key: str) -> Part:
    if field == "metadata":
        return _metadata_test(key, operator, value)
    values = output_values(key) if field == "output" else input_variable_values(key)
    test = _list_test(values, operator, value)
    if values.guard:
        sql = f"CASE WHEN {values.guard} THEN {test.sql} ELSE FALSE END"
        test = Part(sql, (*values.guard_params, *test.params))
    test = in_whole(field, test)
    return Part(f"NOT coalesce({test.sql}, FALSE)", test.params) if operator in _NEGATIVE else test


def _list_test(values: Values, operator: str, value: Any) -> Part:
    """Whether any of the values is what the positive of the operator asks for."""
    match operator:
        case "is_empty" | "is_not_empty":
            return Part(f"len({values.sql}) > 0", values.params)
        case "key_equals" | "key_not_equals":
            return Part(f"list_contains({values.texts}, ?)", (*values.params, value))
        case "in" | "not_in":
            sql = f"list_has_any({values.texts}, ?::VARCHAR[])"
            return Part(sql, (*values.params, list(value)))
    found = found_in("t", value, "contains")
    sql = f"len(list_filter({values.texts}, lambda t: {found.sql})) > 0"
    return Part(sql, (*values.params, *found.params))


def _metadata_test(key: str, operator: str, value: Any) -> Part:
    """One look into the list that says what the metadata holds."""
    prefix = key + VALUE
    match operator:
        case "is_empty" | "is_not_empty":
            found = Part(f"list_contains({_INDEX}, ?)", (key + THERE,))
        case "key_equals" | "key_not_equals":
            found = Part(f"list_contains({_INDEX}, ?)", (prefix + value,))
        case "in" | "not_in":
            wanted = [prefix + each for each in value]
            found = Part(f"list_has_any({_INDEX}, ?::VARCHAR[])", (wanted,))
        case _:
            own = f"list_filter({_INDEX}, lambda e: starts_with(e, ?))"
            texts = f"list_transform({own}, lambda e: substr(e, ?))"
            test = found_in("t", value, "contains")
            found = Part(
                f"len(list_filter({texts}, lambda t: {test.sql})) > 0",
                (prefix, len(prefix) + 1, *test.params),
            )
    if operator in _NEGATIVE:
        return Part(f"NOT coalesce({found.sql}, FALSE)", found.params)
    return found
