"""Unsaved work of the editors: kept as one types, gone with the save or the discarding.

A draft is its author's own and changes nothing that others see, so it leaves no audit entry.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from workbench.store import clock
from workbench.store.connection import Connection
from workbench.store.errors import Refused
from workbench.store.guards import guard
from workbench.store.writer import Cursor

MAX_BYTES = 8 * 2**20


@dataclass(frozen=True, slots=True)
class Draft:
    """value: any JSON. updated_at: aware, UTC."""

    value: Any
    updated_at: datetime


def keep(cursor: Cursor, actor: str, subject: str, value: Any) -> None:
    """Put a draft in the place of the one before. Raises Refused beyond MAX_BYTES of JSON."""
    text = orjson.dumps(value).decode()
    if len(text) > MAX_BYTES:
        raise Refused(f"A draft may hold {MAX_BYTES / 2**20:g} MB; this one holds more.")
    forget(cursor, actor, subject)
    cursor.execute("INSERT INTO drafts VALUES (?, ?, ?, ?)", [actor, subject, text, clock.now()])


def forget(cursor: Cursor, actor: str, subject: str) -> None:
    """Remove a draft; nothing happens where there is none."""
    guard(cursor, "draft", f"{actor}\0{subject}")
    cursor.execute("DELETE FROM drafts WHERE actor = ? AND subject = ?", [actor, subject])


def kept(connection: Connection, actor: str, subject: str) -> Draft | None:
    with connection.cursor() as cursor:
        row = cursor.execute(
            "SELECT value, updated_at FROM drafts WHERE actor = ? AND subject = ?",
            [actor, subject],
        ).fetchone()
    return None if row is None else Draft(orjson.loads(row[0]), clock.from_stored(row[1]))


def subjects(connection: Connection, actor: str) -> dict[str, datetime]:
    """Everything that this person has begun, with the time of the last change."""
    with connection.cursor() as cursor:
        rows = cursor.execute(
            "SELECT subject, updated_at FROM drafts WHERE actor = ? ORDER BY updated_at DESC",
            [actor],
        ).fetchall()
    return {subject: clock.from_stored(at) for subject, at in rows}
