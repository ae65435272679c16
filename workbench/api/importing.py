"""The bulk route of `python -m workbench import`: one JSON object a line, and one commit.

It is no part of the interface that applications use, so the OpenAPI document leaves it out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import tzinfo
from typing import Any, Literal
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from workbench.api import body as bodies
from workbench.api import wire
from workbench.api.body import Receive, Scope, Upload
from workbench.api.errors import ApiError
from workbench.api.operation import Answer, Answering, Headers, Sent, admit, held
from workbench.jsontext import FieldError, read_object
from workbench.logs.importing import formats
from workbench.logs.importing.record import Record
from workbench.logs.importing.remote import BULK_PATH, for_api, take
from workbench.logs.importing.taking import Origin
from workbench.logs.intake import TRACK, Sender, zone_of
from workbench.store.store import Store, open_store

MAX_NAME = 255
# Reading holds the interpreter: with more threads the answers to others would wait longer.
_importers = ThreadPoolExecutor(2, thread_name_prefix="api-import")


class Scored(wire.Wire):
    name: wire.FullName
    value: float


class Known(wire.Wire):
    """Columns that a body has no field for."""

    cached_tokens: wire.Count | None = None
    cache_write_tokens: wire.Count | None = None
    reasoning_tokens: wire.Count | None = None
    finish_reason: wire.Name | None = None
    scores: list[Scored] | None = None
    billing: dict[wire.Name, wire.Count | wire.Name] | None = None


class Line(wire.Wire):
    """A record. key: the source's own id. time_assumed: a time, or its zone, is not its own."""

    path: Literal["/log-request", "/track-request"]
    body: dict[str, Any]
    key: wire.Name | None = None
    known: Known | None = None
    time_assumed: bool = False


def read_line(line: bytes) -> Record:
    """The record of a line; raises FieldError for what the API would not take alone."""
    said = wire.read(Line, read_object(line))
    is_call = said.path == f"/{TRACK}"
    model: type[wire.Logged] = wire.TrackRequest if is_call else wire.LogRequest
    wire.read(model, for_api(said.body))
    known = said.known.model_dump(exclude_none=True) if said.known else {}
    return Record(said.body, is_call, said.key, said.time_assumed, known)


class _Import(Answering):
    """Takes lines where an operation takes one object."""

    method, path = "POST", BULK_PATH

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        headers = Headers(scope["headers"])
        store = open_store()
        limit = store.settings.max_body_mb * 2**20
        window = bodies.packing(headers.encoding)
        upload = Upload(held, limit)
        loop = asyncio.get_running_loop()
        try:
            data = await upload.read(receive, headers.length)
            sent = admit(store, headers.key, {}, "", {})
            asked = dict(parse_qsl(scope["query_string"].decode("latin-1")))
            origin = _origin(asked, sent)
            if window is not None:
                data = await loop.run_in_executor(_importers, bodies.unpack, data, window, limit)
                upload.count_unpacked(len(data))
            if not data.strip():
                raise ApiError(400, "The body is empty: it must hold one JSON object a line.")
            found = await loop.run_in_executor(_importers, take, store, data, read_line, origin)
            return Answer(found)
        finally:
            upload.give_back()


def _origin(asked: Mapping[str, str], sent: Sent) -> Origin:
    """Raises FieldError for a parameter that cannot be used."""
    name, format_name = asked.get("name", ""), asked.get("format", "")
    if not 0 < len(name) <= MAX_NAME or not name.isprintable():
        raise FieldError("name", f"1 to {MAX_NAME} printable characters are needed")
    if format_name not in formats.names():
        raise FieldError("format", f"one of {', '.join(formats.names())} is needed")
    return Origin(name, format_name, Sender(sent.actor, _zone(asked.get("zone"), sent.store)))


def _zone(name: str | None, store: Store) -> tzinfo | None:
    if name is None:
        return zone_of(store.settings)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise FieldError("zone", 'an IANA name such as "Europe/Berlin" is needed') from None


OPERATIONS = (_Import(),)
