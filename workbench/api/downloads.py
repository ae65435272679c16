"""Files of the pages that are too large for them: the rows that an import refused, attachments.

They leave by a signed link that a page made, or with a key; no part of the interface that
applications use.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from urllib.parse import quote

from starlette.responses import FileResponse, Response

from workbench.api.body import Receive, Scope, Send
from workbench.api.errors import ApiError
from workbench.api.operation import Headers, admit, in_thread, query_of, send_error
from workbench.export import links
from workbench.logs.importing.background import jobs
from workbench.store import requests
from workbench.store.store import Store, open_store

# Nobody in between may pack it: ranges are ranges of the file. Nothing in it may run.
HEADERS = {
    "Content-Encoding": "identity",
    "Cache-Control": "private, no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
}
_DIGEST = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(r"[^\x00-\x1f\x7f/\\]{1,200}")


class _Download:
    """What both have: the link or the key is looked at before anything is looked for."""

    method = "GET"
    path: str

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            answer = await self._answer(scope)
        except ApiError as error:
            await send_error(send, error)
        else:
            await answer(scope, receive, send)

    async def _answer(self, scope: Scope) -> Response:
        asked, given = query_of(scope), scope["path_params"]
        name = asked.get("name", "")
        store = open_store()
        if signature := asked.get("signature", ""):
            place, expires = self.path.format(**given), asked.get("expires", "")
            if not links.is_link_good(place, name, expires, signature, time.time()):
                raise ApiError(401, "This link is no longer good: reload the page for a new one.")
        else:
            admit(store, Headers(scope["headers"]).key, {}, "", {})
        if not _NAME.fullmatch(name):
            raise ApiError(422, "A file name is needed.", "name")
        found = await in_thread(lambda: self._file(store, given, name))
        if found is None:
            raise ApiError(404, "There is no such file: it was removed meanwhile.")
        return found

    def _file(self, store: Store, given: Mapping[str, str], name: str) -> Response | None:
        raise NotImplementedError


class _Refused(_Download):
    path = links.refused_path("{job_id}")

    def _file(self, store: Store, given: Mapping[str, str], name: str) -> Response | None:
        path = jobs(store.settings).refused_file(given["job_id"])
        if path is None:
            return None
        return FileResponse(
            path, filename=name, media_type="text/csv; charset=utf-8", headers=HEADERS
        )


class _Blob(_Download):
    path = links.blob_path("{sha256}")

    def _file(self, store: Store, given: Mapping[str, str], name: str) -> Response | None:
        digest = given["sha256"]
        data = requests.blob(store.connection, digest) if _DIGEST.fullmatch(digest) else None
        if data is None:
            return None
        said = f"attachment; filename*=utf-8''{quote(name, safe='')}"
        # Of no type that a browser would open by itself.
        return Response(
            data,
            media_type="application/octet-stream",
            headers={**HEADERS, "Content-Disposition": said},
        )


OPERATIONS = (_Refused(), _Blob())
