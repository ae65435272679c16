"""Cells as they are shown: pages of rows, one cell whole, columns in figures, score, comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import orjson

from workbench.evals import custom_score, grids, live, scoring
from workbench.evals.grids import Column, Grid
from workbench.evals.prompts import Used
from workbench.evals.reading_values import CUT as CUT
from workbench.evals.reading_values import CellDetail as CellDetail
from workbench.evals.reading_values import CellView as CellView
from workbench.evals.reading_values import Compared as Compared
from workbench.evals.reading_values import Page as Page
from workbench.evals.reading_values import Row as Row
from workbench.evals.reading_values import Scored as Scored
from workbench.evals.reading_values import Summary as Summary
from workbench.evals.runner import running_here
from workbench.evals.values import as_text, readable
from workbench.statistics import t_interval
from workbench.store import dataset_reading, evaluation_cells, evaluation_pages, evaluation_sums
from workbench.store.errors import NotFound, Refused
from workbench.store.evaluation_pages import Condition as Condition
from workbench.store.evaluation_pages import ShownCell
from workbench.store.evaluation_pages import Sort as Sort
from workbench.store.evaluation_sums import Sums
from workbench.store.evaluation_values import DONE, FAILED, RUNNING, STALE, WAITING, Counts
from workbench.store.store import Store

Change = Literal["better", "worse", "equal", "changed", "same", "only_first", "only_second"]


def page(
    store: Store,
    run_id: int,
    *,
    where: Sequence[Condition] = (),
    sort: Sort | None = None,
    offset: int = 0,
    limit: int = 50,
    cut: int | None = CUT,
) -> Page:
    """Rows with the cells of all columns. cut: characters of a value; None gives them whole.
    Raises NotFound, Refused for a column that is not there."""
    found = grids.grid(store, run_id)
    asked: list[Condition | Sort] = [*where, *([sort] if sort is not None else [])]
    for one in asked:
        if one.field in ("value", "state", "passed", "cost") and one.column not in (
            *found.inputs,
            *found.ids,
        ):
            raise Refused(f'There is no column "{one.column}".')
    ids, total = evaluation_pages.page(
        store.connection, found.run, found.ids, where, sort or Sort(), offset, limit
    )
    return Page(tuple(_rows(store, found, ids, cut)), total)


def rows(store: Store, run_id: int, ids: Sequence[int], *, cut: int | None = CUT) -> list[Row]:
    """Chosen rows in that order; those that the version does not have are left out."""
    return _rows(store, grids.grid(store, run_id), ids, cut)


def cell(store: Store, run_id: int, row: int, column: str) -> CellDetail:
    """Raises NotFound."""
    found = grids.grid(store, run_id)
    chosen = found.column(column)
    kept = _rows(store, found, [row], None)
    if not kept:
        raise NotFound(f"The run has no row {row}.")
    said = evaluation_pages.detail(store.connection, run_id, row, chosen.id)
    generations = evaluation_cells.of_rows(store.connection, run_id, [row])[row]
    known = generations.get(chosen.id)
    reads = found.order.reads[column]
    both = {**kept[0].inputs, **kept[0].cells}
    used = said.get("used")
    return CellDetail(
        row=row,
        column=column,
        cell=kept[0].cells[column],
        reasoning=said.get("reasoning"),
        used=Used.from_json(used).sentence if used else None,
        request_ids=tuple(said.get("request_ids") or ()),
        notes=tuple(said.get("notes") or ()),
        data=said.get("data") or {},
        milliseconds=said.get("milliseconds"),
        generation=known.generation if known is not None else 0,
        reads={name: both[name] for name in both if name in reads},
    )


def summaries(store: Store, run_id: int) -> dict[str, Summary]:
    """By the name of the column, from left to right."""
    found = grids.grid(store, run_id)
    connection, run = store.connection, found.run
    ids = found.ids
    total = evaluation_sums.rows_of(connection, run)
    counts = evaluation_sums.counts(
        connection,
        run,
        list(ids.values()),
        [one.id for one in found.columns if one.kind.calls_models],
    )
    sums = evaluation_sums.sums(connection, [(run_id, id_) for id_ in ids.values()])
    failures = evaluation_sums.failures(connection, run_id)
    made = {}
    for name, id_ in ids.items():
        one = sums.get((run_id, id_), Sums())
        made[name] = Summary(
            column=name,
            counts=counts.get(id_, Counts(waiting=total)),
            passed=one.passed,
            not_passed=one.not_passed,
            score=scoring.column_score(name, one, total),
            failures=failures.get(id_, {}),
            milliseconds=one.milliseconds,
        )
    return made


def score(store: Store, run_id: int) -> Scored:
    """Of the settings of the run: its columns and weights, or its code (run in the sandbox over
    all rows; takes up to its limit of time). Never raises for code that fails."""
    found = grids.grid(store, run_id)
    columns = [one.row for one in found.columns]
    wanted = scoring.chosen(found.run, columns)
    sums = evaluation_sums.sums(store.connection, [(run_id, found.ids[name]) for name in wanted])
    total = evaluation_sums.rows_of(store.connection, found.run)
    usual = scoring.score_of(found.run, columns, sums, total)
    code = (found.run.score or {}).get("code")
    if not code:
        return Scored(score=usual)
    off = live.code_columns_off(store.settings)
    if off is not None:
        return Scored(score=usual, problem=off)
    return custom_score.run(store, found, code, usual)


def compare(store: Store, first: int, second: int) -> list[Compared]:
    """The columns that two runs have in common by name, in the order of the second."""
    one, two = grids.grid(store, first), grids.grid(store, second)
    return [
        _compared(store, name, (first, one.ids[name]), (second, id_))
        for name, id_ in two.ids.items()
        if name in one.ids
    ]


def compared_rows(
    store: Store,
    first: int,
    second: int,
    column: str,
    change: Change,
    *,
    offset: int = 0,
    limit: int = 50,
) -> tuple[list[int], int]:
    """The rows of one figure of `compare`, and how many there are."""
    one, two = grids.grid(store, first), grids.grid(store, second)
    return evaluation_sums.paired_rows(
        store.connection,
        (first, one.column(column).id),
        (second, two.column(column).id),
        change,
        offset=offset,
        limit=limit,
    )


# -- parts -----------------------------------------------------------------------------------------


def _rows(store: Store, found: Grid, ids: Sequence[int], cut: int | None) -> list[Row]:
    run = found.run
    if run.dataset_id is None or run.dataset_version is None:
        return []
    connection = store.connection
    kept = dataset_reading.rows_by_id(connection, run.dataset_id, run.dataset_version, ids)
    # A value is cut in the store at some more than is shown: JSON has quotes and escapes.
    cells = evaluation_pages.cells(connection, run.id, ids, None if cut is None else 2 * cut + 2)
    runner = running_here(store)
    live = runner.live(run.id) if runner is not None else None
    now = live.running if live is not None else frozenset()
    return [
        Row(
            id=id_,
            inputs={name: _input(kept[id_].values, name, cut) for name in found.inputs},
            cells=_cells(found, id_, cells[id_], now, cut),
            split=kept[id_].split,
            tags=kept[id_].tags,
            source_request=kept[id_].source_request,
        )
        for id_ in ids
        if id_ in kept
    ]


def _input(values: Mapping[str, Any], name: str, cut: int | None) -> CellView:
    if name not in values:
        return CellView(state=WAITING, waits="This row has no value here.")
    text, value, is_cut = _shown(values[name], cut)
    return CellView(state=DONE, text=text, value=value, is_cut=is_cut)


def _cells(
    found: Grid,
    row: int,
    kept: Mapping[int, ShownCell],
    running: frozenset[tuple[int, int]],
    cut: int | None,
) -> dict[str, CellView]:
    made: dict[str, CellView] = {}
    for column in found.columns:
        cell = kept.get(column.id)
        waits = cell is None or (cell.state == STALE and cell.attempts == 0)
        if (row, column.id) in running:
            made[column.name] = _view(cell, cut, state=RUNNING)
        elif waits or cell is None:
            made[column.name] = CellView(state=WAITING, waits=_why(found, column, made))
        else:
            why = _why(found, column, made) if cell.state == STALE else None
            made[column.name] = _view(cell, cut, state=cell.state, waits=why)
    return made


def _why(found: Grid, column: Column, left: Mapping[str, CellView]) -> str:
    """What a cell waits for. left: the cells of computed columns to its left."""
    if column.kind.name == "HUMAN":
        return "Waiting for a person."
    reads = found.order.reads[column.name]
    for name, cell in left.items():
        if name not in reads or cell.state in (DONE, FAILED):
            continue
        if found.column(name).kind.name == "HUMAN":
            if not column.kind.takes_missing:
                return f"Waiting for a person, in the column {name}."
            continue
        return f"Waiting for the column {name}."
    if found.run.state == RUNNING:
        return "Queued."
    return "Not run yet."


def _view(
    cell: ShownCell | None, cut: int | None, *, state: str, waits: str | None = None
) -> CellView:
    if cell is None:
        return CellView(state=state)
    text, value, is_cut = _text(cell, cut)
    return CellView(
        state=state,
        text=text,
        value=value,
        is_cut=is_cut,
        passed=cell.passed,
        kind=cell.kind,
        message=cell.message,
        retryable=bool(cell.retryable),
        waits=waits,
        attempts=cell.attempts,
        version=cell.version,
        cost=cell.cost,
        author=cell.author,
        ended_at=cell.ended_at,
    )


def _text(cell: ShownCell, cut: int | None) -> tuple[str, Any, bool]:
    """A value as text, as JSON, and whether it is cut."""
    if cell.value is None:
        return "", None, False
    if len(cell.value) < cell.length:
        # A text that is cut in the middle: read as far as it goes.
        text = cell.value
        if text.startswith('"'):
            text = _beginning(text[1:])
        return text[:cut], None, True
    return _shown(orjson.loads(cell.value), cut)


def _shown(value: Any, cut: int | None) -> tuple[str, Any, bool]:
    """A whole value as text, as JSON, and whether it is cut. That goes by all of it: a page does
    not keep images that texts leave out."""
    is_cut = cut is not None and len(as_text(value)) > cut
    return readable(value)[:cut], None if is_cut else value, is_cut


def _beginning(escaped: str) -> str:
    """The beginning of a JSON text, whatever escape it is cut in."""
    for end in range(len(escaped), max(0, len(escaped) - 12), -1):
        try:
            return str(orjson.loads(f'"{escaped[:end]}"'))
        except orjson.JSONDecodeError:
            continue
    return escaped


def _compared(store: Store, name: str, first: tuple[int, int], second: tuple[int, int]) -> Compared:
    found = evaluation_sums.paired(store.connection, first, second)
    interval = None
    if found.difference is not None and found.deviation is not None:
        interval = t_interval(found.difference, found.deviation, found.numbers)
    means = None
    if found.first is not None and found.second is not None:
        means = found.first, found.second
    return Compared(
        column=name,
        pairs=found.pairs,
        better=found.better,
        worse=found.worse,
        equal=found.equal,
        changed=found.changed,
        same=found.same,
        only_first=found.only_first,
        only_second=found.only_second,
        means=means,
        difference=found.difference,
        interval=interval,
    )
