"""Rows of a grid, filtered and sorted on any column by the engine.

Columns of the dataset and computed ones are treated alike: each is an expression over a row of the
dataset with the cells of the columns that are asked about beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

MAX_CONDITIONS = 20
MAX_TEXT = 2_000
#: value: the column's value as text (a string as it is, all else as JSON), or as a number.
#: state: of the cell. passed: a verdict. cost: dollars. row: the row's number. split, tag: of the
#: dataset's row. any: any value of the row, computed or not.
Field = Literal["value", "state", "passed", "cost", "row", "split", "tag", "any"]
#: contains, is: capitals aside; numbers are compared as numbers. state: `text` is one of
#: CELL_STATES but "running"; passed: "true" or "false". empty: no value, or an empty text.
Operator = Literal["contains", "is", "lt", "le", "gt", "ge", "empty"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One condition; several hold together. column: its name, for value, state, passed, cost."""

    field: Field = "value"
    column: str = ""
    operator: Operator = "contains"
    text: str = ""
    negated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sort:
    """field: "row", or value, state, passed or cost of a column. Numbers come before texts, what
    has no value last."""

    field: Field = "row"
    column: str = ""
    descending: bool = False
