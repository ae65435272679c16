"""In front of everything: paths put right, the API answered, pages given their safe headers."""

from __future__ import annotations

import re
from functools import cache
from typing import Any
from urllib.parse import unquote

from starlette.middleware import Middleware
from starlette.types import ASGIApp

from workbench import browser_id
from workbench.api.body import Message, Receive, Scope, Send
from workbench.api.routes import find

# Streamlit and Plotly need inline and evaluated scripts and blob: workers. What matters is what is
# not here: no picture, script, font or connection from elsewhere, whatever a logged text asks for.
PAGE_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "media-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "worker-src 'self' blob:",
        "frame-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    )
)
# A file that a page offers may be a logged SVG or HTML: opened by itself it must not run here.
MEDIA_POLICY = "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'"
_COMMON = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"x-frame-options", b"SAMEORIGIN"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
)
_SLASHES = re.compile(rb"/{2,}")


class Gate:
    """API paths are answered here, past Streamlit's sessions and compression; pages get headers.

    There are no CORS headers: the API is for programs, and browsers of other sites stay outside.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        if b"//" in scope.get("raw_path", b"") or "//" in scope["path"]:
            scope = _with_single_slashes(scope)
        if scope["type"] == "http":
            found = find(scope["path"], scope.get("raw_path", b""))
            if found is not None:
                application, parameters = found
                if parameters:
                    scope = {**scope, "path_params": parameters}
                await application(scope, receive, send)
                return
            send = _with_headers(send, scope)
        await self._app(scope, receive, send)


def _with_single_slashes(scope: Scope) -> Scope:
    """The scope of the path that was meant: the SDK joins a base URL that ends in a slash as it is.

    Slashes that came encoded belong to a name and stay.
    """
    raw = _SLASHES.sub(b"/", scope.get("raw_path") or scope["path"].encode())
    return {**scope, "raw_path": raw, "path": unquote(raw.decode("latin-1"))}


def _with_headers(send: Send, scope: Scope) -> Send:
    policy = MEDIA_POLICY if scope["path"].startswith("/media/") else PAGE_POLICY
    more = [(b"content-security-policy", policy.encode()), *_COMMON]
    names = {name for name, _ in more}

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = [pair for pair in message.get("headers", ()) if pair[0].lower() not in names]
            message = {**message, "headers": [*kept, *more, *_cookie(scope, kept)]}
        await send(message)

    return sending


def _cookie(scope: Scope, answered: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """With a page, a cookie for a browser that has none yet."""
    kind = next((value for name, value in answered if name.lower() == b"content-type"), b"")
    if not kind.startswith(b"text/html"):
        return []
    sent = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
    if browser_id.found_in(sent.get(b"cookie", "")):
        return []
    is_secure = "https" in (scope.get("scheme"), sent.get(b"x-forwarded-proto", "").strip())
    made = browser_id.cookie(browser_id.make(), is_secure=is_secure)
    return [(b"set-cookie", made.encode())]


@cache
def middleware() -> list[Any]:
    """What stands in front of Streamlit's application, in order."""
    return [Middleware(Gate)]
