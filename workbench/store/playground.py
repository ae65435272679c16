"""Sessions of the playground: kept as one goes, listed, forked, removed with undo.

A session's value is JSON that only workbench/playground/session.py reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from workbench.ids import IdMaker
from workbench.store import blob_rows, blobs, clock
from workbench.store.audit import Audit
from workbench.store.connection import Connection
from workbench.store.errors import NotFound, Refused
from workbench.store.guards import guard
from workbench.store.writer import Cursor

MAX_BYTES = 32 * 2**20
MAX_NAME = 200
_COLUMNS = (
    "s.id, s.name, s.revision, s.author, s.created_at, s.updated_by, s.updated_at, "
    "s.source_request, s.forked_from"
)
#: Whether the request that a row came from is hidden from the logs, and so from here.
HIDDEN = "(SELECT id FROM requests WHERE deleted_at IS NOT NULL)"


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """A session without its value. Times aware, UTC. source_request: of the log, where it was
    opened from one. runs: how many of its runs were begun; None where they were not counted."""

    id: int
    name: str
    revision: int
    author: str
    created_at: datetime
    updated_by: str
    updated_at: datetime
    source_request: int | None
    forked_from: int | None
    runs: int | None = None


@dataclass(frozen=True, slots=True)
class KeptSession:
    info: SessionInfo
    value: Any


class SessionChanged(Refused):
    """Somebody else changed the session since it was read."""


class Playground:
    """Changes to be run by the writer."""

    def __init__(self, make_id: IdMaker, audit: Audit) -> None:
        self._make_id = make_id
        self._audit = audit

    def keep(
        self,
        cursor: Cursor,
        actor: str,
        id_: int,
        name: str,
        value: Any,
        *,
        revision: int,
        source_request: int | None = None,
        forked_from: int | None = None,
    ) -> int:
        """Put a session in the place of what was kept; returns its new revision.

        revision: the one that it was read at, 0 for a session that is not there yet. Raises
        SessionChanged where it is another by now, NotFound where it was removed, Refused beyond
        MAX_BYTES of JSON.
        """
        raw = orjson.dumps(value).decode()
        if len(raw) > MAX_BYTES:
            raise Refused(
                f"A session may hold {MAX_BYTES // 2**20} MB; this one holds "
                f"{len(raw) / 2**20:.1f} MB. Take a picture out, or give it by its address."
            )
        text, found = blobs.take_out(raw)
        guard(cursor, "playground", str(id_))
        row = cursor.execute(
            "SELECT revision, deleted_at FROM playground_sessions WHERE id = ?", [id_]
        ).fetchone()
        now = clock.now()
        if row is None:
            cursor.execute(
                "INSERT INTO playground_sessions VALUES (?, ?, ?, 1, ?, ?, ?, ?, ?, ?, NULL, NULL)",
                [id_, name[:MAX_NAME], text, actor, now, actor, now, source_request, forked_from],
            )
            detail = {"source_request": source_request, "forked_from": forked_from}
            self._audit.record(cursor, actor, "playground.create", f"playground/{id_}", detail)
        elif row[1] is not None:
            raise NotFound("This session was removed meanwhile.")
        elif row[0] != revision:
            raise SessionChanged("This session was changed elsewhere meanwhile.")
        else:
            cursor.execute(
                "UPDATE playground_sessions SET name = ?, value = ?, revision = ?, "
                "updated_by = ?, updated_at = ? WHERE id = ?",
                [name[:MAX_NAME], text, revision + 1, actor, now, id_],
            )
        data = {one.sha256: one.data for one in found}
        blob_rows.insert_owned(cursor, "playground_blobs", id_, data)
        return int(row[0]) + 1 if row is not None else 1

    def remove(self, cursor: Cursor, actor: str, id_: int) -> None:
        """Hide a session; `restore` brings it back. Its runs stay in the logs."""
        self._mark(cursor, actor, id_, "remove")

    def restore(self, cursor: Cursor, actor: str, id_: int) -> None:
        """Undo `remove`."""
        self._mark(cursor, actor, id_, "restore")

    def _mark(self, cursor: Cursor, actor: str, id_: int, verb: str) -> None:
        removes = verb == "remove"
        guard(cursor, "playground", str(id_))
        row = cursor.execute(
            "SELECT name, deleted_at FROM playground_sessions WHERE id = ?", [id_]
        ).fetchone()
        if row is None or (row[1] is None) != removes:
            raise NotFound(f"There is no session {id_} to {verb}.")
        cursor.execute(
            "UPDATE playground_sessions SET deleted_at = ?, deleted_by = ? WHERE id = ?",
            [clock.now() if removes else None, actor if removes else None, id_],
        )
        self._audit.record(
            cursor, actor, f"playground.{verb}", f"playground/{id_}", {"name": row[0]}
        )


def get(connection: Connection, id_: int) -> KeptSession | None:
    """A session whole; None where there is none, it was removed, or its request was deleted."""
    with connection.cursor() as cursor:
        row = cursor.execute(
            f"SELECT {_COLUMNS}, s.value FROM playground_sessions s WHERE s.id = ? "
            f"AND s.deleted_at IS NULL AND coalesce(s.source_request, -1) NOT IN {HIDDEN}",
            [id_],
        ).fetchone()
        if row is None:
            return None
        text = str(row[-1])
        data = blob_rows.read_owned(cursor, "playground_blobs", id_, blobs.references(text))
    return KeptSession(_info(row[:-1]), orjson.loads(blobs.put_back(text, data)))


def revision(connection: Connection, id_: int) -> int | None:
    """The revision that a session is at; None where there is none."""
    with connection.cursor() as cursor:
        row = cursor.execute(
            "SELECT revision FROM playground_sessions WHERE id = ? AND deleted_at IS NULL", [id_]
        ).fetchone()
    return None if row is None else int(row[0])


def listed(connection: Connection, text: str = "", limit: int = 50) -> list[SessionInfo]:
    """Sessions, the last changed first. text: part of the name, capitals aside."""
    with connection.cursor() as cursor:
        rows = cursor.execute(
            f"SELECT {_COLUMNS}, (SELECT count(*) FROM playground_runs r "
            "WHERE r.session_id = s.id) FROM playground_sessions s WHERE s.deleted_at IS NULL "
            f"AND coalesce(s.source_request, -1) NOT IN {HIDDEN} "
            "AND contains(lower(s.name), lower(?)) ORDER BY s.updated_at DESC, s.id DESC LIMIT ?",
            [text.strip(), limit],
        ).fetchall()
    return [_info(row[:-1], int(row[-1])) for row in rows]


def _info(row: Sequence[Any], runs: int | None = None) -> SessionInfo:
    id_, name, at, author, created, updated_by, updated, source, forked = row
    return SessionInfo(
        int(id_),
        str(name),
        int(at),
        str(author),
        clock.from_stored(created),
        str(updated_by),
        clock.from_stored(updated),
        source,
        forked,
        runs,
    )


def forget_requests(cursor: Cursor, request_ids: Sequence[int]) -> None:
    """Take away what was copied from requests that are purged: answers, votes on them, and
    sessions that were opened from them. Run in the transaction that removes the requests."""
    given = [list(request_ids)]
    cursor.execute(
        "DELETE FROM playground_runs WHERE request_id IN (SELECT unnest(?::BIGINT[]))", given
    )
    cursor.execute(
        "DELETE FROM playground_votes WHERE preferred_request IN (SELECT unnest(?::BIGINT[])) "
        "OR other_request IN (SELECT unnest(?::BIGINT[]))",
        given * 2,
    )
    _erase(cursor, "source_request IN (SELECT unnest(?::BIGINT[]))", given)


def forget_removed(cursor: Cursor) -> None:
    """Take away for good the sessions that were removed."""
    _erase(cursor, "deleted_at IS NOT NULL", [])


def _erase(cursor: Cursor, which: str, given: list[Any]) -> None:
    rows = cursor.execute(f"SELECT id FROM playground_sessions WHERE {which}", given).fetchall()
    ids = [[id_ for (id_,) in rows]]
    if ids[0]:
        for table, column in (
            ("playground_runs", "session_id"),
            ("playground_votes", "session_id"),
            ("playground_blobs", "session_id"),
            ("playground_sessions", "id"),
        ):
            cursor.execute(
                f"DELETE FROM {table} WHERE {column} IN (SELECT unnest(?::BIGINT[]))", ids
            )
