"""Cells of a grid: written in batches, read by whoever runs them, marked to be run anew."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import pyarrow as pa

from workbench.ids import IdMaker
from workbench.store import clock, long_values
from workbench.store.connection import Connection, Cursor
from workbench.store.dataset_reading import IN_VERSION
from workbench.store.evaluation_anew import NOTHING, Anew
from workbench.store.evaluation_runs import LostRun
from workbench.store.evaluation_values import CANCELLED, DONE, FAILED, STALE, CellRow, RunInfo
from workbench.store.long_values import CELLS, JSON_KIND, LongValue, cell_apart

_TIME = pa.timestamp("us")
_CELLS = pa.schema(
    [
        ("run_id", pa.int64()),
        ("dataset_row", pa.int64()),
        ("column_id", pa.int64()),
        ("state", pa.string()),
        ("value", pa.string()),
        ("passed", pa.bool_()),
        ("kind", pa.string()),
        ("message", pa.string()),
        ("retryable", pa.bool_()),
        ("attempts", pa.int32()),
        ("generation", pa.int32()),
        ("detail", pa.string()),
        ("cost", pa.decimal128(18, 9)),
        ("author", pa.string()),
        ("ended_at", _TIME),
        ("texts", pa.int64()),
        ("long_values", pa.string()),
    ]
)
_NAMES = _CELLS.names
_MERGE = (
    "MERGE INTO evaluation_cells c USING (SELECT * FROM incoming_cells) i ON "
    "c.run_id = i.run_id AND c.dataset_row = i.dataset_row AND c.column_id = i.column_id "
    "WHEN MATCHED AND c.generation <= i.generation THEN UPDATE SET "
    + ", ".join(f"{name} = i.{name}" for name in _NAMES[3:])
    + f" WHEN NOT MATCHED THEN INSERT ({', '.join(_NAMES)}) "
    + f"VALUES ({', '.join(f'i.{name}' for name in _NAMES)})"
)
_IDS = "(SELECT unnest(?::BIGINT[]))"
#: A stale cell that never ran waits like one that is not there.
WAITS = f"(c.state IS NULL OR (c.state = '{STALE}' AND c.attempts = 0))"


@dataclass(frozen=True, slots=True)
class Finished:
    """Cells of one run that a process has finished. worker: the process; it must have the run."""

    run_id: int
    worker: int
    cells: Sequence[CellRow]
    at: datetime

    @property
    def size(self) -> int:
        return sum(cell.size for cell in self.cells)


class CellBatch:
    """Writes finished cells: the writer calls it with all that are waiting.

    A cell that was marked to be run anew since it began is left as it is: its generation is a later
    one. Raises LostRun where another process has the run by now.
    """

    def __init__(self, connection: Connection, cursor: Cursor, make_id: IdMaker) -> None:
        """`cursor` is the writer's."""
        self._make_id = make_id
        self._is_ducklake = connection.is_ducklake
        self._table = _CELLS.empty_table()
        cursor.register("incoming_cells", self)

    def __call__(self, cursor: Cursor, works: Sequence[Finished]) -> list[None]:
        for run_id, worker in sorted({(one.run_id, one.worker) for one in works}):
            _check_owner(cursor, run_id, worker, is_shared=self._is_ducklake)
        found: dict[tuple[int, int, int], tuple[CellRow, datetime]] = {}
        for one in works:
            for cell in one.cells:
                key = (one.run_id, cell.dataset_row, cell.column_id)
                known = found.get(key)
                if known is None or known[0].generation <= cell.generation:
                    found[key] = cell, one.at
        if found:
            columns, long = _columns(found, self._make_id)
            long_values.insert(cursor, CELLS, long)
            self._table = pa.Table.from_pydict(columns, schema=_CELLS)
            try:
                cursor.execute(_MERGE)
            finally:
                self._table = _CELLS.empty_table()
        return [None] * len(works)

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self._table.__arrow_c_stream__(requested_schema)

    def __arrow_c_schema__(self) -> object:
        return _CELLS.__arrow_c_schema__()


def _check_owner(cursor: Cursor, run_id: int, worker: int, *, is_shared: bool) -> None:
    given = [run_id, worker]
    found = cursor.execute(
        "SELECT 1 FROM evaluation_runs WHERE id = ? AND worker = ?", given
    ).fetchone()
    if found is None:
        raise LostRun(f"Run {run_id} is run by another process.")
    if is_shared:
        # Writing the row makes a take-over that comes at the same time conflict with this.
        cursor.execute(
            "UPDATE evaluation_runs SET heartbeat_at = ? WHERE id = ?", [clock.now(), run_id]
        )


