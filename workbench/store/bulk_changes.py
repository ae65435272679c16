"""Changes of many requests at once: kept with what undoing them needs, audited, undone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson

from workbench.store import clock
from workbench.store.audit import Audit
from workbench.store.bulk_kinds import Kind, Made, asked, kind_of
from workbench.store.connection import Connection, Cursor
from workbench.store.errors import NotFound, Refused

# How long a change can be undone. What was before it is user data, not to be kept for ever.
UNDO_FOR = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class BulkChange:
    """A change that was made. planned: requests it was asked for; changed: those it changed.

    kind: None where a newer version made it. kept: for how many it can still be undone.
    """

    id: int
    made_at: datetime
    actor: str
    action: str
    kind: Kind | None
    planned: int
    changed: int
    undone_at: datetime | None
    kept: int


class BulkChanges:
    """Changes to be run by the writer, a batch of ids at a time."""

    def __init__(self, audit: Audit) -> None:
        self._audit = audit

    def begin(self, cursor: Cursor, made: Made, kind: Kind, planned: int, scope: str) -> None:
        """Note a change before its first batch, in the same transaction.

        scope: which requests, in words or as a filter, for the audit trail.
        """
        detail = asked(kind)
        cursor.execute(
            "DELETE FROM bulk_before WHERE change_id IN "
            "(SELECT id FROM bulk_changes WHERE made_at < ?)",
            [made.at - UNDO_FOR],
        )
        cursor.execute(
            "INSERT INTO bulk_changes VALUES (?, ?, ?, ?, ?, ?, 0, NULL, NULL)",
            [made.id, made.at, made.actor, kind.action, orjson.dumps(detail).decode(), planned],
        )
        self._record(
            cursor, made, f"bulk.{kind.action}", asked=detail, requests=planned, scope=scope
        )

    def apply(self, cursor: Cursor, made: Made, kind: Kind, ids: Sequence[int]) -> int:
        """One batch; returns how many requests it changed."""
        number = kind.apply(cursor, made, ids)
        if number:
            cursor.execute(
                "UPDATE bulk_changes SET changed = changed + ? WHERE id = ?", [number, made.id]
            )
        return number

    def finish(self, cursor: Cursor, made: Made, changed: int, *, stopped: bool) -> None:
        self._record(cursor, made, "bulk.done", changed=changed, stopped=stopped)

    def undo(self, cursor: Cursor, actor: str, change_id: int, limit: int) -> tuple[int, int]:
        """Undo a change for at most `limit` requests that it changed; call it until it did none.

        Returns how many were put back, and how many stay because something else has changed them
        since. Raises NotFound for a change that is not there.
        """
        change = _get(cursor, change_id)
        if change is None:
            raise NotFound("There is no such change.")
        if change.kind is None:
            raise Refused("A newer version made this change; undo it there.")
        ids = [
            id_
            for (id_,) in cursor.execute(
                "SELECT request_id FROM bulk_before WHERE change_id = ? LIMIT ?", [change_id, limit]
            ).fetchall()
        ]
        if not ids:
            return 0, 0
        made = Made(change_id, change.actor, clock.to_stored(change.made_at))
        restored = change.kind.revert(cursor, made, ids)
        cursor.execute(
            "DELETE FROM bulk_before WHERE change_id = ? "
            "AND request_id IN (SELECT unnest(?::BIGINT[]))",
            [change_id, ids],
        )
        if len(ids) == change.kept:
            cursor.execute(
                "UPDATE bulk_changes SET undone_at = ?, undone_by = ? WHERE id = ?",
                [clock.now(), actor, change_id],
            )
        self._audit.record(
            cursor,
            actor,
            "bulk.undo",
            f"bulk/{change_id}",
            {"restored": restored, "changed since": len(ids) - restored},
        )
        return restored, len(ids) - restored

    def _record(self, cursor: Cursor, made: Made, action: str, **detail: Any) -> None:
        self._audit.record(cursor, made.actor, action, f"bulk/{made.id}", detail)


def recent(connection: Connection, limit: int = 20) -> list[BulkChange]:
    """The newest changes first."""
    with connection.cursor() as cursor:
        rows = cursor.execute(f"{_SELECT} ORDER BY c.id DESC LIMIT ?", [limit]).fetchall()
    return [_change(row) for row in rows]


def get(connection: Connection, change_id: int) -> BulkChange | None:
    with connection.cursor() as cursor:
        return _get(cursor, change_id)


_SELECT = (
    "SELECT c.id, c.made_at, c.actor, c.action, c.detail, c.planned, c.changed, c.undone_at, "
    "(SELECT count(*) FROM bulk_before b WHERE b.change_id = c.id) FROM bulk_changes c"
)


def _get(cursor: Cursor, change_id: int) -> BulkChange | None:
    row = cursor.execute(f"{_SELECT} WHERE c.id = ?", [change_id]).fetchone()
    return None if row is None else _change(row)


def _change(row: Sequence[Any]) -> BulkChange:
    id_, made_at, actor, action, detail, planned, changed, undone_at, kept = row
    try:
        kind = kind_of(action, orjson.loads(detail))
    except (KeyError, TypeError, Refused):
        kind = None
    return BulkChange(
        id_,
        clock.from_stored(made_at),
        actor,
        action,
        kind,
        planned,
        changed,
        None if undone_at is None else clock.from_stored(undone_at),
        kept,
    )
