"""Jobs as the store keeps them: what was asked, how far it came, who is at it.

A job belongs to the process whose number stands in `worker`, as a run of an evaluation does. One
that no living process has is lost: it says how far it came, and can be taken to go on.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson

from workbench.store import clock
from workbench.store.connection import Connection
from workbench.store.errors import NotFound, Refused
from workbench.store.evaluation_runs import SILENT
from workbench.store.guards import guard
from workbench.store.writer import Cursor

WAITING, RUNNING = "waiting", "running"
DONE, FAILED, STOPPED, LOST = "done", "failed", "stopped", "lost"
UNFINISHED = (WAITING, RUNNING)
#: So many that ended are kept of an area: what a person may still want to read.
KEPT = 50
_COLUMNS = (
    "id, area, kind, subject, title, actor, spec, through, planned, state, outcome, error, worker, "
    "heartbeat_at, stop_asked, created_at, started_at, ended_at"
)
_TIMES = ("heartbeat_at", "created_at", "started_at", "ended_at")


class LostJob(Refused):
    """Another process has the job by now, or it was taken off the list."""


@dataclass(frozen=True, slots=True)
class Process:
    """Who looks. worker: its number. here: the jobs that it runs. is_alone: no other process can
    have the store."""

    worker: int
    here: Collection[int] = ()
    is_alone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRow:
    """One job (workbench/store/migrations/m0014_jobs.py). Times are aware (UTC)."""

    id: int
    area: str
    kind: str
    subject: int | None
    title: str
    actor: str
    spec: dict[str, Any]
    through: int
    planned: int | None
    state: str
    outcome: dict[str, Any] | None
    error: str | None
    worker: int | None
    heartbeat_at: datetime | None
    stop_asked: bool
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None

    @property
    def is_over(self) -> bool:
        """Whether nobody works at it; a lost one can be taken to go on."""
        return self.state not in UNFINISHED

    @property
    def is_finished(self) -> bool:
        """Whether its outcome is whole: it came to its end, or to the stop that was asked for."""
        return self.state in (DONE, STOPPED)


def add(
    cursor: Cursor,
    process: Process,
    id_: int,
    *,
    area: str,
    kind: str,
    subject: int | None,
    title: str,
    actor: str,
    spec: Mapping[str, Any],
) -> None:
    """Put a job on the list of its area, for this process to run; old ones leave it."""
    _tidy(cursor, area, process)
    now = clock.now()
    cursor.execute(
        f"INSERT INTO jobs ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, 0, NULL, ?, NULL, NULL, ?, ?, "
        "FALSE, ?, NULL, NULL)",
        [id_, area, kind, subject, title, actor, _json(spec), WAITING, process.worker, now, now],
    )


def begin(cursor: Cursor, id_: int, worker: int) -> None:
    """It is its turn."""
    now = clock.now()
    cursor.execute(
        "UPDATE jobs SET state = ?, heartbeat_at = ?, started_at = coalesce(started_at, ?) "
        "WHERE id = ? AND worker = ?",
        [RUNNING, now, now, id_, worker],
    )


def note(
    cursor: Cursor,
    id_: int,
    worker: int,
    through: int,
    planned: int | None,
    so_far: Mapping[str, Any] | None,
) -> None:
    """How far it is: run in the transaction that brings it there. Raises LostJob, so that what two
    processes have begun is done by one of them."""
    told = None if so_far is None else _json(so_far)
    row = cursor.execute(
        "UPDATE jobs SET through = ?, planned = ?, outcome = coalesce(?, outcome), "
        "heartbeat_at = ? WHERE id = ? AND worker = ?",
        [through, planned, told, clock.now(), id_, worker],
    ).fetchone()
    if row is None or row[0] == 0:
        raise LostJob("Another process goes on with this, or it was taken off the list.")


def beat(cursor: Cursor, ids: Sequence[int], worker: int) -> set[int]:
    """Say that the process lives; which of its jobs are asked to stop."""
    cursor.execute(
        "UPDATE jobs SET heartbeat_at = ? WHERE id IN (SELECT unnest(?::BIGINT[])) AND worker = ?",
        [clock.now(), list(ids), worker],
    )
    rows = cursor.execute(
        "SELECT id FROM jobs WHERE stop_asked AND id IN (SELECT unnest(?::BIGINT[]))", [list(ids)]
    ).fetchall()
    return {id_ for (id_,) in rows}


def ask_stop(cursor: Cursor, id_: int) -> None:
    cursor.execute("UPDATE jobs SET stop_asked = TRUE WHERE id = ?", [id_])


def end(
    cursor: Cursor,
    id_: int,
    worker: int,
    *,
    state: str,
    through: int,
    planned: int | None,
    outcome: Mapping[str, Any] | None = None,
    error: str | None = None,
) -> None:
    """How it ended. Where it failed or was lost, what was told of it until then is kept."""
    told = None if outcome is None else _json(outcome)
    cursor.execute(
        "UPDATE jobs SET state = ?, through = ?, planned = ?, outcome = coalesce(?, outcome), "
        "error = ?, worker = NULL, heartbeat_at = NULL, ended_at = ? WHERE id = ? AND worker = ?",
        [state, through, planned, told, error, clock.now(), id_, worker],
    )


def take(cursor: Cursor, id_: int, process: Process) -> JobRow:
    """Take a job that was lost, to go on with it. Raises NotFound, and Refused where it is not."""
    guard(cursor, "job", str(id_))
    found = _get(cursor, id_, process)
    if found is None:
        raise NotFound("It is not on the list any more.")
    if found.state != LOST:
        raise Refused("It goes on already, or is at its end.")
    cursor.execute(
        "UPDATE jobs SET state = ?, worker = ?, heartbeat_at = ?, stop_asked = FALSE, "
        "ended_at = NULL WHERE id = ?",
        [WAITING, process.worker, clock.now(), id_],
    )
    return found


def remove(cursor: Cursor, id_: int, process: Process) -> None:
    """Take a job off the list, where nobody works at it."""
    guard(cursor, "job", str(id_))
    found = _get(cursor, id_, process)
    if found is not None and found.is_over:
        cursor.execute("DELETE FROM jobs WHERE id = ?", [id_])


def get(connection: Connection, id_: int, process: Process) -> JobRow | None:
    with connection.cursor() as cursor:
        return _get(cursor, id_, process)


def listed(
    connection: Connection, area: str, process: Process, subject: int | None = None
) -> list[JobRow]:
    """The jobs of an area, or those of one subject; the last one first."""
    with connection.cursor() as cursor:
        rows = cursor.execute(
            f"SELECT {_COLUMNS} FROM jobs WHERE area = ? AND (?::BIGINT IS NULL OR subject = ?) "
            "ORDER BY id DESC",
            [area, subject, subject],
        ).fetchall()
    return [_read(row, process) for row in rows]


def open_ones(connection: Connection, area: str, process: Process) -> list[JobRow]:
    """Those of an area that wait or go on, and those that were lost; the first one first."""
    with connection.cursor() as cursor:
        rows = cursor.execute(
            f"SELECT {_COLUMNS} FROM jobs WHERE area = ? AND state IN (?, ?, ?) ORDER BY id",
            [area, *UNFINISHED, LOST],
        ).fetchall()
    return [_read(row, process) for row in rows]


def _tidy(cursor: Cursor, area: str, process: Process) -> None:
    rows = cursor.execute(
        f"SELECT {_COLUMNS} FROM jobs WHERE area = ? ORDER BY id DESC", [area]
    ).fetchall()
    over = [job.id for job in (_read(row, process) for row in rows) if job.is_over]
    if over[KEPT:]:
        cursor.execute("DELETE FROM jobs WHERE id IN (SELECT unnest(?::BIGINT[]))", [over[KEPT:]])


def _get(cursor: Cursor, id_: int, process: Process) -> JobRow | None:
    row = cursor.execute(f"SELECT {_COLUMNS} FROM jobs WHERE id = ?", [id_]).fetchone()
    return None if row is None else _read(row, process)


def _read(row: Sequence[Any], process: Process) -> JobRow:
    """The row, as lost where it stands as under way and no living process has it."""
    values = dict(zip(_COLUMNS.split(", "), row, strict=True))
    for name in _TIMES:
        if values[name] is not None:
            values[name] = clock.from_stored(values[name])
    for name in ("spec", "outcome"):
        values[name] = orjson.loads(values[name]) if values[name] else None
    job = JobRow(**values)
    return replace(job, state=LOST) if not job.is_over and not _is_alive(job, process) else job


def _is_alive(job: JobRow, process: Process) -> bool:
    if job.id in process.here:
        return True
    if process.is_alone or job.worker is None or job.worker == process.worker:
        return False
    return job.heartbeat_at is not None and clock.to_stored(job.heartbeat_at) > (
        clock.now() - SILENT
    )


def _json(value: Mapping[str, Any]) -> str:
    return orjson.dumps(dict(value)).decode()
