"""Choices of the workspace that pages change: one JSON value a name."""

from __future__ import annotations

from typing import Any

import orjson

from workbench.store.audit import Audit
from workbench.store.connection import Connection
from workbench.store.guards import guard
from workbench.store.writer import Cursor


class Preferences:
    """Changes to be run by the writer."""

    def __init__(self, audit: Audit) -> None:
        self._audit = audit

    def put(self, cursor: Cursor, actor: str, name: str, value: Any) -> None:
        guard(cursor, "preference", name)
        cursor.execute("DELETE FROM preferences WHERE name = ?", [name])
        cursor.execute(
            "INSERT INTO preferences VALUES (?, ?)", [name, orjson.dumps(value).decode()]
        )
        self._audit.record(cursor, actor, "preference.set", f"preference/{name}", {"value": value})


def get(connection: Connection, name: str, default: Any = None) -> Any:
    with connection.cursor() as cursor:
        row = cursor.execute("SELECT value FROM preferences WHERE name = ?", [name]).fetchone()
    return default if row is None else orjson.loads(row[0])
