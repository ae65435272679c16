"""The cookie that tells one browser from another where nobody logs in.

It lets nobody in and is no secret of a person: drafts and choices are kept under it. Only a digest
of it stands in the store, so that reading the store does not let one into another's drafts.
"""

from __future__ import annotations

import hashlib
import re
import secrets

COOKIE = "workbench_browser"
SECONDS = 400 * 86_400
_GOOD = re.compile(r"[A-Za-z0-9_-]{22}")


def make() -> str:
    return secrets.token_urlsafe(16)


def is_good(value: str) -> bool:
    """Whether `make` may have made it."""
    return _GOOD.fullmatch(value) is not None


def name_of(value: str) -> str:
    """What drafts and choices are kept under: "browser:" and a digest."""
    return f"browser:{hashlib.sha256(value.encode()).hexdigest()[:24]}"


def cookie(value: str, *, is_secure: bool) -> str:
    """The header `Set-Cookie`: for this site's pages alone, out of reach of scripts."""
    line = f"{COOKIE}={value}; Path=/; Max-Age={SECONDS}; HttpOnly; SameSite=Lax"
    return f"{line}; Secure" if is_secure else line


def found_in(header: str) -> str | None:
    """The value in a header `Cookie`, where there is a good one."""
    for pair in header.split(";"):
        name, _, value = pair.strip().partition("=")
        if name == COOKIE and is_good(value):
            return value
    return None
