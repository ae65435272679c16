"""Conditions on what stands under a key, and on which keys there are."""

from __future__ import annotations

from typing import Any

from workbench.filters import Condition
from workbench.store.filter_json import (
    Scalar,
    Values,
    input_variable_values,
    metadata_value,
    output_values,
)
from workbench.store.filter_parts import Part, found_in, joined, marks

_KEYS_OF = {
    "metadata_keys": "metadata",
    "output_keys": "output",
    "input_variable_keys": "input_variables",
}
_NO_KEYS = {
    "metadata_keys": "coalesce(len(json_keys(r.metadata::JSON)), 0) {} 0",
    "input_variable_keys": "coalesce(len(json_keys(b.input_variables)), 0) {} 0",
}


def keys_part(condition: Condition) -> Part:
    """A key is there when a value other than null stands under it."""
    field = _KEYS_OF[condition.field]
    if condition.operator in ("is_empty", "is_not_empty"):
        sign = "=" if condition.operator == "is_empty" else ">"
        if field == "output":
            values = output_values(None)
            return Part(f"coalesce(len({values.sql}), 0) {sign} 0", values.params)
        return Part(_NO_KEYS[condition.field].format(sign))
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
        return _value_test(metadata_value(key), operator, value)
    values = output_values(key) if field == "output" else input_variable_values(key)
    negative = operator in ("key_not_equals", "key_not_contains", "not_in", "is_empty")
    test = _list_test(values, operator, value)
    if values.guard:
        sql = f"CASE WHEN {values.guard} THEN {test.sql} ELSE FALSE END"
        test = Part(sql, (*values.guard_params, *test.params))
    return Part(f"NOT coalesce({test.sql}, FALSE)", test.params) if negative else test


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


def _value_test(one: Scalar, operator: str, value: Any) -> Part:
    sql, params = one.sql, one.params
    match operator:
        case "key_equals":
            return Part(f"{sql} = ?", (*params, value))
        case "key_not_equals":
            return Part(f"{sql} IS DISTINCT FROM ?", (*params, value))
        case "in":
            return Part(f"{sql} IN ({marks(value)})", (*params, *value))
        case "not_in":
            return Part(f"NOT coalesce({sql} IN ({marks(value)}), FALSE)", (*params, *value))
        case "key_contains":
            return found_in(sql, value, "contains", params)
        case "key_not_contains":
            found = found_in(sql, value, "contains", params)
            return Part(f"NOT coalesce({found.sql}, FALSE)", found.params)
    return Part(f"{sql} IS {'NULL' if operator == 'is_empty' else 'NOT NULL'}", params)
