"""The grid's line of conditions and its order, as they stand in a link.

The line is that of datasets (`datasets/query.py`): words, and conditions on columns. Of a computed
column also `name.state=failed`, `name.passed=false` and `name.cost>0.01` can be asked.
"""

from __future__ import annotations

from collections.abc import Sequence

from workbench.datasets import query
from workbench.store import dataset_pages
from workbench.store.errors import Refused
from workbench.store.evaluation_pages import Condition, Field, Sort
from workbench.store.evaluation_values import CELL_STATES, RUNNING

PARTS: tuple[Field, ...] = ("state", "passed", "cost")
_STATES = tuple(one for one in CELL_STATES if one != RUNNING)


def read(text: str, inputs: Sequence[str], computed: Sequence[str]) -> list[Condition]:
    """The conditions of a line. Raises Refused with what is wrong."""
    names = [*inputs, *computed]
    found = query.read_query(text, [*names, *_parts(computed)])
    return [_condition(one, names) for one in found]


def _parts(computed: Sequence[str]) -> list[str]:
    return [f"{name}.{part}" for name in computed for part in PARTS]


def _condition(one: dataset_pages.Condition, names: Sequence[str]) -> Condition:
    if one.field == "source":
        raise Refused("A grid is not asked for the request that a row came from.")
    if one.field != "value":
        return Condition(field=one.field, operator=one.operator, text=one.text, negated=one.negated)
    column, field = split(one.column, names)
    operator, text = one.operator, one.text
    if field == "state":
        operator, text = "is", text.lower()
        if text not in _STATES:
            raise Refused(f"A state is one of {', '.join(_STATES)}.")
    if field == "passed":
        operator, text = "is", text.lower()
        if text not in ("true", "false"):
            raise Refused("Passed is true or false.")
    return Condition(field=field, column=column, operator=operator, text=text, negated=one.negated)


def split(name: str, names: Sequence[str]) -> tuple[str, Field]:
    """A column, and what of it: "answer.state" is the state of "answer"."""
    if name not in names:
        for part in PARTS:
            column = name.removesuffix(f".{part}")
            if column != name and column in names:
                return column, part
    return name, "value"


def order_names(inputs: Sequence[str], computed: Sequence[str]) -> list[str]:
    """What a grid can be ordered by, as the link names it."""
    return ["@row", *inputs, *computed, *_parts(computed)]


def read_order(text: str, inputs: Sequence[str], computed: Sequence[str]) -> Sort:
    """The order that a link asks for: "COLUMN", "-COLUMN", "COLUMN.state", "-@row"; else by row."""
    names = [*inputs, *computed]
    found = query.read_sort(text, [*names, *_parts(computed)])
    if found.field != "value":
        return Sort(descending=found.descending)
    column, field = split(found.column, names)
    return Sort(field=field, column=column, descending=found.descending)


def named(column: str) -> str:
    """A column's name as it stands in the line, where it needs no quotes; else with them."""
    return query.quoted(column)


def term(column: str, part: str, value: str) -> str:
    """A condition as it stands in the line. part: "" for the value, or one of PARTS."""
    name = f"{column}.{part}" if part else column
    return f"{query.quoted(name)}={query.quoted(value)}"
