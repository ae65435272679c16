"""What every table format does."""

from __future__ import annotations

from collections.abc import Sequence
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


def named(columns: Sequence[Column]) -> list[str]:
    return [column.name for column in columns]
