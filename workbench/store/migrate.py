"""Bringing a store to the newest form, one transaction a migration."""

from __future__ import annotations

from datetime import UTC, datetime

import duckdb

from workbench.store.connection import Connection
from workbench.store.errors import StoreTooNew
from workbench.store.migrations import MIGRATIONS

_LEDGER = """
    CREATE TABLE IF NOT EXISTS migrations (
        number INTEGER NOT NULL,
        name VARCHAR NOT NULL,
        applied_at TIMESTAMP NOT NULL
    )
"""
ATTEMPTS = 5


def migrate(connection: Connection) -> None:
    """Run what has not run yet. Two processes that start at once on DuckLake both succeed."""
    for attempt in range(ATTEMPTS):
        try:
            with connection.cursor() as cursor:
                _migrate(cursor)
        except (duckdb.TransactionException, duckdb.CatalogException):
            if attempt == ATTEMPTS - 1:
                raise
        else:
            return


def _migrate(cursor: duckdb.DuckDBPyConnection) -> None:
    cursor.execute(_LEDGER)
    row = cursor.execute("SELECT coalesce(max(number), 0) FROM migrations").fetchone()
    assert row is not None
    done = int(row[0])
    newest = MIGRATIONS[-1].number
    if done > newest:
        raise StoreTooNew(
            f"The store is at migration {done}, this version of the workbench knows {newest}: "
            "a newer version wrote it. Start that version, or restore a backup."
        )
    for migration in MIGRATIONS[done:]:
        cursor.execute("BEGIN TRANSACTION")
        try:
            for statement in migration.statements:
                cursor.execute(statement)
            cursor.execute(
                "INSERT INTO migrations VALUES (?, ?, ?)",
                [migration.number, migration.name, datetime.now(UTC).replace(tzinfo=None)],
            )
            cursor.execute("COMMIT")
        except BaseException:
            cursor.execute("ROLLBACK")
            raise
