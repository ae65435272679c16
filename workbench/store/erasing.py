"""Making sure that what was deleted stands in none of the store's files.

A DuckDB file keeps deleted rows until nothing else is left of their row group, and blocks that
became free keep their bytes. So the rows that are left in such groups are moved to new ones, and
free blocks are overwritten. On DuckLake files are written anew, old snapshots are let go with
theirs, and the catalogue, where it is a DuckDB file, is treated in the same way.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future
from itertools import accumulate, pairwise
from typing import Any, Protocol

import duckdb
import numpy as np

from workbench.store.allocator import zeroed_memory
from workbench.store.connection import STORE, Connection, Cursor, local_catalogue

# Rows that are moved in one transaction: so many that requests that come in do not wait long.
MOVED = {"blobs": 128, "dataset_blobs": 128, "bodies": 512, "dataset_rows": 512}
MOVED_ROWS = 2048
ROUNDS = 6
# A checkpoint waits for transactions that are under way.
ATTEMPTS = 40
PAUSE_SECONDS = 0.25
# DuckLake itself tries each time again, ten times.
_ATTEMPTS_BESIDE = 3
# A large value takes a block of its own; the few bytes less are the block's own.
_FILLER_BYTES = 262_144 - 64
_FILLERS = 64
_SCRATCH = "erasing"
_CATALOGUE = f"__ducklake_metadata_{STORE}"
_LATER = "TIMESTAMP '2100-01-01'"
log = logging.getLogger(__name__)


class Change(Protocol):
    """Runs something in the writer."""

    def __call__(self, change: Callable[[Cursor], Any], *, is_alone: bool = ...) -> Future[Any]: ...


def erase(connection: Connection, change: Change) -> bool:
    """Whether nothing of deleted rows is left.

    It goes on beside readers and writers; where they keep old rows in use to the end, the answer is
    False, and it can be called again.
    """
    with zeroed_memory() as is_zeroed, connection.cursor() as cursor:
        if not is_zeroed:
            log.warning("this build of DuckDB may leave traces of erased texts in unused bytes")
        if not connection.is_ducklake:
            _drop_scratch(change, STORE)
            return _erase_file(cursor, change, STORE, _tables(cursor)) and is_zeroed
        _rewrite_lake(cursor, change)
        if local_catalogue(connection.settings) is None:
            return True
        _drop_scratch(change, _CATALOGUE)
        return _erase_file(cursor, change, _CATALOGUE, _catalogue_tables(cursor)) and is_zeroed


def _tables(cursor: Cursor) -> list[str]:
    rows = cursor.execute(
        "SELECT table_name FROM duckdb_tables() WHERE database_name = ? ORDER BY 1", [STORE]
    ).fetchall()
    return [table for (table,) in rows]


def _erase_file(cursor: Cursor, change: Change, database: str, tables: list[str]) -> bool:
    for _ in range(ROUNDS):
        if not _checkpoint(cursor, database):
            return False
        left = [
            (table, first, last)
            for table in tables
            for first, last in _holed(cursor, database, table)
        ]
        if not left:
            return _overwrite_free(cursor, change, database)
        # From the end, so that a group that goes away moves none that is still to come.
        for table, first, last in reversed(left):
            _move(change, f"{database}.{table}", first, last, MOVED.get(table, MOVED_ROWS))
    return False


def _holed(cursor: Cursor, database: str, table: str) -> list[tuple[int, int]]:
    """Row numbers, from and up to, of the row groups of which rows were deleted."""
    sizes = cursor.execute(
        "SELECT sum(count) FROM pragma_storage_info(?) WHERE column_id = 0 "
        "AND column_path = '[0]' GROUP BY row_group_id ORDER BY row_group_id",
        [f"{database}.{table}"],
    ).fetchall()
    ends = [0, *accumulate(int(size) for (size,) in sizes)]
    if len(ends) == 1:
        return []
    rows = cursor.execute(f"SELECT rowid AS n FROM {database}.{table}").fetchnumpy()["n"]
    live, _ = np.histogram(rows, bins=[*ends[:-1], max(ends[-1], 1)])
    # The last bin has its upper end, too, where rows were added meanwhile.
    return [
        (first, last)
        for (first, last), number in zip(pairwise(ends), live.tolist(), strict=True)
        if number < last - first
    ]


def _move(change: Change, table: str, first: int, last: int, rows: int) -> None:
    """Write the rows of a group anew, at the end of the table. Rows never change, whatever has come
    to stand at these numbers meanwhile."""
    for start in range(first, last, rows):
        bounds = [start, min(start + rows, last)]

        def step(writing: Cursor, bounds: list[int] = bounds) -> None:
            where = "WHERE rowid >= ? AND rowid < ?"
            writing.execute(f"INSERT INTO {table} SELECT * FROM {table} {where}", bounds)
            writing.execute(f"DELETE FROM {table} {where}", bounds)

        change(step).result()


def _overwrite_free(cursor: Cursor, change: Change, database: str) -> bool:
    """Fill the free blocks of the file with zeros, then let them go again."""
    scratch = f"{database}.{_SCRATCH}"

    def make(writing: Cursor) -> None:
        writing.execute(f"CREATE TABLE {scratch} (zeros BLOB USING COMPRESSION uncompressed)")

    def fill(writing: Cursor, rows: int) -> None:
        writing.execute(
            f"INSERT INTO {scratch} SELECT repeat('0', {_FILLER_BYTES})::BLOB FROM range(?)", [rows]
        )

    change(make).result()
    is_full = False
    try:
        for _ in range(ROUNDS):
            free = _free_blocks(cursor, database)
            if free == 0:
                is_full = True
                break
            for start in range(0, free + 2, _FILLERS):
                rows = min(_FILLERS, free + 2 - start)
                change(lambda writing, rows=rows: fill(writing, rows)).result()  # type: ignore[misc]
            if not _checkpoint(cursor, database):
                break
    finally:
        change(lambda writing: writing.execute(f"DROP TABLE {scratch}")).result()
    return _checkpoint(cursor, database) and is_full


def _drop_scratch(change: Change, database: str) -> None:
    """Take away what a purge that was killed may have left."""
    change(lambda writing: writing.execute(f"DROP TABLE IF EXISTS {database}.{_SCRATCH}")).result()


def _free_blocks(cursor: Cursor, database: str) -> int:
    row = cursor.execute(
        "SELECT free_blocks FROM pragma_database_size() WHERE database_name = ?", [database]
    ).fetchone()
    return int(row[0]) if row else 0


def _checkpoint(cursor: Cursor, database: str) -> bool:
    """Bring the log into the file; False where other transactions never left a gap for it."""
    for _ in range(ATTEMPTS):
        try:
            # Twice: blocks that the first one gives up are free after the second.
            cursor.execute(f"CHECKPOINT {database}")
            cursor.execute(f"CHECKPOINT {database}")
        except duckdb.TransactionException:
            time.sleep(PAUSE_SECONDS)
        else:
            return True
    return False


def _rewrite_lake(cursor: Cursor, change: Change) -> None:
    """Files without the deleted rows, and no snapshot that still knows the old ones."""

    def in_writer(statement: str) -> None:
        change(lambda writing: writing.execute(statement), is_alone=True).result()

    # Beside the writer each request that comes in would make the flush begin anew.
    in_writer(f"CALL ducklake_flush_inlined_data('{STORE}')")
    for statement in (
        f"CALL ducklake_rewrite_data_files('{STORE}', delete_threshold => 0)",
        f"CALL ducklake_expire_snapshots('{STORE}', older_than => {_LATER})",
        f"CALL ducklake_cleanup_old_files('{STORE}', cleanup_all => true)",
    ):
        for _ in range(_ATTEMPTS_BESIDE):
            try:
                cursor.execute(statement)
            except duckdb.TransactionException:
                time.sleep(PAUSE_SECONDS)
            else:
                break
        else:
            # Requests have to wait for it now.
            in_writer(statement)


def _catalogue_tables(cursor: Cursor) -> list[str]:
    """Those tables of the catalogue that hold values of rows."""
    rows = cursor.execute(
        f"SELECT table_name FROM {_CATALOGUE}.ducklake_inlined_data_tables ORDER BY 1"
    ).fetchall()
    stats = ("ducklake_file_column_stats", "ducklake_table_column_stats")
    return [*stats, *(table for (table,) in rows)]
