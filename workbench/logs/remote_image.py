"""Fetching an image that a logged text names, when a person asks for it. The address is as hostile
as the text: `guarded_http` holds what may be reached.
"""

from __future__ import annotations

from workbench.guarded_http import FetchError, Limits, checked_address, fetch

MAX_BYTES = 10 * 2**20
MAX_REDIRECTS = 3
TIMEOUT_SECONDS = 10.0
TYPES = {"image/png", "image/jpeg", "image/gif", "image/webp"}


class RemoteImageError(Exception):
    """The image is not fetched; the text says why."""


def fetch_image(url: str) -> bytes:
    """The bytes of an image at a public address."""
    limits = Limits(seconds=TIMEOUT_SECONDS, max_bytes=MAX_BYTES, redirects=MAX_REDIRECTS)
    try:
        answer = fetch(url, headers={"Accept": ", ".join(sorted(TYPES))}, limits=limits)
    except FetchError as error:
        raise RemoteImageError(str(error)) from error
    if answer.status != 200:
        raise RemoteImageError(f"the server answered with status {answer.status}.")
    if answer.headers.get("content-type", "").split(";")[0].strip().lower() not in TYPES:
        raise RemoteImageError("what came back is not a PNG, JPEG, GIF or WebP image.")
    return answer.body


def public_address(host: str, port: int) -> str:
    """One address of the host, if all of them are public."""
    try:
        return checked_address(host, port)
    except FetchError as error:
        raise RemoteImageError(str(error)) from error
