"""One search of whole texts: newest first, slice by slice.

What narrow columns decide is decided first; bodies are read only of what is left. The ids found so
far stay in a table in memory. A slice is as large as what lies together on disk makes worthwhile:
in a store that grew with time the newest slices are a few row groups; where the order of arrival is
not that of time, half of the store lies under a few hundred rows, and the rest is read at once.
"""

from __future__ import annotations

import re
import threading
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from workbench.filters import Filter
from workbench.store import clock
from workbench.store.connection import ROW_GROUP_ROWS, Connection, Cursor
from workbench.store.filter_pieces import within
from workbench.store.filter_sql import Compiled, compile_in_two

LONGEST_FRESH_SECONDS = 600.0
# Relative times inside an OR with texts, and other processes' changes.
SHORTEST_FRESH_SECONDS = 5.0
_NARROW = re.compile(r"\br\.")


@dataclass(frozen=True, slots=True)
class Pace:
    """How many requests a slice has: `first`, then `second`, then `growth` times as many.

    by_id: so many candidates are looked up by their ids. scattered: where the next slice would lie
    in row groups that hold this share of the rest of the store, the rest is read at once.
    """

    first: int = 64
    second: int = 4096
    growth: int = 8
    by_id: int = 2000
    scattered: float = 0.5


