"""Two readers of one moment: what is read from two tables can be read at the same time.

DuckDB hands out the numbers of beginnings and ends of transactions from one counter. Two that begin
with consecutive numbers therefore see the same: nothing was committed between them. (DuckDB's
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
    first = _begin(connection, one)
    if first is None:
        return one, None
    other = connection.new_cursor()
    for _ in range(_ATTEMPTS):
        second = _begin(connection, other)
        if second == first + 1:
            return one, other
        # The later one is now the earlier one.
        one.execute("ROLLBACK")
        one, other, first = other, one, second or 0
    end(other)
    return one, None


def _begin(connection: Connection, cursor: Cursor) -> int | None:
    cursor.execute("BEGIN TRANSACTION")
    if connection.is_ducklake:
        return None
    row = cursor.execute("SELECT txid_current()").fetchone()
    return int(row[0]) if row else None


def end(cursor: Cursor) -> None:
    """Forget what was read; the cursor cannot be used any more."""
    with contextlib.suppress(duckdb.Error):
        cursor.execute("ROLLBACK")
    cursor.close()
