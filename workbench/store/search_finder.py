"""What a filter finds as SQL, and its rows from a place on: what pages and counts are made with."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal

from workbench.filters import Filter
from workbench.store import text_search
from workbench.store.connection import Connection, Cursor
from workbench.store.filter_sql import compile_filter
from workbench.store.requests import SUMMARY_COLUMNS, summary_from
from workbench.store.rows import Summary
from workbench.store.sorting import DEFAULT, Position, Sort, beyond, order_by
from workbench.store.text_search import Reach

Direction = Literal["from", "older", "newer"]
Find = Callable[[Position | None, Direction, int], list[tuple[Summary, Position]]]


def where_of(
    filter_: Filter,
    now: datetime,
    up_to: int | None,
    connection: Connection | None = None,
    *,
    so_far: bool = False,
    has_advanced: bool = False,
) -> tuple[str, str, list[Any]]:
    """FROM and WHERE of a filter over requests that are not deleted, with what is bound.

    connection: where a search of texts may be known, whose findings then stand for the filter;
    so_far: also one that is not complete yet; has_advanced: as `text_search.found_in` has it.
    """
    known = connection and text_search.found_in(
        connection, filter_, now, up_to, so_far=so_far, has_advanced=has_advanced
    )
    if known:
        where, params = f"r.deleted_at IS NULL AND {known.sql}", list(known.params)
        return "requests r", *_only_known(where, params, up_to)
    compiled = compile_filter(filter_, now)
    source = "requests r"
    if compiled.needs_bodies:
        source += " JOIN bodies b ON b.request_id = r.id"
    where = f"r.deleted_at IS NULL AND ({compiled.sql})"
    return source, *_only_known(where, list(compiled.params), up_to)


def _only_known(where: str, params: list[Any], up_to: int | None) -> tuple[str, list[Any]]:
    if up_to is None:
        return where, params
    return f"{where} AND r.id <= ?", [*params, up_to]


def search_texts(
    connection: Connection,
    filter_: Filter,
    now: datetime,
    up_to: int | None,
    sort: Sort,
    position: Position | None,
    direction: Direction,
    limit: int,
) -> Reach | None:
    """Search texts as far as a page needs it, or as its time allows; None where none are read.
    In another order than the newest first the whole is needed."""
    enough: int | None = limit + 1 if direction == "from" else limit + 2
    place = None
    if sort != DEFAULT:
        enough = None
    elif position is not None:
        place = (position.values[0], position.id)
        enough = 1 if direction == "newer" else enough
    return text_search.advance(
        connection, filter_, now=now, up_to=up_to, enough=enough, place=place
    )


def finder(
    connection: Connection,
    cursor: Cursor,
    filter_: Filter,
    now: datetime,
    up_to: int | None,
    sort: Sort,
    *,
    is_text: bool,
) -> Find:
    """How rows of a filter are found from a place on; of a search of texts, those found so far."""
    if not is_text or sort != DEFAULT:
        scope = where_of(filter_, now, up_to, connection, so_far=True, has_advanced=is_text)
        return _Finder(cursor, scope, sort)

    def find(
        position: Position | None, direction: Direction, limit: int
    ) -> list[tuple[Summary, Position]]:
        known = text_search.found_near(
            connection,
            filter_,
            now,
            up_to,
            place=None if position is None else (position.values[0], position.id),
            newer=direction == "newer",
            limit=limit + 1,
        )
        if known is None:
            scope = where_of(filter_, now, up_to)
        else:
            scope = ("requests r", f"r.deleted_at IS NULL AND {known.sql}", list(known.params))
        return _Finder(cursor, scope, sort)(position, direction, limit)

    return find


class _Finder:
    """Rows of one filter in one order, from or beyond a place."""

    def __init__(self, cursor: Cursor, found: tuple[str, str, list[Any]], sort: Sort) -> None:
        self._cursor = cursor
        source, self._where, params = found
        self._source = sort.source.sql + source.removeprefix("requests r")
        self._params = [*sort.source.params, *params]
        self._sort = sort

    def __call__(
        self, position: Position | None, direction: Direction, limit: int
    ) -> list[tuple[Summary, Position]]:
        where, params = self._where, list(self._params)
        if position is not None:
            place = beyond(self._sort, position, direction)
            where += f" AND ({place.sql})"
            params += place.params
        order = order_by(self._sort, backwards=position is not None and direction == "newer")
        keys = "".join(f", {key.sql} AS k{n}" for n, key in enumerate(self._sort.keys))
        rest = f"FROM {self._source} WHERE {where} ORDER BY {order} LIMIT ?"
        values = [*params, limit]
        if not self._sort.is_computed:
            sql = f"SELECT {SUMMARY_COLUMNS}{keys} {rest}"
            rows = self._cursor.execute(sql, values).fetchall()
            width = len(rows[0]) - len(self._sort.keys) if rows else 0
            return [(summary_from(row), Position(tuple(row[width:]), row[0])) for row in rows]
        # Only the ids go through the sorting, not whole rows.
        placed = self._cursor.execute(f"SELECT r.id{keys} {rest}", values).fetchall()
        known = {
            row[0]: summary_from(row)
            for row in self._cursor.execute(
                f"SELECT {SUMMARY_COLUMNS} FROM requests r "
                "WHERE r.id IN (SELECT unnest(?::BIGINT[]))",
                [[row[0] for row in placed]],
            ).fetchall()
        }
        return [(known[id_], Position(tuple(place), id_)) for id_, *place in placed if id_ in known]