PACE = Pace()


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a text search has come.

    looked_at, of: requests whose texts were looked through, of those that the other conditions
    leave, deleted ones that were not purged yet among them. found: the number that matched and are
    not deleted; there are at least so many. back_to: everything that
    started at this moment or later was looked through; None at the beginning and at the end.
    """

    looked_at: int
    of: int
    found: int
    back_to: datetime | None
    is_complete: bool


@dataclass(frozen=True, slots=True)
class Candidate:
    """A request whose text may match; `row_group` says what it lies together with."""

    id: int
    started_at: datetime
    row_group: int


@dataclass(slots=True)
class Scan:
    """One filter's search over the requests up to the id `high`.

    found: with those that are deleted now. bound: what started before it is still to be looked
    through; of that, the table may hold some that arrived late. caught_up: what arrived after
    `high`, up to this id, was looked through by itself. size: of the next slice.
    few: all that is left, the newest first, where it is not many.
    """

    filter: Filter
    now: datetime
    high: int
    caught_up: int
    table: str
    changes: int
    made_at: float
    narrow: Compiled
    wide: Compiled
    fresh_seconds: float
    of: int = 0
    looked_at: int = 0
    found: int = 0
    bound: datetime | None = None
    is_complete: bool = False
    size: int = 0
    few: list[Candidate] | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def reach(self) -> Reach:
        back_to = None if self.bound is None else clock.from_stored(self.bound)
        return Reach(self.looked_at, self.of, self.found, back_to, self.is_complete)


def begin(
    connection: Connection, table: str, filter_: Filter, now: datetime, up_to: int | None
) -> Scan:
    """A search that has looked at nothing yet, over the requests up to the id `up_to`."""
    narrow, wide = compile_in_two(filter_, now)
    short = _NARROW.search(wide.sql) is not None or connection.is_ducklake
    scan = Scan(
        filter=filter_,
        now=now,
        high=0,
        caught_up=0,
        table=table,
        changes=connection.changes,
        made_at=time.monotonic(),
        narrow=narrow,
        wide=wide,
        fresh_seconds=SHORTEST_FRESH_SECONDS if short else LONGEST_FRESH_SECONDS,
        size=PACE.first,
    )
    with connection.cursor() as cursor:
        newest = cursor.execute("SELECT coalesce(max(id), 0) FROM requests").fetchone()
        assert newest is not None
        scan.high = int(newest[0]) if up_to is None else min(up_to, int(newest[0]))
        scan.caught_up = scan.high
        cursor.execute(f"CREATE TABLE memory.main.{table} (id BIGINT, started_at TIMESTAMP)")
        few = _listed(cursor, *_candidates(scan))
        if few is None:
            scan.of = _number(cursor, *_candidates(scan))
        else:
            scan.of, scan.few = len(few), sorted(few, key=lambda each: each.started_at)
    return scan


def _candidates(scan: Scan, low: datetime | None = None) -> tuple[str, list[Any]]:
    """FROM and WHERE of what is still to be looked through, from `low` on."""
    where = f"FROM requests r WHERE r.id <= ? AND ({scan.narrow.sql})"
    params: list[Any] = [scan.high, *scan.narrow.params]
    if scan.bound is not None:
        where += " AND r.started_at < ?"
        params.append(scan.bound)
    if low is not None:
        where += " AND r.started_at >= ?"
        params.append(low)
    return where, params


def _number(cursor: Cursor, where: str, params: list[Any]) -> int:
    row = cursor.execute(f"SELECT count(*) {where}", params).fetchone()
    return int(row[0]) if row else 0


def _listed(cursor: Cursor, where: str, params: list[Any]) -> list[Candidate] | None:
    """The candidates; None where they are more than are looked up by their ids."""
    rows = cursor.execute(
        f"SELECT r.id, r.started_at, r.rowid // {ROW_GROUP_ROWS} {where} LIMIT {PACE.by_id + 1}",
        params,
    ).fetchall()
    return None if len(rows) > PACE.by_id else [Candidate(*row) for row in rows]


def step(cursor: Cursor, scan: Scan, enough: int | None) -> None:
    """Look through the next slice."""
    if scan.few is not None:
        _step_of_few(cursor, scan, scan.few)
        return
    left = scan.of - scan.looked_at
    low = None if left <= scan.size else _low(cursor, scan, left)
    where, params = _candidates(scan, low)
    rows = _listed(cursor, where, params) if scan.size <= PACE.by_id else None
    groups = 0
    if rows is not None:
        looked, groups = len(rows), len({row.row_group for row in rows})
        found = _match_ids(cursor, scan, rows)
    else:
        looked = left if low is None else _number(cursor, where, params)
        found = _match_times(cursor, scan, low)
    scan.looked_at += looked
    scan.found += found
    scan.bound = low
    scan.is_complete = low is None
    scan.size = _next_size(scan, looked, groups, left - looked, enough)


def _step_of_few(cursor: Cursor, scan: Scan, few: list[Candidate]) -> None:
    """The newest of a few candidates first, then the others; those of one moment together."""
    at = max(0, len(few) - scan.size)
    while at > 0 and few[at - 1].started_at == few[at].started_at:
        at -= 1
    scan.found += _match_ids(cursor, scan, few[at:])
    scan.looked_at += len(few) - at
    scan.few = few[:at]
    scan.is_complete = at == 0
    scan.bound = few[at].started_at if at else None
    scan.size = len(few)


def _next_size(scan: Scan, looked: int, groups: int, left: int, enough: int | None) -> int:
    size = max(PACE.second, scan.size * PACE.growth)
    if not groups or not looked:
        return size
    share = groups * ROW_GROUP_ROWS / looked
    if enough is not None and 0 < scan.found < enough:
        # About so many more hold what is missing. Each is a row group to be read, so a few more to
        # look up at the end cost less than many too many.
        size = min(size, 1 + int(1.2 * (enough - scan.found) * scan.looked_at / scan.found))
    return size if share * size < PACE.scattered * left else max(left, 1)


def _low(cursor: Cursor, scan: Scan, left: int) -> datetime | None:
    """Where the slice of `scan.size` requests begins; None for everything that is left."""
    where, params = _candidates(scan)
    if scan.size <= PACE.second:
        row = cursor.execute(
            f"SELECT r.started_at {where} ORDER BY r.started_at DESC LIMIT 1 OFFSET ?",
            [*params, scan.size - 1],
        ).fetchone()
    else:
        share = 1 - scan.size / left
        row = cursor.execute(
            f"SELECT approx_quantile(r.started_at, {share:.6f}) {where}", params
        ).fetchone()
    low = row[0] if row else None
    return low if isinstance(low, datetime) else None


def _match_ids(cursor: Cursor, scan: Scan, candidates: list[Candidate]) -> int:
    if not candidates:
        return 0
    listed = ", ".join(str(each.id) for each in candidates)
    if not _NARROW.search(scan.wide.sql):
        return _insert(
            cursor,
            scan,
            "SELECT b.request_id, b.started_at FROM bodies b "
            f"WHERE b.request_id IN ({listed}) AND ({scan.wide.sql})",
            scan.wide.params,
        )
    return _insert(
        cursor,
        scan,
        "SELECT r.id, r.started_at FROM bodies b JOIN requests r ON r.id = b.request_id "
        f"WHERE b.request_id IN ({listed}) AND r.id IN ({listed}) "
        f"AND ({within(scan.wide.sql, ids=[each.id for each in candidates])})",
        scan.wide.params,
    )


def _match_times(cursor: Cursor, scan: Scan, low: datetime | None) -> int:
    where, params = _candidates(scan, low)
    rows = where.removeprefix("FROM requests r WHERE ")
    times, ends = "", []
    if low is not None:
        times, ends = "b.started_at >= ? AND ", [low]
    if scan.bound is not None:
        times, ends = f"{times}b.started_at < ? AND ", [*ends, scan.bound]
    wide = within(scan.wide.sql, since=low, until=scan.bound)
    if _NARROW.search(wide):
        return _insert(
            cursor,
            scan,
            "SELECT r.id, r.started_at FROM bodies b JOIN requests r ON r.id = b.request_id "
            f"WHERE {times}({wide}) AND {rows}",
            [*ends, *scan.wide.params, *params],
        )
    # Texts by themselves: joined with their rows first, they took half as long again.
    return _insert(
        cursor,
        scan,
        "WITH hit AS MATERIALIZED (SELECT b.request_id FROM bodies b "
        f"WHERE {times}({wide})) "
        f"SELECT r.id, r.started_at FROM hit JOIN requests r ON r.id = hit.request_id WHERE {rows}",
        [*ends, *scan.wide.params, *params],
    )


def _insert(cursor: Cursor, scan: Scan, select: str, params: list[Any]) -> int:
    row = cursor.execute(f"INSERT INTO memory.main.{scan.table} {select}", params).fetchone()
    return int(row[0]) if row else 0


def within_reach(scan: Scan) -> tuple[str, list[Any]]:
    """The condition on rows `f` of what was found that everything newer was looked through."""
    bound = scan.bound
    return ("TRUE", []) if bound is None else ("f.started_at >= ?", [bound])


def catch_up(connection: Connection, scan: Scan, up_to: int | None) -> bool:
    """Look through what has arrived since a search began; False where that is so much that an
    unfinished search had better begin anew."""
    if up_to is not None and up_to <= scan.caught_up:
        return True
    with scan.lock, connection.cursor() as cursor:
        row = cursor.execute("SELECT coalesce(max(id), 0) FROM requests").fetchone()
        newest = int(row[0]) if row else 0
        seen = scan.caught_up
        if newest <= seen:
            return True
        is_much = scan.bound is None or newest - seen > PACE.second * PACE.growth
        if is_much and not scan.is_complete:
            return False
        where = f"r.id > ? AND r.id <= ? AND ({scan.narrow.sql})"
        params: list[Any] = [seen, newest, *scan.narrow.params]
        number = _number(cursor, f"FROM requests r WHERE {where}", params)
        found = _insert(
            cursor,
            scan,
            "SELECT r.id, r.started_at FROM bodies b JOIN requests r ON r.id = b.request_id "
            f"WHERE b.request_id > ? AND b.request_id <= ? AND {where} "
            f"AND ({within(scan.wide.sql, above=seen)})",
            [seen, newest, *params, *scan.wide.params],
        )
        scan.caught_up = newest
        scan.of += number
        scan.looked_at += number
        scan.found += found
    return True
