"""Stars: what a person wants to find again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from workbench.store import clock
from workbench.store.audit import Audit
from workbench.store.errors import NotFound
from workbench.store.rows import Summary
from workbench.store.writer import Cursor


class Stars:
    """Changes to be run by the writer."""

    def __init__(self, audit: Audit) -> None:
        self._audit = audit

    def put(self, cursor: Cursor, actor: str, request_id: int, *, starred: bool) -> None:
        """Star a request, or take its star away. Raises NotFound where there is no such request."""
        there = cursor.execute(
            "SELECT 1 FROM requests WHERE id = ? AND deleted_at IS NULL", [request_id]
        ).fetchone()
        if there is None:
            raise NotFound(f"There is no request {request_id}.")
        if starred == bool(starred_among(cursor, [request_id])):
            return
        if starred:
            cursor.execute("INSERT INTO stars VALUES (?, ?, ?)", [request_id, actor, clock.now()])
        else:
            cursor.execute("DELETE FROM stars WHERE request_id = ?", [request_id])
        action = "request.star" if starred else "request.unstar"
        self._audit.record(cursor, actor, action, f"request/{request_id}", {})


def starred_among(cursor: Cursor, ids: Sequence[int]) -> set[int]:
    """Those of some requests that have a star."""
    if not ids:
        return set()
    rows = cursor.execute(
        "SELECT request_id FROM stars WHERE request_id IN (SELECT unnest(?::BIGINT[]))",
        [list(ids)],
    ).fetchall()
    return {id_ for (id_,) in rows}


def with_stars(cursor: Cursor, rows: Sequence[Summary]) -> list[Summary]:
    """The rows, those with a star marked."""
    found = starred_among(cursor, [row.id for row in rows])
    return [replace(row, starred=True) if row.id in found else row for row in rows]
