"""Pages of a version's rows, filtered and sorted on any column by the engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import orjson

from workbench.store import long_values
from workbench.store.connection import Connection, Cursor
from workbench.store.dataset_names import Names, names_in
from workbench.store.dataset_reading import (
    IN_VERSION,
    DatasetRow,
    bare_value,
    count,
    rows_by_id,
)
from workbench.store.dataset_values import BOOLEAN, EMPTY, JSON, NUMBER, TEXT, merged
from workbench.store.errors import Refused
from workbench.store.long_values import DATASETS, pointer
from workbench.store.text_conditions import Operator as Operator
from workbench.store.text_conditions import compared

MAX_CONDITIONS = 20
MAX_TEXT = 2_000
#: What is not a column: the row's number, its split, a tag of it, the request it came from; ANY
#: is all of its values.
VALUE, ANY, ROW, SPLIT, TAG, SOURCE = "value", "any", "row", "split", "tag", "source"
Field = Literal["value", "any", "row", "split", "tag", "source"]
_TYPES = {"VARCHAR": TEXT, "BOOLEAN": BOOLEAN}
_TYPES |= dict.fromkeys(("UBIGINT", "BIGINT", "DOUBLE", "HUGEINT", "UHUGEINT"), NUMBER)


@dataclass(frozen=True, slots=True)
class Condition:
    """field VALUE: of `column`. text: what is compared; a number where it reads as one."""

    field: Field
    operator: Operator
    text: str = ""
    column: str = ""
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Sort:
    """field: VALUE (of `column`), ROW or SPLIT. Numbers come before texts, what is missing last;
    of long values the beginnings are compared."""

    field: Literal["value", "row", "split"] = "row"
    column: str = ""
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """rows: some of those that match, in order. total: how many match."""

    rows: tuple[DatasetRow, ...]
    total: int


BY_ROW = Sort()


def page(
    connection: Connection,
    dataset_id: int,
    number: int,
    *,
    where: Sequence[Condition] = (),
    sort: Sort = BY_ROW,
    offset: int = 0,
    limit: int = 50,
) -> Page:
    """Rows from `offset` on, of those that meet all conditions. Raises Refused for too many."""
    if where:
        # One reading of the rows gives the count too; numbers of rows are small.
        found = ids(connection, dataset_id, number, where=where, sort=sort)
        chosen, total = found[offset : offset + limit], len(found)
    else:
        total = count(connection, dataset_id, number)
        chosen = _ordered(connection, dataset_id, number, (), sort, offset, limit)
    by_id = rows_by_id(connection, dataset_id, number, chosen)
    return Page(tuple(by_id[id_] for id_ in chosen if id_ in by_id), total)


def ids(
    connection: Connection,
    dataset_id: int,
    number: int,
    *,
    where: Sequence[Condition] = (),
    sort: Sort = BY_ROW,
) -> list[int]:
    """The numbers of all rows that meet the conditions, in order. Raises Refused."""
    return _ordered(connection, dataset_id, number, where, sort, 0, None)


def splits(connection: Connection, dataset_id: int, number: int) -> dict[str | None, int]:
    """How many rows are in each split, None being none; the largest first."""
    with connection.cursor() as cursor:
        rows = cursor.execute(
            f"SELECT d.split, count(*) FROM dataset_rows d WHERE {IN_VERSION} "
            "GROUP BY d.split ORDER BY count(*) DESC, d.split",
            [dataset_id, number, number],
        ).fetchall()
    return dict(rows)


def tags(connection: Connection, dataset_id: int, number: int, limit: int = 200) -> dict[str, int]:
    """How many rows carry each tag, the most frequent first."""
    with connection.cursor() as cursor:
        rows = cursor.execute(
            "SELECT tag, count(*) FROM (SELECT unnest(d.tags) AS tag FROM dataset_rows d "
            f"WHERE {IN_VERSION}) GROUP BY tag ORDER BY count(*) DESC, tag LIMIT ?",
            [dataset_id, number, number, limit],
        ).fetchall()
    return dict(rows)


def _ordered(
    connection: Connection,
    dataset_id: int,
    number: int,
    where: Sequence[Condition],
    sort: Sort,
    offset: int,
    limit: int | None,
) -> list[int]:
    if len(where) > MAX_CONDITIONS or any(len(one.text) > MAX_TEXT for one in where):
        raise Refused(
            f"At most {MAX_CONDITIONS} conditions of {MAX_TEXT:,} characters each can be asked for."
        )
    with connection.cursor() as cursor:
        value, names = bare_value(cursor, dataset_id), names_in(cursor, dataset_id, number)
        conditions, given = [IN_VERSION], [dataset_id, number, number]
        for one in where:
            sql, bound = _condition(cursor, dataset_id, names, one, value)
            conditions.append(f"NOT coalesce({sql}, false)" if one.negated else sql)
            given += bound
        order, bound, keys = _order(sort, names, value)
        select = (
            f"SELECT id FROM (SELECT d.id{keys} FROM dataset_rows d "
            f"WHERE {' AND '.join(conditions)}) ORDER BY {order}"
        )
        # What stands in the SELECT is bound first.
        parameters: list[Any] = [*bound, *given]
        if limit is not None:
            select += " LIMIT ? OFFSET ?"
            parameters += [limit, offset]
        return _numbers(cursor, select, parameters)


def _numbers(cursor: Cursor, select: str, given: list[Any]) -> list[int]:
    found: list[int] = cursor.execute(select, given).fetchnumpy()["id"].tolist()
    return found


def _order(sort: Sort, names: Names, value: str) -> tuple[str, list[Any], str]:
    """The ORDER BY, what it binds, and the columns that it needs."""
    way = "DESC" if sort.descending else "ASC"
    if sort.field == ROW:
        return f"id {way}", [], ""
    if sort.field == SPLIT:
        return f"split IS NULL, lower(split) {way}, id", [], ", d.split"
    # Read once, as JSON: a text keeps its quotes, so that "10" is no number.
    text = "json_extract_string(j, '$')"
    order = (
        f"{text} IS NULL, TRY_CAST(j::VARCHAR AS DOUBLE) {way} NULLS LAST, "
        f"lower({text}) {way}, {text} {way}, id"
    )
    return order, [pointer(names.key(sort.column))], f", json_extract({value}, ?) AS j"


def _condition(
    cursor: Cursor, dataset_id: int, names: Names, one: Condition, value: str
) -> tuple[str, list[Any]]:
    """SQL over `dataset_rows d`, and what it binds."""
    if one.field == ANY:
        # First the whole, quickly; then the values without the names of columns.
        quick = orjson.dumps(one.text).decode()[1:-1]
        values = (
            f"contains(lower(array_to_string(json_extract({value}, '$.*')::VARCHAR[], "
            "chr(10))), lower(?))"
        )
        test = f"(contains(lower(d.value), lower(?)) AND {values})"
        long = long_values.any_meets(cursor, DATASETS, dataset_id, one.text)
        if long is None:
            return test, [quick, quick]
        return f"({test} OR {long[0]})", [quick, quick, *long[1]]
    if one.field == TAG:
        return "list_contains(list_transform(d.tags, lambda tag: lower(tag)), lower(?))", [one.text]
    if one.field == VALUE:
        key = names.key(one.column)
        short = f"json_extract_string({value}, ?)", [pointer(key)]
        return long_values.value_meets(
            cursor, DATASETS, dataset_id, key, one.operator, one.text, short
        )
    sql = {ROW: "d.id::VARCHAR", SPLIT: "d.split", SOURCE: "d.source_request::VARCHAR"}
    return compared(one.operator, one.text, sql[one.field], [])


def value_names(
    connection: Connection, dataset_id: int, number: int, limit: int = 1000
) -> list[str]:
    """Names under which the rows of a version hold values, hidden columns too."""
    with connection.cursor() as cursor:
        value = bare_value(cursor, dataset_id)
        rows = cursor.execute(
            f"SELECT DISTINCT unnest(json_keys({value})) AS key FROM dataset_rows d "
            f"WHERE {IN_VERSION} ORDER BY key LIMIT ?",
            [dataset_id, number, number, limit],
        ).fetchall()
        names = names_in(cursor, dataset_id, number)
    return sorted(names.name(key) for (key,) in rows)


def all_whole(cursor: Cursor, version: Sequence[int], names: Sequence[str]) -> set[str]:
    """Those of some columns whose values are all whole numbers of 64 bits.

    version: what IN_VERSION binds.
    """
    if not names:
        return set()
    keys = names_in(cursor, *version[:2])
    # By its type too: a float of twenty digits is written like a whole number.
    json = f"json_extract({bare_value(cursor, version[0])}, ?)"
    test = (
        f"coalesce(bool_and(json_type({json}) IN ('NULL', 'BIGINT', 'UBIGINT') "
        f"AND (json_type({json}) = 'NULL' OR TRY_CAST({json}::VARCHAR AS BIGINT) IS NOT NULL)), "
        "true)"
    )
    row = cursor.execute(
        f"SELECT {', '.join(test for _ in names)} FROM dataset_rows d WHERE {IN_VERSION}",
        [*(pointer(keys.key(name)) for name in names for _ in range(3)), *version],
    ).fetchone()
    assert row is not None
    return {name for name, is_whole in zip(names, row, strict=True) if is_whole}


def types_there(
    cursor: Cursor, dataset_id: int, number: int, names: Sequence[str]
) -> dict[str, str]:
    """What the values of some columns are, of TYPES, by column; those without any are EMPTY."""
    found: dict[str, str] = {}
    value, keys = bare_value(cursor, dataset_id), names_in(cursor, dataset_id, number)
    for name in names:
        place = pointer(keys.key(name))
        rows = cursor.execute(
            # Of a long value the row holds the beginning, as a text.
            "SELECT DISTINCT CASE WHEN json_extract_string(d.long_values, ?) = 'json' "
            f"THEN 'OBJECT' ELSE json_type(json_extract({value}, ?)) END FROM dataset_rows d "
            f"WHERE {IN_VERSION}",
            [f"{place}/kind", place, dataset_id, number, number],
        ).fetchall()
        found[name] = EMPTY
        for (kind,) in rows:
            if kind not in (None, "NULL"):
                found[name] = merged(found[name], _TYPES.get(kind, JSON))
    return found
