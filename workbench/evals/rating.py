"""People's ratings: given in the grid, or one after the other on a screen made for speed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workbench.evals import grid_reading, grids
from workbench.evals.columns.human import Human, HumanConfig
from workbench.evals.grids import Grid
from workbench.evals.reading_values import Row
from workbench.store import evaluation_cells, evaluation_pages, evaluation_sums
from workbench.store.connection import Cursor
from workbench.store.errors import NotFound, Refused
from workbench.store.store import Store


@dataclass(frozen=True, slots=True)
class Rated:
    """What a rating did. stale: columns of that row that are to be run anew for it."""

    stale: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unrated:
    """The next item. row: with all its cells, None where nothing is left. left: how many have no
    rating, this one included; total: rows."""

    row: Row | None
    left: int
    total: int


def rate(store: Store, actor: str, run_id: int, row: int, column: str, value: Any) -> Rated:
    """Keep a rating, at any time, also while the run goes on; the row's dependants go stale and
    are run by the run that goes on, or by the next start. Raises FieldError ("value") where the
    column does not take it, Refused for a column that is not for people, NotFound."""
    found = grids.grid(store, run_id)
    chosen = found.column(column)
    if not isinstance(chosen.kind, Human):
        raise Refused(f'"{column}" is computed, not rated.')
    assert isinstance(chosen.config, HumanConfig)
    kept = chosen.kind.accept(chosen.config, value)
    return _keep(store, actor, found, row, chosen.id, column, kept, is_taken_back=False)


def unrate(store: Store, actor: str, run_id: int, row: int, column: str) -> Rated:
    """Take a rating back (undo)."""
    found = grids.grid(store, run_id)
    chosen = found.column(column)
    if not isinstance(chosen.kind, Human):
        raise Refused(f'"{column}" is computed, not rated.')
    return _keep(store, actor, found, row, chosen.id, column, None, is_taken_back=True)


def next_unrated(store: Store, run_id: int, column: str, *, after: int = 0) -> Unrated:
    """The next row after this one without a rating in a column, from the first again at the end.
    Rows whose columns to the left are not at their end come too. Raises NotFound."""
    found = grids.grid(store, run_id)
    chosen = found.column(column)
    connection = store.connection
    total = evaluation_sums.rows_of(connection, found.run)
    row, left = evaluation_pages.unrated(connection, found.run, chosen.id, after)
    if row is None:
        return Unrated(None, 0, total)
    return Unrated(grid_reading.rows(store, run_id, [row], cut=None)[0], left, total)


def _keep(
    store: Store,
    actor: str,
    found: Grid,
    row: int,
    column_id: int,
    column: str,
    value: Any,
    *,
    is_taken_back: bool,
) -> Rated:
    run_id = found.run.id
    stale = found.order.stale_after_value(column)
    ids = [found.ids[name] for name in stale]

    def change(cursor: Cursor) -> None:
        info = store.evaluations.editable(cursor, actor, run_id, idle=False)
        if not evaluation_cells.has_row(cursor, info, row):
            raise NotFound(f"The run has no row {row}.")
        author = None if is_taken_back else actor
        evaluation_cells.rate(cursor, run_id, row, column_id, value, author, store.make_id)
        evaluation_cells.mark_row(cursor, run_id, row, ids, also_waiting=True)
        verb = "unrate" if is_taken_back else "rate"
        detail = {"row": row, "column": column, "value": value}
        store.evaluations.record(cursor, actor, verb, info, detail)

    store.change(change).result()
    return Rated(stale)
