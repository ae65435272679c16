"""Links to one file each, signed and good for a short time: whoever has one needs no key.

The secret lives as long as the process: a link from before a restart is no longer good, and the
page, or whoever asks with a key, gets a new one.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from urllib.parse import quote, urlencode

SECONDS = 600
_secret = secrets.token_bytes(32)


def path_of(id_: int) -> str:
    return f"/api/workbench/exports/{id_}/file"


def refused_path(job_id: str) -> str:
    """Where the rows are that an import refused."""
    return f"/api/workbench/imports/{job_id}/refused"


def blob_path(sha256: str) -> str:
    """Where an attachment is."""
    return f"/api/workbench/blobs/{sha256}"


def signed(id_: int, name: str, now: float, seconds: int = SECONDS) -> str:
    """The path and query of a file of an export, as `link` makes it."""
    return link(path_of(id_), name, now, seconds)


def is_good(id_: int, name: str, expires: str, signature: str, now: float) -> bool:
    return is_link_good(path_of(id_), name, expires, signature, now)


def link(path: str, name: str, now: float, seconds: int = SECONDS) -> str:
    """A path with the file's name in its query, good until `now` (seconds since 1970) and `seconds`
    more."""
    expires = int(now) + seconds
    query = {"name": name, "expires": expires, "signature": _signature(path, name, expires)}
    return f"{path}?{urlencode(query, quote_via=quote)}"


def is_link_good(path: str, name: str, expires: str, signature: str, now: float) -> bool:
    """Whether a link was made here for this file, and its time is not over."""
    if not (expires.isascii() and expires.isdecimal() and len(expires) <= 12):
        return False
    right = _signature(path, name, int(expires))
    return hmac.compare_digest(right.encode(), signature.encode()) and now < int(expires)


def _signature(path: str, name: str, expires: int) -> str:
    message = f"{path}\0{name}\0{expires}".encode()
    return hmac.new(_secret, message, hashlib.sha256).hexdigest()
