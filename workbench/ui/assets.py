"""Streamlit's scripts, styles and fonts, each answered at once.

A first visit asks for some sixty of them. Streamlit hands each over by a thread, in pieces, which
kept a browser waiting for half a second longer than reading the files whole does.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import streamlit
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

_FOLDER = Path(streamlit.__file__).parent / "static"
# Their names hold a digest of what is in them.
_CACHED = {"cache-control": "public, max-age=31536000, immutable"}
# Not asked of the machine's own table, which may not know fonts.
_KINDS = {".js": "text/javascript", ".css": "text/css", ".woff2": "font/woff2"}
_MOST_BYTES = 2 * 2**20


class Assets:
    """Answers what is in Streamlit's folder, by a list of it; anything else is Streamlit's."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._files = _files()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = self._files.get(scope["path"]) if scope["type"] == "http" else None
        if found is None or scope["method"] not in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        kind = _KINDS[found.suffix]
        answer = Response(found.read_bytes(), headers=_CACHED, media_type=kind)
        await answer(scope, receive, send)


def _files() -> dict[str, Path]:
    """By the path that asks for it. A large one is left to the threads: reading it takes long."""
    return {
        f"/{path.relative_to(_FOLDER).as_posix()}": path
        for path in (_FOLDER / "static").rglob("*")
        if path.suffix in _KINDS and path.stat().st_size <= _MOST_BYTES
    }


@cache
def assets() -> list[Any]:
    return [Middleware(Assets)]
