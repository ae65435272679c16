"""What the logs know of a prompt template: use by version, over time, and logged inputs.

A request belongs to a template by its id; where it has none, by the template's name.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson

from workbench.store import clock, pieces
from workbench.store.connection import Connection
from workbench.store.registry_rows import DayUse, LoggedInput, ScoreUse, VersionUse

_MINE = "r.deleted_at IS NULL AND (r.prompt_id = ? OR (r.prompt_id IS NULL AND r.prompt_name = ?))"
_PERIOD = "r.started_at >= ? AND r.started_at < ?"


def _bound(template_id: int, name: str, since: datetime, until: datetime) -> list[Any]:
    return [template_id, name, clock.to_stored(since), clock.to_stored(until)]


def by_version(
    connection: Connection, template_id: int, name: str, since: datetime, until: datetime
) -> list[VersionUse]:
    """Use in [since, until), the newest version first, requests without a version last."""
    with connection.cursor() as cursor:
        rows = cursor.execute(
            "SELECT r.prompt_version, count(*), count(*) FILTER (r.status = 'ERROR'), "
            "sum(r.cost), avg(r.latency_ms), quantile_cont(r.latency_ms, 0.95), "
            "sum(r.input_tokens), sum(r.output_tokens), min(r.started_at), max(r.started_at) "
            f"FROM requests r WHERE {_MINE} AND {_PERIOD} GROUP BY 1 "
            "ORDER BY 1 DESC NULLS LAST",
            _bound(template_id, name, since, until),
        ).fetchall()
    return [
        VersionUse(
            version,
            requests,
            errors,
            cost,
            mean_ms,
            p95_ms,
            None if sent is None else int(sent),
            None if received is None else int(received),
            clock.from_stored(first),
            clock.from_stored(last),
        )
        for version, requests, errors, cost, mean_ms, p95_ms, sent, received, first, last in rows
    ]


def scores(
    connection: Connection, template_id: int, name: str, since: datetime, until: datetime
) -> list[ScoreUse]:
    """Mean scores by version and name."""
    with connection.cursor() as cursor:
        rows = cursor.execute(
            "SELECT r.prompt_version, s.name, count(*), avg(s.value) FROM requests r "
            f"JOIN scores s ON s.request_id = r.id WHERE {_MINE} AND {_PERIOD} "
            "GROUP BY 1, 2 ORDER BY 1 DESC NULLS LAST, 2",
            _bound(template_id, name, since, until),
        ).fetchall()
    return [ScoreUse(*row) for row in rows]


def over_time(
    connection: Connection,
    template_id: int,
    name: str,
    since: datetime,
    until: datetime,
    *,
    width: timedelta,
    zone: str,
) -> list[DayUse]:
    """Use in bars of `width` whose days begin at midnight in `zone` (IANA)."""
    with connection.cursor() as cursor:
        rows = cursor.execute(
            "WITH mine AS (SELECT r.id, r.prompt_version AS version, r.status, r.cost, "
            "r.latency_ms, time_bucket(?::INTERVAL, "
            "timezone(?, timezone('UTC', r.started_at)), TIMESTAMP '2024-01-01') AS bar "
            f"FROM requests r WHERE {_MINE} AND {_PERIOD}), "
            "rated AS (SELECT m.bar, m.version, avg(s.value) AS score FROM mine m "
            "JOIN scores s ON s.request_id = m.id GROUP BY ALL) "
            "SELECT m.bar, m.version, count(*), count(*) FILTER (m.status = 'ERROR'), "
            "sum(m.cost), avg(m.latency_ms), any_value(x.score) FROM mine m "
            "LEFT JOIN rated x ON x.bar = m.bar AND x.version IS NOT DISTINCT FROM m.version "
            "GROUP BY 1, 2 ORDER BY 1, 2",
            [
                f"{int(width.total_seconds())} seconds",
                zone,
                *_bound(template_id, name, since, until),
            ],
        ).fetchall()
    return [DayUse(*row) for row in rows]


def requests_since(
    connection: Connection, since: datetime, templates: Sequence[tuple[int, str]]
) -> dict[int, int]:
    """How many requests each of some templates (id, name) has had since a time."""
    ids = {id_ for id_, _ in templates}
    by_name = {name: id_ for id_, name in templates}
    with connection.cursor() as cursor:
        rows = cursor.execute(
            "SELECT prompt_id, prompt_name, count(*) FROM requests "
            "WHERE deleted_at IS NULL AND started_at >= ? "
            "AND (prompt_id IS NOT NULL OR prompt_name IS NOT NULL) GROUP BY 1, 2",
            [clock.to_stored(since)],
        ).fetchall()
    found: dict[int, int] = {}
    for prompt_id, name, number in rows:
        id_ = prompt_id if prompt_id is not None else by_name.get(name)
        if id_ in ids:
            found[id_] = found.get(id_, 0) + number
    return found


def newest_inputs(
    connection: Connection, template_id: int, name: str, limit: int
) -> list[LoggedInput]:
    """Input variables of the newest requests that have them, the newest first."""
    with connection.cursor() as cursor:
        rows = cursor.execute(
            "SELECT r.id, r.started_at, r.prompt_version, b.input_variables, r.input_tokens "
            "FROM requests r JOIN bodies b ON b.request_id = r.id "
            f"WHERE {_MINE} AND b.input_variables IS NOT NULL "
            "ORDER BY r.started_at DESC, r.id DESC LIMIT ?",
            [template_id, name, limit],
        ).fetchall()
        values = pieces.whole(
            cursor, [row[0] for row in rows], ("input_variables",), [(row[3],) for row in rows]
        )
    return [
        LoggedInput(id_, clock.from_stored(at), version, orjson.loads(text or "null"), tokens)
        for (id_, at, version, _, tokens), (text,) in zip(rows, values, strict=True)
    ]
