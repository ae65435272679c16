"""Ranges of ids read from several tables at once, and their columns put beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pyarrow as pa

from workbench.store.connection import Cursor
from workbench.store.export_parts import ROW, Part, aligned, fetched, in_utc


class Ranges:
    """Reads one range after the other, each into one table, without a join.

    What takes longest is the texts. They are read by a thread, so that those of one range can be
    begun while the range before is still used.
    """

    def __init__(
        self,
        parts: Sequence[Part],
        cursor: Cursor,
        beside: Cursor | None,
        thread: ThreadPoolExecutor,
        *,
        has_scores: bool,
    ) -> None:
        """beside: a second reader of the same moment, if there is one: the thread's."""
        self._parts = parts
        self._texts = [part for part in parts if part.has_texts]
        self._rest = [part for part in parts if not part.has_texts]
        self._cursor, self._beside, self._thread = cursor, beside, thread
        self._has_scores = has_scores
        # What is read of a table without rows, by its statement: once is enough.
        self._bare: dict[str, pa.Table] = {}

    def begin(self, ids: Any) -> Range:
        """A range of these ids, which are sorted; its texts are being read from now on."""
        beside = self._beside
        if beside is None:
            return Range(ids, [])
        return Range(ids, [self._thread.submit(_read, beside, part, ids) for part in self._texts])

    def table(self, begun: Range) -> pa.Table:
        """ROW and the columns of the range's requests. Raises StoreError and Interrupted."""
        ids = begun.ids
        tables = [self._read_rest(part, ids) for part in self._rest]
        if self._beside is None:
            tables += [_read(self._cursor, part, ids) for part in self._texts]
        tables += [each.result() for each in begun.texts]
        by_name = {ROW: pa.chunked_array([pa.array(ids)])}
        for table in tables:
            by_name |= {name: table[name] for name in table.column_names[1:]}
        names = [ROW, *(name for part in self._parts for name in part.names)]
        return pa.table([by_name[name] for name in names], names)

    def _read_rest(self, part: Part, ids: Any) -> pa.Table:
        if not part.has_scores or self._has_scores:
            return _read(self._cursor, part, ids)
        if part.select not in self._bare:
            self._bare[part.select] = fetched(self._cursor, part.select, int(ids[0]), int(ids[-1]))
        return _in_place(self._bare[part.select], part, ids)


class Range:
    """A range that was begun: its ids, and what of it is being read."""

    def __init__(self, ids: Any, texts: list[Future[pa.Table]]) -> None:
        self.ids = ids
        self.texts = texts


def _read(cursor: Cursor, part: Part, ids: Any) -> pa.Table:
    return _in_place(fetched(cursor, part.select, int(ids[0]), int(ids[-1])), part, ids)


def _in_place(table: pa.Table, part: Part, ids: Any) -> pa.Table:
    return in_utc(aligned(table, ids, missing=part.may_miss))
