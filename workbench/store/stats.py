"""Figures over time and by value: timelines, facets and what the first page shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from workbench.filters import Filter
from workbench.store import clock
from workbench.store.connection import Connection
from workbench.store.search_finder import where_of
from workbench.store.wall_clock import local_time


@dataclass(frozen=True, slots=True)
class Bar:
    """Requests of one status that started within [start, start + width)."""

    start: datetime
    status: str
    requests: int


@dataclass(frozen=True, slots=True)
class Facet:
    """A value and how many requests carry it."""

    value: str
    requests: int


@dataclass(frozen=True, slots=True)
class Contents:
    """What the store holds."""

    requests: int
    oldest: datetime | None
    newest: datetime | None
    blobs: int
    blob_bytes: int
    deleted: int
    sample: int


def extent(
    connection: Connection, filter_: Filter, *, now: datetime
) -> tuple[datetime, datetime] | None:
    """When the first and the last request of a filter started; None if it finds none."""
    source, where, params = where_of(filter_, now, None, connection)
    with connection.cursor() as cursor:
        row = cursor.execute(
            f"SELECT min(r.started_at), max(r.started_at) FROM {source} WHERE {where}", params
        ).fetchone()
    if row is None or row[0] is None:
        return None
    return clock.from_stored(row[0]), clock.from_stored(row[1])


def timeline(
    connection: Connection, filter_: Filter, *, now: datetime, width: timedelta, zone: str
) -> list[Bar]:
    """Requests by status in bars of `width`, whose days begin at midnight in `zone` (IANA)."""
    source, where, params = where_of(filter_, now, None, connection)
    ends = extent(connection, filter_, now=now)
    if ends is None:
        return []
    local = local_time(zone, *ends)
    with connection.cursor() as cursor:
        rows = cursor.execute(
            f"SELECT time_bucket(?::INTERVAL, {local.sql}, TIMESTAMP '2024-01-01') AS bar, "
            f"r.status, count(*) FROM {source} WHERE {where} GROUP BY ALL ORDER BY ALL",
            [f"{int(width.total_seconds())} seconds", *local.params, *params],
        ).fetchall()
    return [Bar(start, status, requests) for start, status, requests in rows]


_FACET_COLUMNS = {
    "provider": "r.provider",
    "model": "r.model",
    "status": "r.status",
    "prompt_name": "r.prompt_name",
    "tag": "unnest(r.tags)",
    "metadata_key": "unnest(json_keys(r.metadata))",
}


def facet(
    connection: Connection, name: str, filter_: Filter, *, now: datetime, limit: int = 200
) -> list[Facet]:
    """The values of a facet with their counts, the most frequent first."""
    source, where, params = where_of(filter_, now, None, connection)
    with connection.cursor() as cursor:
        rows = cursor.execute(
            f"WITH found AS (SELECT {_FACET_COLUMNS[name]} AS value FROM {source} WHERE {where}) "
            "SELECT value, count(*) FROM found WHERE value IS NOT NULL "
            "GROUP BY value ORDER BY count(*) DESC, value LIMIT ?",
            [*params, limit],
        ).fetchall()
    return [Facet(value, requests) for value, requests in rows]


def contents(connection: Connection) -> Contents:
    with connection.cursor() as cursor:
        row = cursor.execute(
            "SELECT count(*) FILTER (deleted_at IS NULL), "
            "min(started_at) FILTER (deleted_at IS NULL), "
            "max(started_at) FILTER (deleted_at IS NULL), "
            "count(*) FILTER (deleted_at IS NOT NULL), "
            "count(*) FILTER (origin = 'sample' AND deleted_at IS NULL) FROM requests"
        ).fetchone()
        blobs = cursor.execute(
            "SELECT count(*) FILTER (coalesce(part, 0) = 0), coalesce(sum(size), 0) FROM blobs"
        ).fetchone()
    assert row is not None
    assert blobs is not None
    return Contents(
        requests=row[0],
        oldest=clock.from_stored(row[1]) if row[1] else None,
        newest=clock.from_stored(row[2]) if row[2] else None,
        blobs=blobs[0],
        blob_bytes=int(blobs[1]),
        deleted=row[3],
        sample=row[4],
    )


@dataclass(frozen=True, slots=True)
class Slice:
    """One value of a grouping within a period. Latency in milliseconds, cost in dollars."""

    provider: str | None
    model: str | None
    prompt_name: str | None
    prompt_version: int | None
    requests: int
    errors: int
    cost: Decimal | None
    mean_cost: float | None
    p95_ms: float | None


def slices(
    connection: Connection, *, by: tuple[str, ...], since: datetime, until: datetime
) -> list[Slice]:
    """Figures of a period grouped by some of provider, model, prompt_name, prompt_version."""
    columns = ("provider", "model", "prompt_name", "prompt_version")
    if not by or not set(by) <= set(columns):
        raise ValueError(f"cannot group by {by}")
    shown = ", ".join(name if name in by else f"NULL AS {name}" for name in columns)
    with connection.cursor() as cursor:
        rows = cursor.execute(
            f"SELECT {shown}, count(*), count(*) FILTER (status = 'ERROR'), sum(cost), "
            "avg(cost::DOUBLE), quantile_cont(latency_ms, 0.95) FROM requests "
            "WHERE deleted_at IS NULL AND started_at >= ? AND started_at < ? "
            f"GROUP BY {', '.join(by)} ORDER BY count(*) DESC",
            [clock.to_stored(since), clock.to_stored(until)],
        ).fetchall()
    return [Slice(*row) for row in rows]
