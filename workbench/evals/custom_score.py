"""A score by code: it gets all rows of the grid and returns {"score", "sub_scores"?,
"score_matrix"?}, as PromptLayer's do. It runs shut off from the machine, like code columns."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from workbench.evals.grids import Grid
from workbench.evals.reading_values import Scored
from workbench.evals.sandbox import Sandbox, SandboxError
from workbench.evals.scores import Score
from workbench.evals.values import number_or_none
from workbench.store import evaluation_pages
from workbench.store.evaluation_pages import Sort
from workbench.store.store import Store

#: Rows that are handed to the code at most.
MAX_ROWS = 20_000
_SLICE = 2000


def run(store: Store, grid: Grid, code: str, usual: Score | None) -> Scored:
    """The score of code over all rows; `data` is the list of rows, each {column: value}. usual: the
    score without it. What goes wrong is its `problem`."""
    rows, total = _rows(store, grid)
    if total > MAX_ROWS:
        return Scored(
            score=usual,
            problem=f"Code scores at most {MAX_ROWS:,} rows; this grid has {total:,}.",
        )
    sandbox = Sandbox(workers=1)
    try:
        ran = asyncio.run(sandbox.run(code, rows))
    except SandboxError as error:
        return Scored(score=usual, problem=str(error))
    finally:
        sandbox.close()
    problem = _problem(ran.value)
    if problem is not None:
        return Scored(score=usual, problem=problem)
    return Scored(score=usual, custom=ran.value)


def _problem(value: Any) -> str | None:
    if not isinstance(value, Mapping) or "score" not in value:
        return 'The code has to return {"score": a number}.'
    if number_or_none(value["score"]) is None or isinstance(value["score"], str):
        return "The score that the code returned is not a number."
    subs = value.get("sub_scores")
    if subs is not None and not isinstance(subs, Mapping | list):
        return "sub_scores has to be numbers by name, or a list."
    return None


def _rows(store: Store, grid: Grid) -> tuple[list[dict[str, Any]], int]:
    from workbench.evals import grid_reading

    found: list[dict[str, Any]] = []
    total = 0
    offset = 0
    while True:
        ids, total = evaluation_pages.page(
            store.connection, grid.run, grid.ids, (), Sort(), offset, _SLICE
        )
        if not ids or total > MAX_ROWS:
            return found, total
        for row in grid_reading.rows(store, grid.run.id, ids, cut=None):
            both = {**row.inputs, **row.cells}
            found.append({name: cell.value for name, cell in both.items()})
        offset += _SLICE
