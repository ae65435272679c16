"""Finding requests: pages, counts and neighbours in the order (started_at, id)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

import orjson

from workbench.filters import Filter
from workbench.store import clock
from workbench.store.connection import Connection
from workbench.store.filter_sql import compile_filter
from workbench.store.requests import SUMMARY_COLUMNS, summary_from
from workbench.store.rows import Summary

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - stored times carry no zone
_MICROSECOND = timedelta(microseconds=1)
# The end of the year 9999, where times end.
_LAST_MICROSECOND = 253_402_300_800 * 10**6 - 1
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


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the order of the list. Its text is what stands in a link."""

    started_at: datetime
    id: int

    @classmethod
    def of(cls, summary: Summary) -> Position:
        return cls(clock.to_stored(summary.started_at), summary.id)

    @classmethod
    def parse(cls, text: str) -> Position | None:
        """The position that a link names; None where the text is none."""
        micros, dash, id_ = text.partition("-")
        if not dash or not micros.isdecimal() or not id_.isdecimal():
            return None
        if len(micros) > 18 or len(id_) > 16 or int(micros) > _LAST_MICROSECOND:
            return None
        return cls(_EPOCH + int(micros) * _MICROSECOND, int(id_))

    def __str__(self) -> str:
        return f"{(self.started_at - _EPOCH) // _MICROSECOND}-{self.id}"


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
    """Rows in the list's order, and whether there is more on either side."""

    rows: list[Summary]
    has_newer: bool
    has_older: bool


def where_of(filter_: Filter, now: datetime, up_to: int | None) -> tuple[str, str, list[Any]]:
    """FROM and WHERE of a filter over requests that are not deleted, with what is bound."""
    compiled = compile_filter(filter_, now)
    source = "requests r"
    if compiled.needs_bodies:
        source += " JOIN bodies b ON b.request_id = r.id"
    where = f"r.deleted_at IS NULL AND ({compiled.sql})"
    params = list(compiled.params)
    if up_to is not None:
        where += " AND r.id <= ?"
        params.append(up_to)
    return source, where, params


def page(
    connection: Connection,
    filter_: Filter,
    *,
    now: datetime,
    limit: int,
    position: Position | None = None,
    direction: Literal["from", "older", "newer"] = "from",
    up_to: int | None = None,
) -> Page:
    """One page, the newest first.

    position with direction "from": the page that begins at it; "older": the page after it;
    "newer": the page before it. up_to: leave out what arrived after this id.
    """
    limit = min(limit, MAX_PAGE)
    source, where, params = where_of(filter_, now, up_to)
    order = "DESC"
    if position is not None:
        sign = {"from": "<=", "older": "<", "newer": ">"}[direction]
        where += f" AND (r.started_at {sign[0]} ? OR (r.started_at = ? AND r.id {sign} ?))"
        # The plain comparison lets whole row groups be passed over.
        where += f" AND r.started_at {sign[0]}= ?"
        params += [position.started_at, position.started_at, position.id, position.started_at]
        order = "ASC" if direction == "newer" else "DESC"
    with connection.cursor() as cursor:
        found = cursor.execute(
            f"SELECT {SUMMARY_COLUMNS} FROM {source} WHERE {where} "
            f"ORDER BY r.started_at {order}, r.id {order} LIMIT ?",
            [*params, limit + 1],
        ).fetchall()
    more = len(found) > limit
    rows = [summary_from(row) for row in found[:limit]]
    if direction == "newer" and position is not None:
        rows.reverse()
        return Page(rows, has_newer=more, has_older=True)
    newer = position is not None and (
        direction == "older"
        or bool(
            page(
                connection,
                filter_,
                now=now,
                limit=1,
                position=position,
                direction="newer",
                up_to=up_to,
            ).rows
        )
    )
    return Page(rows, has_newer=newer, has_older=more)


def numbered_page(
    connection: Connection,
    filter_: Filter,
    *,
    now: datetime,
    number: int,
    size: int,
    sort_by: str = "request_start_time",
    descending: bool = True,
) -> list[Summary]:
    """Page `number` (from 1) in any order, for callers that count pages."""
    source, where, params = where_of(filter_, now, None)
    order = "DESC" if descending else "ASC"
    with connection.cursor() as cursor:
        found = cursor.execute(
            f"SELECT {SUMMARY_COLUMNS} FROM {source} WHERE {where} "
            f"ORDER BY {SORT_COLUMNS[sort_by]} {order} NULLS LAST, r.id {order} LIMIT ? OFFSET ?",
            [*params, size, (number - 1) * size],
        ).fetchall()
    return [summary_from(row) for row in found]


def totals(
    connection: Connection, filter_: Filter, *, now: datetime, up_to: int | None = None
) -> Totals:
    """Exact figures over everything that the filter finds."""
    source, where, params = where_of(filter_, now, up_to)
    with connection.cursor() as cursor:
        row = cursor.execute(
            "SELECT count(*), count(*) FILTER (r.status = 'ERROR'), sum(r.cost), "
            "count(*) FILTER (r.cost IS NULL), quantile_cont(r.latency_ms, 0.5), "
            "quantile_cont(r.latency_ms, 0.95), "
            "coalesce(sum(coalesce(r.input_tokens, 0) + coalesce(r.output_tokens, 0)), 0) "
            f"FROM {source} WHERE {where}",
            params,
        ).fetchone()
    assert row is not None
    return Totals(*row)


def count(
    connection: Connection, filter_: Filter, *, now: datetime, after: int | None = None
) -> int:
    """How many requests the filter finds; `after`: only those that arrived after this id."""
    source, where, params = where_of(filter_, now, None)
    if after is not None:
        where += " AND r.id > ?"
        params.append(after)
    with connection.cursor() as cursor:
        row = cursor.execute(f"SELECT count(*) FROM {source} WHERE {where}", params).fetchone()
    return int(row[0]) if row else 0


def newest_id(connection: Connection) -> int:
    """The id of the request that arrived last; 0 in an empty store."""
    with connection.cursor() as cursor:
        row = cursor.execute("SELECT coalesce(max(id), 0) FROM requests").fetchone()
    return int(row[0]) if row else 0


def summary(connection: Connection, request_id: int) -> Summary | None:
    with connection.cursor() as cursor:
        row = cursor.execute(
            f"SELECT {SUMMARY_COLUMNS} FROM requests r WHERE r.id = ? AND r.deleted_at IS NULL",
            [request_id],
        ).fetchone()
    return None if row is None else summary_from(row)


def neighbours(
    connection: Connection,
    filter_: Filter,
    at: Position,
    *,
    now: datetime,
    up_to: int | None = None,
) -> tuple[int | None, int | None]:
    """Ids of the next newer and the next older request that the filter finds."""

    def next_to(direction: Literal["newer", "older"]) -> int | None:
        rows = page(
            connection, filter_, now=now, limit=1, position=at, direction=direction, up_to=up_to
        ).rows
        return rows[0].id if rows else None

    return next_to("newer"), next_to("older")


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
        scores = cursor.execute(
            "SELECT request_id, name, value FROM scores "
            "WHERE request_id IN (SELECT unnest(?::BIGINT[])) ORDER BY scored_at",
            [list(ids)],
        ).fetchall()
    found: dict[int, tuple[dict[str, Any], list[tuple[str, float]]]] = {
        id_: (orjson.loads(text) if text else {}, []) for id_, text in metadata
    }
    for id_, name, value in scores:
        if id_ in found:
            found[id_][1].append((name, value))
    return found
