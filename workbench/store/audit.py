"""The audit table: who changed what, when. It is only ever added to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from workbench.ids import IdMaker
from workbench.store import clock
from workbench.store.connection import Connection
from workbench.store.writer import Cursor


@dataclass(frozen=True, slots=True)
class Entry:
    id: int
    at: datetime
    actor: str
    action: str
    subject: str
    detail: dict[str, Any]


class Audit:
    """Records changes inside the transaction that makes them."""

    def __init__(self, make_id: IdMaker) -> None:
        self._make_id = make_id

    def record(
        self, cursor: Cursor, actor: str, action: str, subject: str, detail: dict[str, Any]
    ) -> None:
        """`action` is "noun.verb" ("tag.rename"), `subject` what it was done to ("request/42")."""
        cursor.execute(
            "INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?)",
            [self._make_id(), clock.now(), actor, action, subject, orjson.dumps(detail).decode()],
        )


def newest(connection: Connection, limit: int = 100, subject: str | None = None) -> list[Entry]:
    with connection.cursor() as cursor:
        rows = cursor.execute(
            "SELECT id, happened_at, actor, action, subject, detail FROM audit "
            "WHERE ? IS NULL OR subject = ? ORDER BY id DESC LIMIT ?",
            [subject, subject, limit],
        ).fetchall()
    return [
        Entry(id_, clock.from_stored(at), actor, action, subject_, orjson.loads(detail))
        for id_, at, actor, action, subject_, detail in rows
    ]
