"""Running an evaluation: started, watched, held, and what is to be run anew.

A run goes on in the background of the server that was told to start it, whatever becomes of the
page, and after a restart where it was.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal

from workbench.evals import estimating, grid_parts, grids, run_progress
from workbench.evals.estimating import ColumnEstimate as ColumnEstimate
from workbench.evals.estimating import Estimate as Estimate
from workbench.evals.purse import after_change
from workbench.evals.run_progress import Progress as Progress
from workbench.evals.runner import runner_of, running_here
from workbench.jsontext import FieldError
from workbench.store import evaluation_cells, evaluation_runs, evaluations
from workbench.store.connection import Cursor
from workbench.store.errors import Refused
from workbench.store.evaluation_anew import NOTHING, Anew
from workbench.store.evaluation_values import CANCELLED, PAUSED, RUNNING, RunInfo
from workbench.store.store import Store

Scope = Literal["failed", "stale", "column", "row", "cell", "all"]


def start(store: Store, actor: str, run_id: int) -> None:
    """Run what waits, is stale or was cancelled; goes on where it was held. Returns at once.

    Raises Refused: without a dataset or columns, for a column that cannot run (its sentence), where
    it runs already, and where another process has not finished what it began.
    """
    _check(store, run_id)

    def change(cursor: Cursor) -> tuple[RunInfo, bool]:
        info, mine = evaluation_runs.take(cursor, run_id, store.settings.process_id)
        store.evaluations.record(cursor, actor, "start", info, {})
        return info, mine

    # Made first: what is taken is run.
    runner = runner_of(store)
    info, mine = store.change(change).result()
    if mine:
        runner.launch(run_id, actor, is_first=info.started_at is None)


def pause(store: Store, actor: str, run_id: int) -> None:
    """Begin no further cell; those that run are finished and kept."""
    _hold(store, actor, run_id, PAUSED)


def resume(store: Store, actor: str, run_id: int) -> None:
    """The same as `start`."""
    start(store, actor, run_id)


def cancel(store: Store, actor: str, run_id: int) -> None:
    """Stop the cells that run; they are cancelled, and a later start runs them."""
    _hold(store, actor, run_id, CANCELLED)


def rerun(
    store: Store,
    actor: str,
    run_id: int,
    scope: Scope,
    *,
    column: str | None = None,
    row: int | None = None,
    go: bool = True,
) -> int:
    """Mark cells to be run anew, with what depends on them, and start (`go`). Returns how many
    cells were marked. column, row: for the scopes that speak of them. Ratings of people stay.
    "stale": nothing is marked, what is stale is run. While the run goes on, cells may be marked as
    well: they are run at its end.
    """
    anew = _anew(store, run_id, scope, column, row)
    ids = anew.columns

    def change(cursor: Cursor) -> int:
        info = store.evaluations.editable(cursor, actor, run_id, idle=False)
        marked = 0
        if anew.only_failed:
            marked = evaluation_cells.mark_failed(cursor, run_id, ids)
        elif anew.is_whole:
            marked = evaluation_cells.mark_columns(cursor, run_id, ids)
            # What is run as a whole is run with the version that is the newest by then.
            store.evaluations.forget_used(cursor, run_id, ids)
        elif anew.row is not None:
            marked = evaluation_cells.mark_row(cursor, run_id, anew.row, ids, also_waiting=False)
        detail = {"scope": scope, "column": column, "row": row, "cells": marked}
        store.evaluations.record(cursor, actor, "rerun", info, detail)
        return marked

    marked = store.change(change).result()
    if go and evaluations.state(store.connection, run_id) != RUNNING:
        start(store, actor, run_id)
    return marked


def set_budget(store: Store, actor: str, run_id: int, dollars: Decimal | None) -> None:
    """The run pauses before it has spent more. None: no limit. At any time."""
    limit = grid_parts.checked_budget(dollars)

    def change(cursor: Cursor) -> None:
        info = store.evaluations.editable(cursor, actor, run_id, idle=False)
        changes: dict[str, Any] = {"budget": limit}
        reason = after_change(info.reason, limit)
        if reason != info.reason:
            changes["reason"] = reason
        store.evaluations.set_up(cursor, actor, info, changes)

    store.change(change).result()
    runner = running_here(store)
    if runner is not None:
        runner.tell(run_id)


def progress(store: Store, run_id: int) -> Progress:
    """Cheap: made for looking once a second. Raises NotFound."""
    return run_progress.of(store, run_id)


def estimate(
    store: Store,
    run_id: int,
    *,
    sample: int = 20,
    again: Scope | None = None,
    column: str | None = None,
    row: int | None = None,
) -> Estimate:
    """What a start would cost; with `again` a `rerun` of this scope, which runs what is left as
    well. Reads some rows, calls nothing. Takes up to some seconds for large prompts. Raises what
    they raise."""
    _check(store, run_id)
    anew = _anew(store, run_id, again, column, row) if again else NOTHING
    return estimating.estimate(store, run_id, sample, anew)


def _anew(store: Store, run_id: int, scope: Scope, column: str | None, row: int | None) -> Anew:
    """What a rerun marks, with what depends on it. Ratings of people are not among it."""
    found = grids.grid(store, run_id)
    order = found.order
    people = {one.name for one in found.columns if one.kind.name == "HUMAN"}
    if scope in ("column", "cell") and column is None:
        raise FieldError("column", "the name of a column is needed")
    if scope in ("row", "cell") and row is None:
        raise FieldError("row", "the number of a row is needed")
    if column is not None:
        found.column(column)
        if column in people:
            raise Refused(f'"{column}" is given by people: it is rated, not run.')
    if scope == "stale":
        return NOTHING
    names = order.stale_after_edit(column) if column is not None else tuple(order.reads)
    return Anew(
        columns=tuple(found.ids[name] for name in names if name not in people),
        row=row if scope in ("row", "cell") else None,
        only_failed=scope == "failed",
        is_whole=scope in ("column", "all"),
    )


def _check(store: Store, run_id: int) -> None:
    """Raises Refused for a grid that cannot run."""
    found = grids.grid(store, run_id)
    if not found.is_newest:
        raise Refused(
            f"Run {found.run.number} stays as it was: the newest run is the one to start."
        )
    if found.run.dataset_id is None or found.dataset is None:
        raise Refused("There is no dataset to run over: choose one.")
    if not any(one.kind.name != "HUMAN" for one in found.columns):
        raise Refused("There is no column to run: add one.")
    for one in found.columns:
        if one.problems:
            raise Refused(f'"{one.name}" cannot run: {one.problems[0]}')


def _hold(store: Store, actor: str, run_id: int, state: str) -> None:
    verb, said = ("pause", f"Paused by hand ({actor}).") if state == PAUSED else ("cancel", None)

    def change(cursor: Cursor) -> None:
        info = evaluation_runs.hold(cursor, run_id, state, said)
        store.evaluations.record(cursor, actor, verb, info, {})

    store.change(change).result()
    runner = running_here(store)
    if runner is not None:
        runner.tell(run_id, state)
