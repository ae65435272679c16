"""Rows of a grid, filtered and sorted on any column by the engine.

Columns of the dataset and computed ones are treated alike: each is an expression over a row of the
dataset with the cells of the columns that are asked about beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

import orjson

from workbench.store import clock, long_values
from workbench.store.blobs import MARK
from workbench.store.connection import Connection, Cursor
from workbench.store.dataset_names import Names, names_in
from workbench.store.dataset_reading import IN_VERSION
from workbench.store.errors import Refused
from workbench.store.evaluation_values import DONE, STALE, WAITING, RunInfo
from workbench.store.long_values import CELLS, DATASETS, JSON_KIND, pointer
from workbench.store.text_conditions import Operator as Operator
from workbench.store.text_conditions import compared

MAX_CONDITIONS = 20
MAX_TEXT = 2_000
#: value: the column's value as text (a string as it is, all else as JSON), or as a number.
#: state: of the cell. passed: a verdict. cost: dollars. row: the row's number. split, tag: of the
#: dataset's row. any: any value of the row, computed or not.
Field = Literal["value", "state", "passed", "cost", "row", "split", "tag", "any"]
#: contains, is: capitals aside; numbers are compared as numbers. state: `text` is one of
#: CELL_STATES but "running"; passed: "true" or "false". empty: no value, or an empty text.
_NUMBERS = "('UBIGINT', 'BIGINT', 'DOUBLE', 'HUGEINT', 'UHUGEINT')"
# The marks of blobs are no JSON; without them a digest stands in the place of its image.
_BARE = f"replace(d.value, chr({ord(MARK)}), '')"
_IDS = "(SELECT unnest(?::BIGINT[]))"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One condition; several hold together. column: its name, for value, state, passed, cost."""

    field: Field = "value"
    column: str = ""
    operator: Operator = "contains"
    text: str = ""
    negated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sort:
    """field: "row", or value, state, passed or cost of a column. Numbers come before texts, what
    has no value last."""

    field: Field = "row"
    column: str = ""
    descending: bool = False


@dataclass(frozen=True, slots=True)
class ShownCell:
    """A cell as a page needs it. value: JSON text, cut; length: of the whole. version: of its
    prompt."""

    state: str
    value: str | None
    length: int
    passed: bool | None
    kind: str | None
    message: str | None
    retryable: bool | None
    attempts: int
    generation: int
    cost: Decimal | None
    author: str | None
    ended_at: datetime
    version: int | None


class _Query:
    """FROM with a join for each computed column that is asked about."""

    def __init__(self, run: RunInfo, columns: Mapping[str, int], names: Names) -> None:
        self.run = run
        self.names = names
        self._columns = columns
        self._joined: dict[int, str] = {}
        self._given: list[Any] = []

    @property
    def source(self) -> str:
        joins = (
            f" LEFT JOIN (SELECT * FROM evaluation_cells WHERE run_id = ? AND column_id = ?) {name}"
            f" ON {name}.dataset_row = d.id"
            for name in self._joined.values()
        )
        return "dataset_rows d" + "".join(joins)

    @property
    def given(self) -> list[Any]:
        return [value for id_ in self._joined for value in (self.run.id, id_)]

    def cell(self, column: str) -> str | None:
        """The name of a computed column's join; None for a column of the dataset."""
        id_ = self._columns.get(column)
        if id_ is None:
            return None
        return self._joined.setdefault(id_, f"c{len(self._joined)}")

    def text(self, column: str) -> tuple[str, list[Any]]:
        """A column's value as text."""
        name = self.cell(column)
        if name is not None:
            return f"json_extract_string({name}.value, '$')", []
        return f"json_extract_string({_BARE}, ?)", [pointer(self.names.key(column))]

    def state(self, column: str) -> str:
        name = self.cell(column)
        if name is None:
            return f"'{DONE}'"
        return (
            f"CASE WHEN {name}.state IS NULL OR ({name}.state = '{STALE}' AND {name}.attempts = 0) "
            f"THEN '{WAITING}' ELSE {name}.state END"
        )


