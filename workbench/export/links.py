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


def signed(id_: int, name: str, now: float, seconds: int = SECONDS) -> str:
    """The path and query of a file, good until `now` (seconds since 1970) and `seconds` more."""
    expires = int(now) + seconds
    query = {"name": name, "expires": expires, "signature": _signature(id_, name, expires)}
    return f"{path_of(id_)}?{urlencode(query, quote_via=quote)}"


def is_good(id_: int, name: str, expires: str, signature: str, now: float) -> bool:
    """Whether a link was made here for this file, and its time is not over."""
    if not (expires.isascii() and expires.isdecimal() and len(expires) <= 12):
        return False
    right = _signature(id_, name, int(expires))
    return hmac.compare_digest(right.encode(), signature.encode()) and now < int(expires)


def _signature(id_: int, name: str, expires: int) -> str:
    message = f"{id_}\0{name}\0{expires}".encode()
    return hmac.new(_secret, message, hashlib.sha256).hexdigest()
