"""People's ratings: given in the grid, or one after the other on a screen made for speed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workbench.evals.grid_reading import Row
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
    raise NotImplementedError


def unrate(store: Store, actor: str, run_id: int, row: int, column: str) -> Rated:
    """Take a rating back (undo)."""
    raise NotImplementedError


def next_unrated(store: Store, run_id: int, column: str, *, after: int = 0) -> Unrated:
    """The next row after this one without a rating in a column, from the first again at the end.
    Rows whose columns to the left are not at their end come too. Raises NotFound."""
    raise NotImplementedError
