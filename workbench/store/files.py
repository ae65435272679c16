"""The store's files: their size, and a backup into one file while the store is in use."""

from __future__ import annotations

import contextlib
from datetime import datetime
from pathlib import Path

from workbench.settings import ROOT, Settings
from workbench.store.connection import Connection, backups_folder, quoted
from workbench.store.errors import Refused
from workbench.store.writer import Cursor

TABLES = (
    "requests",
    "bodies",
    "blobs",
    "request_blobs",
    "scores",
    "groups",
    "tags",
    "api_keys",
    "preferences",
    "audit",
    "guards",
    "migrations",
)


def store_size(settings: Settings) -> int:
    """Bytes on disk: the file and its log, or the files of a local DuckLake."""
    if not settings.is_ducklake:
        path = settings.database_path
        return sum(each.stat().st_size for each in (path, Path(f"{path}.wal")) if each.exists())
    folder = settings.data_path or f"{settings.database.removeprefix('ducklake:')}.files"
    found = (ROOT / folder).rglob("*") if "://" not in folder else ()
    return sum(each.stat().st_size for each in found if each.is_file())


def backup_path(settings: Settings, at: datetime) -> Path:
    return backups_folder(settings) / f"workbench-{at:%Y%m%d-%H%M%S}.duckdb"


def backup(connection: Connection, cursor: Cursor, path: Path) -> int:
    """Write everything into one DuckDB file, as of one moment. Returns its size in bytes.

    The file appears under its name when it is whole. `path` must lie in the backups folder.
    """
    folder = backups_folder(connection.settings)
    if path.parent != folder:
        raise Refused(f"A backup is written to {folder}.")
    if path.exists():
        raise Refused(f"{path} exists already; choose another name.")
    folder.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    cursor.execute(f"ATTACH {quoted(str(partial))} AS backup (STORAGE_VERSION 'v1.5.0')")
    try:
        cursor.execute("BEGIN TRANSACTION")
        try:
            for table in TABLES:
                cursor.execute(f"CREATE TABLE backup.{table} AS SELECT * FROM {table}")
            cursor.execute("COMMIT")
        except BaseException:
            cursor.execute("ROLLBACK")
            raise
    finally:
        cursor.execute("DETACH backup")
        with contextlib.suppress(FileNotFoundError):
            Path(f"{partial}.wal").unlink()
    partial.replace(path)
    return path.stat().st_size
