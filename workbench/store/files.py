"""The store's files: their size, and a backup into one file while the store is in use."""

from __future__ import annotations

import contextlib
import threading
from datetime import datetime
from itertools import count
from pathlib import Path

import duckdb

from workbench.settings import ROOT, Settings
from workbench.store import migrate
from workbench.store.connection import (
    FILE_OPTIONS,
    STORE,
    Connection,
    Cursor,
    backups_folder,
    local_catalogue,
    quoted,
)
from workbench.store.errors import Refused, StoreError

TABLES = (
    "requests",
    "bodies",
    "body_pieces",
    "folded_pieces",
    "blobs",
    "request_blobs",
    "scores",
    "stars",
    "bulk_changes",
    "bulk_before",
    "groups",
    "tags",
    "api_keys",
    "preferences",
    "saved_views",
    "connections",
    "drafts",
    "playground_sessions",
    "playground_blobs",
    "playground_runs",
    "playground_votes",
    "datasets",
    "dataset_versions",
    "dataset_rows",
    "dataset_blobs",
    "dataset_texts",
    "external_ids",
    "evaluations",
    "evaluation_runs",
    "evaluation_columns",
    "evaluation_cells",
    "evaluation_texts",
    "jobs",
    "exports",
    "export_schedules",
    "templates",
    "template_versions",
    "template_snippets",
    "template_labels",
    "label_protections",
    "label_requests",
    "label_splits",
    "template_folders",
    "variable_sets",
    "provider_base_urls",
    "audit",
    "guards",
    "migrations",
)
_one_at_a_time = threading.Lock()


def store_size(settings: Settings) -> int:
    """Bytes on disk: the file and its log, or catalogue and files of a local DuckLake."""
    if not settings.is_ducklake:
        path = settings.database_path
        return sum(_size(each) for each in (path, Path(f"{path}.wal")))
    catalogue = settings.database.removeprefix("ducklake:")
    folder = settings.data_path or f"{catalogue}.files"
    found = (ROOT / folder).rglob("*") if "://" not in folder else ()
    beside = [ROOT / catalogue, ROOT / f"{catalogue}.wal"]
    return sum(_size(each) for each in (*beside, *found))


def _size(path: Path) -> int:
    """Bytes of a file; 0 where there is none, since files come and go meanwhile."""
    try:
        return path.stat().st_size if path.is_file() else 0
    except OSError:
        return 0


def identity(settings: Settings) -> str:
    """What tells this store from another one, also where a container calls its file otherwise."""
    path = local_catalogue(settings) if settings.is_ducklake else settings.database_path
    return settings.database if path is None else f"file {path.stat().st_ino}"


def backup_path(settings: Settings, at: datetime) -> Path:
    """The name of a backup of this moment: a number follows where that second has one already."""
    stem = f"workbench-{at:%Y%m%d-%H%M%S}"
    names = (stem if number == 1 else f"{stem}-{number}" for number in count(1))
    paths = (backups_folder(settings) / f"{name}.duckdb" for name in names)
    return next(path for path in paths if not path.exists())


def backup(connection: Connection, path: Path) -> int:
    """Write everything into one DuckDB file, as of one moment. Returns its size in bytes.

    The file appears under its name when it is whole, and opens as a store. `path` must lie in the
    backups folder. Writers and readers go on meanwhile. Raises Refused, and StoreError where the
    disk does not take it.
    """
    folder = backups_folder(connection.settings)
    if path.parent != folder:
        raise Refused(f"A backup is written to {folder}.")
    if not _one_at_a_time.acquire(blocking=False):
        raise Refused("A backup is being written already; wait until it is done.")
    partial = path.with_suffix(".partial")
    try:
        if path.exists():
            raise Refused(f"{path} exists already; choose another name.")
        folder.mkdir(parents=True, exist_ok=True)
        _remove(partial)
        with connection.cursor() as cursor:
            _copy(cursor, partial)
        partial.replace(path)
        return path.stat().st_size
    except (duckdb.Error, OSError, StoreError) as error:
        if isinstance(error, Refused):
            raise
        _remove(partial)
        raise StoreError(f"The backup {path} cannot be written: {error}") from error
    finally:
        _one_at_a_time.release()


def _copy(cursor: Cursor, path: Path) -> None:
    cursor.execute(f"ATTACH {quoted(str(path))} AS backup ({FILE_OPTIONS})")
    try:
        # The same statements that make a store make the copy, so that it is one in every detail.
        cursor.execute("USE backup")
        migrate.run(cursor, is_ducklake=False)
        cursor.execute("BEGIN TRANSACTION")
        try:
            for table in TABLES:
                cursor.execute(f"DELETE FROM backup.{table}")
                cursor.execute(f"INSERT INTO backup.{table} BY NAME FROM {STORE}.{table}")
            cursor.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(duckdb.Error):
                cursor.execute("ROLLBACK")
            raise
        # From the log into the file itself, flushed: what is renamed afterwards is whole.
        cursor.execute("CHECKPOINT backup")
    finally:
        cursor.execute(f"USE {STORE}")
        cursor.execute("DETACH backup")


def _remove(partial: Path) -> None:
    for each in (partial, Path(f"{partial}.wal")):
        each.unlink(missing_ok=True)
