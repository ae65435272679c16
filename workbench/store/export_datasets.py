"""What an export can hold of a dataset: the rows of one version, from one snapshot."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, Self

import orjson
import pyarrow as pa

from workbench.store import clock
from workbench.store.connection import Connection
from workbench.store.dataset_names import Names, read_names
from workbench.store.dataset_pages import all_whole
from workbench.store.dataset_reading import (
    COLUMNS,
    IN_VERSION,
    DatasetRow,
    bare_value,
    fitting,
    read_rows,
)
from workbench.store.dataset_values import BOOLEAN, EMPTY, NUMBER, TEXT, read_columns
from workbench.store.errors import NotFound, Refused
from workbench.store.export_columns import Column, Kind
from workbench.store.export_cursors import end
from workbench.store.export_parts import ROW, reading

#: Columns beside those of the dataset; a column of the dataset of that name goes before.
ROW_ID, SPLIT, TAGS = "row", "split", "tags"
# Rows of one Arrow table, and the bytes of their values at which there are fewer.
_ROWS, _LEAST_ROWS = 2048, 16
_TABLE_BYTES = 16 * 2**20
_KINDS: dict[str, Kind] = {TEXT: "text", EMPTY: "text", BOOLEAN: "yes_no"}
TYPES = {
    "text": pa.string(),
    "json": pa.string(),
    "whole": pa.int64(),
    "number": pa.float64(),
    "yes_no": pa.bool_(),
}


def select_sql(dataset_id: int, version: int) -> str:
    """One statement that finds the ids of those rows: whoever has the store can run it."""
    return (
        f"SELECT d.id FROM dataset_rows d WHERE d.dataset_id = {dataset_id} "
        f"AND d.since <= {version} AND (d.until IS NULL OR d.until > {version}) ORDER BY d.id"
    )


class DatasetSnapshot:
    """The rows of a version at one moment; like a `Snapshot`. Without a number it is the newest
    published version.

    rows: how many there are. as_of: the version's number.
    """

    def __init__(
        self,
        connection: Connection,
        dataset_id: int,
        version: int | None,
        *,
        started: Callable[[DatasetSnapshot], None] | None = None,
    ) -> None:
        """Raises NotFound."""
        self.connection = connection
        self._cursor = connection.new_cursor()
        self._dataset_id = dataset_id
        self.as_of = self.rows = 0
        self.columns: list[Column] = []
        self._own: set[str] = set()
        self._names = Names()
        if started is not None:
            started(self)
        try:
            with reading():
                self._begin(version)
        except BaseException:
            self.close()
            raise
        self.taken_at: datetime = clock.from_stored(clock.now())

    def _begin(self, version: int | None) -> None:
        self._cursor.execute("BEGIN TRANSACTION")
        self._open(self._dataset_id, version)

    def _open(self, dataset_id: int, version: int | None, *, also_removed: bool = False) -> None:
        self._dataset_id = dataset_id
        which = "v.published_at IS NOT NULL" if version is None else "v.number = ?"
        there = "" if also_removed else "s.deleted_at IS NULL AND "
        row = self._cursor.execute(
            "SELECT v.number, v.columns FROM dataset_versions v JOIN datasets s "
            f"ON s.id = v.dataset_id WHERE {there}v.dataset_id = ? "
            f"AND {which} ORDER BY v.number DESC LIMIT 1",
            [self._dataset_id, *([] if version is None else [version])],
        ).fetchone()
        if row is None:
            what = "published version" if version is None else f"version {version}"
            raise NotFound(f"There is no {what} of dataset {self._dataset_id}.")
        self.as_of = int(row[0])
        given = [self._dataset_id, self.as_of, self.as_of]
        counts = self._cursor.execute(
            "SELECT count(*), count(d.split), count(*) FILTER (len(d.tags) > 0) "
            f"FROM dataset_rows d WHERE {IN_VERSION}",
            given,
        ).fetchone()
        assert counts is not None
        self.rows = int(counts[0])
        kept, self._names = read_columns(row[1]), read_names(row[1])
        whole = all_whole(self._cursor, given, [c.name for c in kept if c.type == NUMBER])
        self._own = names = {column.name for column in kept}
        for column in kept:
            kind = _KINDS.get(column.type, "json")
            if column.type == NUMBER:
                kind = "whole" if column.name in whole else "number"
            self.columns.append(
                Column(
                    column.name,
                    kind,
                    column.name,
                    "",
                    kind in ("text", "json"),
                    role=column.role,
                )
            )
        # Those that say nothing of any row are there where they are asked for.
        for name, made, default in (
            (SPLIT, Column(SPLIT, "text", "Split", "", True), counts[1] > 0),
            (TAGS, Column(TAGS, "list", "Tags", "", True), counts[2] > 0),
            (ROW_ID, Column(ROW_ID, "whole", "Row", ""), False),
        ):
            if name not in names:
                self.columns.append(
                    Column(name, made.kind, made.label, "", made.holds_text, default=default)
                )

    def chosen(self, names: Sequence[str]) -> list[Column]:
        """Columns by their names, each once; none are all that say something. Raises Refused."""
        by_name = {column.name: column for column in self.columns}
        for name in names:
            if name not in by_name:
                raise Refused(
                    f'There is no column "{name[:80]}" over version {self.as_of}. Columns '
                    f"are {', '.join(list(by_name)[:50])}."
                )
        if not names:
            found = [column for column in self.columns if column.default]
            if not found:
                raise Refused("This version of the dataset has no columns yet.")
            return found
        return [by_name[name] for name in dict.fromkeys(names)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def interrupt(self) -> None:
        self._cursor.interrupt()

    def close(self) -> None:
        end(self._cursor)

    def metadata_keys(self) -> list[str]:
        return []

    def score_names(self) -> list[str]:
        return []

    def tables(
        self, columns: Sequence[Column], *, lists_as_text: bool, first: int | None = None
    ) -> Iterator[pa.Table]:
        """The rows in order: ROW (the row's number), then the columns; images are in their places.

        Raises StoreError where the store cannot be read.
        """
        left = self.rows if first is None else min(first, self.rows)
        after, size = 0, _LEAST_ROWS
        while left > 0:
            with reading():
                found = self._cursor.execute(
                    f"SELECT {COLUMNS} FROM dataset_rows d WHERE {IN_VERSION} AND d.id > ? "
                    "ORDER BY d.id LIMIT ?",
                    [self._dataset_id, self.as_of, self.as_of, after, min(size, left)],
                ).fetchall()
                rows = read_rows(self._cursor, self._dataset_id, self._names, fitting(found))
            if not rows:
                return
            table = pa.table(self.arrays(rows, columns, lists_as_text=lists_as_text))
            yield table
            after, left = rows[-1].id, left - len(rows)
            each = max(1, table.nbytes // len(rows))
            size = max(_LEAST_ROWS, min(_ROWS, 4 * size, _TABLE_BYTES // each))

    @property
    def dataset_id(self) -> int:
        return self._dataset_id

    def splits(self) -> list[str]:
        """Which splits rows are in; "" are those in none. A column of that name goes before."""
        with reading():
            named = "d.split"
            if SPLIT in self._own:
                json = bare_value(self._cursor, self._dataset_id)
                named = f"json_extract_string({json}, '/{SPLIT}')"
            rows = self._cursor.execute(
                f"SELECT DISTINCT coalesce({named}, '') AS split FROM dataset_rows d "
                f"WHERE {IN_VERSION} ORDER BY split LIMIT 100",
                [self._dataset_id, self.as_of, self.as_of],
            ).fetchall()
        return [split for (split,) in rows]

    def tags(self, most: int = 50) -> list[str]:
        """Tags of rows, the most frequent first."""
        with reading():
            rows = self._cursor.execute(
                "SELECT tag FROM (SELECT unnest(d.tags) AS tag FROM dataset_rows d "
                f"WHERE {IN_VERSION}) GROUP BY tag ORDER BY count(*) DESC, tag LIMIT {most}",
                [self._dataset_id, self.as_of, self.as_of],
            ).fetchall()
        return [tag for (tag,) in rows]

    def is_own(self, column: Column) -> bool:
        """Whether it is one of the dataset's own."""
        return column.name in self._own

    def arrays(
        self, rows: Sequence[DatasetRow], columns: Sequence[Column], *, lists_as_text: bool
    ) -> dict[str, Any]:
        """ROW and the columns, of some rows in their order."""
        ids = pa.array([row.id for row in rows], pa.int64())
        arrays: dict[str, Any] = {ROW: ids}
        for column in columns:
            if self.is_own(column):
                values = [cell(row.values.get(column.name), column.kind) for row in rows]
                arrays[column.name] = pa.array(values, TYPES[column.kind])
            elif column.name == TAGS:
                arrays[TAGS] = _tags(rows, lists_as_text)
            elif column.name == SPLIT:
                arrays[SPLIT] = pa.array([row.split for row in rows], pa.string())
            else:
                arrays[column.name] = ids
        return arrays


def _tags(rows: Sequence[DatasetRow], lists_as_text: bool) -> Any:
    if lists_as_text:
        return pa.array([orjson.dumps(row.tags).decode() for row in rows], pa.string())
    return pa.array([list(row.tags) for row in rows], pa.list_(pa.string()))


def cell(value: Any, kind: str) -> Any:
    """A JSON value as a column of a kind holds it."""
    if value is None or (kind == "text" and isinstance(value, str)):
        return value
    return orjson.dumps(value).decode() if kind in ("json", "text") else value
