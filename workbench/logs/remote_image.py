"""Fetching an image that a logged text names, when a person asks for it.

The address is as hostile as the text: only http and https, only public addresses (checked after
resolving, and the checked address is the one connected to), few redirects, small answers, pixels.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
from urllib.parse import urljoin, urlsplit

MAX_BYTES = 10 * 2**20
MAX_REDIRECTS = 3
TIMEOUT_SECONDS = 10.0
TYPES = {"image/png", "image/jpeg", "image/gif", "image/webp"}


class RemoteImageError(Exception):
    """The image is not fetched; the text says why."""


def fetch_image(url: str) -> bytes:
    """The bytes of an image at a public address."""
    for _ in range(MAX_REDIRECTS + 1):
        status, headers, body = _get(url)
        if status in {301, 302, 303, 307, 308} and headers.get("location"):
            url = urljoin(url, headers["location"])
            continue
        if status != 200:
            raise RemoteImageError(f"the server answered with status {status}.")
        if headers.get("content-type", "").split(";")[0].strip().lower() not in TYPES:
            raise RemoteImageError("what came back is not a PNG, JPEG, GIF or WebP image.")
        return body
    raise RemoteImageError(f"there were more than {MAX_REDIRECTS} redirects.")


def _get(url: str) -> tuple[int, dict[str, str], bytes]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise RemoteImageError("the address is malformed.") from error
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise RemoteImageError("only http and https addresses are loaded.")
    port = port or (443 if parts.scheme == "https" else 80)
    address = public_address(parts.hostname, port)
    connection = _Pinned(parts.hostname, port, address, secure=parts.scheme == "https")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request("GET", target, headers={"Accept": ", ".join(sorted(TYPES))})
        answer = connection.getresponse()
        body = answer.read(MAX_BYTES + 1)
    except (http.client.HTTPException, ssl.SSLError, TimeoutError, ValueError) as error:
        raise RemoteImageError(
            f"{parts.hostname} did not answer as a web server should."
        ) from error
    finally:
        connection.close()
    if len(body) > MAX_BYTES:
        raise RemoteImageError(f"it is larger than {MAX_BYTES // 2**20} MiB.")
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, body


def public_address(host: str, port: int) -> str:
    """One address of the host, if all of them are public."""
    try:
        found = {info[4][0] for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError) as error:
        raise RemoteImageError(f"{host} is not known.") from error
    addresses = sorted(str(address) for address in found)
    for address in addresses:
        if not ipaddress.ip_address(address.split("%")[0]).is_global:
            raise RemoteImageError(f"{host} is a private address.")
    return addresses[0]


class _Pinned(http.client.HTTPConnection):
    """Connects to the address that was checked, whatever the name resolves to by then."""

    def __init__(self, host: str, port: int, address: str, *, secure: bool) -> None:
        super().__init__(host, port, timeout=TIMEOUT_SECONDS)
        self._address = address
        self._secure = secure

    def connect(self) -> None:
        self.sock = socket.create_connection((self._address, self.port), self.timeout)
        if self._secure:
            context = ssl.create_default_context()
            self.sock = context.wrap_socket(self.sock, server_hostname=self.host)
