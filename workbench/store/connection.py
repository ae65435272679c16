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
from workbench.store.errors import StoreError, StoreInUse, no_memory, store_failed

# A newer DuckDB writes this form too, so that going back to this version stays possible.
STORAGE_VERSION = "v1.5.0"
# A checkpoint holds up the writer, longest while it joins small row groups into whole ones. Whole
# at 2,048 rows there is nothing to join: with DuckDB's 122,880 it stood still for seconds now and
# then, and reading a hundred thousand requests took no less time.
ROW_GROUP_ROWS = 2048
# DuckLake writes changes of up to this many rows into its catalogue: a commit makes no small files.
INLINED_ROWS = 1000
FILE_OPTIONS = f"STORAGE_VERSION '{STORAGE_VERSION}', ROW_GROUP_SIZE {ROW_GROUP_ROWS}"
STORE = "store"
Cursor = duckdb.DuckDBPyConnection


def quoted(text: str) -> str:
    """A SQL string literal, for the few statements that take no parameters."""
    return "'" + text.replace("'", "''") + "'"


class Connection:
    """One DuckDB instance. Reads take a cursor each; the writer keeps one of its own."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.is_ducklake = settings.is_ducklake
        # Counted up with every change but added requests: what was found before may not hold.
        self.changes = 0
        #: Why nothing can be read or written any more until the store is opened anew.
        self.failed: StoreError | None = None
        self._root = _open_ducklake(settings) if self.is_ducklake else _open_file(settings)

    def new_cursor(self) -> duckdb.DuckDBPyConnection:
        cursor = self._root.cursor()
        cursor.execute(f"USE {STORE}")
        return cursor

    @contextmanager
    def cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A cursor for one reader; it never waits for the writer.

        Raises StoreError where the store has failed, and where memory does not suffice for what is
        read.
        """
        cursor: duckdb.DuckDBPyConnection | None = None
        try:
            cursor = self.new_cursor()
            yield cursor
        except duckdb.Error as error:
            sentence = self.explain(error)
            if sentence is None:
                raise
            raise sentence from error
        finally:
            if cursor is not None:
                cursor.close()

    def explain(self, error: Exception) -> StoreError | None:
        """What to raise instead where the store has failed or memory does not suffice; else None.

        After a failure that is always the first one: later ones only follow from it.
        """
        if "has been invalidated" in str(error):
            if self.failed is None:
                self.failed = store_failed(str(error), self.settings.memory_limit)
            return self.failed
        if isinstance(error, duckdb.OutOfMemoryException):
            return no_memory(self.settings.memory_limit)
        return None

    def close(self) -> None:
        self._root.close()


def _open_file(settings: Settings) -> duckdb.DuckDBPyConnection:
    path = settings.database_path
    _make_folder(path.parent)
    attach = f"ATTACH {quoted(str(path))} AS {STORE} ({FILE_OPTIONS})"
    return _attached(duckdb.connect(), settings, attach, [])


def _open_ducklake(settings: Settings) -> duckdb.DuckDBPyConnection:
    catalogue, data_path = settings.database.removeprefix("ducklake:"), settings.data_path
    file = local_catalogue(settings)
    if file is not None:
        _make_folder(file.parent)
        catalogue, data_path = str(file), data_path or f"{file}.files"
    if not data_path:
        raise StoreError(
            "WORKBENCH_DATA_PATH is needed: a DuckLake store whose catalogue is a database server "
            "must be told where its data files are kept."
        )
    folders: list[Path] = []
    if "://" not in data_path:
        folder = (ROOT / data_path).resolve()
        _make_folder(folder)
        folders.append(folder)
        data_path = f"{folder}/"
    extensions = [
        extension_file(name) for name in ("ducklake", *(() if file else ("postgres_scanner",)))
    ]
    root = duckdb.connect()
    for extension in extensions:
        root.execute(f"LOAD {quoted(str(extension))}")
    attach = (
        f"ATTACH {quoted('ducklake:' + catalogue)} AS {STORE} "
        f"(DATA_PATH {quoted(data_path)}, DATA_INLINING_ROW_LIMIT {INLINED_ROWS})"
    )
    return _attached(root, settings, attach, folders)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"The folder {folder} for the store cannot be made: {error}.") from error


def _attached(
    root: duckdb.DuckDBPyConnection,
    settings: Settings,
    attach: str,
    folders: list[Path],
) -> duckdb.DuckDBPyConnection:
    """The instance with the store attached and the door closed; raises StoreError."""
    try:
        root.execute(attach)
        _lock(root, settings, folders)
    except duckdb.Error as error:
        root.close()
        place = settings.database if settings.is_ducklake else str(settings.database_path)
        raise _explain(error, place) from error
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
    if not settings.is_ducklake:
        return settings.database_path.parent
    catalogue = local_catalogue(settings)
    return ROOT / "data" if catalogue is None else catalogue.parent


def local_catalogue(settings: Settings) -> Path | None:
    """The file that is a DuckLake store's catalogue; None where a database server is."""
    catalogue = settings.database.removeprefix("ducklake:")
    if re.match(r"(postgres|sqlite|mysql|duckdb):", catalogue):
        return None
    return (ROOT / catalogue).resolve()


def _lock(root: duckdb.DuckDBPyConnection, settings: Settings, folders: list[Path]) -> None:
    """Set what may be set, then close the door: no other file, no later setting."""
    folders = [exports_folder(settings), backups_folder(settings), *folders]
    allowed = ", ".join(quoted(f"{folder}/") for folder in folders)
    # Beside the store, not in the folder that the process was started in.
    spill = data_folder(settings) / "workbench.tmp"
    root.execute(f"SET temp_directory = {quoted(str(spill))}")
    root.execute("SET TimeZone = 'UTC'")
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
    if "Unique file handle conflict" in text:
        return StoreInUse(f"The store {place} is in use by this process already.")
    return StoreError(f"The store {place} cannot be opened: {text.splitlines()[0]}")
