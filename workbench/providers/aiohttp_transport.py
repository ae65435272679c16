"""Connections for the packages that speak through httpx2, made by aiohttp.

httpx2's own pool looks at every connection, with a system call for each that is idle, whenever a
request begins and ends: at 64 calls at once that takes more of the processor than all the rest of
a call. Imported by adapters when they make a client, and not before.
"""

from __future__ import annotations

import contextlib
import ssl
import urllib.request
from collections.abc import AsyncIterator, Iterator
from functools import lru_cache
from typing import Any

import aiohttp
import httpx2
from yarl import URL

#: More than the gates let in at once.
_CONNECTIONS = 1000
#: Seconds that an idle connection is kept: less than servers and balancers keep theirs, so that a
#: call is seldom sent into one that is just being closed.
_KEPT_SECONDS = 5.0
#: Bytes of a line of an answer's head; vendors put policies and long ids there.
_LINE_BYTES = 65_536


def client_over_aiohttp(timeout: httpx2.Timeout) -> httpx2.AsyncClient:
    """What a package is to send through. Behind a proxy it is httpx2 alone, which knows more kinds
    of them."""
    if urllib.request.getproxies():
        return httpx2.AsyncClient(timeout=timeout, follow_redirects=True)
    return AiohttpClient(timeout)


class AiohttpClient(httpx2.AsyncClient):
    """httpx2's client over aiohttp. A plain request takes none of the ways round by which redirects
    hooks, cookies and parts of addresses are dealt with: they are half of what httpx2 does for it.
    """

    def __init__(self, timeout: httpx2.Timeout) -> None:
        self._aiohttp = AiohttpTransport()
        super().__init__(timeout=timeout, follow_redirects=True, transport=self._aiohttp)
        self._packings = self.headers["accept-encoding"]

    def build_request(self, method: str, url: Any, **rest: Any) -> httpx2.Request:
        given = {name for name, value in rest.items() if value is not None}
        if type(url) is not str or not given <= {"headers", "content", "timeout"}:
            return super().build_request(method, url, **rest)
        timeout = rest.get("timeout")
        if not isinstance(timeout, httpx2.Timeout):
            return super().build_request(method, url, **rest)
        headers = [*(rest.get("headers") or ()), ("Accept-Encoding", self._packings)]
        extensions = {"timeout": timeout.as_dict()}
        content = rest.get("content")
        return httpx2.Request(
            method, _parsed(url), headers=headers, content=content, extensions=extensions
        )

    async def send(
        self, request: httpx2.Request, *, stream: bool = False, **rest: Any
    ) -> httpx2.Response:
        if rest or any(self.event_hooks.values()):
            return await super().send(request, stream=stream, **rest)
        answer = await self._aiohttp.handle_async_request(request)
        try:
            if answer.has_redirect_location:
                await answer.aclose()
                return await super().send(request, stream=stream)
            if not stream:
                await answer.aread()
        except BaseException:
            await answer.aclose()
            raise
        return answer


class AiohttpTransport(httpx2.AsyncBaseTransport):
    """Of one loop: the first request decides which."""

    def __init__(self) -> None:
        # As httpx2 would: its certificates, and those that the environment names.
        self._tls: ssl.SSLContext = httpx2.create_ssl_context()
        self._session: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        session = self._session
        if session is None:
            session = self._session = self._new_session()
        limits = request.extensions.get("timeout", {})
        try:
            body: Any = request.content or None
        except httpx2.RequestNotRead:
            body = request.stream
        with _in_terms_of_httpx2(request):
            answer = await session.request(
                request.method,
                _address(str(request.url)),
                headers=request.headers.multi_items(),
                data=body,
                allow_redirects=False,
                timeout=_timeout(limits.get("connect"), limits.get("read")),
                server_hostname=request.extensions.get("sni_hostname"),
            )
        return httpx2.Response(
            answer.status,
            headers=answer.raw_headers,
            stream=_Body(answer, request),
            request=request,
            extensions={
                "http_version": b"HTTP/1.1",
                "reason_phrase": (answer.reason or "").encode("ascii", "ignore"),
            },
        )

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _new_session(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=_CONNECTIONS, keepalive_timeout=_KEPT_SECONDS, ssl=self._tls
            ),
            # Cookies, headers and what an answer is packed with are httpx2's.
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=("Accept", "Accept-Encoding", "Content-Type", "User-Agent"),
            auto_decompress=False,
            max_line_size=_LINE_BYTES,
            max_field_size=_LINE_BYTES,
        )


class _Body(httpx2.AsyncByteStream):
    def __init__(self, answer: aiohttp.ClientResponse, request: httpx2.Request) -> None:
        self._answer = answer
        self._request = request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _in_terms_of_httpx2(self._request):
            async for piece in self._answer.content.iter_any():
                yield piece

    async def aclose(self) -> None:
        # A connection whose answer was read is kept, any other is closed.
        self._answer.release()


@lru_cache(maxsize=64)
def _parsed(url: str) -> httpx2.URL:
    return httpx2.URL(url)


@lru_cache(maxsize=64)
def _address(url: str) -> URL:
    return URL(url, encoded=True)


@lru_cache(maxsize=64)
def _timeout(connect: float | None, read: float | None) -> aiohttp.ClientTimeout:
    """connect: until there is a connection, the name looked up and TLS agreed on."""
    return aiohttp.ClientTimeout(total=None, connect=connect, sock_read=read)


#: The first that fits: classes come before what they are made from.
_ERRORS: tuple[tuple[type[BaseException], type[httpx2.TransportError]], ...] = (
    (aiohttp.ConnectionTimeoutError, httpx2.ConnectTimeout),
    (aiohttp.ServerTimeoutError, httpx2.ReadTimeout),
    (TimeoutError, httpx2.ReadTimeout),
    (aiohttp.InvalidURL, httpx2.UnsupportedProtocol),
    (aiohttp.ClientConnectorError, httpx2.ConnectError),
    (aiohttp.ServerDisconnectedError, httpx2.RemoteProtocolError),
    (aiohttp.ClientResponseError, httpx2.RemoteProtocolError),
    (aiohttp.ClientPayloadError, httpx2.RemoteProtocolError),
    (aiohttp.ClientError, httpx2.ReadError),
    (OSError, httpx2.ReadError),
)


@contextlib.contextmanager
def _in_terms_of_httpx2(request: httpx2.Request) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        for theirs, ours in _ERRORS:
            if isinstance(error, theirs):
                raise ours(str(error), request=request) from error
        raise
