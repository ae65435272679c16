"""Searching whole texts: newest first, slice by slice, and able to say how far it came.

The last searches are kept with what they found, so that turning a page, opening a request or
counting goes on where a search stands instead of reading every text again. Texts of deleted
requests are looked through as well: which requests are there is asked when a search is read, so
that deleting, and taking that back, need no second reading.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any
from weakref import WeakKeyDictionary

from workbench.filters import Filter
from workbench.store.connection import Connection
from workbench.store.filter_parts import Part
from workbench.store.filter_sql import compile_in_two
from workbench.store.text_scan import Reach, Scan, begin, catch_up, step, within_reach

__all__ = [
    "SECONDS",
    "Reach",
    "advance",
    "forget",
    "found_in",
    "found_near",
    "reads_texts",
    "slices",
]

# One step of a page: long enough for a million requests of 3 KB, short enough to be waited for.
SECONDS = 1.2
KEPT = 6
# Someone may still be reading what has just been given up.
RETIRED_SECONDS = 60.0
# A place in the order of time: a time as it is stored, and an id.
Place = tuple[datetime, int]
_DELETED = "(SELECT id FROM requests WHERE deleted_at IS NOT NULL)"
# What a request has from its arrival on. Everything else is changed later by people and programs;
# what rewrites texts, or takes rows away, calls `forget`.
FIXED = frozenset(
    {
        "pl_id",
        "request_start_time",
        "request_end_time",
        "engine",
        "provider_type",
        "status",
        "error_type",
        "finish_reason",
        "latency_ms",
        "cost",
        "input_tokens",
        "output_tokens",
        "total_tokens",
        "text",
        "input_text",
        "output_text",
        "output",
        "output_keys",
        "tool_names",
        "is_json",
        "is_tool_call",
        "is_plain_text",
        "function_name",
        "source",
        "origin",
    }
)


class _Scans:
    """The searches of one store, the last used ones."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.by_filter: OrderedDict[Filter, Scan] = OrderedDict()
        self.retired: list[tuple[float, str]] = []
        self.number = 0
        # Counted up by `forget`: a search that began before it is not to be kept after it.
        self.forgotten = 0


_lock = threading.Lock()
_of_store: WeakKeyDictionary[Connection, _Scans] = WeakKeyDictionary()


def reads_texts(filter_: Filter, now: datetime) -> bool:
    """Whether a filter looks into bodies, so that finding may take more than a moment."""
    return compile_in_two(filter_, now)[1].needs_bodies


def advance(
    connection: Connection,
    filter_: Filter,
    *,
    now: datetime,
    up_to: int | None,
    enough: int | None,
    place: Place | None = None,
    seconds: float = SECONDS,
) -> Reach | None:
    """Search on until `enough` are found (at `place` and older), all was looked through (`enough`
    None), or `seconds` are over. None for a filter that reads no texts."""
    reach: Reach | None = None
    for reach in slices(connection, filter_, now=now, up_to=up_to, seconds=seconds, enough=enough):
        if enough is not None and _found_beyond(connection, filter_, place, up_to, reach) >= enough:
            break
    return reach


def slices(
    connection: Connection,
    filter_: Filter,
    *,
    now: datetime,
    up_to: int | None,
    seconds: float = SECONDS,
    enough: int | None = None,
) -> Iterator[Reach]:
    """Search on, slice by slice, and tell after each; the first is where the search stands.
    Nothing for a filter that reads no texts. enough: slices need not be larger than it takes to
    find so many."""
    scan = _scan(connection, filter_, now, up_to)
    if scan is None:
        return
    until = time.monotonic() + seconds
    yield _reach(connection, scan)
    while not scan.is_complete and time.monotonic() < until:
        with scan.lock, connection.cursor() as cursor:
            if not scan.is_complete:
                step(cursor, scan, enough)
        yield _reach(connection, scan)


def found_in(
    connection: Connection,
    filter_: Filter,
    now: datetime,
    up_to: int | None,
    *,
    so_far: bool = False,
    has_advanced: bool = False,
) -> Part | None:
    """A condition on `requests r` that stands for the filter: what a search has found.

    None where nothing of the kind is known: no texts are read, or the search is not complete.
    so_far: what an unfinished search has found will do. has_advanced: the caller has just called
    `advance`; what has changed since then is for the next one.
    """
    scan = _advanced(connection, filter_) if has_advanced else _known(connection, filter_, now)
    if scan is None or (not scan.is_complete and not so_far):
        return None
    catch_up(connection, scan, up_to)
    reached, params = within_reach(scan)
    return Part(
        f"({scan.narrow.sql}) AND r.id IN "
        f"(SELECT f.id FROM memory.main.{scan.table} f WHERE {reached})",
        (*compile_in_two(filter_, now)[0].params, *params),
    )


