"""Rows that go through the API of a running server, because it has the store open.

A block goes as one body to BULK_PATH, one JSON object a line: {"path": "/log-request" or
"/track-request", "body": …, "key": …, "known": …, "time_assumed": …}. A block that is too large for
the server goes in halves. A server without that route gets each body alone, over several
connections; it then does not say which were there already, and the origin of the rows is that of
the API.
"""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from threading import local
from typing import Any
from urllib.parse import urlencode, urlsplit
from zoneinfo import ZoneInfo

import orjson

from workbench.jsontext import FieldError
from workbench.logs.importing.reading import Outcome, prepared_of
from workbench.logs.importing.record import ImportFailed, Record, Refusal
from workbench.logs.importing.sinks import StoreSink, Taken
from workbench.logs.importing.taking import Origin, excerpt, refusal, rows_of, with_id
from workbench.logs.intake import LOG, TRACK
from workbench.store.errors import StoreError
from workbench.store.store import Store

BULK_PATH = "/api/workbench/import"
CONNECTIONS = 8
_TRIES = 5
_BUSY = (429, 502, 503, 504)
_PATIENCE_SECONDS = 1.0


def take(
    store: Store, data: bytes, read: Callable[[bytes], Record], origin: Origin
) -> dict[str, Any]:
    """What the route at BULK_PATH does with a body; to be called in a thread of its own.

    read: makes a line into a checked record, or raises FieldError. The answer: {"stored",
    "duplicates", "refused": [{"place", "reason", "field"}]}, places being lines of `data` from 1,
    after the commit. Raises StoreError where nothing can be stored.
    """
    records: list[tuple[int, Record]] = []
    refused: list[Refusal] = []
    for place, line in enumerate(data.split(b"\n"), 1):
        if line.strip():
            try:
                records.append((place, read(line)))
            except FieldError as error:
                refused.append(refusal(place, error, line))
    rows, more = rows_of(records, origin)
    prepared, places, worse = prepared_of(rows, origin)
    taken = StoreSink(store).put_prepared(prepared, places)()
    found = sorted((*refused, *more, *worse, *taken.refused), key=lambda one: one.place)
    told = [{"place": one.place, "reason": one.reason, "field": one.field} for one in found]
    return {"stored": taken.stored, "duplicates": taken.duplicates, "refused": told}


