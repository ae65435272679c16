"""The filter as a form: rows of field, operator and values as text, and groups of such rows.

Every filter has a form and comes back from it the same. What a form of rows cannot show (groups
inside groups) stays in it as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import Any

from workbench.filters.errors import FilterError
from workbench.filters.fields import Field, Operator, field_named
from workbench.filters.model import Condition, Filter, Group
from workbench.filters.units import date_text, date_value, number_text, number_value


@dataclass(frozen=True, slots=True)
class Row:
    """One condition as a person fills it in; `values` as the text syntax writes them."""

    field: str
    operator: str
    values: tuple[str, ...] = ()
    key: str = ""
    # A score of any name has no key, which is not the same as a key without letters.
    has_key: bool = False

    @property
    def is_blank(self) -> bool:
        """Nothing was filled in yet: such a row asks for nothing."""
        takes = field_named(self.field).operator(self.operator).takes
        return takes != "nothing" and not any(self.values)


@dataclass(frozen=True, slots=True)
class Either:
    """Rows of which one must hold."""

    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Form:
    """What must all hold, in order. A Group stands for what rows cannot show."""

    items: tuple[Row | Either | Group, ...] = ()
    text: str = ""


def to_form(filter_: Filter) -> Form:
    return Form(tuple(map(_item, filter_.items)), filter_.text)


def from_form(form: Form, zone: tzinfo = UTC) -> Filter:
    """The filter that the form asks for; blank rows ask for nothing.

    zone: in which times without one are read. Raises FilterError whose path is the place of the
    row, counted from 0 ("2", or "2.1" inside a group of rows).
    """
    items: list[Condition | Group] = []
    for place, item in enumerate(form.items):
        if isinstance(item, Group):
            items.append(item)
        elif isinstance(item, Row):
            items += _conditions([item], f"{place}", zone, alone=True)
        else:
            found = _conditions(item.rows, f"{place}", zone)
            if found:
                items.append(Group(tuple(found), "OR"))
    return Filter(Group(tuple(items)), form.text)


def _conditions(
    rows: Sequence[Row], path: str, zone: tzinfo, *, alone: bool = False
) -> list[Condition]:
    found = []
    for place, row in enumerate(rows):
        if row.is_blank and not _is_meant(row):
            continue
        try:
            found.append(_condition(row, zone))
        except FilterError as error:
            where = path if alone else f"{path}.{place}"
            raise FilterError(error.sentence, where) from None
    return found


def _is_meant(row: Row) -> bool:
    """An empty text is a value of its own where a value was given at all."""
    return bool(row.values) and field_named(row.field).kind in ("string", "nested", "array")


def _item(item: Condition | Group) -> Row | Either | Group:
    if isinstance(item, Condition):
        return _row(item)
    rows = tuple(_row(child) for child in item.items if isinstance(child, Condition))
    return Either(rows) if item.logic == "OR" and len(rows) == len(item.items) else item


def _row(condition: Condition) -> Row:
    value = condition.value
    values = value if isinstance(value, tuple) else () if value is None else (value,)
    shown = tuple(_written(condition.spec, each) for each in values)
    return Row(
        condition.field,
        condition.operator,
        shown,
        condition.key or "",
        condition.key is not None,
    )


def _written(field: Field, value: Any) -> str:
    if isinstance(value, datetime):
        return date_text(value)
    if field.kind in ("number", "score") and isinstance(value, int | Decimal):
        return number_text(value, field.unit)
    return str(value)


def _condition(row: Row, zone: tzinfo) -> Condition:
    field = field_named(row.field)
    operator = field.operator(row.operator)
    key = row.key if row.has_key or row.key or field.kind == "nested" else None
    if field.kind == "nested" and not row.has_key and not row.key:
        raise FilterError(f"{field.label.capitalize()} needs the name of a key.")
    return Condition(row.field, row.operator, _value(field, operator, row.values, zone), key)


def _value(field: Field, operator: Operator, values: tuple[str, ...], zone: tzinfo) -> Any:
    if operator.takes == "nothing":
        return None
    if operator.takes == "duration":
        return values[0] if values else ""
    read = [_read(field, each, zone) for each in values]
    if operator.takes in ("list", "range"):
        return read
    if not read:
        raise FilterError("A value is missing.")
    return read[0]


def _read(field: Field, text: str, zone: tzinfo) -> Any:
    if field.kind in ("number", "score"):
        return number_value(text.strip(), field.unit)
    if field.kind == "date":
        found = date_value(text.strip(), zone)
        if isinstance(found, str):
            raise FilterError('A time is needed here, such as "2026-11-01" or "2026-11-01T09:30".')
        return found
    return text