def page(
    connection: Connection,
    run: RunInfo,
    columns: Mapping[str, int],
    where: Sequence[Condition],
    sort: Sort,
    offset: int,
    limit: int,
) -> tuple[list[int], int]:
    """The rows' numbers in their order, and how many fulfil the conditions.

    columns: ids of the computed ones by name; every other name is a column of the dataset.
    """
    if len(where) > MAX_CONDITIONS or any(len(one.text) > MAX_TEXT for one in where):
        raise Refused(
            f"At most {MAX_CONDITIONS} conditions of {MAX_TEXT:,} characters each can be asked for."
        )
    conditions, bound = [IN_VERSION], [run.dataset_id, run.dataset_version, run.dataset_version]
    with connection.cursor() as cursor:
        query = _Query(run, columns, names_in(cursor, run.dataset_id, run.dataset_version))
        for one in where:
            sql, given = _condition(cursor, query, one)
            conditions.append(f"NOT coalesce({sql}, false)" if one.negated else f"({sql})")
            bound += given
    keys, keys_given, order = _order(query, sort)
    chosen = f"FROM {query.source} WHERE {' AND '.join(conditions)}"
    with connection.cursor() as cursor:
        rows = cursor.execute(
            f"SELECT id FROM (SELECT d.id{keys} {chosen}) ORDER BY {order} LIMIT ? OFFSET ?",
            [*keys_given, *query.given, *bound, limit, offset],
        ).fetchall()
        total = cursor.execute(f"SELECT count(*) {chosen}", [*query.given, *bound]).fetchone()
    return [int(id_) for (id_,) in rows], int(total[0]) if total else 0


def _order(query: _Query, sort: Sort) -> tuple[str, list[Any], str]:
    """Columns that the order needs, what they bind, and the ORDER BY."""
    way = "DESC" if sort.descending else "ASC"
    if sort.field == "value":
        text, given = query.text(sort.column)
        name = query.cell(sort.column)
        json = f"{name}.value" if name else f"json_extract({_BARE}, ?)"
        number = (
            f"CASE WHEN json_type({json}) IN {_NUMBERS} THEN TRY_CAST({json} AS DOUBLE) END AS n"
        )
        bound = [*given, *given, *given]
        order = f"s IS NULL, n {way} NULLS LAST, lower(s) {way}, s {way}, id"
        return f", {number}, {text} AS s", bound, order
    if sort.field in ("state", "passed", "cost"):
        name = query.cell(sort.column)
        if sort.field == "state":
            key = query.state(sort.column)
        else:
            key = f"{name}.{sort.field}" if name else "NULL"
        return f", {key} AS s", [], f"s IS NULL, s {way}, id"
    if sort.field == "split":
        return ", d.split AS s", [], f"s IS NULL, lower(s) {way}, id"
    return "", [], f"id {way}"


def _condition(cursor: Cursor, query: _Query, one: Condition) -> tuple[str, list[Any]]:
    if one.field == "any":
        quick = orjson.dumps(one.text).decode()[1:-1]
        beside = long_values.any_meets(cursor, CELLS, query.run.id, one.text, "c")
        of_cells, of_given = ("", []) if beside is None else (f" OR {beside[0]}", beside[1])
        cells = (
            "d.id IN (SELECT c.dataset_row FROM evaluation_cells c WHERE c.run_id = ? "
            f"AND (contains(lower(c.value), lower(?)){of_cells}))"
        )
        long = long_values.any_meets(cursor, DATASETS, query.run.dataset_id or 0, one.text)
        sql, given = ("", []) if long is None else (f" OR {long[0]}", long[1])
        return (
            f"(contains(lower(d.value), lower(?)) OR {cells}{sql})",
            [quick, query.run.id, quick, *of_given, *given],
        )
    if one.field == "tag":
        return "list_contains(list_transform(d.tags, lambda tag: lower(tag)), lower(?))", [one.text]
    if one.field == "state":
        return f"{query.state(one.column)} = ?", [one.text]
    name = query.cell(one.column) if one.field in ("passed", "cost") else None
    if one.field == "passed":
        return (f"{name}.passed = ?" if name else "false AND ?"), [one.text == "true"]
    if one.field == "cost":
        return compared(
            one.operator, one.text, f"{name}.cost::VARCHAR" if name else "NULL::VARCHAR", []
        )
    if one.field == "row":
        return compared(one.operator, one.text, "d.id::VARCHAR", [])
    if one.field == "split":
        return compared(one.operator, one.text, "d.split", [])
    if query.cell(one.column) is None:
        named = query.names.key(one.column)
        place, owner, row = DATASETS, query.run.dataset_id or 0, "d"
    else:
        place, owner, named, row = CELLS, query.run.id, "value", query.cell(one.column) or ""
    return long_values.value_meets(
        cursor, place, owner, named, one.operator, one.text, query.text(one.column), row
    )


