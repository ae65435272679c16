"""Opening the store: one DuckDB file, or DuckLake, locked against everything else."""

from __future__ import annotations

import importlib.util
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from workbench.settings import ROOT, Settings
from workbench.store.errors import StoreError, StoreInUse

# A DuckDB file is created for this version or it refuses VARIANT columns.
STORAGE_VERSION = "v1.5.0"
# DuckLake writes changes of up to this many rows into its catalogue: a commit makes no small files.
INLINED_ROWS = 1000
_LAKE = "lake"


def quoted(text: str) -> str:
    """A SQL string literal, for the few statements that take no parameters."""
    return "'" + text.replace("'", "''") + "'"


class Connection:
    """One DuckDB instance. Reads take a cursor each; the writer keeps one of its own."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.is_ducklake = settings.is_ducklake
        self._root = _open_ducklake(settings) if self.is_ducklake else _open_file(settings)

    def new_cursor(self) -> duckdb.DuckDBPyConnection:
        cursor = self._root.cursor()
        if self.is_ducklake:
            cursor.execute(f"USE {_LAKE}")
        return cursor

    @contextmanager
    def cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A cursor for one reader; it never waits for the writer."""
        cursor = self.new_cursor()
        try:
            yield cursor
        finally:
            cursor.close()

    def close(self) -> None:
        self._root.close()


def _open_file(settings: Settings) -> duckdb.DuckDBPyConnection:
    path = settings.database_path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"The folder {path.parent} for the store cannot be made: {error}."
        ) from error
    try:
        root = duckdb.connect(str(path), config={"storage_compatibility_version": STORAGE_VERSION})
    except duckdb.Error as error:
        raise _explain(error, str(path)) from error
    _lock(root, settings, [exports_folder(settings), backups_folder(settings)])
    return root


def _open_ducklake(settings: Settings) -> duckdb.DuckDBPyConnection:
    catalogue = settings.database.removeprefix("ducklake:")
    kind = re.match(r"(postgres|sqlite|mysql|duckdb):", catalogue)
    folders = [exports_folder(settings), backups_folder(settings)]
    data_path = settings.data_path
    if kind is None:
        file = (ROOT / catalogue).resolve()
        file.parent.mkdir(parents=True, exist_ok=True)
        catalogue = str(file)
        data_path = data_path or f"{file}.files"
        folders.append(file.parent)
    if not data_path:
        raise StoreError(
            "WORKBENCH_DATA_PATH is needed: a DuckLake store whose catalogue is a database server "
            "must be told where its data files are kept."
        )
    if "://" not in data_path:
        folder = (ROOT / data_path).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        folders.append(folder)
        data_path = f"{folder}/"
    root = duckdb.connect()
    try:
        for extension in ("ducklake", *(("postgres_scanner",) if kind else ())):
            root.execute(f"LOAD {quoted(str(extension_file(extension)))}")
        root.execute(
            f"ATTACH {quoted('ducklake:' + catalogue)} AS {_LAKE} "
            f"(DATA_PATH {quoted(data_path)}, DATA_INLINING_ROW_LIMIT {INLINED_ROWS})"
        )
    except duckdb.Error as error:
        root.close()
        raise _explain(error, settings.database) from error
    _lock(root, settings, folders)
    return root


def extension_file(name: str) -> Path:
    """The extension as its PyPI package ships it: nothing is downloaded at run time."""
    spec = importlib.util.find_spec(f"duckdb_extension_{name}")
    if spec is None or spec.origin is None:
        raise StoreError(
            f"The DuckDB extension {name} is not installed: "
            "pip install -r requirements-cluster.txt brings it."
        )
    version = f"v{duckdb.__version__}"
    return Path(spec.origin).parent / "extensions" / version / f"{name}.duckdb_extension"


def exports_folder(settings: Settings) -> Path:
    return data_folder(settings) / "exports"


def backups_folder(settings: Settings) -> Path:
    return data_folder(settings) / "backups"


def data_folder(settings: Settings) -> Path:
    """The folder that files of this store may be written to."""
    if settings.is_ducklake:
        return ROOT / "data"
    return settings.database_path.parent


def _lock(root: duckdb.DuckDBPyConnection, settings: Settings, folders: list[Path]) -> None:
    """Set what may be set, then close the door: no other file, no later setting."""
    allowed = ", ".join(quoted(f"{folder}/") for folder in folders)
    root.execute("SET TimeZone = 'UTC'")
    root.execute("SET preserve_insertion_order = false")
    root.execute(f"SET memory_limit = {quoted(settings.memory_limit)}")
    root.execute(f"SET threads = {settings.threads or os.cpu_count() or 1}")
    root.execute("SET autoinstall_known_extensions = false")
    root.execute("SET autoload_known_extensions = false")
    root.execute("SET python_enable_replacements = false")
    root.execute(f"SET allowed_directories = [{allowed}]")
    root.execute("SET enable_external_access = false")
    root.execute("SET lock_configuration = true")


def _explain(error: duckdb.Error, place: str) -> StoreError:
    text = str(error)
    lock = re.search(r"Conflicting lock is held in (.*?)\(PID (\d+)\)", text)
    if lock:
        return StoreInUse(
            f"The store {place} is in use by process {lock[2]} ({lock[1].strip() or 'unknown'}): "
            "stop that one first, or name another store in WORKBENCH_DATABASE."
        )
    return StoreError(f"The store {place} cannot be opened: {text.splitlines()[0]}")
