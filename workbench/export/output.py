"""Where the files of one export are written: out of sight until all of them are whole.

They are written into a folder whose name begins with a dot, flushed to the disk, and the folder
then gets its name in one step. So a folder under its name is complete, whenever the process died.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from workbench.store.errors import StoreError

MANIFEST = "manifest.json"
_PARTIAL = ".partial-"


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A file of an export. rows: requests or examples in it; sha256 in hexadecimal."""

    name: str
    bytes: int
    sha256: str
    rows: int

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "rows": self.rows,
            "bytes": self.bytes,
            "sha256": self.sha256,
        }


class Output:
    """The folder of one export, below `folder`. Raises StoreError where it cannot be made."""

    def __init__(self, folder: Path, id_: int) -> None:
        self.place = folder / str(id_)
        self._partial = folder / f"{_PARTIAL}{id_}"
        try:
            shutil.rmtree(self._partial, ignore_errors=True)
            self._partial.mkdir(parents=True)
        except OSError as error:
            raise StoreError(
                f"The exports folder {folder} cannot be written to: {error}"
            ) from error

    def path(self, name: str) -> Path:
        return self._partial / name

    def finish(
        self, manifest: dict[str, Any], before: Callable[[Path], object] | None = None
    ) -> int:
        """Write the manifest and give everything its name; the size of all files in bytes.

        before: called with the folder when all of it is written, before it gets its name.
        """
        text = orjson.dumps(manifest, option=orjson.OPT_INDENT_2)
        self.path(MANIFEST).write_bytes(text + b"\n")
        size = 0
        for each in self._partial.iterdir():
            size += each.stat().st_size
            _flush(each)
        _flush(self._partial)
        if before is not None:
            before(self._partial)
        self._partial.rename(self.place)
        _flush(self.place.parent)
        return size

    def discard(self) -> None:
        """Leave nothing behind."""
        shutil.rmtree(self._partial, ignore_errors=True)


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read_manifest(folder: Path, id_: int) -> dict[str, Any] | None:
    """The manifest of a complete export; None where there is none."""
    try:
        found: dict[str, Any] = orjson.loads((folder / str(id_) / MANIFEST).read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return None
    return found


def remove(folder: Path, id_: int) -> None:
    """Remove an export's files. Its name goes first, so that half an export is never to be had."""
    gone = folder / f"{_PARTIAL}{id_}"
    if (folder / str(id_)).exists():
        shutil.rmtree(gone, ignore_errors=True)
        (folder / str(id_)).rename(gone)
    shutil.rmtree(gone, ignore_errors=True)


def remove_partial(folder: Path) -> None:
    """Remove what was being written when a process died."""
    if folder.is_dir():
        for each in folder.glob(f"{_PARTIAL}*"):
            shutil.rmtree(each, ignore_errors=True)


def file_of(folder: Path, id_: int, name: str) -> Path | None:
    """A file of a complete export by its name; None where there is none of that name."""
    place = folder / str(id_)
    try:
        names = {each.name for each in place.iterdir() if each.is_file()}
    except OSError:
        return None
    return place / name if name in names else None