class ServerSink:
    """The API at `server`, with the key of a user."""

    as_rows = False

    def __init__(self, server: str, key: str, origin: Origin) -> None:
        self._address = urlsplit(server)
        self._key = key
        self._origin = origin
        self._here = local()
        self._pool = ThreadPoolExecutor(CONNECTIONS)
        self._has_bulk = True

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def put(self, outcome: Outcome) -> Callable[[], Taken]:
        if not outcome.bodies:
            return Taken
        if self._has_bulk:
            whole = self._pool.submit(self._send_block, outcome)
            return lambda: self._bulk_or_singly(whole, outcome)
        sent = self._singly(outcome)
        return lambda: _sum(sent, outcome)

    def _bulk_or_singly(self, whole: Future[Taken | None], outcome: Outcome) -> Taken:
        taken = whole.result()
        if taken is not None:
            return taken
        self._has_bulk = False
        return _sum(self._singly(outcome), outcome)

    def _singly(self, outcome: Outcome) -> list[Future[str | None]]:
        return [self._pool.submit(self._send_one, record) for record in outcome.bodies]

    def _send_block(self, outcome: Outcome) -> Taken | None:
        """None where the server has no such route."""
        return self._send_part(outcome.bodies, outcome.places)

    def _send_part(self, bodies: Sequence[Record], places: Sequence[int]) -> Taken | None:
        asked = {"name": self._origin.name, "format": self._origin.format}
        if isinstance(self._origin.sender.zone, ZoneInfo):
            asked["zone"] = self._origin.sender.zone.key
        lines = b"\n".join(map(_line, bodies))
        status, answer = self._ask(f"{BULK_PATH}?{urlencode(asked)}", lines, "application/x-ndjson")
        if status in (404, 405):
            return None
        if status == 413:
            return self._send_smaller(bodies, places, _message(status, answer))
        if status != 200:
            raise StoreError(f"The server refused the import: {_message(status, answer)}")
        found = orjson.loads(answer)
        refused = tuple(
            _refusal(bodies, places, one["place"] - 1, one["reason"], one.get("field"))
            for one in found["refused"]
        )
        return Taken(found["stored"], found["duplicates"], refused)

    def _send_smaller(
        self, bodies: Sequence[Record], places: Sequence[int], said: str
    ) -> Taken | None:
        """Halves of what was too large; a record that is too large by itself is refused alone."""
        if len(bodies) == 1:
            return Taken(refused=(_refusal(bodies, places, 0, said),))
        middle = len(bodies) // 2
        halves = (slice(None, middle), slice(middle, None))
        parts = [self._send_part(bodies[half], places[half]) for half in halves]
        taken = [part for part in parts if part is not None]
        return Taken(
            sum(part.stored for part in taken),
            sum(part.duplicates for part in taken),
            tuple(one for part in taken for one in part.refused),
        )

    def _send_one(self, record: Record) -> str | None:
        """Why the server refused it, or None."""
        body = with_id(record, self._origin)
        path = f"/{TRACK if record.is_call else LOG}"
        status, answer = self._ask(path, orjson.dumps(for_api(body)), "application/json")
        if status in (200, 201):
            return None
        said = _message(status, answer)
        if status in (400, 413, 422):
            return said
        raise StoreError(f"The server refused the import: {said}")

    def _ask(self, path: str, body: bytes, kind: str) -> tuple[int, bytes]:
        """Status and body of the answer; a busy server and a lost connection are tried again."""
        for attempt in range(_TRIES):
            try:
                connection = self._connection()
                headers = {"X-API-KEY": self._key, "Content-Type": kind}
                connection.request("POST", f"{self._address.path.rstrip('/')}{path}", body, headers)
                response = connection.getresponse()
                answer = response.read()
            except (OSError, http.client.HTTPException) as error:
                self._here.connection = None
                if attempt == _TRIES - 1:
                    raise StoreError(
                        f"The server does not answer: {error}. What was stored stays stored; the "
                        "same import goes on from there."
                    ) from error
            else:
                if response.status not in _BUSY or attempt == _TRIES - 1:
                    return response.status, answer
            time.sleep(_PATIENCE_SECONDS * attempt)
        raise AssertionError("unreachable")

    def _connection(self) -> http.client.HTTPConnection:
        found: http.client.HTTPConnection | None = getattr(self._here, "connection", None)
        if found is None:
            make = (
                http.client.HTTPSConnection
                if self._address.scheme == "https"
                else http.client.HTTPConnection
            )
            if not self._address.hostname:
                raise ImportFailed("The server's address must look like http://localhost:8501.")
            found = self._here.connection = make(
                self._address.hostname, self._address.port, timeout=600
            )
        return found


def _line(record: Record) -> bytes:
    told = {
        "path": f"/{TRACK if record.is_call else LOG}",
        "body": record.body,
        "key": record.key,
        "known": dict(record.known),
        "time_assumed": record.time_assumed,
    }
    return orjson.dumps(told)


def for_api(body: dict[str, Any]) -> dict[str, Any]:
    """The body as the API takes it alone: there a provider and a model must be named."""
    for name in ("provider", "provider_type"):
        if body.get(name) == "":
            body = {**body, name: "unknown"}
    return body if "model" in body or "provider_type" in body else {**body, "model": "unknown"}


def _sum(sent: Iterable[Future[str | None]], outcome: Outcome) -> Taken:
    results = [each.result() for each in sent]
    refused = tuple(
        _refusal(outcome.bodies, outcome.places, number, why)
        for number, why in enumerate(results)
        if why is not None
    )
    return Taken(stored=len(results) - len(refused), refused=refused)


def _refusal(
    bodies: Sequence[Record],
    places: Sequence[int],
    number: int,
    reason: str,
    field: str | None = None,
) -> Refusal:
    return Refusal(places[number], reason, field, excerpt(bodies[number].body))


def _message(status: int, answer: bytes) -> str:
    try:
        return str(orjson.loads(answer)["message"])
    except (ValueError, KeyError, TypeError):
        return f"status {status}"
