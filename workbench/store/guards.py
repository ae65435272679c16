"""Uniqueness without constraints, the same on a DuckDB file and on DuckLake."""

from __future__ import annotations

import zlib

from workbench.store.writer import Cursor

BUCKETS = 64


def guard(cursor: Cursor, scope: str, name: str) -> None:
    """Take the turn to decide about `name` in this transaction.

    Two transactions that decide about the same name touch the same row: one of them conflicts at
    its commit and runs again, and then sees what the other wrote. (On DuckLake two inserts of the
    same version number both succeed; two updates of one row do not.)
    """
    bucket = zlib.crc32(f"{scope}\0{name}".encode()) % BUCKETS
    cursor.execute("UPDATE guards SET turn = turn + 1 WHERE bucket = ?", [bucket])