def found_near(
    connection: Connection,
    filter_: Filter,
    now: datetime,
    up_to: int | None,
    *,
    place: Place | None,
    newer: bool,
    limit: int,
) -> Part | None:
    """Like `found_in` after `advance`, for `limit` requests that were found so far next to each
    other in time: the newest, or those at a place and older, or, with `newer`, those at it and
    newer. Only these few have to be looked up then."""
    scan = _advanced(connection, filter_)
    if scan is None:
        return None
    catch_up(connection, scan, up_to)
    where, params = within_reach(scan)
    order = "ASC" if newer else "DESC"
    if place is not None:
        sign = ">=" if newer else "<="
        where += f" AND (f.started_at {sign[0]} ? OR (f.started_at = ? AND f.id {sign} ?))"
        params += [place[0], *place]
    if up_to is not None:
        where += " AND f.id <= ?"
        params.append(up_to)
    with connection.cursor() as cursor:
        rows = cursor.execute(
            f"SELECT f.id FROM memory.main.{scan.table} f WHERE {where} "
            f"AND f.id NOT IN {_DELETED} "
            f"ORDER BY f.started_at {order}, f.id {order} LIMIT ?",
            [*params, limit],
        ).fetchall()
    narrow = compile_in_two(filter_, now)[0]
    listed = ", ".join(str(id_) for (id_,) in rows) or "NULL"
    return Part(f"({narrow.sql}) AND r.id IN ({listed})", tuple(narrow.params))


def forget(connection: Connection) -> None:
    """Begin every search anew: texts that were looked through are others now, or are gone."""
    scans = _scans_of(connection)
    with scans.lock:
        scans.forgotten += 1
        at = time.monotonic()
        scans.retired += [(at, scan.table) for scan in scans.by_filter.values()]
        scans.by_filter.clear()


def _advanced(connection: Connection, filter_: Filter) -> Scan | None:
    scans = _scans_of(connection)
    with scans.lock:
        return scans.by_filter.get(filter_)


def _known(connection: Connection, filter_: Filter, now: datetime) -> Scan | None:
    scan = _advanced(connection, filter_)
    return scan if scan is not None and _is_fresh(connection, scan, now) else None


def _reach(connection: Connection, scan: Scan) -> Reach:
    """How far a search is, with what it found that is still there."""
    reach = scan.reach
    return replace(reach, found=_number(connection, scan, "TRUE", [])) if reach.found else reach


def _found_beyond(
    connection: Connection,
    filter_: Filter,
    place: Place | None,
    up_to: int | None,
    reach: Reach,
) -> int:
    """How many were found at a place and older, among those up to an id."""
    if place is None and up_to is None:
        return reach.found
    scan = _advanced(connection, filter_)
    if scan is None:
        return 0
    where, params = "TRUE", []
    if place is not None:
        where = "(f.started_at < ? OR (f.started_at = ? AND f.id <= ?))"
        params = [place[0], *place]
    if up_to is not None:
        where += " AND f.id <= ?"
        params.append(up_to)
    return _number(connection, scan, where, params)


def _number(connection: Connection, scan: Scan, where: str, params: list[Any]) -> int:
    reached, bounds = within_reach(scan)
    with connection.cursor() as cursor:
        row = cursor.execute(
            f"SELECT count(*) FROM memory.main.{scan.table} f "
            f"WHERE {where} AND {reached} AND f.id NOT IN {_DELETED}",
            [*params, *bounds],
        ).fetchone()
    return int(row[0]) if row else 0


def _scans_of(connection: Connection) -> _Scans:
    with _lock:
        return _of_store.setdefault(connection, _Scans())


def _scan(connection: Connection, filter_: Filter, now: datetime, up_to: int | None) -> Scan | None:
    """The search of this filter as it stands, or a new one."""
    if not reads_texts(filter_, now):
        return None
    scans = _scans_of(connection)
    with scans.lock:
        known = scans.by_filter.get(filter_)
        if known is not None and _is_fresh(connection, known, now):
            scans.by_filter.move_to_end(filter_)
        else:
            known = None
    if known is not None and catch_up(connection, known, up_to):
        return known
    with scans.lock:
        scans.number += 1
        table, forgotten = f"found_{scans.number}", scans.forgotten
    scan = begin(connection, table, filter_, now, up_to)
    with scans.lock, connection.cursor() as cursor:
        old = scans.by_filter.pop(filter_, None)
        dropped = [old] if old else []
        if scans.forgotten == forgotten:
            scans.by_filter[filter_] = scan
        else:
            dropped.append(scan)
        while len(scans.by_filter) > KEPT:
            dropped.append(scans.by_filter.popitem(last=False)[1])
        at = time.monotonic()
        scans.retired += [(at, each.table) for each in dropped]
        for since, table in list(scans.retired):
            if at - since > RETIRED_SECONDS:
                cursor.execute(f"DROP TABLE IF EXISTS memory.main.{table}")
                scans.retired.remove((since, table))
    return scan


def _is_fresh(connection: Connection, scan: Scan, now: datetime) -> bool:
    if time.monotonic() - scan.made_at > scan.fresh_seconds:
        return False
    conditions = list(scan.filter.every_condition())
    # What counts back from now only ever loses at its far end.
    if now < scan.now and any(each.operator == "within" for each in conditions):
        return False
    if scan.changes == connection.changes:
        return True
    return all(each.field in FIXED for each in conditions)
