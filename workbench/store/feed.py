"""Arrow tables that a statement reads: registered once, filled anew for each statement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from workbench.store.connection import ROW_GROUP_ROWS, Cursor

_VIEW = "incoming_rows"


class Feed:
    """A statement that inserts columns which are handed in each time.

    A view is registered once and the statement prepared once: doing both for each batch took as
    long as the inserting itself. DuckDB asks a registered object for its stream anew each time.
    """

    def __init__(
        self, cursor: Cursor, name: str, schema: pa.Schema, insert: str, *, is_prepared: bool
    ) -> None:
        """insert: an INSERT … SELECT whose FROM is added here.

        To be called outside a transaction: a rollback would take the view away. On DuckLake
        statements are not prepared, since their plans speak of files that come and go.
        """
        self._cursor = cursor
        self._schema = schema
        self._table = schema.empty_table()
        self._statement = f"{insert} FROM {name}"
        cursor.register(name, self)
        if is_prepared:
            # RETURNING makes DuckDB insert in one thread: sharing out some rows costs a third more.
            cursor.execute(f"PREPARE insert_{name} AS {self._statement} RETURNING 1")
            self._statement = f"EXECUTE insert_{name}"

    def insert(self, columns: Mapping[str, Sequence[Any]]) -> None:
        """Raises pyarrow's errors (ValueError, TypeError, OverflowError) for a wrong type."""
        self._table = pa.Table.from_pydict(columns, schema=self._schema)
        try:
            self._cursor.execute(self._statement)
        finally:
            self._table = self._schema.empty_table()

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self._table.__arrow_c_stream__(requested_schema)

    def __arrow_c_schema__(self) -> object:
        return self._schema.__arrow_c_schema__()


def pour(cursor: Cursor, table: str, schema: pa.Schema, rows: Sequence[Sequence[Any]]) -> None:
    """Insert rows whose values are in the order of the schema, its names being those of columns."""
    columns = dict(zip(schema.names, zip(*rows, strict=True), strict=True))
    batches = pa.Table.from_pydict(columns, schema=schema).to_batches(ROW_GROUP_ROWS)
    cursor.register(_VIEW, pa.Table.from_batches(batches, schema))
    try:
        cursor.execute(f"INSERT INTO {table} BY NAME SELECT * FROM {_VIEW}")
    finally:
        cursor.unregister(_VIEW)
