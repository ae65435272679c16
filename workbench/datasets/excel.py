"""Excel workbooks (.xlsx) read row by row: values, never formulas; the first row names columns."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from workbench.logs.importing.record import ImportFailed, Refusal, Row

MARK = b"PK\x03\x04"
MAX_COLUMNS = 1_000
# Sheets are streamed; texts that cells share are held in memory, and a small archive can hold much.
_MOST_UNPACKED = 2 * 2**30
_MOST_SHARED = 256 * 2**20
_SHARED = "xl/sharedStrings.xml"
_ERRORS = ("#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!")


class Excel:
    """A sheet of a workbook. place: the number of its row, as Excel shows it."""

    unit = "row"

    def __init__(self, path: Path, sheet: str | None = None) -> None:
        """sheet: None is the first. Raises ImportFailed for what is no workbook with a header."""
        self._path = path
        _check_archive(path)
        book = self._open()
        try:
            self.sheets = tuple(one.title for one in book.worksheets)
            if not self.sheets:
                raise ImportFailed("This workbook has no sheet with cells.")
            if sheet is not None and sheet not in self.sheets:
                raise ImportFailed(f'This workbook has no sheet "{sheet[:60]}".')
            self.sheet = sheet or self.sheets[0]
            cells = next(iter(book[self.sheet].iter_rows(values_only=True)), ())
        except _BROKEN as error:
            raise _damaged(error) from error
        finally:
            book.close()
        self.columns = _header(cells)

    def rows(self) -> Iterator[tuple[int, Row | Refusal]]:
        """Rows that hold something. Raises ImportFailed where the file breaks off."""
        book = self._open()
        try:
            lines = book[self.sheet].iter_rows(min_row=2, values_only=True)
            for place, cells in enumerate(lines, 2):
                values = [_plain(cell) for cell in cells]
                if all(one is None for one in values):
                    continue
                if any(one is not None for one in values[len(self.columns) :]):
                    yield place, Refusal(place, "A value stands in a column without a name.")
                    continue
                yield place, dict(zip(self.columns, values, strict=False))
        except _BROKEN as error:
            raise _damaged(error) from error
        finally:
            book.close()

    def _open(self) -> Any:
        # Loaded here: nothing else needs it.
        import openpyxl

        try:
            return openpyxl.load_workbook(
                self._path, read_only=True, data_only=True, keep_links=False
            )
        except _BROKEN as error:
            raise _damaged(error) from error


# What openpyxl raises for files that are none, or that are damaged.
_BROKEN = (
    zipfile.BadZipFile,
    KeyError,
    ValueError,
    TypeError,
    IndexError,
    AttributeError,
    EOFError,
    OSError,
    ParseError,
    zipfile.LargeZipFile,
    NotImplementedError,
    OverflowError,
)


def _check_archive(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            sizes = {one.filename: one.file_size for one in archive.infolist()}
    except (zipfile.BadZipFile, OSError) as error:
        raise _damaged(error) from error
    if "xl/workbook.xml" not in sizes:
        raise ImportFailed(f"{path.name} is a ZIP archive and no Excel workbook: unpack it.")
    if sum(sizes.values()) > _MOST_UNPACKED or sizes.get(_SHARED, 0) > _MOST_SHARED:
        raise ImportFailed("This workbook is too large to be read: save the sheet as CSV.")


def _damaged(error: Exception) -> ImportFailed:
    reason = (str(error).splitlines() or [""])[0][:200].rstrip(".")
    return ImportFailed(f"This Excel file cannot be read: {reason or type(error).__name__}.")


def _header(cells: tuple[Any, ...]) -> tuple[str, ...]:
    names = ["" if cell is None else str(_plain(cell)).strip() for cell in cells]
    while names and not names[-1]:
        names.pop()
    if not any(names):
        raise ImportFailed("The first row of this sheet names no columns.")
    if len(names) > MAX_COLUMNS:
        raise ImportFailed(f"This sheet has {len(names):,} columns; {MAX_COLUMNS:,} are the limit.")
    seen: dict[str, int] = {}
    result = []
    for number, name in enumerate(names, 1):
        name = name or f"column {number}"
        seen[name] = seen.get(name, 0) + 1
        result.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return tuple(result)


def _plain(cell: Any) -> Any:
    """A cell as JSON holds it. An error of a formula is no value."""
    if isinstance(cell, datetime | date | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return cell.total_seconds()
    if cell == "" or (isinstance(cell, str) and cell in _ERRORS):
        return None
    if isinstance(cell, str | int | float | bool) or cell is None:
        return cell
    return str(cell)
