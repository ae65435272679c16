"""What every table format does, and the file that it writes through."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from workbench.store.export_columns import Column


class TableSink(Protocol):
    """Writes tables of the same columns into one file. Made by the class itself:
    `CsvSink(path, columns, title)`; `close` must be called for the file to be whole. title: what
    the rows are, where the format has a place for it.

    LISTS_AS_TEXT: lists come as JSON text. MAX_ROWS: None where there is no limit.
    """

    LISTS_AS_TEXT: bool
    MAX_ROWS: int | None

    def write(self, table: pa.Table) -> None:
        """Add rows. The table has the columns alone, in their order."""

    def close(self) -> None:
        """Write what is still held, and let go of the file."""

    def abandon(self) -> None:
        """Let go of the file, half as it is. Raises nothing."""

    @property
    def notes(self) -> dict[str, Any]:
        """What a reader of the file has to know, for the manifest."""


class HashingFile(io.RawIOBase):
    """A new file whose bytes are counted and hashed as they are written."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("xb", buffering=0)
        self._hash = hashlib.sha256()
        self._is_dropped = False
        self.size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        view = memoryview(data).cast("B")
        if self._is_dropped:
            return len(view)
        self._hash.update(view)
        done = 0
        while done < len(view):
            done += self._file.write(view[done:]) or 0
        self.size += done
        return done

    def tell(self) -> int:
        return self.size

    def close(self) -> None:
        if not self.closed:
            self._file.close()
            super().close()

    def drop(self) -> None:
        """Take no more: what is still written to it goes nowhere."""
        self._is_dropped = True

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()


def named(columns: Sequence[Column]) -> list[str]:
    return [column.name for column in columns]
