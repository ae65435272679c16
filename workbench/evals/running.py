"""Running an evaluation: started, watched, held, and what is to be run anew.

A run goes on in the background of the server that was told to start it, whatever becomes of the
page, and after a restart where it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from workbench.store.evaluation_values import Counts
from workbench.store.store import Store

Scope = Literal["failed", "stale", "column", "row", "cell", "all"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a run is. counts: of all cells; `columns`: by the name of the column. running: cells
    that run now; for_people: waiting ones that a person has to rate, or that read such a one.
    total: rows times columns. rate: cells a second, seconds: until the end; None where not known.
    cost: dollars so far. state, reason: of the run. is_finishing: it was held, and the cells that
    it began are not at their end yet. is_here: it is run by this process (else the figures are at
    most a second old and `running` is not known)."""

    state: str
    reason: str | None
    rows: int
    total: int
    counts: Counts
    columns: dict[str, Counts]
    running: int
    for_people: int
    rate: float | None
    seconds: float | None
    cost: Decimal
    budget: Decimal | None
    is_finishing: bool
    is_here: bool

    @property
    def share(self) -> float:
        """Of cells that are at their end, 0 to 1; 1 where there are none."""
        return (self.counts.done + self.counts.failed) / self.total if self.total else 1.0


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


def start(store: Store, actor: str, run_id: int) -> None:
    """Run what waits, is stale or was cancelled; goes on where it was held. Returns at once.

    Raises Refused: without a dataset or columns, for a column that cannot run (its sentence), where
    it runs already, and where another process has not finished what it began.
    """
    raise NotImplementedError


def pause(store: Store, actor: str, run_id: int) -> None:
    """Begin no further cell; those that run are finished and kept."""
    raise NotImplementedError


def resume(store: Store, actor: str, run_id: int) -> None:
    """The same as `start`."""
    start(store, actor, run_id)


def cancel(store: Store, actor: str, run_id: int) -> None:
    """Stop the cells that run; they are cancelled, and a later start runs them."""
    raise NotImplementedError


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
    raise NotImplementedError


def set_budget(store: Store, actor: str, run_id: int, dollars: Decimal | None) -> None:
    """The run pauses before it has spent more. None: no limit. At any time."""
    raise NotImplementedError


def progress(store: Store, run_id: int) -> Progress:
    """Cheap: made for looking once a second. Raises NotFound."""
    raise NotImplementedError


def estimate(store: Store, run_id: int, *, sample: int = 20) -> Estimate:
    """What a start would cost. Reads some rows, calls nothing. Takes up to some seconds for large
    prompts. Raises Refused as `start` does."""
    raise NotImplementedError
