"""Runs of the playground: begun, ended, and read with what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson

from workbench.store import clock
from workbench.store.connection import Connection
from workbench.store.playground import HIDDEN
from workbench.store.writer import Cursor

RUNNING, DONE, FAILED, STOPPED = "running", "done", "failed", "stopped"
_COLUMNS = (
    "id, session_id, column_id, batch, row_number, repeat, turn, model, process, actor, "
    "started_at, status, ended_at, answer, finish, error, ignored, request_id, latency_ms, "
    "first_token_ms, tokens_per_second, input_tokens, output_tokens, cost"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRun:
    """A run that begins. model: "provider/model". process: which of the workbench's processes."""

    id: str
    session_id: int
    column_id: str
    batch: int
    row: int
    repeat: int
    turn: int
    model: str
    process: int
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What became of a run. answer: messages. Milliseconds, tokens, dollars; None: unknown."""

    status: str
    answer: Any
    finish: str | None
    error: str | None
    ignored: tuple[str, ...]
    request_id: int | None
    latency_ms: float | None
    first_token_ms: float | None
    tokens_per_second: float | None
    input_tokens: int | None
    output_tokens: int | None
    cost: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptRun:
    """`begun.process` kept it "running" where `status` says so and nothing came after it.
    ended: None as long as it runs, or where its process died."""

    begun: NewRun
    started_at: datetime
    status: str
    ended: Ended | None


@dataclass(frozen=True, slots=True)
class BriefRun:
    """A run without its answer."""

    id: str
    column_id: str
    row: int
    repeat: int
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One press of Run: how many runs it began, over how many rows and repeats."""

    id: int
    started_at: datetime
    runs: int
    rows: int
    repeats: int


def begin(cursor: Cursor, runs: Sequence[NewRun]) -> None:
    now = clock.now()
    for one in runs:
        cursor.execute(
            "INSERT INTO playground_runs (id, session_id, column_id, batch, row_number, repeat, "
            "turn, model, process, actor, started_at, status) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                *(one.id, one.session_id, one.column_id, one.batch, one.row, one.repeat),
                *(one.turn, one.model, one.process, one.actor, now, RUNNING),
            ],
        )


def end(cursor: Cursor, id_: str, ended: Ended) -> None:
    """Keep how a run ended; nothing happens where its session was purged meanwhile."""
    cursor.execute(
        "UPDATE playground_runs SET status = ?, ended_at = ?, answer = ?, finish = ?, error = ?, "
        "ignored = ?, request_id = ?, latency_ms = ?, first_token_ms = ?, tokens_per_second = ?, "
        "input_tokens = ?, output_tokens = ?, cost = ? WHERE id = ?",
        [
            *(ended.status, clock.now(), orjson.dumps(ended.answer).decode(), ended.finish),
            *(ended.error, list(ended.ignored), ended.request_id, ended.latency_ms),
            *(ended.first_token_ms, ended.tokens_per_second, ended.input_tokens),
            *(ended.output_tokens, ended.cost, id_),
        ],
    )


def get(connection: Connection, ids: Sequence[str]) -> dict[str, KeptRun]:
    """Runs by their ids; without those whose request was deleted from the logs."""
    return _read(connection, "id IN (SELECT unnest(?::VARCHAR[]))", list(ids)) if ids else {}


def of_session(connection: Connection, session_id: int) -> dict[str, KeptRun]:
    """All runs of a session in the order in which they began, as `get` gives them."""
    return _read(connection, "session_id = ?", session_id)


def of_batch(connection: Connection, batch: int) -> list[KeptRun]:
    """The runs of one press of Run, of first turns alone, by row and repeat."""
    found = _read(connection, "turn = 0 AND batch = ?", batch).values()
    return sorted(found, key=lambda one: (one.begun.row, one.begun.repeat, one.begun.column_id))


def brief(connection: Connection, batch: int) -> list[BriefRun]:
    """As `of_batch`, without the answers: for looking every now and then."""
    with connection.cursor() as cursor:
        rows = cursor.execute(
            "SELECT id, column_id, row_number, repeat, status FROM playground_runs "
            f"WHERE turn = 0 AND batch = ? AND coalesce(request_id, -1) NOT IN {HIDDEN} "
            "ORDER BY row_number, repeat, column_id",
            [batch],
        ).fetchall()
    return [BriefRun(*row) for row in rows]


def batches(connection: Connection, session_ids: Sequence[int], limit: int = 50) -> list[Batch]:
    """The presses of Run of these sessions, the newest first; later turns are none."""
    with connection.cursor() as cursor:
        rows = cursor.execute(
            "SELECT batch, min(started_at), count(*), count(DISTINCT row_number), "
            "count(DISTINCT repeat) FROM playground_runs WHERE turn = 0 "
            "AND session_id IN (SELECT unnest(?::BIGINT[])) "
            f"AND coalesce(request_id, -1) NOT IN {HIDDEN} "
            "GROUP BY batch ORDER BY batch DESC LIMIT ?",
            [list(session_ids), limit],
        ).fetchall()
    return [
        Batch(
            id=row[0],
            started_at=clock.from_stored(row[1]),
            runs=row[2],
            rows=row[3],
            repeats=row[4],
        )
        for row in rows
    ]


def _read(connection: Connection, which: str, given: Any) -> dict[str, KeptRun]:
    with connection.cursor() as cursor:
        rows = cursor.execute(
            f"SELECT {_COLUMNS} FROM playground_runs WHERE {which} "
            f"AND coalesce(request_id, -1) NOT IN {HIDDEN} "
            "ORDER BY started_at, batch, row_number, repeat, column_id, id",
            [given],
        ).fetchall()
    return {str(row[0]): _run(row) for row in rows}


def _run(row: Sequence[Any]) -> KeptRun:
    begun = NewRun(
        id=row[0],
        session_id=row[1],
        column_id=row[2],
        batch=row[3],
        row=row[4],
        repeat=row[5],
        turn=row[6],
        model=row[7],
        process=row[8],
        actor=row[9],
    )
    status = str(row[11])
    ended = None
    if row[12] is not None:
        ended = Ended(
            status=status,
            answer=orjson.loads(row[13] or "[]"),
            finish=row[14],
            error=row[15],
            ignored=tuple(row[16] or ()),
            request_id=row[17],
            latency_ms=row[18],
            first_token_ms=row[19],
            tokens_per_second=row[20],
            input_tokens=row[21],
            output_tokens=row[22],
            cost=row[23],
        )
    return KeptRun(begun=begun, started_at=clock.from_stored(row[10]), status=status, ended=ended)
