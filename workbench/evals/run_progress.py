"""How far a run is: from the store, and from the process that runs it where it is this one."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from workbench.evals import grid_edits
from workbench.evals.columns import AllLeft, column_type
from workbench.evals.runner import running_here
from workbench.store import evaluation_sums, evaluations
from workbench.store.errors import NotFound
from workbench.store.evaluation_values import RUNNING, ColumnRow, Counts, RunInfo
from workbench.store.store import Store

#: Seconds for which what was counted is shown again: several people may look at one run.
_FRESH_SECONDS = 0.8
_KEPT = 64


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


_lock = threading.Lock()
_counted: dict[tuple[int, int], tuple[float, int, dict[int, Counts]]] = {}


def of(store: Store, run_id: int) -> Progress:
    """Raises NotFound."""
    info = evaluations.run(store.connection, run_id)
    if info is None:
        raise NotFound(f"There is no run {run_id}.")
    columns = evaluations.columns(store.connection, run_id)
    runner = running_here(store)
    live = runner.live(run_id) if runner is not None else None
    rows, by_id = _counts(store, info, columns, is_live=live is not None)
    named = {one.name: by_id.get(one.id, Counts(waiting=rows)) for one in columns}
    whole = total(named.values())
    people = _for_people(columns, named)
    rate = live.rate if live is not None and info.state == RUNNING else None
    left = max(0, whole.left - people)
    return Progress(
        state=info.state,
        reason=info.reason,
        rows=rows,
        total=rows * len(columns),
        counts=whole,
        columns=named,
        running=len(live.running) if live is not None else 0,
        for_people=people,
        rate=rate,
        seconds=left / rate if rate else None,
        cost=whole.cost,
        budget=info.budget,
        is_finishing=info.state != RUNNING and info.worker is not None,
        is_here=live is not None,
    )


def total(counts: Iterable[Counts]) -> Counts:
    """Of several columns."""
    found = list(counts)
    return Counts(
        done=sum(one.done for one in found),
        failed=sum(one.failed for one in found),
        stale=sum(one.stale for one in found),
        cancelled=sum(one.cancelled for one in found),
        waiting=sum(one.waiting for one in found),
        cost=sum((one.cost for one in found), Decimal(0)),
        unpriced=sum(one.unpriced for one in found),
    )


def _counts(
    store: Store, info: RunInfo, columns: Sequence[ColumnRow], *, is_live: bool
) -> tuple[int, dict[int, Counts]]:
    """Rows, and cells by column; while it runs, of less than a second ago."""
    key, now = (id(store), info.id), time.monotonic()
    with _lock:
        known = _counted.get(key)
    if is_live and known is not None and now - known[0] < _FRESH_SECONDS:
        return known[1], known[2]
    rows = evaluation_sums.rows_of(store.connection, info)
    found = evaluation_sums.counts(
        store.connection,
        info,
        [one.id for one in columns],
        [one.id for one in columns if column_type(one.type).calls_models],
    )
    with _lock:
        _counted[key] = now, rows, found
        while len(_counted) > _KEPT:
            del _counted[next(iter(_counted))]
    return rows, found


def _for_people(columns: Sequence[ColumnRow], counts: Mapping[str, Counts]) -> int:
    """Cells that wait for a rating, and those that wait for such a one. Of the latter at most as
    many as there are rows without a rating: while the run goes on, some of them wait for it."""
    unrated: dict[str, int] = {}
    found = 0
    for one in columns:
        if one.type == "HUMAN":
            unrated[one.name] = counts[one.name].left
            found += unrated[one.name]
            continue
        kind = column_type(one.type)
        sources = grid_edits.reads_of(one).sources
        if kind.takes_missing:
            continue
        names = unrated if isinstance(sources, AllLeft) else sources
        most = max((unrated.get(name, 0) for name in names), default=0)
        if most:
            unrated[one.name] = min(most, counts[one.name].left)
            found += unrated[one.name]
    return found
