"""Reading a request's body: within the limit, unpacked, and never too many at once."""

from __future__ import annotations

import zlib
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from workbench.api.errors import ApiError

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

# Bodies that are being received or read at one moment, all callers together.
MAX_HELD = 256 * 2**20
# Smaller bodies are not worth counting.
COUNTED_FROM = 2**18
_GZIP = zlib.MAX_WBITS | 16
_PACKINGS = {"gzip": _GZIP, "x-gzip": _GZIP, "deflate": zlib.MAX_WBITS}


class Disconnected(Exception):
    """The caller went away before the body was whole: there is nobody to answer."""


class Held:
    """How many bytes of large bodies are in memory now. Used from the event loop alone."""

    def __init__(self, limit: int = MAX_HELD) -> None:
        self._limit = limit
        self._bytes = 0

    def take(self, size: int) -> None:
        """Raises ApiError 429 where that is too much beside what others have sent."""
        if self._bytes and self._bytes + size > self._limit:
            raise ApiError(
                429,
                "Too many large bodies are being received; try again in a moment.",
                headers={"Retry-After": "2"},
            )
        self._bytes += size

    def give_back(self, size: int) -> None:
        self._bytes -= size


class Upload:
    """One request's body. `give_back` must be called when the answer is made."""

    def __init__(self, held: Held, limit: int) -> None:
        self._held = held
        self._limit = limit
        self._counted = 0

    async def read(self, receive: Receive, length: int | None) -> bytes:
        """The body as sent. Raises ApiError 413 as soon as it is known to be too large."""
        if length is not None and length > self._limit:
            raise too_large(self._limit)
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        chunk: bytes = message.get("body", b"")
        size = len(chunk)
        chunks = [chunk]
        while True:
            if size > self._limit:
                raise too_large(self._limit)
            if size > COUNTED_FROM:
                self._count(size)
            if not message.get("more_body", False):
                break
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Disconnected
            chunk = message.get("body", b"")
            size += len(chunk)
            chunks.append(chunk)
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    def count_unpacked(self, size: int) -> None:
        if size > COUNTED_FROM:
            self._count(self._counted + size)

    def _count(self, size: int) -> None:
        self._held.take(size - self._counted)
        self._counted = size

    def give_back(self) -> None:
        self._held.give_back(self._counted)
        self._counted = 0


def too_large(limit: int) -> ApiError:
    return ApiError(413, f"The body is larger than {limit // 2**20} MiB, the limit of this server.")


def packing(encoding: str) -> int | None:
    """How a Content-Encoding is unpacked (zlib's window bits); None for a plain body."""
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return None
    if name not in _PACKINGS:
        raise ApiError(
            415,
            f"Content-Encoding {name[:40]!r} is not understood: send gzip, deflate or nothing.",
            headers={"Accept-Encoding": "gzip, deflate"},
        )
    return _PACKINGS[name]


def unpack(data: bytes, window: int, limit: int) -> bytes:
    """The unpacked body; stops as soon as it exceeds `limit`, so a bomb costs no more than that."""
    pieces: list[bytes] = []
    size = 0
    while data:
        unpacker = zlib.decompressobj(window)
        try:
            piece = unpacker.decompress(data, limit - size + 1)
        except zlib.error as error:
            raise ApiError(400, "The body is not what its Content-Encoding says it is.") from error
        size += len(piece)
        if size > limit:
            raise too_large(limit)
        if not unpacker.eof:
            raise ApiError(400, "The compressed body ends before its end.")
        pieces.append(piece)
        data = unpacker.unused_data
    return b"".join(pieces)
