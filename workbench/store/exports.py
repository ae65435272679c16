"""Export jobs as the store keeps them: what was asked for, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from workbench.store import clock
from workbench.store.audit import Audit
from workbench.store.connection import Connection
from workbench.store.errors import NotFound
from workbench.store.writer import Cursor

WAITING, RUNNING, DONE = "waiting", "running", "done"
FAILED, CANCELLED, INTERRUPTED, EXPIRED = "failed", "cancelled", "interrupted", "expired"
STATUSES = (WAITING, RUNNING, DONE, FAILED, CANCELLED, INTERRUPTED, EXPIRED)
UNFINISHED = (WAITING, RUNNING)
_COLUMNS = (
    "id, created_at, created_by, name, spec, status, process, as_of, snapshot_at, finished_at, "
    "expires_at, rows_expected, rows_written, bytes, manifest, error, schedule_id"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRow:
    """One export. Times are aware (UTC); spec and manifest are JSON values; bytes of all files.

    as_of: the newest request of the snapshot. process: the number of the process that runs it.
    """

    id: int
    created_at: datetime
    created_by: str
    name: str
    spec: dict[str, Any]
    status: str
    process: int
    as_of: int | None
    snapshot_at: datetime | None
    finished_at: datetime | None
    expires_at: datetime | None
    rows_expected: int | None
    rows_written: int | None
    bytes: int | None
    manifest: dict[str, Any] | None
    error: str | None
    schedule_id: int | None


class Exports:
    """Changes to be run by the writer. What starts and what is deleted goes into the audit."""

    def __init__(self, audit: Audit) -> None:
        self._audit = audit

    def add(
        self,
        cursor: Cursor,
        id_: int,
        *,
        actor: str,
        name: str,
        spec: dict[str, Any],
        process: int,
        schedule_id: int | None = None,
    ) -> None:
        cursor.execute(
            f"INSERT INTO exports ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, NULL, NULL, NULL, "
            "NULL, NULL, NULL, NULL, NULL, NULL, ?)",
            [id_, clock.now(), actor, name, _json(spec), WAITING, process, schedule_id],
        )
        self._audit.record(cursor, actor, "export.start", f"export/{id_}", {"spec": spec})

    def begin(self, cursor: Cursor, id_: int, *, as_of: int, at: datetime, rows: int) -> None:
        """The snapshot is taken. `at` is aware."""
        cursor.execute(
            "UPDATE exports SET status = ?, as_of = ?, snapshot_at = ?, rows_expected = ? "
            "WHERE id = ?",
            [RUNNING, as_of, clock.to_stored(at), rows, id_],
        )

    def finish(
        self,
        cursor: Cursor,
        id_: int,
        *,
        manifest: dict[str, Any],
        rows: int,
        size: int,
        expires_at: datetime,
    ) -> None:
        """The files are whole and under their names. `expires_at` is aware."""
        cursor.execute(
            "UPDATE exports SET status = ?, manifest = ?, rows_written = ?, bytes = ?, "
            "finished_at = ?, expires_at = ?, error = NULL WHERE id = ?",
            [DONE, _json(manifest), rows, size, clock.now(), clock.to_stored(expires_at), id_],
        )

    def end(self, cursor: Cursor, id_: int, status: str, error: str | None = None) -> None:
        """It will not be finished: failed, cancelled or interrupted."""
        cursor.execute(
            "UPDATE exports SET status = ?, error = ?, finished_at = ? WHERE id = ?",
            [status, error, clock.now(), id_],
        )

    def expire(self, cursor: Cursor, id_: int) -> None:
        cursor.execute("UPDATE exports SET status = ? WHERE id = ?", [EXPIRED, id_])

    def remove(self, cursor: Cursor, actor: str, id_: int) -> None:
        """Take it off the list. Raises NotFound."""
        found = cursor.execute("DELETE FROM exports WHERE id = ? RETURNING id", [id_]).fetchone()
        if found is None:
            raise NotFound(f"There is no export {id_}.")
        self._audit.record(cursor, actor, "export.delete", f"export/{id_}", {})


def get(connection: Connection, id_: int) -> ExportRow | None:
    with connection.cursor() as cursor:
        row = cursor.execute(f"SELECT {_COLUMNS} FROM exports WHERE id = ?", [id_]).fetchone()
    return None if row is None else _read(row)


def listed(connection: Connection, limit: int = 100) -> list[ExportRow]:
    """The newest first."""
    with connection.cursor() as cursor:
        rows = cursor.execute(
            f"SELECT {_COLUMNS} FROM exports ORDER BY created_at DESC, id DESC LIMIT ?", [limit]
        ).fetchall()
    return [_read(row) for row in rows]


def unfinished(connection: Connection, process: int) -> list[ExportRow]:
    """What this process has not brought to an end."""
    with connection.cursor() as cursor:
        rows = cursor.execute(
            f"SELECT {_COLUMNS} FROM exports WHERE process = ? AND status IN (?, ?) ORDER BY id",
            [process, *UNFINISHED],
        ).fetchall()
    return [_read(row) for row in rows]


def without_files(connection: Connection, process: int) -> list[int]:
    """Exports of this process of which no file is to be there."""
    with connection.cursor() as cursor:
        rows = cursor.execute(
            "SELECT id FROM exports WHERE process = ? AND status NOT IN (?, ?, ?)",
            [process, DONE, *UNFINISHED],
        ).fetchall()
    return [id_ for (id_,) in rows]


def overdue(connection: Connection, process: int, now: datetime) -> list[int]:
    """Exports of this process whose time is over. `now` is aware."""
    with connection.cursor() as cursor:
        rows = cursor.execute(
            "SELECT id FROM exports WHERE process = ? AND status = ? AND expires_at <= ?",
            [process, DONE, clock.to_stored(now)],
        ).fetchall()
    return [id_ for (id_,) in rows]


def _read(row: Any) -> ExportRow:
    values = dict(zip(_COLUMNS.split(", "), row, strict=True))
    for name in ("created_at", "snapshot_at", "finished_at", "expires_at"):
        if values[name] is not None:
            values[name] = clock.from_stored(values[name])
    for name in ("spec", "manifest"):
        values[name] = orjson.loads(values[name]) if values[name] else None
    return ExportRow(**values)


def _json(value: dict[str, Any]) -> str:
    return orjson.dumps(value).decode()
