"""What an edit does to a grid's columns: the list afterwards, and whose cells no longer hold. Pure.

Columns are compared by their ids, so a renamed column is the same one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from workbench.evals.columns import AllLeft, ColumnType, column_type
from workbench.evals.order import Order, OrderError, Reads, order
from workbench.store.errors import Refused
from workbench.store.evaluation_changes import checked_name
from workbench.store.evaluation_values import MAX_COLUMNS, ColumnRow

#: Kinds of fields that hold names of columns.
_ONE, _SEVERAL, _BY_NAME = "column", "columns", "mapping"


def order_of(inputs: Sequence[str], columns: Sequence[ColumnRow]) -> Order:
    """The order of a grid as it is kept. Raises OrderError."""
    return order(inputs, [reads_of(one) for one in columns])


def reads_of(column: ColumnRow) -> Reads:
    kind = column_type(column.type)
    return Reads(column.name, kind.sources(kind.read(column.spec)))


def checked_order(inputs: Sequence[str], columns: Sequence[ColumnRow]) -> Order:
    """The order of a grid as it would be. Raises Refused with a sentence."""
    if len(columns) > MAX_COLUMNS:
        raise Refused(f"A grid has at most {MAX_COLUMNS} columns.")
    try:
        return order_of(inputs, columns)
    except OrderError as error:
        raise Refused(str(error)) from None


def stale_after(
    inputs: Sequence[str],
    before: Sequence[ColumnRow],
    after: Sequence[ColumnRow],
    edited: Iterable[int] = (),
) -> tuple[str, ...]:
    """The names of columns whose cells no longer hold, from left to right; new ones have none.

    edited: ids of those whose configuration is another one. Beside them these are columns that
    read all to their left and find other names there, and whatever depends on any of them. Raises
    Refused for an order that cannot be.
    """
    new = checked_order(inputs, after)
    old_names = {one.id: _left(inputs, before, one) for one in before}
    touched = {one.name for one in after if one.id in set(edited)}
    for one in after:
        if (
            one.id in old_names
            and _reads_all(one)
            and old_names[one.id] != _left(inputs, after, one)
        ):
            touched.add(one.name)
    names = {one.name for one in after if one.id in old_names}
    stale = {*touched, *new.dependants(*touched)} & names
    return tuple(one.name for one in after if one.name in stale)


def _left(inputs: Sequence[str], columns: Sequence[ColumnRow], column: ColumnRow) -> frozenset[str]:
    left = list(inputs)
    for one in columns:
        if one.id == column.id:
            break
        left.append(one.name)
    return frozenset(left)


def _reads_all(column: ColumnRow) -> bool:
    return isinstance(reads_of(column).sources, AllLeft)


def placed(columns: Sequence[ColumnRow], column: ColumnRow, before: str | None) -> list[ColumnRow]:
    """The list with a column left of another one, or at its right end."""
    rest = [one for one in columns if one.id != column.id]
    if before is None:
        return [*rest, column]
    at = next((at for at, one in enumerate(rest) if one.name == before), None)
    if at is None:
        raise Refused(f'There is no column "{before}" to stand before.')
    return [*rest[:at], column, *rest[at:]]


def checked_column_name(name: str, taken: Iterable[str]) -> str:
    """A name for a column; raises Refused."""
    name = checked_name(name)
    if name in set(taken):
        raise Refused(f'There is a column "{name}" already.')
    return name


def renamed(columns: Sequence[ColumnRow], old: str, new: str) -> list[ColumnRow]:
    """The columns with one called anew, also where configurations name it."""
    found = []
    for one in columns:
        name = new if one.name == old else one.name
        found.append(replace(one, name=name, spec=_with_name(one, old, new)))
    return found


def following(columns: Sequence[ColumnRow], pairs: Iterable[tuple[str, str]]) -> list[ColumnRow]:
    """The columns with other names for inputs of the dataset, all at once: two may have changed
    places."""
    found, listed = list(columns), list(pairs)
    for number, (old, _) in enumerate(listed):
        found = [replace(one, spec=_with_name(one, old, f"\x1f{number}")) for one in found]
    for number, (_, new) in enumerate(listed):
        found = [replace(one, spec=_with_name(one, f"\x1f{number}", new)) for one in found]
    return found


def _with_name(column: ColumnRow, old: str, new: str) -> str:
    kind = column_type(column.type)
    sources = kind.sources(kind.read(column.spec))
    if isinstance(sources, AllLeft) or old not in sources:
        return column.spec
    return kind.write(kind.read(rewritten(kind, json.loads(column.spec), old, new)))


def rewritten(kind: ColumnType[Any], spec: Mapping[str, Any], old: str, new: str) -> dict[str, Any]:
    """A configuration with another name for a column."""
    found = json.loads(json.dumps(spec))
    for each in kind.fields():
        if each.kind not in (_ONE, _SEVERAL, _BY_NAME):
            continue
        *path, last = each.name.split(".")
        inner: Any = found
        for step in path:
            inner = inner.get(step) if isinstance(inner, dict) else None
        if not isinstance(inner, dict) or last not in inner:
            continue
        value = inner[last]
        if each.kind == _ONE:
            inner[last] = new if value == old else value
        elif each.kind == _SEVERAL and isinstance(value, list):
            inner[last] = [new if name == old else name for name in value]
        elif isinstance(value, dict):
            inner[last] = {key: new if name == old else name for key, name in value.items()}
    return dict(found)


def uses_judge(column: ColumnRow) -> bool:
    """Whether a column asks the evaluation's judge: it could, and names no model of its own."""
    kind = column_type(column.type)
    config = kind.read(column.spec)
    name = JUDGED_BY.get(column.type)
    return name is not None and getattr(config, name) is None


#: Types that fall back to the evaluation's judge, and the field that names a model instead.
JUDGED_BY = {
    "LLM_ASSERTION": "engine",
    "AI_DATA_EXTRACTION": "engine",
    "CONVERSATION_SIMULATOR": "user_engine",
}
