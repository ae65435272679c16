"""The filter as JSON: the body of the reference's request search, and what saved views keep."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from workbench.filters.errors import FilterError, quoted
from workbench.filters.model import MAX_DEPTH, Condition, Filter, Group
from workbench.filters.units import date_text, plain

MAX_ITEMS = 200
SAVED_VERSION = 1
_CONDITION_KEYS = {"field", "operator", "value", "nested_key"}


def from_api(body: Mapping[str, Any]) -> Filter:
    """The filter of a search body: its `filter_group` and `q`, both may be missing or null.

    Other keys of the body are the caller's business. Raises FilterError whose path names the place,
    such as "filter_group.filters[2].value". Times without a zone are UTC.
    """
    group: Condition | Group = Group()
    if body.get("filter_group") is not None:
        group = _read(body["filter_group"], "filter_group", 0)
    if isinstance(group, Condition):
        raise FilterError('A group needs "filters", a list.', "filter_group")
    text = body.get("q")
    try:
        return Filter(group, "" if text is None else text)
    except FilterError as error:
        raise error if error.path else error.at("filter_group") from None


def to_api(filter_: Filter) -> dict[str, Any]:
    """`filter_group` and `q` as `from_api` reads them back exactly; {} for the empty filter."""
    body: dict[str, Any] = {}
    if filter_.items:
        body["filter_group"] = _written(filter_.where)
    if filter_.text:
        body["q"] = filter_.text
    return body


def from_json(text: str | bytes) -> Filter:
    """The filter of a saved view."""
    try:
        saved = json.loads(text)
    except (ValueError, RecursionError):
        raise FilterError("The saved filter is not JSON.") from None
    if not isinstance(saved, dict) or saved.get("version") != SAVED_VERSION:
        raise FilterError(f"The saved filter is not of version {SAVED_VERSION}.", "version")
    unknown = sorted(saved.keys() - {"version", "filter_group", "q"})
    if unknown:
        raise FilterError(f"The saved filter has an unknown entry {quoted(unknown[0])}.")
    return from_api(saved)


def to_json(filter_: Filter) -> str:
    """The filter as a saved view keeps it; the same filter is always the same text."""
    saved = {"version": SAVED_VERSION, **to_api(filter_)}
    return json.dumps(saved, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def _read(value: Any, path: str, depth: int) -> Condition | Group:
    if not isinstance(value, Mapping):
        raise FilterError("A filter or a group must be an object.", path)
    if "filters" not in value:
        if "field" in value or "operator" in value:
            return _condition(value, path)
        raise FilterError('There must be "filters" (a group) or "field" and "operator".', path)
    unknown = sorted(str(key) for key in value.keys() - {"filters", "logic"})
    if unknown:
        raise FilterError(f"A group has no {quoted(unknown[0])}.", path)
    if depth > MAX_DEPTH:
        raise FilterError(f"Groups are nested more than {MAX_DEPTH} deep.", path)
    items = value["filters"]
    if not isinstance(items, list):
        raise FilterError('"filters" must be a list.', f"{path}.filters")
    if len(items) > MAX_ITEMS:
        raise FilterError(f"There are more than {MAX_ITEMS} filters.", f"{path}.filters")
    logic = value.get("logic", "AND")
    if logic not in ("AND", "OR"):
        raise FilterError('"logic" must be "AND" or "OR".', f"{path}.logic")
    read = (_read(item, f"{path}.filters[{i}]", depth + 1) for i, item in enumerate(items))
    return Group(tuple(read), logic)


def _condition(value: Mapping[str, Any], path: str) -> Condition:
    unknown = sorted(str(key) for key in value.keys() - _CONDITION_KEYS)
    if unknown:
        raise FilterError(f"A filter has no {quoted(unknown[0])}.", path)
    for name in ("field", "operator"):
        if not isinstance(value.get(name), str):
            raise FilterError(f'"{name}" must be text.', f"{path}.{name}")
    try:
        return Condition(
            value["field"], value["operator"], value.get("value"), value.get("nested_key")
        )
    except FilterError as error:
        raise error.at(path) from None


def _written(item: Condition | Group) -> dict[str, Any]:
    if isinstance(item, Group):
        return {"logic": item.logic, "filters": [_written(child) for child in item.items]}
    written: dict[str, Any] = {"field": item.field, "operator": item.operator}
    if item.value is not None:
        values = item.value
        several = isinstance(values, tuple)
        written["value"] = [_plain(v) for v in values] if several else _plain(values)
    if item.key is not None:
        written["nested_key"] = item.key
    return written


def _plain(value: Any) -> Any:
    """A value as JSON has it; a decimal that a float would change goes as text."""
    if isinstance(value, datetime):
        return date_text(value)
    if isinstance(value, Decimal):
        return float(value) if Decimal(repr(float(value))) == value else plain(value)
    return value
