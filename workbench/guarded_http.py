"""Requests to addresses that somebody else wrote down: an image in a logged text, an endpoint.

Only http and https. A name is resolved once, every address it has must be public, and the checked
address is the one connected to, so that a name which resolves differently a moment later gains
nothing. Redirects are checked the same way. Sizes and the time as a whole are bounded.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import SplitResult, urljoin, urlsplit

_REDIRECTS = {301, 302, 303, 307, 308}
# Of these a redirect asks with GET and without the body, as every client does (RFC 9110, 15.4).
_TO_GET = {301, 302, 303}
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
# What the request itself says; a caller's word would let it speak to another host's pages.
_OWN_HEADERS = {"host", "content-length", "transfer-encoding", "connection", "upgrade", "te"}


class FetchError(Exception):
    """Nothing was fetched; the text says why.

    kind: "address" (malformed, unknown or not allowed), "answer" (none, or none of the web),
    "time", "size" or "redirects".
    """

    def __init__(
        self, kind: Literal["address", "answer", "time", "size", "redirects"], text: str
    ) -> None:
        super().__init__(text)
        self.kind = kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """allow_private: whether addresses that are not public may be reached. seconds: for all of it,
    redirects included. max_bytes: of the answer's body."""

    allow_private: bool = False
    seconds: float = 10.0
    max_bytes: int = 10 * 2**20
    redirects: int = 3


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer: header names are in small letters, url is the one that answered."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    url: str = ""


def fetch(
    url: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    limits: Limits | None = None,
) -> Fetched:
    """The answer to a request, whatever its status; raises FetchError where there is none.

    Blocks for at most `limits.seconds` (a name server may take longer). To another host than the
    first one, headers are not sent along.
    """
    limits = limits or Limits()
    deadline = time.monotonic() + limits.seconds
    sent = {name: text for name, text in (headers or {}).items() if _is_sendable(name, text)}
    for _ in range(limits.redirects + 1):
        parts = _parts(url)
        answer = _once(url, parts, method, sent, body, limits, deadline)
        target = answer.headers.get("location")
        if answer.status not in _REDIRECTS or not target:
            return answer
        url = urljoin(url, target)
        there = _parts(url)
        if (there.scheme, there.hostname, there.port) != (parts.scheme, parts.hostname, parts.port):
            sent = {name: text for name, text in sent.items() if name.lower() == "accept"}
            if method != "GET" and answer.status not in _TO_GET:
                raise FetchError("redirects", "it sends what was posted on to another server.")
        if answer.status in _TO_GET:
            method, body = "GET", None
    raise FetchError("redirects", f"there were more than {limits.redirects} redirects.")


def _is_sendable(name: str, text: str) -> bool:
    return name.lower() not in _OWN_HEADERS and not any(sign in name + text for sign in "\r\n\0")


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise FetchError("address", "the address is malformed.") from error
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise FetchError("address", "only http and https addresses are loaded.")
    return parts


def _once(
    url: str,
    parts: SplitResult,
    method: str,
    headers: Mapping[str, str],
    body: bytes | None,
    limits: Limits,
    deadline: float,
) -> Fetched:
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    address = checked_address(host, port, allow_private=limits.allow_private)
    left = deadline - time.monotonic()
    if left <= 0:
        raise _too_slow(host, limits)
    connection = _Pinned(host, port, address, left, secure=parts.scheme == "https")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    # A timeout of the socket begins anew with each byte: a server that sends one now and then is
    # cut off by the clock.
    clock = threading.Timer(left, connection.cut)
    clock.daemon = True
    clock.start()
    try:
        connection.request(method, target, body=body, headers=dict(headers))
        answer = connection.getresponse()
        content = answer.read(limits.max_bytes + 1)
    except (http.client.HTTPException, OSError, ValueError) as error:
        if connection.was_cut or isinstance(error, TimeoutError):
            raise _too_slow(host, limits) from error
        raise FetchError("answer", f"{host} did not answer as a web server should.") from error
    finally:
        clock.cancel()
        connection.close()
    if connection.was_cut:
        raise _too_slow(host, limits)
    if len(content) > limits.max_bytes:
        raise FetchError("size", f"it is larger than {limits.max_bytes / 2**20:g} MiB.")
    found = {name.lower(): value for name, value in answer.getheaders()}
    return Fetched(answer.status, found, content, url)


def _too_slow(host: str, limits: Limits) -> FetchError:
    return FetchError("time", f"{host} took longer than {limits.seconds:g} seconds.")


def checked_address(host: str, port: int, *, allow_private: bool = False) -> str:
    """One address of the host, if all of them may be reached; raises FetchError."""
    try:
        found = {info[4][0] for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError) as error:
        raise FetchError("address", f"{host} is not known.") from error
    addresses = sorted(str(address) for address in found)
    if not allow_private and not all(is_public(address) for address in addresses):
        raise FetchError("address", f"{host} is a private address.")
    return addresses[0]


def is_public(address: str) -> bool:
    """Whether an address is of the public internet, also where it wraps another one (IPv4-mapped,
    6to4, Teredo, NAT64)."""
    found = ipaddress.ip_address(address.split("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = [found.ipv4_mapped, found.sixtofour, *(found.teredo or ())]
        if found in _NAT64:
            inner.append(ipaddress.IPv4Address(int(found) & 0xFFFFFFFF))
        known = [one for one in inner if one is not None]
        if known:
            return all(is_public(str(one)) for one in known)
    return found.is_global and not found.is_multicast


class _Pinned(http.client.HTTPConnection):
    """Connects to the address that was checked, whatever the name resolves to by then."""

    def __init__(self, host: str, port: int, address: str, seconds: float, *, secure: bool) -> None:
        super().__init__(host, port, timeout=seconds)
        self._address = address
        self._secure = secure
        self._socket: socket.socket | None = None
        self.was_cut = False

    def connect(self) -> None:
        self.sock = socket.create_connection((self._address, self.port), self.timeout)
        self._socket = self.sock
        if self._secure:
            context = ssl.create_default_context()
            self.sock = context.wrap_socket(self.sock, server_hostname=self.host)
            self._socket = self.sock

    def cut(self) -> None:
        """End it, whatever it waits for. Kept apart from `sock`, which is let go while an answer
        is still read."""
        self.was_cut = True
        found = self._socket
        if found is not None:
            with contextlib.suppress(OSError):
                found.shutdown(socket.SHUT_RDWR)
