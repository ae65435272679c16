"""The filter itself: immutable, checked when it is made, and always in one form."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from workbench.filters import terms
from workbench.filters.errors import FilterError
from workbench.filters.fields import Field, Operator, field_named
from workbench.filters.times import TIME_FIELD, TimeRange
from workbench.filters.values import checked, checked_text

MAX_CONDITIONS = 100
MAX_DEPTH = 6
MAX_SIZE = 20_000


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison of one field; `key` names the key inside a nested field.

    Making one checks it (FilterError) and puts the value into its one form: text; int or Decimal;
    an aware datetime in UTC; a tuple for lists and ranges; "7d" for `within`; None where the
    operator takes nothing. A list of one becomes the comparison with one value. A score without a
    key is a score of any name.
    """

    field: str
    operator: str
    value: Any = None
    key: str | None = None

    def __post_init__(self) -> None:
        field = field_named(self.field)
        operator = field.operator(self.operator)
        if self.key is None:
            if field.kind == "nested":
                raise FilterError(f"{field.name} needs the name of a key.", "nested_key")
        elif not field.keyed:
            raise FilterError(f"{field.name} has no keys inside.", "nested_key")
        else:
            try:
                checked_text(self.key, "The key")
            except FilterError as error:
                raise error.at("nested_key") from None
        value = checked(field, operator, self.value)
        if operator.takes == "list" and len(value) == 1:
            object.__setattr__(self, "operator", field.single(operator))
            value = value[0]
        object.__setattr__(self, "value", value)

    @property
    def spec(self) -> Field:
        return field_named(self.field)

    @property
    def comparison(self) -> Operator:
        return self.spec.operator(self.operator)


@dataclass(frozen=True, slots=True)
class Group:
    """Conditions joined by one logic; an empty group lets everything through."""

    items: tuple[Condition | Group, ...] = ()
    logic: Literal["AND", "OR"] = "AND"

    def __post_init__(self) -> None:
        if self.logic not in ("AND", "OR"):
            raise FilterError('The logic of a group is "AND" or "OR".', "logic")
        object.__setattr__(self, "items", tuple(self.items))


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list shows: conditions, and free text over whole inputs and outputs.

    text: words and "quoted phrases", each of which must stand in the input or the output.

    Making one brings it into its one form, so that filters that are written differently and mean
    the same are often equal, and every way out and back gives the same object: `where` is always an
    AND group, groups of one or of the same logic are dissolved, empty ones are gone, and `text`
    is its terms with one space between them.
    """

    where: Group = Group()
    text: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", terms.normalised(self.text))
        where = _simplified(self.where, 0)
        if where is None:
            where = Group()
        elif isinstance(where, Condition) or where.logic == "OR":
            where = Group((where,))
        object.__setattr__(self, "where", where)
        conditions = list(self.every_condition())
        if len(conditions) > MAX_CONDITIONS:
            raise FilterError(f"The filter has more than {MAX_CONDITIONS} conditions.")
        if sum(map(_size, conditions)) > MAX_SIZE:
            raise FilterError(f"The filter has more than {MAX_SIZE:,} characters of values.")

    @property
    def items(self) -> tuple[Condition | Group, ...]:
        """What must all hold, in order: conditions and OR groups; one chip each."""
        return self.where.items

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """The single conditions that must all hold."""
        return tuple(item for item in self.items if isinstance(item, Condition))

    @property
    def terms(self) -> tuple[str, ...]:
        """The words and phrases of the free text."""
        return terms.split(self.text)

    @property
    def is_empty(self) -> bool:
        return not self.items and not self.text

    def every_condition(self) -> Iterator[Condition]:
        """All conditions, those inside groups included."""
        return _conditions(self.where)

    def with_condition(self, item: Condition | Group, *, replace: bool = False) -> Filter:
        """And this must hold too. replace: instead of the conditions on the same field and key."""
        kept = self.items
        if replace and isinstance(item, Condition):
            about = (item.field, item.key)
            kept = tuple(
                other
                for other in kept
                if isinstance(other, Group) or (other.field, other.key) != about
            )
        if item in kept:
            return Filter(Group(kept), self.text)
        return Filter(Group((*kept, item)), self.text)

    def without(self, item: Condition | Group) -> Filter:
        """The filter without one of its `items`; itself where it has no such item."""
        return Filter(Group(tuple(other for other in self.items if other != item)), self.text)

    def without_field(self, field: str, key: str | None = None) -> Filter:
        """The filter without its single conditions on a field (and key)."""
        kept = (i for i in self.items if isinstance(i, Group) or (i.field, i.key) != (field, key))
        return Filter(Group(tuple(kept)), self.text)

    def with_text(self, text: str) -> Filter:
        return Filter(self.where, text)

    @property
    def time_range(self) -> TimeRange:
        """What the single conditions on the start time say, as one range."""
        return TimeRange.of((c.operator, c.value) for c in self.conditions if c.field == TIME_FIELD)

    def with_time_range(self, time_range: TimeRange | str) -> Filter:
        """The filter over another time: a TimeRange, or "1h", "24h", "7d", "30d" …, or "all"."""
        if isinstance(time_range, str):
            time_range = TimeRange.last_(time_range)
        found: list[Condition | Group] = [
            Condition(TIME_FIELD, operator, value) for operator, value in time_range.comparisons()
        ]
        found += self.without_field(TIME_FIELD).items
        return Filter(Group(tuple(found)), self.text)

    def time_bounds(self, now: datetime) -> tuple[datetime | None, datetime | None]:
        """From (inclusive) and to (exclusive) as times, relative ranges counted from `now`."""
        return self.time_range.bounds(now)


def _size(condition: Condition) -> int:
    values = condition.value if isinstance(condition.value, tuple) else (condition.value,)
    return len(condition.key or "") + sum(len(str(value)) for value in values)


def _conditions(group: Group) -> Iterator[Condition]:
    for item in group.items:
        if isinstance(item, Condition):
            yield item
        else:
            yield from _conditions(item)


def _simplified(item: Condition | Group, depth: int) -> Condition | Group | None:
    """The same meaning with the fewest groups; None for what lets everything through."""
    if isinstance(item, Condition):
        return item
    if depth > MAX_DEPTH:
        raise FilterError(f"Groups are nested more than {MAX_DEPTH} deep.")
    found: list[Condition | Group] = []
    for child in item.items:
        simple = _simplified(child, depth + 1)
        if simple is None:
            if item.logic == "OR":
                return None
        elif isinstance(simple, Group) and simple.logic == item.logic:
            found += simple.items
        else:
            found.append(simple)
    if len(found) < 2:
        return found[0] if found else None
    return Group(tuple(found), item.logic)