def _columns(
    found: dict[tuple[int, int, int], tuple[CellRow, datetime]], make_id: IdMaker
) -> tuple[dict[str, Sequence[Any]], list[tuple[int, int, tuple[LongValue, ...]]]]:
    """The columns of _CELLS, and the long values that leave them."""
    cells = [cell for cell, _ in found.values()]
    columns: dict[str, Sequence[Any]] = {
        name: [getattr(cell, name) for cell in cells]
        for name in _CELLS.names
        if name not in ("run_id", "ended_at", "value", "detail", "texts", "long_values")
    }
    made = [cell_apart(cell.value, cell.detail) for cell in cells]
    columns["value"], columns["detail"], columns["long_values"], values = zip(*made, strict=True)
    columns["texts"] = ids = [make_id() if each else None for each in values]
    columns["run_id"] = [run_id for run_id, _, _ in found]
    columns["ended_at"] = [at for _, at in found.values()]
    runs = zip(columns["run_id"], ids, values, strict=True)
    return columns, [(run_id, id_, each) for run_id, id_, each in runs if id_ is not None]


# -- for whoever runs them -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Kept:
    """A cell as a runner has to know it. value: JSON text, of a cell that is done."""

    state: str
    generation: int
    attempts: int
    value: str | None


def pending(
    connection: Connection,
    run: RunInfo,
    columns: Sequence[int],
    after: int,
    span: int,
    anew: Anew = NOTHING,
) -> tuple[list[int], int | None]:
    """Rows in which a column has no end, or would have none, among the next `span` rows after
    `after`.

    Returns their numbers, and the last number that was looked at; None where no row is left.
    """
    version = [run.dataset_id, run.dataset_version, run.dataset_version]
    loses, lost = anew.condition
    with connection.cursor() as cursor:
        row = cursor.execute(
            f"SELECT max(id) FROM (SELECT d.id FROM dataset_rows d WHERE {IN_VERSION} "
            "AND d.id > ? ORDER BY d.id LIMIT ?)",
            [*version, after, span],
        ).fetchone()
        last = None if row is None else row[0]
        if last is None:
            return [], None
        rows = cursor.execute(
            "SELECT d.id FROM dataset_rows d LEFT JOIN (SELECT dataset_row, count(*) AS n "
            "FROM evaluation_cells c WHERE c.run_id = ? AND c.dataset_row > ? "
            f"AND c.dataset_row <= ? AND c.column_id IN {_IDS} "
            f"AND c.state IN ('{DONE}', '{FAILED}') AND NOT {loses} GROUP BY dataset_row) k "
            f"ON k.dataset_row = d.id WHERE {IN_VERSION} AND d.id > ? AND d.id <= ? "
            "AND coalesce(k.n, 0) < ? ORDER BY d.id",
            [run.id, after, last, list(columns), *lost, *version, after, last, len(columns)],
        ).fetchall()
    return [int(id_) for (id_,) in rows], int(last)


def of_rows(connection: Connection, run_id: int, rows: Sequence[int]) -> dict[int, dict[int, Kept]]:
    """The cells of rows, by row and column."""
    found: dict[int, dict[int, Kept]] = {row: {} for row in rows}
    if not rows:
        return found
    with connection.cursor() as cursor:
        cells = cursor.execute(
            "SELECT c.dataset_row, c.column_id, c.state, c.generation, c.attempts, "
            f"CASE WHEN c.state = '{DONE}' THEN c.value END, c.texts, "
            "json_extract_string(c.long_values, '/value/kind') FROM evaluation_cells c "
            "WHERE c.run_id = ? AND c.dataset_row BETWEEN ? AND ? "
            f"AND c.dataset_row IN {_IDS}",
            [run_id, min(rows), max(rows), list(rows)],
        ).fetchall()
        wholes = whole_values(cursor, run_id, [(one[6], one[7]) for one in cells])
    for row, column, state, generation, attempts, value, texts, kind in cells:
        if value is not None and kind is not None:
            value = wholes.get(texts, value)
        found[row][column] = Kept(state, generation, attempts, value)
    return found


