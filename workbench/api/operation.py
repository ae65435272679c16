"""One operation of the API: from the bytes of a request to the bytes of its answer.

The order is that of trust: size, text, key, fields, and only then the work. Plain ASGI without
request and response objects, because a thousand of these are answered in a second.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from urllib.parse import parse_qsl

import orjson
from pydantic import BaseModel

from workbench.api import body as bodies
from workbench.api.body import Disconnected, Held, Receive, Scope, Send, Upload
from workbench.api.errors import ApiError, from_field, from_store, unauthorized
from workbench.jsontext import FieldError, JsonError, read_object
from workbench.store.errors import StoreError
from workbench.store.store import Store, open_store

# Larger bodies are read by a thread, so that the others are answered meanwhile.
INLINE_BYTES = 2**18
# Two at a time: reading holds the interpreter, more threads would only hold more memory.
_workers = ThreadPoolExecutor(2, thread_name_prefix="api-body")
_readers = ThreadPoolExecutor(4, thread_name_prefix="api-read")
held = Held()
log = logging.getLogger(__name__)
T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Sent:
    """A request whose key was good. `text` is the body as it came, keys included.

    path: the parameters of the address: those of the path, and of the query where the operation
    has any; of one that may be repeated (an array) a JSON list.
    """

    store: Store
    actor: str
    keys: tuple[str, ...]
    body: dict[str, Any]
    text: str
    path: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    value: Any
    status: int = 200
    headers: Mapping[str, str] | None = None


async def in_thread(work: Callable[[], R]) -> R:
    """Run a read of the store without keeping the event loop waiting."""
    return await asyncio.get_running_loop().run_in_executor(_readers, work)


class Answering:
    """Something that is served: whatever goes wrong in `_answer` is said as any other error."""

    method: str
    path: str
    # Which status a wrong field gets: the reference says 422, and 400 for searches.
    wrong_field: int = 422

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            answer = await self._answer(scope, receive)
        except Disconnected:
            return
        except ApiError as error:
            await send_error(send, error)
        except FieldError as error:
            await send_error(send, from_field(error, self.wrong_field))
        except StoreError as error:
            await send_error(send, from_store(error))
        except Exception:
            # The caller gets an object like any other error's; the log has what happened.
            log.exception("%s %s failed", self.method, self.path)
            sentence = "Something went wrong in the workbench; its log says what."
            await send_error(send, ApiError(500, sentence))
        else:
            await send_json(send, answer.status, answer.value, answer.headers)

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        raise NotImplementedError


@dataclass(frozen=True)
class Operation(Answering, Generic[T]):
    """`read` makes of a request what `respond` needs; it may run in a thread and raise FieldError.

    request, response: the models that the OpenAPI document shows.
    problems: statuses beyond the usual ones that it can answer.
    """

    method: str
    path: str
    summary: str
    read: Callable[[Sent], T]
    respond: Callable[[Sent, T], Awaitable[Answer]]
    response: type[BaseModel]
    request: type[BaseModel] | None = None
    status: int = 200
    problems: tuple[int, ...] = ()
    wrong_field: int = 422
    body_needed: bool = True
    parameters: tuple[Mapping[str, Any], ...] = field(default=())

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        headers = Headers(scope["headers"])
        store = open_store()
        path: Mapping[str, str] = scope.get("path_params", {})
        if any(each["in"] == "query" for each in self.parameters):
            path = {**query_of(scope), **lists_of(scope, self.parameters), **path}
        if self.request is None:
            sent = admit(store, headers.key, {}, "", path)
            return await self.respond(sent, self.read(sent))
        limit = store.settings.max_body_mb * 2**20
        window = bodies.packing(headers.encoding)
        upload = Upload(held, limit)
        try:
            data = await upload.read(receive, headers.length)
            if window is not None:
                data = await _in_worker(len(data) > 4096, bodies.unpack, data, window, limit)
                upload.count_unpacked(len(data))
            sent, needed = await _in_worker(
                len(data) > INLINE_BYTES, self._take, store, headers.key, data, path
            )
            del data
            return await self.respond(sent, needed)
        finally:
            upload.give_back()

    def _take(
        self, store: Store, key: str | None, data: bytes, path: Mapping[str, str]
    ) -> tuple[Sent, T]:
        if not self.body_needed and data.strip() in (b"", b"null"):
            data = b"{}"
        try:
            body = read_object(data)
        except JsonError as error:
            raise from_field(error, 400) from None
        sent = admit(store, key, body, data.decode(), path)
        return sent, self.read(sent)


def query_of(scope: Scope) -> dict[str, str]:
    """The parameters after the question mark; of one that is repeated the last counts."""
    try:
        text = scope.get("query_string", b"").decode("ascii")
        return dict(parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=100))
    except ValueError:
        raise ApiError(400, "The part of the address after the ? cannot be read.") from None


def lists_of(scope: Scope, parameters: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The parameters that may be repeated, each as a JSON list of the texts that came."""
    names = {each["name"] for each in parameters if each["schema"].get("type") == "array"}
    if not names:
        return {}
    found: dict[str, list[str]] = {}
    for name, value in parse_qsl(scope.get("query_string", b"").decode("ascii", "replace")):
        if name in names:
            found.setdefault(name, []).append(value)
    return {name: orjson.dumps(values).decode() for name, values in found.items()}


def admit(
    store: Store,
    key: str | None,
    body: dict[str, Any],
    text: str,
    path: Mapping[str, str],
) -> Sent:
    """Whoever holds a valid key, in the header or in the body; raises ApiError 401."""
    given = tuple(each for each in (key, body.get("api_key")) if isinstance(each, str) and each)
    now = time.monotonic()
    for each in given:
        actor = store.actor_of(each, now)
        if actor is not None:
            return Sent(store, actor, given, body, text, path)
    raise unauthorized(given=bool(given))


async def _in_worker(worth_it: bool, work: Callable[..., R], *args: Any) -> R:
    if not worth_it:
        return work(*args)
    return await asyncio.get_running_loop().run_in_executor(_workers, work, *args)


class Headers:
    """The four headers that matter, found in one pass."""

    __slots__ = ("encoding", "key", "length")

    def __init__(self, headers: Iterable[tuple[bytes, bytes]]) -> None:
        self.key: str | None = None
        self.encoding = ""
        self.length: int | None = None
        for name, value in headers:
            if name == b"x-api-key":
                self.key = value.decode("latin-1").strip()
            elif name == b"content-length":
                self.length = int(value) if value.isdigit() else None
            elif name == b"content-encoding":
                self.encoding = value.decode("latin-1")


_JSON_HEADERS = (
    (b"content-type", b"application/json"),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
)


async def send_json(
    send: Send, status: int, value: Any, headers: Mapping[str, str] | None = None
) -> None:
    # 204 has no body, and then no headers that tell of one.
    body = b"" if status == 204 else orjson.dumps(value)
    lines = [] if status == 204 else [*_JSON_HEADERS, (b"content-length", str(len(body)).encode())]
    for name, text in (headers or {}).items():
        lines.append((name.lower().encode(), text.encode()))
    await send({"type": "http.response.start", "status": status, "headers": lines})
    await send({"type": "http.response.body", "body": body})


async def send_error(send: Send, error: ApiError) -> None:
    await send_json(send, error.status, error.body(), error.headers)
