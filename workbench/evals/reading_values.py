"""What reading a grid gives: rows of cells, a cell whole, figures of columns, a comparison."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from workbench.evals.scores import ColumnScore, Score
from workbench.store.evaluation_values import Counts

#: Characters of a value on a page.
CUT = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class CellView:
    """A cell. state: of `evaluation_values.CELL_STATES`. text: the value for people, cut; is_cut:
    whether it is, and then `value` is None. value: JSON; kept of a stale cell as it was. passed: a
    judge's verdict. kind, message, retryable: of a failure. waits: a sentence ("Waiting for the
    column answer."), of a waiting cell. version: the number of the prompt's version that it really
    used. cost: dollars, None where unknown. author: who rated it."""

    state: str
    text: str = ""
    value: Any = None
    is_cut: bool = False
    passed: bool | None = None
    kind: str | None = None
    message: str | None = None
    retryable: bool = False
    waits: str | None = None
    attempts: int = 0
    version: int | None = None
    cost: Decimal | None = None
    author: str | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row of the grid. id: of the dataset's row, the same in every version and run. inputs: by
    column of the dataset, each a CellView with state "done" ("waiting" where it has no value).
    cells: by computed column."""

    id: int
    inputs: Mapping[str, CellView]
    cells: Mapping[str, CellView]
    split: str | None
    tags: tuple[str, ...]
    source_request: int | None


@dataclass(frozen=True, slots=True)
class Page:
    """total: rows that fulfil the conditions."""

    rows: tuple[Row, ...]
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CellDetail:
    """A cell whole. used: the version of its prompt (`prompts.Used.sentence`). request_ids: the
    log records of its model calls, which hold the prompt as it was sent. reads: the cells that it
    read, by column."""

    row: int
    column: str
    cell: CellView
    reasoning: str | None
    used: str | None
    request_ids: tuple[int, ...]
    notes: tuple[str, ...]
    data: Mapping[str, Any]
    milliseconds: float | None
    generation: int
    reads: Mapping[str, CellView]


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A column in figures, over its cells that are done. passed, not_passed: verdicts. score: as
    the evaluation would score it alone, None where no cell counts. failures: cells by kind.
    milliseconds: mean of a cell."""

    column: str
    counts: Counts
    passed: int
    not_passed: int
    score: ColumnScore | None
    failures: Mapping[str, int]
    milliseconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """The score of a run. score: by default or by its settings; None where it has none. custom:
    {"score", "sub_scores"?, "score_matrix"?} of code; problem: why there is none."""

    score: Score | None
    custom: Mapping[str, Any] | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A column in two runs, paired by row. better, worse, equal: rows in which the second counts
    more, less, the same; changed, same: of values that are no numbers. only_first, only_second:
    rows with a value in one of them alone. difference: mean of second - first over the pairs that
    are numbers (or truth values: 1 and 0), with its 95 % interval, None where nothing can be
    said. means: of the pairs in both."""

    column: str
    pairs: int
    better: int
    worse: int
    equal: int
    changed: int
    same: int
    only_first: int
    only_second: int
    means: tuple[float, float] | None
    difference: float | None
    interval: tuple[float, float] | None
