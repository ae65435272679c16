"""Sessions: the requests that share a group, a trace or one value of metadata."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import orjson

from workbench.filters import Filter
from workbench.store import blobs, clock, pieces
from workbench.store.connection import Connection
from workbench.store.metadata import VALUE
from workbench.store.requests import SUMMARY_COLUMNS, summary_from
from workbench.store.search_finder import where_of
from workbench.store.session_rows import (
    KeyInUse,
    Position,
    Session,
    SessionId,
    SessionKey,
    SessionPage,
    SessionRequest,
)

# What the newest requests carry says what is in use.
NEWEST = 5000
MAX_PAGE = 100
MAX_REQUESTS = 200
_MARK_IN_JSON = "\\u001f"


def keys_in_use(connection: Connection, *, limit: int = 40) -> list[KeyInUse]:
    """What the newest requests could be grouped by, the most frequent first."""
    with connection.cursor() as cursor:
        rows = cursor.execute(
            "WITH newest AS (SELECT group_id, trace_id, metadata_index FROM requests "
            "WHERE deleted_at IS NULL ORDER BY id DESC LIMIT ?), "
            "entries AS (SELECT unnest(metadata_index) AS entry FROM newest), "
            "pairs AS (SELECT 'metadata.' || split_part(entry, ?, 1) AS key, entry AS value "
            "FROM entries WHERE contains(entry, ?) "
            "UNION ALL SELECT 'group', group_id::VARCHAR FROM newest WHERE group_id IS NOT NULL "
            "UNION ALL SELECT 'trace', trace_id FROM newest WHERE trace_id IS NOT NULL) "
            "SELECT key, count(*), count(DISTINCT value) FROM pairs GROUP BY key "
            "ORDER BY count(*) DESC, key LIMIT ?",
            [NEWEST, VALUE, VALUE, limit],
        ).fetchall()
    found = ((SessionKey.parse(key), requests, values) for key, requests, values in rows)
    return [KeyInUse(key, requests, values) for key, requests, values in found if key is not None]


def page(
    connection: Connection,
    key: SessionKey,
    filter_: Filter,
    *,
    now: datetime,
    limit: int,
    position: Position | None = None,
    direction: Literal["from", "older", "newer"] = "from",
    up_to: int | None = None,
) -> SessionPage:
    """Sessions of which the filter finds at least one request; their figures are of all of it.

    position, direction and up_to as in `search.page`.
    """
    limit = min(limit, MAX_PAGE)
    value, given = _value_of(key)
    found, params = _matching(filter_, now, up_to)
    order = "ASC" if direction == "newer" else "DESC"
    sign = {"from": "<=", "older": "<", "newer": ">"}[direction]
    where, place = "", []
    if position is not None:
        where = f"WHERE last_at {sign[0]} ? OR (last_at = ? AND value {sign} ?)"
        place = [position.last_at, position.last_at, position.value]
    with connection.cursor() as cursor:
        rows = cursor.execute(
            f"WITH wanted AS (SELECT {value} AS value, {found} AS found, r.id, r.started_at, "
            "r.ended_at, r.status, r.cost, r.input_tokens, r.output_tokens FROM requests r "
            f"WHERE r.deleted_at IS NULL{' AND r.id <= ?' if up_to is not None else ''}), "
            "sessions AS (SELECT value, min(started_at) AS first_at, "
            "max(greatest(started_at, ended_at)) AS last_at, count(*) AS requests, "
            "count(*) FILTER (status = 'ERROR') AS errors, "
            "sum(coalesce(input_tokens, 0) + coalesce(output_tokens, 0))::BIGINT AS tokens, "
            "sum(cost) AS cost, count(*) FILTER (cost IS NULL) AS unpriced, "
            "arg_min(id, started_at) AS first_id FROM wanted "
            "WHERE value IS NOT NULL GROUP BY value HAVING bool_or(found)) "
            "SELECT value::VARCHAR, first_at, last_at, requests, errors, tokens, cost, unpriced, "
            "first_id, (SELECT count(*) FROM sessions) AS total, "
            f"(SELECT max(last_at) FROM sessions) AS newest FROM sessions {where} "
            f"ORDER BY last_at {order}, value {order} LIMIT ?",
            [*given, *params, *([] if up_to is None else [up_to]), *place, limit + 1],
        ).fetchall()
        first = [row[8] for row in rows[:limit]]
        words = dict(
            cursor.execute(
                "SELECT id, input_preview FROM requests WHERE id IN (SELECT unnest(?::BIGINT[]))",
                [first],
            ).fetchall()
        )
    more = len(rows) > limit
    sessions = [
        Session(
            id=SessionId(key, row[0]),
            first_at=clock.from_stored(row[1]),
            last_at=clock.from_stored(row[2]),
            requests=row[3],
            errors=row[4],
            tokens=row[5] or 0,
            cost=row[6],
            unpriced=row[7],
            first_words=words.get(row[8]) or "",
        )
        for row in rows[:limit]
    ]
    total = rows[0][9] if rows else 0
    if direction == "newer":
        sessions.reverse()
        return SessionPage(sessions, total, has_newer=more, has_older=True)
    newer = position is not None and bool(
        direction == "older" or (rows and clock.from_stored(rows[0][10]) > sessions[0].last_at)
    )
    return SessionPage(sessions, total, has_newer=newer, has_older=more)


def _value_of(key: SessionKey) -> tuple[str, list[Any]]:
    """The expression of the value that holds a session together, with what it binds.

    A list in metadata puts a request into a session of each of its values.
    """
    if key.kind == "group":
        return "r.group_id", []
    if key.kind == "trace":
        return "r.trace_id", []
    start = key.path + VALUE
    return (
        "unnest(list_transform(list_filter(r.metadata_index, lambda e: starts_with(e, ?)), "
        "lambda e: substr(e, ?)))",
        [start, len(start) + 1],
    )


def _matching(filter_: Filter, now: datetime, up_to: int | None) -> tuple[str, list[Any]]:
    """Whether a filter finds the request, as an expression."""
    if filter_.is_empty:
        return "TRUE", []
    source, where, params = where_of(filter_, now, up_to)
    if source == "requests r":
        return f"({where})", params
    return f"r.id IN (SELECT r.id FROM {source} WHERE {where})", params


def _belongs(session: SessionId) -> tuple[str, list[Any]]:
    kind = session.key.kind
    if kind == "metadata":
        entry = session.key.path + VALUE + session.value
        return "list_contains(r.metadata_index, ?)", [entry]
    if kind == "group":
        return "r.group_id = ?", [int(session.value)]
    return "r.trace_id = ?", [session.value]


def get(connection: Connection, session: SessionId) -> Session | None:
    """The figures of one session; None where no request belongs to it."""
    where, params = _belongs(session)
    with connection.cursor() as cursor:
        row = cursor.execute(
            "SELECT min(r.started_at), max(greatest(r.started_at, r.ended_at)), count(*), "
            "count(*) FILTER (r.status = 'ERROR'), "
            "sum(coalesce(r.input_tokens, 0) + coalesce(r.output_tokens, 0))::BIGINT, "
            "sum(r.cost), count(*) FILTER (r.cost IS NULL), "
            "arg_min(r.input_preview, r.started_at), "
            "list_sort(list_distinct(list(r.model))) "
            f"FROM requests r WHERE r.deleted_at IS NULL AND {where}",
            params,
        ).fetchone()
    if row is None or row[0] is None:
        return None
    return Session(
        id=session,
        first_at=clock.from_stored(row[0]),
        last_at=clock.from_stored(row[1]),
        requests=row[2],
        errors=row[3],
        tokens=row[4] or 0,
        cost=row[5],
        unpriced=row[6],
        first_words=row[7] or "",
        models=tuple(row[8] or ()),
    )


def requests_of(
    connection: Connection, session: SessionId, *, start: int = 0, limit: int = MAX_REQUESTS
) -> list[SessionRequest]:
    """Requests number `start` (from 0) and after, in the order of their start, with messages."""
    where, params = _belongs(session)
    limit = min(limit, MAX_REQUESTS)
    with connection.cursor() as cursor:
        rows = cursor.execute(
            f"SELECT {SUMMARY_COLUMNS}, r.error_message FROM requests r "
            f"WHERE r.deleted_at IS NULL AND {where} ORDER BY r.started_at, r.id LIMIT ? OFFSET ?",
            [*params, limit, max(start, 0)],
        ).fetchall()
        if not rows:
            return []
        # The times let whole row groups be passed over.
        bodies = cursor.execute(
            "SELECT request_id, prompt, output FROM bodies WHERE started_at BETWEEN ? AND ? "
            "AND request_id IN (SELECT unnest(?::BIGINT[]))",
            [rows[0][1], rows[-1][1], [row[0] for row in rows]],
        ).fetchall()
        ids = [row[0] for row in bodies]
        whole = pieces.whole(cursor, ids, ("prompt", "output"), [row[1:] for row in bodies])
    texts = {id_: (prompt, output) for id_, (prompt, output) in zip(ids, whole, strict=True)}
    found = []
    for row in rows:
        prompt, output = texts.get(row[0], (None, None))
        summary = summary_from(row[:-1])
        found.append(SessionRequest(summary, _value(prompt), _value(output), row[-1]))
    return found


def previous(connection: Connection, session: SessionId, request_id: int) -> int | None:
    """The id of the request before this one in a session; None for the first."""
    where, params = _belongs(session)
    with connection.cursor() as cursor:
        row = cursor.execute(
            "SELECT r.id FROM requests r, (SELECT started_at, id FROM requests WHERE id = ?) here "
            f"WHERE r.deleted_at IS NULL AND {where} "
            "AND (r.started_at, r.id) < (here.started_at, here.id) "
            "ORDER BY r.started_at DESC, r.id DESC LIMIT 1",
            [request_id, *params],
        ).fetchone()
    return None if row is None else int(row[0])


def _value(text: str | None) -> Any:
    """JSON whose references into the blobs stay as they are: no control character may stand bare
    in JSON text."""
    return orjson.loads(text.replace(blobs.MARK, _MARK_IN_JSON)) if text else None
