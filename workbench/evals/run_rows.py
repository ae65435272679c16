"""A row on its way through the columns: each runs when what it reads is at its end."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

import orjson

from workbench.evals.asking import CellCalls
from workbench.evals.cells import Cell, CellError, CellResult, Detail, Waiting
from workbench.evals.run_plan import Plan, PlanColumn
from workbench.store import dataset_reading, evaluation_cells
from workbench.store.connection import Connection
from workbench.store.evaluation_cells import Kept
from workbench.store.evaluation_values import CANCELLED, DONE, FAILED, CellRow

if TYPE_CHECKING:
    from workbench.evals.grid_run import GridRun

#: What became of a column in a row: its value is there, it failed, or it waits for a person.
VALUE, BROKEN, PERSON = "value", "broken", "person"
_NOTHING = Kept("", 0, 0, None)


@dataclass(slots=True)
class Row:
    """values: of the dataset and of cells that are done, by column. settled: of computed columns,
    VALUE, BROKEN or PERSON."""

    id: int
    values: dict[str, Any]
    kept: Mapping[int, Kept]
    settled: dict[str, str] = field(default_factory=dict)


def read_rows(connection: Connection, plan: Plan, ids: Sequence[int]) -> list[Row]:
    """Rows with what is known of their cells."""
    run = plan.run
    assert run.dataset_id is not None
    assert run.dataset_version is not None
    found = dataset_reading.rows_by_id(connection, run.dataset_id, run.dataset_version, ids)
    kept = evaluation_cells.of_rows(connection, run.id, ids)
    rows = []
    for id_ in ids:
        if id_ not in found:
            continue
        row = Row(id_, found[id_].values, kept[id_])
        for column in plan.columns:
            cell = row.kept.get(column.id, _NOTHING)
            if cell.state == DONE:
                row.settled[column.name] = VALUE
                if column.name in plan.read and cell.value is not None:
                    row.values[column.name] = orjson.loads(cell.value)
            elif cell.state == FAILED:
                row.settled[column.name] = BROKEN
        rows.append(row)
    return rows


class RowWork:
    """Runs what is left of one row. answered: done when the row has all its answers, though log
    records of some may still be being written; another row can then take its place."""

    def __init__(self, run: GridRun, row: Row) -> None:
        self._run = run
        self._row = row
        self._left: list[PlanColumn] = []
        self._flying: dict[asyncio.Task[None], PlanColumn] = {}
        self._with_answers: set[int] = set()
        self.answered = asyncio.get_running_loop().create_future()

    async def go(self) -> None:
        run, row = self._run, self._row
        left = self._left = [c for c in run.plan.columns if c.name not in row.settled]
        try:
            while True:
                for column in tuple(left):
                    if run.stopping is not None:
                        left.clear()
                        break
                    if await self._begin(column):
                        left.remove(column)
                if not self._flying:
                    return
                await self._one_ends()
        finally:
            for task in self._flying:
                task.cancel()
            self._let_go()

    def _has_answers(self, column: PlanColumn) -> None:
        self._with_answers.add(column.id)
        if not self._left and all(c.id in self._with_answers for c in self._flying.values()):
            self._let_go()

    def _let_go(self) -> None:
        if not self.answered.done():
            self.answered.set_result(None)

    async def _one_ends(self) -> None:
        done, _ = await asyncio.wait(self._flying, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            del self._flying[task]
            self._run.flying.discard(task)
            if not task.cancelled():
                task.result()

    async def _begin(self, column: PlanColumn) -> bool:
        """Run a column, or begin to; False while something that it reads is not at its end."""
        run, row = self._run, self._row
        states = [row.settled.get(name) for name in column.computed]
        if None in states:
            return False
        if column.is_person:
            row.settled[column.name] = PERSON
        elif not column.kind.takes_missing and BROKEN in states:
            broken = next(n for n in column.computed if row.settled[n] == BROKEN)
            error = CellError("missing_input", f'The column "{broken}" failed in this row.')
            self._keep(column, error, attempts=0, generation=self._kept(column).generation)
        elif not column.kind.takes_missing and PERSON in states:
            row.settled[column.name] = PERSON
        elif column.is_quick:
            await self._quick(column)
        elif await self._may_begin(column):
            run.purse.begin(column.id)
            run.running[row.id, column.id] = time.monotonic()
            task = asyncio.create_task(self._cell(column))
            self._flying[task] = column
            run.flying.add(task)
        return True

    async def _may_begin(self, column: PlanColumn) -> bool:
        run = self._run
        if column.kind.calls_models and not await run.purse.admits(column.id):
            await run.out_of_money()
        return run.stopping is None

    async def _quick(self, column: PlanColumn) -> None:
        """On the spot: as a task of its own it would cost more than it does."""
        kept = self._kept(column)
        cell = column.error or await column.kind.run(
            column.config, self._values(column), column.context
        )
        self._keep(column, cell, attempts=1, generation=kept.generation)

    async def _cell(self, column: PlanColumn) -> None:
        run, row = self._run, self._row
        context = column.context
        calls = CellCalls(
            context.ask,
            run.answer,
            run.logs,
            row.id,
            column.id,
            self._kept(column).generation,
            partial(self._has_answers, column) if column.kind.asks_at_once else None,
        )
        context = replace(context, ask=calls)
        cost: Decimal | None = None
        try:
            for attempt in range(1, len(run.waits) + 2):
                calls.has_failed = False
                cell = column.error or await column.kind.run(
                    column.config, self._values(column), context
                )
                if not isinstance(cell, CellError):
                    break
                if not calls.has_failed:
                    # The answers were whole and led to nothing: the next try asks for others.
                    calls.anew()
                if not cell.retryable or attempt > len(run.waits):
                    break
                if not await self._waited(run.waits[attempt - 1]):
                    return
            cell = _with_all(cell, calls)
            cost = cell.detail.cost
            self._keep(column, cell, attempts=attempt, generation=calls.generation)
        except asyncio.CancelledError:
            if run.stopping == CANCELLED:
                run.writer.put(
                    CellRow(
                        dataset_row=row.id,
                        column_id=column.id,
                        state=CANCELLED,
                        attempts=1,
                        generation=calls.generation,
                    )
                )
            raise
        finally:
            run.purse.end(column.id, cost)
            run.running.pop((row.id, column.id), None)

    async def _waited(self, seconds: float) -> bool:
        """Wait before the next try; False where the run is stopped meanwhile: the cell then waits
        for the next start."""
        seconds *= random.uniform(0.75, 1.25)  # noqa: S311 - spreads retries, no secret
        try:
            await asyncio.wait_for(self._run.stopped.wait(), seconds)
        except TimeoutError:
            return True
        return False

    def _kept(self, column: PlanColumn) -> Kept:
        return self._row.kept.get(column.id, _NOTHING)

    def _values(self, column: PlanColumn) -> Mapping[str, Any]:
        values = self._row.values
        if column.left is None:
            return values
        return {name: values[name] for name in column.left if name in values}

    def _keep(self, column: PlanColumn, cell: Cell, *, attempts: int, generation: int) -> None:
        """Settle the column in this row, and hand the cell to the writer."""
        row = self._row
        if isinstance(cell, Waiting):
            row.settled[column.name] = PERSON
            return
        if isinstance(cell, CellResult):
            row.settled[column.name] = VALUE
            row.values[column.name] = cell.value
        else:
            row.settled[column.name] = BROKEN
        self._run.writer.put(cell_row(row.id, column.id, cell, attempts, generation))
        self._run.ended()


def cell_row(
    row: int, column: int, cell: CellResult | CellError, attempts: int, generation: int
) -> CellRow:
    """A cell as it is stored."""
    said = cell.detail.to_json()
    detail = orjson.dumps(said).decode() if said else None
    if isinstance(cell, CellError):
        return CellRow(
            dataset_row=row,
            column_id=column,
            state=FAILED,
            kind=cell.kind,
            message=cell.message,
            retryable=cell.retryable,
            attempts=attempts,
            generation=generation,
            detail=detail,
            cost=cell.detail.cost,
        )
    return CellRow(
        dataset_row=row,
        column_id=column,
        state=DONE,
        value=orjson.dumps(cell.value).decode(),
        passed=cell.passed,
        attempts=attempts,
        generation=generation,
        detail=detail,
        cost=cell.detail.cost,
    )


def _with_all(cell: Cell, calls: CellCalls) -> Cell:
    """With the calls of every attempt and what they cost together, each once."""
    if not calls.request_ids:
        return cell
    known = [cost for cost in calls.request_ids.values() if cost is not None]
    whole = len(known) == len(calls.request_ids)
    ids = tuple(dict.fromkeys((*calls.request_ids, *cell.detail.request_ids)))
    detail: Detail = replace(
        cell.detail, request_ids=ids, cost=sum(known, Decimal(0)) if whole else None
    )
    return replace(cell, detail=detail)
