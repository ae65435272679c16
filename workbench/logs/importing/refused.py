"""The rows that were not taken, in a file: one JSON object or CSV record each."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

import orjson

from workbench.logs.importing.record import Refusal

_COLUMNS = ("place", "field", "reason", "row")
# A spreadsheet would run a cell that begins so.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class RefusedFile:
    """Written as refusals come; the file is made with the first one. `.csv` gives CSV."""

    def __init__(self, path: Path, unit: str, length: int = 0) -> None:
        """length: what an earlier part of the import left; anything behind it is cut off."""
        self.path = path
        self._unit = unit
        self._is_csv = path.suffix.lower() == ".csv"
        self.length = length
        if path.exists() and path.stat().st_size >= length > 0:
            with path.open("r+b") as file:
                file.truncate(length)
        else:
            path.unlink(missing_ok=True)
            self.length = 0

    def __enter__(self) -> RefusedFile:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None

    def add(self, refusals: Sequence[Refusal]) -> None:
        if not refusals:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        data = b"".join(map(self._line, refusals))
        if self._is_csv and not self.length:
            data = (",".join((self._unit, *_COLUMNS[1:])) + "\r\n").encode() + data
        with self.path.open("ab") as file:
            file.write(data)
            self.length += len(data)

    def _line(self, refusal: Refusal) -> bytes:
        if not self._is_csv:
            told = {
                self._unit: refusal.place,
                "field": refusal.field,
                "reason": refusal.reason,
                "row": refusal.text,
            }
            return orjson.dumps({key: _writable(value) for key, value in told.items()}) + b"\n"
        cells = [str(refusal.place), *map(_cell, (refusal.field, refusal.reason, refusal.text))]
        line = io.StringIO()
        csv.writer(line).writerow(cells)
        return line.getvalue().encode("utf-8", "replace")


def _writable(value: object) -> object:
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def _cell(value: str | None) -> str:
    text = value or ""
    return f"'{text}" if text.startswith(_FORMULA) else text
