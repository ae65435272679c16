"""What a start would cost, worked out without calling anything.

Each column is run over some rows with a stand-in for the models that takes down what would be sent.
What a column would read from one that has not run yet is a stand-in too.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from workbench.store.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnEstimate:
    """What is left of a column. cells: that a start would run; calls: of models. Tokens are of all
    its calls; None where they are not known. dollars: None where the price or the length of the
    answers is not known. note: a sentence that says what it rests on."""

    column: str
    cells: int
    calls: int
    model: str | None
    input_tokens: int | None
    output_tokens: int | None
    dollars: Decimal | None
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """Before a start. dollars: of all columns, None where one is not known; `known`: of those that
    are. sampled: rows that were looked at."""

    columns: tuple[ColumnEstimate, ...]
    rows: int
    sampled: int
    calls: int
    dollars: Decimal | None
    known: Decimal


def estimate(store: Store, run_id: int, sample: int) -> Estimate:
    raise NotImplementedError
