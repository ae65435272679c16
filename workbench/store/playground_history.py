"""All runs of the playground, the newest first, with filters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from workbench.store import clock
from workbench.store.connection import Connection
from workbench.store.playground import HIDDEN

#: The order of the list, and where a page of it begins: the time and the id of a run.
Position = tuple[datetime, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which runs; None takes all. session: its id; text: part of its name. status: one of
    playground_runs; "running" finds those that go on and those whose process died."""

    actor: str | None = None
    model: str | None = None
    status: str | None = None
    since: datetime | None = None
    session: int | None = None
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PastRun:
    """session: its name, None where it was removed or its request was deleted. Milliseconds,
    tokens, dollars; None: unknown. Times aware, UTC."""

    id: str
    session_id: int
    session: str | None
    column_id: str
    row: int
    repeat: int
    turn: int
    model: str
    process: int
    actor: str
    started_at: datetime
    status: str
    error: str | None
    request_id: int | None
    latency_ms: float | None
    input_tokens: int | None
    output_tokens: int | None
    cost: Decimal | None


_COLUMNS = (
    "r.id, r.session_id, s.name, r.column_id, r.row_number, r.repeat, r.turn, r.model, r.process, "
    "r.actor, r.started_at, r.status, r.error, r.request_id, r.latency_ms, r.input_tokens, "
    "r.output_tokens, r.cost"
)
_FROM = (
    "FROM playground_runs r LEFT JOIN playground_sessions s ON s.id = r.session_id "
    f"AND s.deleted_at IS NULL AND coalesce(s.source_request, -1) NOT IN {HIDDEN} "
    f"WHERE coalesce(r.request_id, -1) NOT IN {HIDDEN}"
)


def runs(
    connection: Connection, wanted: Wanted, *, after: Position | None = None, limit: int = 100
) -> list[PastRun]:
    """after: the last run of the page before."""
    where, given = _where(wanted)
    if after is not None:
        where += " AND (r.started_at, r.id) < (?, ?)"
        given += [clock.to_stored(after[0]), after[1]]
    with connection.cursor() as cursor:
        rows = cursor.execute(
            f"SELECT {_COLUMNS} {_FROM}{where} ORDER BY r.started_at DESC, r.id DESC LIMIT ?",
            [*given, limit],
        ).fetchall()
    return [_run(row) for row in rows]


def count(connection: Connection, wanted: Wanted) -> int:
    where, given = _where(wanted)
    with connection.cursor() as cursor:
        row = cursor.execute(f"SELECT count(*) {_FROM}{where}", given).fetchone()
    return int(row[0]) if row else 0


def choices(connection: Connection) -> tuple[list[str], list[str]]:
    """The actors and the models that there are runs of."""
    with connection.cursor() as cursor:
        found = [
            cursor.execute(f"SELECT DISTINCT r.{name} {_FROM} ORDER BY 1 LIMIT 500").fetchall()
            for name in ("actor", "model")
        ]
    actors, models = ([str(value) for (value,) in rows] for rows in found)
    return actors, models


def _where(wanted: Wanted) -> tuple[str, list[Any]]:
    where, given = "", []
    for name in ("actor", "model", "status"):
        value = getattr(wanted, name)
        if value is not None:
            where += f" AND r.{name} = ?"
            given.append(value)
    if wanted.since is not None:
        where += " AND r.started_at >= ?"
        given.append(clock.to_stored(wanted.since))
    if wanted.session is not None:
        where += " AND r.session_id = ?"
        given.append(wanted.session)
    if wanted.text.strip():
        where += " AND contains(lower(coalesce(s.name, '')), lower(?))"
        given.append(wanted.text.strip())
    return where, given


def _run(row: Sequence[Any]) -> PastRun:
    return PastRun(
        id=row[0],
        session_id=row[1],
        session=row[2],
        column_id=row[3],
        row=row[4],
        repeat=row[5],
        turn=row[6],
        model=row[7],
        process=row[8],
        actor=row[9],
        started_at=clock.from_stored(row[10]),
        status=row[11],
        error=row[12],
        request_id=row[13],
        latency_ms=row[14],
        input_tokens=row[15],
        output_tokens=row[16],
        cost=row[17],
    )
