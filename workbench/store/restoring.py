"""Putting a backup in the place of the store: verified first, and what was there is kept."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import duckdb

from workbench.settings import Settings
from workbench.store.connection import (
    STORE,
    Connection,
    backups_folder,
    data_folder,
    local_catalogue,
    quoted,
)
from workbench.store.errors import StoreError, StoreInUse
from workbench.store.files import TABLES, backup
from workbench.store.store import Store

AUDIT_ACTION = "store.restore"
_NEEDED = {"migrations", "requests", "bodies"}
# A migration and the log of the copy need some room beside it.
_ROOM = 1.1


@dataclass(frozen=True, slots=True)
class Restored:
    """requests: how many the store now has. aside: the store as it was; None where none was."""

    requests: int
    aside: Path | None


def restore(
    settings: Settings, file: Path, *, actor: str, now: datetime, others_stopped: bool = False
) -> Restored:
    """Make the store that the settings name what it was when `file` was written.

    The backup is copied, brought to the newest form and read through before anything is touched. A
    DuckDB file is then replaced in one step; a DuckLake store gets all rows in one transaction,
    after a backup of what it held. others_stopped: the caller knows that no other process has a
    DuckLake store open whose catalogue is a database server; there it cannot be seen.

    Raises StoreInUse where a process has the store open, and StoreError for everything else; the
    store is then as it was.
    """
    if not file.is_file():
        raise StoreError(f"The backup {file} cannot be read: there is no such file.")
    if settings.is_ducklake:
        return _into_ducklake(settings, file, actor, now, others_stopped)
    return _into_file(settings, file, actor, now)


def _into_file(settings: Settings, file: Path, actor: str, now: datetime) -> Restored:
    path = settings.database_path
    if path.exists() and path.samefile(file):
        raise StoreError(f"{file} is the store itself: name a backup of it.")
    _close_cleanly(settings)
    with _copied(file, path.with_name(f"{path.name}.restoring")) as copy:
        requests = _verified(settings, file, copy, actor)
        aside = _free_name(path.with_name(f"{path.stem}-before-restore-{now:%Y%m%d-%H%M%S}.duckdb"))
        try:
            was_there = _swap(copy, path, aside)
        except OSError as error:
            raise StoreError(f"The backup cannot be put in the store's place: {error}.") from error
    _forget_imports(settings)
    return Restored(requests, aside if was_there else None)


def _close_cleanly(settings: Settings) -> None:
    """See that nobody has the store open, and bring its log into the file.

    Raises StoreInUse. A store that is damaged cannot be opened, and may be replaced all the same.
    """
    if not settings.database_path.exists():
        return
    try:
        Connection(settings).close()
    except StoreInUse:
        raise
    except StoreError:
        return


@contextmanager
def _copied(file: Path, copy: Path) -> Iterator[Path]:
    """A copy of the backup, which is gone in the end unless it was moved to another place."""
    log = Path(f"{file}.wal")
    _remove(copy)
    try:
        with _held(file, f"The backup {file} is open in another process: it is a store in use."):
            size = file.stat().st_size + (log.stat().st_size if log.exists() else 0)
            copy.parent.mkdir(parents=True, exist_ok=True)
            free = shutil.disk_usage(copy.parent).free
            if free < size * _ROOM:
                raise StoreError(
                    f"{copy.parent} has {free:,} bytes left, and restoring needs about "
                    f"{int(size * _ROOM):,}: make room first."
                )
            shutil.copyfile(file, copy)
            if log.exists():
                shutil.copyfile(log, f"{copy}.wal")
        yield copy
    except OSError as error:
        raise StoreError(f"The backup {file} cannot be copied: {error}.") from error
    finally:
        _remove(copy)


def _verified(settings: Settings, file: Path, copy: Path, actor: str) -> int:
    """The number of requests in the copy, after it was brought to the newest form and read whole.

    Raises StoreError for a file that is no backup, is damaged, or is of a newer version.
    """
    as_store = replace(settings, database=str(copy), data_path="")
    try:
        connection = Connection(as_store)
    except StoreError as error:
        raise StoreError(f"{file} is no backup that can be read. {error}") from error
    try:
        if _NEEDED - _tables(connection):
            raise StoreError(f"{file} is a DuckDB file, but no store of the workbench.")
    finally:
        connection.close()
    try:
        requests = _read_through(as_store, file, actor)
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise StoreError(f"The backup {file} is damaged: {reason}") from error
    with copy.open("rb") as written:
        os.fsync(written.fileno())
    return requests


def _read_through(as_store: Settings, file: Path, actor: str) -> int:
    store = Store(as_store)
    try:
        with store.connection.cursor() as cursor:
            for table in TABLES:
                # Reading every value checks every block of the file against its checksum.
                cursor.execute(f"SELECT bit_xor(hash(t)) FROM {table} t").fetchone()
            found = cursor.execute(
                "SELECT count(*) FROM requests WHERE deleted_at IS NULL"
            ).fetchone()
        store.change(
            lambda cursor: store.audit.record(
                cursor, actor, AUDIT_ACTION, "store", {"file": file.name}
            )
        ).result()
    finally:
        store.close()
    return int(found[0]) if found else 0


def _tables(connection: Connection) -> set[str]:
    with connection.cursor() as cursor:
        rows = cursor.execute(
            "SELECT table_name FROM duckdb_tables() WHERE database_name = ?", [STORE]
        ).fetchall()
    return {name for (name,) in rows}


def _swap(copy: Path, path: Path, aside: Path) -> bool:
    """Put the copy in the place of the store; whether there was one, which then lies at `aside`."""
    if not path.exists():
        copy.replace(path)
        _flush_folder(path.parent)
        return False
    with _held(path, f"The store {path} was opened by another process meanwhile: stop that one."):
        log = Path(f"{path}.wal")
        if log.exists():
            # Only a damaged store still has one: it must not be read into the new file.
            log.replace(f"{aside}.wal")
        try:
            os.link(path, aside)
        except OSError:
            # A file system without links: for a moment there is no store.
            path.replace(aside)
        copy.replace(path)
        _flush_folder(path.parent)
    return True


def _into_ducklake(
    settings: Settings, file: Path, actor: str, now: datetime, others_stopped: bool
) -> Restored:
    if local_catalogue(settings) is None and not others_stopped:
        raise StoreError(
            "Whether another process has this DuckLake store open cannot be seen: stop them all, "
            "then say so with --others-stopped."
        )
    folder = backups_folder(settings)
    store = Store(settings)
    try:
        with _copied(file, folder / f"{now:%Y%m%d-%H%M%S}.restoring") as copy:
            requests = _verified(settings, file, copy, actor)
            aside = _free_name(folder / f"before-restore-{now:%Y%m%d-%H%M%S}.duckdb")
            backup(store.connection, aside)
            _fill(store.connection, copy)
    finally:
        store.close()
    _forget_imports(settings)
    return Restored(requests, aside)


def _fill(connection: Connection, copy: Path) -> None:
    """Replace all rows by those of the copy, in one transaction."""
    with connection.cursor() as cursor:
        try:
            cursor.execute(f"ATTACH {quoted(str(copy))} AS restored (READ_ONLY)")
            cursor.execute("BEGIN TRANSACTION")
            try:
                for table in TABLES:
                    cursor.execute(f"DELETE FROM {STORE}.{table}")
                    cursor.execute(f"INSERT INTO {STORE}.{table} BY NAME FROM restored.{table}")
                cursor.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(duckdb.Error):
                    cursor.execute("ROLLBACK")
                raise
            finally:
                cursor.execute("DETACH restored")
        except duckdb.Error as error:
            reason = str(error).splitlines()[0]
            raise StoreError(
                f"The backup cannot be put in the store's place, which is as it was: {reason}"
            ) from error


def _forget_imports(settings: Settings) -> None:
    """An import that was stopped would go on behind rows that are not there any more."""
    for state in (data_folder(settings) / "imports").glob("*.state.json"):
        state.unlink(missing_ok=True)


@contextmanager
def _held(path: Path, sentence: str) -> Iterator[None]:
    """Keep other processes from opening a DuckDB file; raises StoreInUse where one has it open."""
    try:
        import fcntl
    except ImportError:
        # Windows: a file that is open can be neither copied nor replaced there.
        yield
        return
    with path.open("rb+" if os.access(path, os.W_OK) else "rb") as file:
        kind = fcntl.LOCK_EX if file.writable() else fcntl.LOCK_SH
        try:
            fcntl.lockf(file, kind | fcntl.LOCK_NB)
        except OSError as error:
            raise StoreInUse(sentence) from error
        yield


def _free_name(path: Path) -> Path:
    number, found = 1, path
    while found.exists():
        number += 1
        found = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return found


def _flush_folder(folder: Path) -> None:
    if hasattr(os, "O_DIRECTORY"):
        handle = os.open(folder, os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _remove(path: Path) -> None:
    for each in (path, Path(f"{path}.wal")):
        each.unlink(missing_ok=True)
