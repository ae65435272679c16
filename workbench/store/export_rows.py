"""The rows of an export: one snapshot, read in the order of arrival, a few megabytes at a time.

A join of a million rows does not fit into the store's memory limit, and costs more than reading
the rows. So a range of ids at a time is read from each table (both are laid out by id, a range is
a few row groups of each), and the columns are put beside each other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from workbench.filters import Filter
from workbench.store import allocator, blob_rows, blobs, clock, pieces
from workbench.store.connection import ROW_GROUP_ROWS, Connection, Cursor
from workbench.store.export_columns import Column
from workbench.store.export_cursors import begun_together, end
from workbench.store.export_groups import in_order, last_beginning
from workbench.store.export_parts import (
    BATCH_ROWS,
    ROW,
    has_byte,
    parts_of,
    reading,
)
from workbench.store.export_ranges import Ranges
from workbench.store.search_finder import where_of

# Arrow bytes of one table. Memory is a small multiple of it: one is read, one is being written.
TABLE_BYTES = 16 * 2**20
# What the process may have beside DuckDB's memory before an export gives back what was freed: new
# pages cost as much time as the rows that fill them.
_BESIDE_BYTES = 455 * 2**20
LEAST_ROWS, MAX_ROWS = 16, 8 * ROW_GROUP_ROWS
# What read a request. It is asked for with the other columns: before them it would be a look at as
# many blocks again. Its name cannot be printed, so no column is named like it.
_READ_BY = Column("read\tby", "text", "", "coalesce(r.normaliser, '')")
# Above this share of all requests it is quicker to read a range whole.
_DENSE = 0.7


class Snapshot:
    """What a filter finds at one moment. Use it as a context, from one thread at a time.

    rows: how many requests there are. as_of: the newest request of the store then. Requests that
    arrive or change later are not in it. `interrupt` may be called from any thread.
    """

    def __init__(
        self,
        connection: Connection,
        filter_: Filter,
        *,
        now: datetime,
        started: Callable[[Snapshot], None] | None = None,
    ) -> None:
        """started: called with the snapshot before the filter runs, so that it can be stopped."""
        self.connection = connection
        with reading():
            self._cursor, self._beside = begun_together(connection)
        self._ids: Any = np.empty(0, dtype=np.int64)
        # Where among them row groups of the file begin.
        self._begins: Any = np.empty(0, dtype=np.int64)
        self.as_of = self._all = 0
        self._read_by: Counter[str] = Counter()
        self._has_table = self._has_scores = False
        # Reads the texts while the rest is read.
        self._texts = ThreadPoolExecutor(1, "export-texts")
        if started is not None:
            started(self)
        try:
            with reading():
                self._begin(filter_, now)
        except BaseException:
            self.close()
            raise
        self.taken_at = clock.from_stored(clock.now())

    def _begin(self, filter_: Filter, now: datetime) -> None:
        source, where, params = where_of(filter_, now, None)
        row = self._cursor.execute(
            "SELECT coalesce(max(id), 0), count(*), EXISTS (SELECT 1 FROM scores) FROM requests"
        ).fetchone()
        assert row is not None
        self.as_of, self._all, self._has_scores = int(row[0]), int(row[1]), bool(row[2])
        # DuckLake has no row groups of its own.
        place = "0" if self.connection.is_ducklake else "r.rowid"
        select = f"SELECT r.id, {place} AS place FROM {source} WHERE {where}"
        found = self._cursor.execute(select, params).to_arrow_table(BATCH_ROWS)
        self._ids, self._begins = in_order(found["id"].to_numpy(), found["place"].to_numpy())

    def _choose(self) -> None:
        """Put the ids where other statements find them."""
        if not self._has_table:
            table = pa.table({"id": self._ids})
            _put_ids(self._cursor, table)
            if self._beside is not None:
                # The thread may be reading by it, for a table that was begun.
                self._texts.submit(_put_ids, self._beside, table).result()
            self._has_table = True

    @property
    def _cursors(self) -> list[Cursor]:
        return [each for each in (self._cursor, self._beside) if each is not None]

    @property
    def rows(self) -> int:
        return len(self._ids)

    @property
    def normalisers(self) -> dict[str, int]:
        """What read the requests that `tables` has given, and how many of them."""
        return dict(sorted(self._read_by.items()))

    def __enter__(self) -> Snapshot:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def interrupt(self) -> None:
        for cursor in self._cursors:
            cursor.interrupt()

    def close(self) -> None:
        self._texts.shutdown(cancel_futures=True)
        for cursor in self._cursors:
            end(cursor)

    def metadata_keys(self) -> list[str]:
        """Keys that stand in the requests' metadata, the most frequent first."""
        return self._names(
            "SELECT unnest(json_keys(r.metadata)) AS name FROM requests r JOIN "
            "temp.main.chosen c ON c.id = r.id"
        )

    def score_names(self) -> list[str]:
        """Names of the requests' scores, the most frequent first."""
        return self._names(
            "SELECT s.name FROM scores s JOIN temp.main.chosen c ON c.id = s.request_id"
        )

    def _names(self, select: str) -> list[str]:
        self._choose()
        rows = self._run(f"SELECT name FROM ({select}) GROUP BY name ORDER BY count(*) DESC, name")
        return [name for (name,) in rows]

    def _run(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with reading():
            return self._cursor.execute(statement, values).fetchall()

    def tables(
        self, columns: Sequence[Column], *, lists_as_text: bool, first: int | None = None
    ) -> Iterator[pa.Table]:
        """The rows in the order of arrival: ROW (the request's id), then the columns.

        lists_as_text: lists come as JSON. first: no more rows than this. Base64 that was taken out
        of a column is back in its place. Raises StoreError where the store cannot be read.
        """
        allocator.reuse_large_blocks()
        sparse = self.rows < _DENSE * self._all
        if sparse:
            self._choose()
        parts = parts_of([*columns, _READ_BY], lists_as_text, sparse=sparse)
        ranges = Ranges(parts, self._cursor, self._beside, self._texts, has_scores=self._has_scores)
        self._read_by.clear()
        wanted = self.rows if first is None else min(first, self.rows)
        bound = allocator.Bound(self.connection.settings.memory_bytes + _BESIDE_BYTES)
        # Where few are chosen, much more passes through than is taken.
        passed = self._all / max(1, self.rows)
        stop, rows = self._stop(0, ROW_GROUP_ROWS, wanted), ROW_GROUP_ROWS
        begun = ranges.begin(self._ids[:stop]) if wanted else None
        while begun is not None:
            table = self._counted(ranges.table(begun))
            each = max(1, table.nbytes // max(1, table.num_rows))
            rows = min(MAX_ROWS, 4 * rows, TABLE_BYTES // each)
            # Whole row groups: one that is cut is read twice.
            rows = max(LEAST_ROWS, rows // ROW_GROUP_ROWS * ROW_GROUP_ROWS)
            start, stop = stop, self._stop(stop, rows, wanted)
            begun = ranges.begin(self._ids[start:stop]) if start < wanted else None
            for piece in self._completed(table, [c for c in columns if c.needs_bodies]):
                yield from self._whole(piece, [c.name for c in columns if c.holds_blobs])
            bound.passed(int(table.nbytes * passed))

    def _stop(self, start: int, rows: int, wanted: int) -> int:
        """Where a range ends that begins at `start` and is to have about so many rows."""
        stop = min(start + rows, wanted)
        return stop if stop == wanted else last_beginning(self._begins, start, stop)

    def _counted(self, table: pa.Table) -> pa.Table:
        """The table without what read its rows, which is counted."""
        for each in table[_READ_BY.name].value_counts().to_pylist():
            self._read_by[each["values"]] += each["counts"]
        return table.drop_columns([_READ_BY.name])

    def _completed(self, table: pa.Table, columns: Sequence[Column]) -> Iterator[pa.Table]:
        """The table with long texts whole, in as many parts as keep each part small."""
        names = {column.sql.removeprefix("b."): column.name for column in columns}
        cut = [name for name, shown in names.items() if _may_be_cut(table[shown])]
        if not cut:
            yield table
            return
        ids = table[ROW].to_pylist()
        with reading():
            sizes = pieces.bytes_of(self._cursor, ids, cut)
        start, held = 0, 0
        for row, id_ in enumerate(ids):
            size = sizes.get(id_, 0)
            if held and held + size > TABLE_BYTES:
                yield self._complete(table.slice(start, row - start), names, cut)
                start, held = row, 0
            held += size
        yield self._complete(table.slice(start), names, cut)

    def _complete(self, table: pa.Table, names: dict[str, str], cut: Sequence[str]) -> pa.Table:
        """names: of columns here by their names in bodies; cut: those of bodies that may go on."""
        rows = list(zip(*(table[names[name]].to_pylist() for name in cut), strict=True))
        with reading():
            found = pieces.whole(self._cursor, table[ROW].to_pylist(), cut, rows)
        for name, texts in zip(cut, zip(*found, strict=True), strict=True):
            at = table.schema.get_field_index(names[name])
            table = table.set_column(at, names[name], pa.array(texts, pa.string()))
        return table

    def _whole(self, table: pa.Table, names: Sequence[str]) -> Iterator[pa.Table]:
        """The table with its base64, in as many pieces as keep each piece small."""
        marked = {
            name: pc.fill_null(pc.match_substring(table[name], blobs.MARK), False)
            for name in names
            if has_byte(table[name], ord(blobs.MARK))
        }
        if not marked:
            yield table
            return
        found: dict[int, dict[str, None]] = {}
        for name, mask in marked.items():
            for row in np.flatnonzero(np.asarray(mask)).tolist():
                digests = blobs.references(table[name][row].as_py())
                found.setdefault(row, {}).update(dict.fromkeys(digests))
        with reading():
            sizes = blob_rows.sizes(self._cursor, {one for each in found.values() for one in each})
        start, held = 0, 0
        for row in sorted(found):
            size = sum(sizes.get(digest, 0) for digest in found[row])
            if held and held + size > TABLE_BYTES:
                yield self._put_back(table, list(marked), start, row, found)
                start, held = row, 0
            held += size
        yield self._put_back(table, list(marked), start, table.num_rows, found)

    def _put_back(
        self,
        table: pa.Table,
        names: Sequence[str],
        start: int,
        stop: int,
        found: dict[int, dict[str, None]],
    ) -> pa.Table:
        wanted = {digest for row in range(start, stop) for digest in found.get(row, ())}
        with reading():
            data = blob_rows.read(self._cursor, wanted)
        piece = table.slice(start, stop - start)
        for name in names:
            texts = piece[name].to_pylist()
            whole = [None if text is None else blobs.put_back(text, data) for text in texts]
            at = piece.schema.get_field_index(name)
            piece = piece.set_column(at, name, pa.array(whole, pa.string()))
        return piece


def _put_ids(cursor: Cursor, table: pa.Table) -> None:
    with reading():
        cursor.register("chosen_ids", table)
        cursor.execute("CREATE TEMP TABLE chosen AS SELECT id FROM chosen_ids")
        cursor.unregister("chosen_ids")


def _may_be_cut(texts: Any) -> bool:
    """Whether any of the texts has as many characters as a first piece."""
    # There are at least as many bytes, which are known without looking at the texts.
    if (pc.max(pc.binary_length(texts)).as_py() or 0) < pieces.PIECE:
        return False
    return bool(pc.any(pc.equal(pc.utf8_length(texts), pieces.PIECE)).as_py())
