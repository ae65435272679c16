"""Finding requests: pages, counts and neighbours, in any order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson

from workbench.filters import Filter
from workbench.store import text_search
from workbench.store.connection import Connection, Cursor
from workbench.store.requests import SUMMARY_COLUMNS, summary_from
from workbench.store.rows import Summary
from workbench.store.search_finder import Direction, finder, search_texts, where_of
from workbench.store.sorting import DEFAULT, Position, Sort
from workbench.store.stars import with_stars
from workbench.store.text_search import Reach

__all__ = ["DEFAULT", "Page", "Position", "Sort", "Totals"]
# The API's names of what can be sorted by.
SORT_COLUMNS = {
    "request_start_time": "r.started_at",
    "input_tokens": "r.input_tokens",
    "output_tokens": "r.output_tokens",
    "cost": "r.cost",
    "latency_ms": "r.latency_ms",
    "status": "r.status",
}
MAX_PAGE = 500
# One step of a search for everything; what it has found is kept at least this long.
ALL_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Totals:
    """What a filter finds. Latency in milliseconds; cost in dollars, None if none is known."""

    requests: int
    errors: int
    cost: Decimal | None
    unpriced: int
    p50_ms: float | None
    p95_ms: float | None
    tokens: int


@dataclass(frozen=True, slots=True)
class Page:
    """Rows in the list's order with their places in it, and whether there is more on either side.

    `has_newer`: before the first row, `has_older`: after the last one, whatever the order is.
    reach: of a search of texts, how far it came; before its end there may be older rows.
    """

    rows: list[Summary]
    has_newer: bool
    has_older: bool
    positions: list[Position] = field(default_factory=list)
    reach: Reach | None = None


def page(
    connection: Connection,
    filter_: Filter,
    *,
    now: datetime,
    limit: int,
    position: Position | None = None,
    direction: Direction = "from",
    up_to: int | None = None,
    sort: Sort = DEFAULT,
) -> Page:
    """One page of the list in the order `sort`, by itself the newest first.

    position with direction "from": the page that begins at it; "older": the page after it;
    "newer": the page before it. It must be a place in the same order. up_to: leave out what arrived
    after this id.
    """
    limit = min(limit, MAX_PAGE)
    reach = search_texts(connection, filter_, now, up_to, sort, position, direction, limit)
    with connection.cursor() as cursor:
        find = finder(connection, cursor, filter_, now, up_to, sort, is_text=reach is not None)
        found = find(position, direction, limit + 1)
        newer = position is not None and (
            direction == "older" or (direction == "from" and bool(find(position, "newer", 1)))
        )
        more = len(found) > limit
        found = found[:limit]
        if direction == "newer" and position is not None:
            found.reverse()
            newer, more = more, True
        rows = with_stars(cursor, [row for row, _ in found])
    more = more or (reach is not None and not reach.is_complete and sort == DEFAULT)
    return Page(rows, newer, more, [place for _, place in found], reach)


def numbered_page(
    connection: Connection,
    filter_: Filter,
    *,
    now: datetime,
    number: int,
    size: int,
    sort_by: str = "request_start_time",
    descending: bool = True,
    so_far: bool = False,
) -> list[Summary]:
    """Page `number` (from 1) in any order, for callers that count pages. so_far: of a search of
    texts that the caller has just advanced, what it has found."""
    source, where, params = where_of(
        filter_, now, None, connection, so_far=so_far, has_advanced=so_far
    )
    order = "DESC" if descending else "ASC"
    with connection.cursor() as cursor:
        found = cursor.execute(
            f"SELECT {SUMMARY_COLUMNS} FROM {source} WHERE {where} "
            f"ORDER BY {SORT_COLUMNS[sort_by]} {order} NULLS LAST, r.id {order} LIMIT ? OFFSET ?",
            [*params, size, (number - 1) * size],
        ).fetchall()
        return with_stars(cursor, [summary_from(row) for row in found])


def totals(
    connection: Connection, filter_: Filter, *, now: datetime, up_to: int | None = None
) -> Totals:
    """Exact figures over everything that the filter finds."""
    source, where, params = where_of(filter_, now, up_to, connection)
    with connection.cursor() as cursor:
        row = cursor.execute(
            "SELECT count(*), count(*) FILTER (r.status = 'ERROR'), sum(r.cost), "
            "count(*) FILTER (r.cost IS NULL), quantile_cont(r.latency_ms, [0.5, 0.95]), "
            "coalesce(sum(coalesce(r.input_tokens, 0) + coalesce(r.output_tokens, 0)), 0) "
            f"FROM {source} WHERE {where}",
            params,
        ).fetchone()
    assert row is not None
    # Both quantiles from one list: two of them sorted everything twice.
    p50, p95 = row[4] or (None, None)
    return Totals(row[0], row[1], row[2], row[3], p50, p95, row[5])


def count(
    connection: Connection,
    filter_: Filter,
    *,
    now: datetime,
    after: int | None = None,
    so_far: bool = False,
) -> int:
    """How many requests the filter finds; `after`: only those that arrived after this id.
    so_far: of a search of texts that the caller has just advanced, what it has found."""
    source, where, params = where_of(
        filter_, now, None, connection, so_far=so_far, has_advanced=so_far
    )
    if after is not None:
        where += " AND r.id > ?"
        params.append(after)
    with connection.cursor() as cursor:
        row = cursor.execute(f"SELECT count(*) FROM {source} WHERE {where}", params).fetchone()
    return int(row[0]) if row else 0


def finds_any(connection: Connection, filter_: Filter, *, now: datetime) -> bool:
    """Whether any request is found by a filter that searches no texts."""
    source, where, params = where_of(filter_, now, None, connection)
    with connection.cursor() as cursor:
        sql = f"SELECT 1 FROM {source} WHERE {where} LIMIT 1"
        return cursor.execute(sql, params).fetchone() is not None


def ids(
    connection: Connection,
    filter_: Filter,
    *,
    now: datetime,
    up_to: int | None = None,
    limit: int | None = None,
) -> list[int]:
    """Ids of everything that the filter finds, in the order of their arrival.

    A search of texts is gone through to its end, however long that takes.
    """
    looked_at = -1
    while True:
        reach = text_search.advance(
            connection, filter_, now=now, up_to=up_to, enough=None, seconds=ALL_SECONDS
        )
        # Changes may keep a long search from ever getting further: then one query does it.
        if reach is None or reach.is_complete or reach.looked_at <= looked_at:
            break
        looked_at = reach.looked_at
    source, where, params = where_of(filter_, now, up_to, connection)
    with connection.cursor() as cursor:
        rows = cursor.execute(
            f"SELECT r.id FROM {source} WHERE {where} ORDER BY r.id LIMIT ?",
            [*params, limit if limit is not None else 2**62],
        ).fetchnumpy()
    return [int(id_) for id_ in rows["id"]]


def newest_id(connection: Connection) -> int:
    """The id of the request that arrived last; 0 in an empty store."""
    with connection.cursor() as cursor:
        row = cursor.execute("SELECT coalesce(max(id), 0) FROM requests").fetchone()
    return int(row[0]) if row else 0


def has_others(connection: Connection, origin: str) -> bool:
    """Whether there is a request that did not come from this origin."""
    with connection.cursor() as cursor:
        found = cursor.execute(
            "SELECT 1 FROM requests WHERE origin <> ? AND deleted_at IS NULL LIMIT 1", [origin]
        ).fetchone()
    return found is not None


def summary(connection: Connection, request_id: int) -> Summary | None:
    with connection.cursor() as cursor:
        row = cursor.execute(
            f"SELECT {SUMMARY_COLUMNS} FROM requests r WHERE r.id = ? AND r.deleted_at IS NULL",
            [request_id],
        ).fetchone()
        return None if row is None else with_stars(cursor, [summary_from(row)])[0]


def neighbours(
    connection: Connection,
    filter_: Filter,
    at: Position,
    *,
    now: datetime,
    up_to: int | None = None,
    sort: Sort = DEFAULT,
) -> tuple[int | None, int | None]:
    """Ids of the requests before and after a place of the list that the filter finds."""
    reach = search_texts(connection, filter_, now, up_to, sort, at, "older", 1)
    with connection.cursor() as cursor:
        find = finder(connection, cursor, filter_, now, up_to, sort, is_text=reach is not None)
        before, after = find(at, "newer", 1), find(at, "older", 1)
    return (before[0][0].id if before else None, after[0][0].id if after else None)


def position_of(connection: Connection, request_id: int, sort: Sort = DEFAULT) -> Position | None:
    """The place of a request in an order; None where there is no such request."""
    keys = "".join(f", {key.sql}" for key in sort.keys)
    with connection.cursor() as cursor:
        row = cursor.execute(
            f"SELECT r.id{keys} FROM {sort.source.sql} WHERE r.id = ? AND r.deleted_at IS NULL",
            [*sort.source.params, request_id],
        ).fetchone()
    return None if row is None else Position(tuple(row[1:]), row[0])


def scores_of(cursor: Cursor, ids: Sequence[int]) -> list[tuple[int, str, float]]:
    """(request, name, value) of all scores of some requests, the newest last."""
    return cursor.execute(
        "SELECT request_id, name, value FROM scores "
        "WHERE request_id IN (SELECT unnest(?::BIGINT[])) ORDER BY scored_at",
        [list(ids)],
    ).fetchall()


def metadata_and_scores(
    connection: Connection, ids: Sequence[int]
) -> dict[int, tuple[dict[str, Any], list[tuple[str, float]]]]:
    """Metadata and scores of some requests, for lists that show them."""
    if not ids:
        return {}
    with connection.cursor() as cursor:
        metadata = cursor.execute(
            "SELECT id, metadata FROM requests WHERE id IN (SELECT unnest(?::BIGINT[]))",
            [list(ids)],
        ).fetchall()
        scores = scores_of(cursor, ids)
    found: dict[int, tuple[dict[str, Any], list[tuple[str, float]]]] = {
        id_: (orjson.loads(text) if text else {}, []) for id_, text in metadata
    }
    for id_, name, value in scores:
        if id_ in found:
            found[id_][1].append((name, value))
    return found
