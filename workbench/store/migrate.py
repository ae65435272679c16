"""Bringing a store to the newest form, one transaction a migration."""

from __future__ import annotations

import contextlib
import re
from datetime import UTC, datetime

import duckdb

from workbench.store.connection import Connection
from workbench.store.errors import StoreError, StoreTooNew
from workbench.store.migrations import MIGRATIONS

_LEDGER = """
    CREATE TABLE IF NOT EXISTS migrations (
        number INTEGER NOT NULL,
        name VARCHAR NOT NULL,
        applied_at TIMESTAMP NOT NULL
    )
"""
_COMPRESSION = re.compile(r" USING COMPRESSION \w+")
ATTEMPTS = 5


def migrate(connection: Connection) -> None:
    """Run what has not run yet. Two processes that start at once on DuckLake both succeed.

    Raises StoreTooNew, and StoreError for a store that cannot be brought to the newest form.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with connection.cursor() as cursor:
                run(cursor, is_ducklake=connection.is_ducklake)
        except duckdb.Error as error:
            lost = isinstance(error, duckdb.TransactionException | duckdb.CatalogException)
            if not connection.is_ducklake or not lost or attempt == ATTEMPTS:
                raise StoreError(
                    f"The store cannot be brought to its newest form, and stays as it was: {error}"
                ) from error
        else:
            return


def run(cursor: duckdb.DuckDBPyConnection, *, is_ducklake: bool) -> None:
    """Every migration that the database in use has not had, each in a transaction of its own."""
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
                cursor.execute(_COMPRESSION.sub("", statement) if is_ducklake else statement)
            cursor.execute(
                "INSERT INTO migrations VALUES (?, ?, ?)",
                [migration.number, migration.name, datetime.now(UTC).replace(tzinfo=None)],
            )
            cursor.execute("COMMIT")
        except BaseException:
            # A commit that failed has rolled back by itself.
            with contextlib.suppress(duckdb.Error):
                cursor.execute("ROLLBACK")
            raise
