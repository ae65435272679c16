"""Two readers of one moment: what is read from two tables can be read at the same time.

DuckDB hands out the numbers of beginnings and ends of transactions from one counter. Two that
begin with consecutive numbers therefore see the same: nothing was committed between them. (DuckDB's
DuckTransactionManager; `txid_current` is that number.)
"""

from __future__ import annotations

import contextlib

import duckdb

from workbench.store.connection import Connection, Cursor

# Any reader that begins in between uses up a number too. Both begin within a tenth of a
# millisecond, so even beside many readers a few attempts do.
_ATTEMPTS = 50


def begun_together(connection: Connection) -> tuple[Cursor, Cursor | None]:
    """Two cursors, each in a transaction, that see the store at the same moment. Only one where
    that cannot be had: on DuckLake, or where too much begins between them."""
    one = connection.new_cursor()
    if not connection.is_ducklake:
        other = connection.new_cursor()
        for _ in range(_ATTEMPTS):
            if _begin(one) + 1 == _begin(other):
                return one, other
            one.execute("ROLLBACK")
            other.execute("ROLLBACK")
        end(other)
    one.execute("BEGIN TRANSACTION")
    return one, None


def _begin(cursor: Cursor) -> int:
    cursor.execute("BEGIN TRANSACTION")
    row = cursor.execute("SELECT txid_current()").fetchone()
    assert row is not None
    return int(row[0])


def end(cursor: Cursor) -> None:
    """Forget what was read; the cursor cannot be used any more."""
    with contextlib.suppress(duckdb.Error):
        cursor.execute("ROLLBACK")
    cursor.close()
