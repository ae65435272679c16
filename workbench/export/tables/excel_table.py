"""Excel: for results that a person looks through. Every text is text, never a formula or a link."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

from workbench.export.hashing_file import HashingFile
from workbench.export.tables.sink import named
from workbench.store.export_columns import Column

# What a cell holds (Excel, "Specifications and limits").
MAX_CELL = 32_767
# Excel itself stops at 1,048,576; files of more than this are no joy to open.
MAX_ROWS = 100_000
_CUT = "… (cut)"


class ExcelSink:
    """Times are UTC without their zone, which Excel does not know. Long texts are cut and marked;
    the notes count them."""

    LISTS_AS_TEXT = True
    MAX_ROWS: int | None = MAX_ROWS

    def __init__(self, path: Path, columns: Sequence[Column], title: str = "Rows") -> None:
        # Loaded here: nothing else needs it.
        import xlsxwriter

        self.file = HashingFile(path)
        self._path = path
        self._book = xlsxwriter.Workbook(
            str(path.with_suffix(".building")),
            {
                "constant_memory": True,
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
                "tmpdir": str(path.parent),
            },
        )
        self._sheet = self._book.add_worksheet(title)
        self._moment = self._book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss.000"})
        bold = self._book.add_format({"bold": True})
        for at, name in enumerate(named(columns)):
            self._sheet.write_string(0, at, name, bold)
        self._sheet.freeze_panes(1, 0)
        self._row = 0
        self._cut = 0

    def write(self, table: pa.Table) -> None:
        columns = [table.column(number).to_pylist() for number in range(table.num_columns)]
        for row in zip(*columns, strict=True):
            self._row += 1
            for at, value in enumerate(row):
                if value is not None:
                    self._put(at, value)

    def _put(self, at: int, value: Any) -> None:
        if isinstance(value, datetime):
            self._sheet.write_datetime(self._row, at, value.replace(tzinfo=None), self._moment)
        elif isinstance(value, bool):
            self._sheet.write_boolean(self._row, at, value)
        elif isinstance(value, int) and abs(value) >= 10**15:
            # Excel keeps 15 digits of a number: a request's id would change.
            self._sheet.write_string(self._row, at, str(value))
        elif isinstance(value, int | float | Decimal):
            self._sheet.write_number(self._row, at, float(value))
        else:
            self._sheet.write_string(self._row, at, self._fitting(str(value)))

    def _fitting(self, text: str) -> str:
        # Excel counts in units of UTF-16.
        if len(text) <= MAX_CELL // 2 or len(text.encode("utf-16-le")) // 2 <= MAX_CELL:
            return text
        self._cut += 1
        kept = text.encode("utf-16-le")[: (MAX_CELL - len(_CUT)) * 2]
        return kept.decode("utf-16-le", "ignore") + _CUT

    def close(self) -> None:
        self._book.close()
        built = self._path.with_suffix(".building")
        with built.open("rb") as file:
            while data := file.read(2**20):
                self.file.write(data)
        self.file.close()
        built.unlink()

    def abandon(self) -> None:
        # Not the book: closing it is what builds it.
        self.file.drop()
        self.file.close()

    @property
    def notes(self) -> dict[str, Any]:
        return {"cells_cut": self._cut, "times": "UTC"}