def cells(
    connection: Connection, run_id: int, rows: Sequence[int], cut: int | None
) -> dict[int, dict[int, ShownCell]]:
    """The cells of rows by row and column. cut: characters of a value, None: all."""
    found: dict[int, dict[int, ShownCell]] = {row: {} for row in rows}
    if not rows:
        return found
    value = "c.value" if cut is None else f"left(c.value, {int(cut)})"
    with connection.cursor() as cursor:
        kept = cursor.execute(
            f"SELECT c.dataset_row, c.column_id, c.state, {value}, coalesce(length(c.value), 0), "
            "c.passed, c.kind, c.message, c.retryable, c.attempts, c.generation, c.cost, c.author, "
            "c.ended_at, TRY_CAST(json_extract(c.detail, '$.used.number') AS INTEGER), c.texts, "
            "json_extract(c.long_values, '$.value') "
            "FROM evaluation_cells c WHERE c.run_id = ? AND c.dataset_row BETWEEN ? AND ? "
            f"AND c.dataset_row IN {_IDS}",
            [run_id, min(rows), max(rows), list(rows)],
        ).fetchall()
        ids = [row[15] for row in kept if row[16] is not None] if cut is None else []
        wholes = long_values.read(cursor, CELLS, run_id, ids, "value")
    for row in kept:
        shown = list(row[2:15])
        if row[16] is not None:
            shown[1:3] = _long(row, wholes.get(row[15], {}).get("value"))
        found[row[0]][row[1]] = _shown(shown)
    return found


def _long(row: Sequence[Any], whole: str | None) -> tuple[str, int]:
    """The JSON text of a long value, whole, or else the beginning of it as the row has it; and the
    length of the whole."""
    told = orjson.loads(row[16])
    if whole is not None:
        text = whole if told["kind"] == JSON_KIND else orjson.dumps(whole).decode()
        return text, len(text)
    # It is longer than what stands here, also where that has many escapes.
    beginning = str(row[3])
    return beginning, max(told["length"] + 2, len(beginning) + 1)


def _shown(row: Sequence[Any]) -> ShownCell:
    return ShownCell(
        state=str(row[0]),
        value=row[1],
        length=int(row[2]),
        passed=row[3],
        kind=row[4],
        message=row[5],
        retryable=row[6],
        attempts=int(row[7]),
        generation=int(row[8]),
        cost=row[9],
        author=row[10],
        ended_at=clock.from_stored(row[11]),
        version=row[12],
    )


def detail(connection: Connection, run_id: int, row: int, column: int) -> dict[str, Any]:
    """What stands behind a cell (`cells.Detail.to_json`); {} where nothing does."""
    with connection.cursor() as cursor:
        found = cursor.execute(
            "SELECT detail, texts FROM evaluation_cells "
            "WHERE run_id = ? AND dataset_row = ? AND column_id = ?",
            [run_id, row, column],
        ).fetchone()
        text = found[0] if found else None
        if found and found[1] is not None:
            whole = long_values.read(cursor, CELLS, run_id, [found[1]], "detail")
            text = whole.get(found[1], {}).get("detail", text)
    kept: dict[str, Any] = orjson.loads(text) if text else {}
    return kept


def unrated(
    connection: Connection, run: RunInfo, column: int, after: int
) -> tuple[int | None, int]:
    """The next row without a value in a column, from the first again at the end; how many."""
    chosen = (
        f"FROM dataset_rows d WHERE {IN_VERSION} AND d.id NOT IN (SELECT dataset_row "
        f"FROM evaluation_cells WHERE run_id = ? AND column_id = ? AND state = '{DONE}')"
    )
    given = [run.dataset_id, run.dataset_version, run.dataset_version, run.id, column]
    with connection.cursor() as cursor:
        row: Any = cursor.execute(
            f"SELECT min(d.id) FILTER (d.id > ?), min(d.id), count(*) {chosen}", [after, *given]
        ).fetchone()
    return (row[0] if row[0] is not None else row[1]), int(row[2])
