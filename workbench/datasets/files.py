"""Files opened as rows: CSV, JSONL, JSON, Parquet and Excel, whatever their names say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from workbench.datasets.excel import MARK, Excel
from workbench.logs.importing import formats
from workbench.logs.importing.container import Container, Position
from workbench.logs.importing.csvrows import Csv
from workbench.logs.importing.jsonarray import JsonArray
from workbench.logs.importing.lines import Lines
from workbench.logs.importing.record import ImportFailed, Refusal, Row


class Source(Protocol):
    """unit: what a place counts ("line", "row", "element"). columns: where the file names them.
    sheets, sheet: of a workbook; no sheets elsewhere. is_typed: values have types of their own;
    texts_are_texts: a text that looks like JSON is a text all the same. kinds: what an own export
    says of its columns, see `Parquet`."""

    @property
    def unit(self) -> str: ...
    @property
    def columns(self) -> tuple[str, ...]: ...
    @property
    def sheets(self) -> tuple[str, ...]: ...
    @property
    def is_typed(self) -> bool: ...
    @property
    def texts_are_texts(self) -> bool: ...
    @property
    def kinds(self) -> dict[str, str]: ...
    def rows(self) -> Iterator[tuple[int, Row | Refusal]]: ...


@dataclass(frozen=True, slots=True)
class _Contained:
    """A container of `workbench.logs.importing`."""

    container: Container
    sheets: tuple[str, ...] = ()

    @property
    def unit(self) -> str:
        return self.container.unit

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(getattr(self.container, "header", ()))

    @property
    def is_typed(self) -> bool:
        return not isinstance(self.container, Csv)

    @property
    def texts_are_texts(self) -> bool:
        return isinstance(self.container, Lines | JsonArray)

    @property
    def kinds(self) -> dict[str, str]:
        return dict(getattr(self.container, "kinds", {}))

    def rows(self) -> Iterator[tuple[int, Row | Refusal]]:
        decoder = self.container.decoder()
        for block in self.container.blocks(Position()):
            for refusal in block.refused:
                yield refusal.place, refusal
            for place, row in decoder.rows(block):
                if self.is_typed or isinstance(row, Refusal):
                    yield place, row
                # CSV cannot tell nothing from an empty text; a line of nothing else is no row.
                elif some := {column: cell for column, cell in row.items() if cell}:
                    yield place, some


class _Sheet(Excel):
    is_typed = True
    texts_are_texts = False

    @property
    def kinds(self) -> dict[str, str]:
        return {}


@contextmanager
def opened(
    path: Path, *, encoding: str | None = None, sheet: str | None = None
) -> Iterator[Source]:
    """A file as rows; raises ImportFailed for what cannot be read as a whole."""
    try:
        with path.open("rb") as file:
            head = file.read(len(MARK))
    except OSError as error:
        raise ImportFailed(f"{path} cannot be read: {error.strerror or error}.") from error
    if head == MARK:
        yield _Sheet(path, sheet)
        return
    with formats.opened(path, encoding) as container:
        yield _Contained(container)
