"""Arrow tables that a statement reads: registered once, filled anew for each statement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from workbench.store.connection import Cursor


class Feed:
    """A view `name` of one cursor over columns that are handed in with each statement.

    Registering a table for each statement took as long as inserting it; DuckDB asks a registered
    object for its stream anew each time, so one registration serves all.
    """

    def __init__(self, cursor: Cursor, name: str, schema: pa.Schema) -> None:
        """To be called outside a transaction: a rollback would take the view away."""
        self._cursor = cursor
        self._name = name
        self._schema = schema
        self._table = schema.empty_table()
        cursor.register(name, self)

    def insert(self, statement: str, columns: Mapping[str, Sequence[Any]]) -> None:
        """Run `statement`, an INSERT … SELECT whose FROM is added here.

        Raises pyarrow's errors (ValueError, TypeError, OverflowError) for values of a wrong type.
        """
        self._table = pa.Table.from_pydict(columns, schema=self._schema)
        try:
            self._cursor.execute(f"{statement} FROM {self._name}")
        finally:
            self._table = self._schema.empty_table()

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self._table.__arrow_c_stream__(requested_schema)

    def __arrow_c_schema__(self) -> object:
        return self._schema.__arrow_c_schema__()
