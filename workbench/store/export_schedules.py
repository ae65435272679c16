"""Exports that repeat, as the store keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson

from workbench.ids import IdMaker
from workbench.store import clock
from workbench.store.audit import Audit
from workbench.store.connection import Connection
from workbench.store.errors import NotFound, Refused
from workbench.store.guards import guard
from workbench.store.writer import Cursor

EVERY = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(weeks=1)}
_COLUMNS = "id, created_at, created_by, name, spec, every, next_at, last_export, paused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """An export that repeats. Times are aware (UTC). every: a key of EVERY.

    last_export: the id of the newest one that it started.
    """

    id: int
    created_at: datetime
    created_by: str
    name: str
    spec: dict[str, Any]
    every: str
    next_at: datetime
    last_export: int | None
    paused: bool


class ExportSchedules:
    """Changes to be run by the writer."""

    def __init__(self, make_id: IdMaker, audit: Audit) -> None:
        self._make_id = make_id
        self._audit = audit

    def add(
        self, cursor: Cursor, actor: str, name: str, spec: dict[str, Any], every: str, at: datetime
    ) -> int:
        """`at`: when it is due first (aware). Raises Refused for an `every` that is none."""
        if every not in EVERY:
            raise Refused(f"An export repeats every {', '.join(EVERY)}.")
        id_ = self._make_id()
        cursor.execute(
            f"INSERT INTO export_schedules ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, NULL, FALSE)",
            [
                id_,
                clock.now(),
                actor,
                name,
                orjson.dumps(spec).decode(),
                every,
                clock.to_stored(at),
            ],
        )
        detail = {"spec": spec, "every": every}
        self._audit.record(cursor, actor, "export_schedule.add", f"export_schedule/{id_}", detail)
        return id_

    def take(self, cursor: Cursor, now: datetime) -> list[Schedule]:
        """Those that are due, each moved on to its next time: nobody else starts them. `now` is
        aware. What was missed while nothing ran is made up once."""
        guard(cursor, "export_schedules", "due")
        stored = clock.to_stored(now)
        rows = cursor.execute(
            f"SELECT {_COLUMNS} FROM export_schedules WHERE NOT paused AND next_at <= ? "
            "ORDER BY next_at, id",
            [stored],
        ).fetchall()
        for row in rows:
            step, at = EVERY[row[5]], row[6]
            at += step * (1 + (stored - at) // step)
            cursor.execute("UPDATE export_schedules SET next_at = ? WHERE id = ?", [at, row[0]])
        return [_read(row) for row in rows]

    def put_back(self, cursor: Cursor, id_: int, at: datetime) -> None:
        """It was taken and could not be started: due again at `at` (aware)."""
        cursor.execute(
            "UPDATE export_schedules SET next_at = ? WHERE id = ?", [clock.to_stored(at), id_]
        )

    def note(self, cursor: Cursor, id_: int, export_id: int) -> None:
        cursor.execute("UPDATE export_schedules SET last_export = ? WHERE id = ?", [export_id, id_])

    def pause(self, cursor: Cursor, actor: str, id_: int, paused: bool) -> None:
        """Raises NotFound."""
        found = cursor.execute(
            "UPDATE export_schedules SET paused = ? WHERE id = ? RETURNING id", [paused, id_]
        ).fetchone()
        _there(found, id_)
        action = "export_schedule.pause" if paused else "export_schedule.resume"
        self._audit.record(cursor, actor, action, f"export_schedule/{id_}", {})

    def remove(self, cursor: Cursor, actor: str, id_: int) -> None:
        """Raises NotFound."""
        found = cursor.execute(
            "DELETE FROM export_schedules WHERE id = ? RETURNING id", [id_]
        ).fetchone()
        _there(found, id_)
        self._audit.record(cursor, actor, "export_schedule.remove", f"export_schedule/{id_}", {})


def listed(connection: Connection) -> list[Schedule]:
    """By name, then age."""
    with connection.cursor() as cursor:
        rows = cursor.execute(
            f"SELECT {_COLUMNS} FROM export_schedules ORDER BY name, id"
        ).fetchall()
    return [_read(row) for row in rows]


def _there(found: object, id_: int) -> None:
    if found is None:
        raise NotFound(f"There is no repeating export {id_}.")


def _read(row: tuple[Any, ...]) -> Schedule:
    values = dict(zip(_COLUMNS.split(", "), row, strict=True))
    values["spec"] = orjson.loads(values["spec"])
    for name in ("created_at", "next_at"):
        values[name] = clock.from_stored(values[name])
    return Schedule(**values)