def whole_values(
    cursor: Cursor, run_id: int, found: Iterable[tuple[int | None, str | None]]
) -> dict[int, str]:
    """Long values of cells as JSON texts, by what `texts` of a cell names.

    found: that, and the kind of the value; None for a cell whose value is not long.
    """
    kinds = {id_: kind for id_, kind in found if id_ is not None and kind is not None}
    return {
        id_: each["value"] if kinds[id_] == JSON_KIND else orjson.dumps(each["value"]).decode()
        for id_, each in long_values.read(cursor, CELLS, run_id, kinds, "value").items()
    }


# -- changes ---------------------------------------------------------------------------------------


def mark_columns(cursor: Cursor, run_id: int, columns: Iterable[int]) -> int:
    """Whole columns are to be run anew: model calls of before are not taken for them."""
    return _mark(cursor, f"c.run_id = ? AND c.column_id IN {_IDS}", [run_id, list(columns)])


def mark_row(
    cursor: Cursor, run_id: int, row: int, columns: Sequence[int], *, also_waiting: bool
) -> int:
    """Cells of a row are to be run anew. also_waiting: those that have no row as well, since they
    may be running at this moment, upon values that no longer hold."""
    given = [run_id, row, list(columns)]
    marked = _mark(cursor, f"c.run_id = ? AND c.dataset_row = ? AND c.column_id IN {_IDS}", given)
    if also_waiting:
        cursor.execute(
            "INSERT INTO evaluation_cells (run_id, dataset_row, column_id, state, attempts, "
            f"generation, ended_at) SELECT ?, ?, u.id, '{STALE}', 0, 1, ? "
            "FROM (SELECT unnest(?::BIGINT[]) AS id) u WHERE u.id NOT IN "
            "(SELECT column_id FROM evaluation_cells WHERE run_id = ? AND dataset_row = ?)",
            [run_id, row, clock.now(), list(columns), run_id, row],
        )
    return marked


def mark_failed(cursor: Cursor, run_id: int, columns: Sequence[int]) -> int:
    """Failed and cancelled cells are to be run again. A failed cell stands at the generation that
    its next try is of: calls that went well in it are taken."""
    row = cursor.execute(
        f"UPDATE evaluation_cells AS c SET state = '{STALE}' "
        f"WHERE c.run_id = ? AND c.state IN ('{FAILED}', '{CANCELLED}') AND c.column_id IN {_IDS}",
        [run_id, list(columns)],
    ).fetchone()
    return int(row[0]) if row else 0


def _mark(cursor: Cursor, where: str, given: list[Any]) -> int:
    row = cursor.execute(
        f"UPDATE evaluation_cells AS c SET state = '{STALE}', generation = generation + 1 "
        f"WHERE {where}",
        given,
    ).fetchone()
    return int(row[0]) if row else 0


def has_row(cursor: Cursor, run: RunInfo, row: int) -> bool:
    """Whether the run's version of the dataset has a row."""
    found = cursor.execute(
        f"SELECT 1 FROM dataset_rows d WHERE {IN_VERSION} AND d.id = ?",
        [run.dataset_id, run.dataset_version, run.dataset_version, row],
    ).fetchone()
    return found is not None


def rate(
    cursor: Cursor,
    run_id: int,
    row: int,
    column: int,
    value: Any,
    author: str | None,
    make_id: IdMaker,
) -> None:
    """Put a person's value into a cell; author None takes it away again."""
    given = [run_id, row, column]
    before = cursor.execute(
        "SELECT max(generation) FROM evaluation_cells c "
        "WHERE c.run_id = ? AND c.dataset_row = ? AND c.column_id = ?",
        given,
    ).fetchone()
    cursor.execute(
        "DELETE FROM evaluation_cells WHERE run_id = ? AND dataset_row = ? AND column_id = ?", given
    )
    if author is not None:
        generation = int(before[0]) if before and before[0] is not None else 0
        text, _, told, long = cell_apart(orjson.dumps(value).decode(), None)
        id_ = make_id() if long else None
        if id_ is not None:
            long_values.insert(cursor, CELLS, [(run_id, id_, long)])
        cursor.execute(
            "INSERT INTO evaluation_cells (run_id, dataset_row, column_id, state, value, attempts, "
            "generation, author, ended_at, texts, long_values) "
            f"VALUES (?, ?, ?, '{DONE}', ?, 1, ?, ?, ?, ?, ?)",
            [*given, text, generation, author, clock.now(), id_, told],
        )
