"""Who runs a run, and in which state it is: taken, kept by heartbeats, let go.

A run belongs to the process whose number stands in `worker`. Every change here takes the turn of
the run by writing its row, so that of two processes that want it one gets it: the other conflicts
at its commit, runs again and sees the first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from workbench.store import clock
from workbench.store import evaluations as reading
from workbench.store.connection import Connection
from workbench.store.errors import NotFound, Refused
from workbench.store.evaluation_values import (
    CANCELLED,
    DONE,
    PAUSED,
    RUNNING,
    RunInfo,
)
from workbench.store.guards import guard
from workbench.store.writer import Cursor

#: A run whose process was not heard of for this long is taken over.
SILENT = timedelta(seconds=15)


class LostRun(Refused):
    """Another process has the run by now."""


@dataclass(frozen=True, slots=True)
class Beat:
    """What a process that runs a run has to know: commands may come from another one."""

    state: str
    budget: Decimal | None


def take(cursor: Cursor, run_id: int, worker: int) -> tuple[RunInfo, bool]:
    """Set a run running. True: for this process to run; False: a process has it already and goes
    on with it by itself (it finishes what it began before a pause).

    Raises Refused where it runs.
    """
    info = _turn(cursor, run_id)
    if info.state == RUNNING and not _is_free(info, worker=None):
        raise Refused("The run goes on already.")
    mine = _is_free(info, worker=None)
    now = clock.now()
    cursor.execute(
        "UPDATE evaluation_runs SET state = ?, reason = NULL, ended_at = NULL, "
        "started_at = coalesce(started_at, ?) WHERE id = ?",
        [RUNNING, now, run_id],
    )
    if mine:
        cursor.execute(
            "UPDATE evaluation_runs SET worker = ?, heartbeat_at = ? WHERE id = ?",
            [worker, now, run_id],
        )
    return info, mine


def take_over(cursor: Cursor, run_id: int, worker: int) -> bool:
    """Take a run that no living process has, to be run by this one. False: another one was faster,
    or it is not to run; then it is let go of."""
    info = _turn(cursor, run_id)
    if not _is_free(info, worker=worker):
        return False
    if info.state != RUNNING:
        _free(cursor, run_id)
        return False
    cursor.execute(
        "UPDATE evaluation_runs SET worker = ?, heartbeat_at = ? WHERE id = ?",
        [worker, clock.now(), run_id],
    )
    return True


def free_runs(connection: Connection, worker: int) -> list[int]:
    """Runs for `take_over`: to run, or being finished, and of no living process. Those that stand
    as this process's are among them: it leaves out what it really runs."""
    with connection.cursor() as cursor:
        rows = cursor.execute(
            "SELECT id FROM evaluation_runs WHERE (state = ? OR worker IS NOT NULL) AND "
            "(worker IS NULL OR worker = ? OR heartbeat_at IS NULL OR heartbeat_at < ?) "
            "ORDER BY id",
            [RUNNING, worker, clock.now() - SILENT],
        ).fetchall()
    return [int(id_) for (id_,) in rows]


def beat(cursor: Cursor, run_id: int, worker: int) -> Beat:
    """Say that the process lives; raises LostRun."""
    row = cursor.execute(
        "SELECT state, budget FROM evaluation_runs WHERE id = ? AND worker = ?", [run_id, worker]
    ).fetchone()
    if row is None:
        raise LostRun(f"Run {run_id} is run by another process.")
    cursor.execute(
        "UPDATE evaluation_runs SET heartbeat_at = ? WHERE id = ?", [clock.now(), run_id]
    )
    return Beat(str(row[0]), row[1])


def hold(cursor: Cursor, run_id: int, state: str, reason: str | None) -> RunInfo:
    """Pause or cancel: no cell is begun any more. Whoever runs it lets go by itself. Raises Refused
    where it cannot be."""
    info = _turn(cursor, run_id)
    allowed = (RUNNING,) if state == PAUSED else (RUNNING, PAUSED)
    if info.state not in allowed:
        said = "paused" if state == PAUSED else "cancelled"
        raise Refused(f"The run cannot be {said}: it is {SAID[info.state]}.")
    ended = clock.now() if state == CANCELLED else None
    cursor.execute(
        "UPDATE evaluation_runs SET state = ?, reason = ?, ended_at = ? WHERE id = ?",
        [state, reason, ended, run_id],
    )
    return info


def hold_if_running(cursor: Cursor, run_id: int, reason: str) -> None:
    """Pause, with the reason; nothing where it was held already."""
    if _turn(cursor, run_id).state == RUNNING:
        hold(cursor, run_id, PAUSED, reason)


SAID = {
    "new": "not started",
    "running": "running",
    "paused": "paused",
    "done": "at its end",
    "cancelled": "cancelled",
}


def let_go(cursor: Cursor, run_id: int, worker: int) -> bool:
    """After a pause or a cancel, when nothing runs any more. False: it was started again meanwhile,
    and this process still has it. Raises LostRun."""
    state = _mine(cursor, run_id, worker).state
    if state == RUNNING:
        return False
    _free(cursor, run_id)
    return True


def end(cursor: Cursor, run_id: int, worker: int) -> None:
    """Everything that can run has run. Raises LostRun."""
    state = _mine(cursor, run_id, worker).state
    _free(cursor, run_id)
    if state != CANCELLED:
        cursor.execute(
            "UPDATE evaluation_runs SET state = ?, reason = NULL, ended_at = ? WHERE id = ?",
            [DONE, clock.now(), run_id],
        )


def give_up(cursor: Cursor, run_id: int, worker: int, reason: str) -> None:
    """It cannot go on: paused, with the reason."""
    row = cursor.execute(
        "SELECT state FROM evaluation_runs WHERE id = ? AND worker = ?", [run_id, worker]
    ).fetchone()
    if row is None:
        return
    _free(cursor, run_id)
    if row[0] == RUNNING:
        cursor.execute(
            "UPDATE evaluation_runs SET state = ?, reason = ? WHERE id = ?",
            [PAUSED, reason, run_id],
        )


def leave(cursor: Cursor, run_id: int, worker: int) -> None:
    """The process ends: whoever comes next takes the run as it is."""
    cursor.execute(
        "UPDATE evaluation_runs SET worker = NULL, heartbeat_at = NULL WHERE id = ? AND worker = ?",
        [run_id, worker],
    )


def _turn(cursor: Cursor, run_id: int) -> RunInfo:
    guard(cursor, "evaluation run", str(run_id))
    info = reading.run_in(cursor, run_id)
    if info is None:
        raise NotFound(f"There is no run {run_id}.")
    return info


def _is_free(info: RunInfo, worker: int | None) -> bool:
    """Whether no living process has it; `worker`: the one that asks, where it does not run it."""
    if info.worker is None or info.worker == worker or info.heartbeat_at is None:
        return True
    return clock.to_stored(info.heartbeat_at) < clock.now() - SILENT


def _mine(cursor: Cursor, run_id: int, worker: int) -> RunInfo:
    info = _turn(cursor, run_id)
    if info.worker != worker:
        raise LostRun(f"Run {run_id} is run by another process.")
    return info


def _free(cursor: Cursor, run_id: int) -> None:
    cursor.execute(
        "UPDATE evaluation_runs SET worker = NULL, heartbeat_at = NULL WHERE id = ?", [run_id]
    )
