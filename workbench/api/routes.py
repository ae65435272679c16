"""The table of what is served, and the way from a path to its operation."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any
from urllib.parse import quote, unquote

from starlette.routing import BaseRoute, Route

from workbench.api import (
    admin,
    annotating,
    connecting,
    dataset_versions,
    datasets,
    downloads,
    evaluations,
    export_settings,
    exporting,
    external_ids,
    finding,
    importing,
    logging_calls,
    registry_files,
    registry_folders,
    registry_labels,
    registry_moves,
    registry_prompts,
    registry_publish,
    report_columns,
    reports,
    upkeep,
)
from workbench.api.body import Receive, Scope, Send
from workbench.api.errors import ApiError
from workbench.api.openapi import document
from workbench.api.operation import Answer, Operation, send_error, send_json
from workbench.store.store import store_failure

OPERATIONS: tuple[Operation[Any], ...] = (
    *logging_calls.OPERATIONS,
    *annotating.OPERATIONS,
    *finding.OPERATIONS,
    *registry_publish.OPERATIONS,
    *registry_prompts.OPERATIONS,
    *registry_labels.OPERATIONS,
    *registry_folders.OPERATIONS,
    *datasets.OPERATIONS,
    *dataset_versions.OPERATIONS,
    *reports.OPERATIONS,
    *report_columns.OPERATIONS,
    *evaluations.OPERATIONS,
    *external_ids.OPERATIONS,
)

# Under these no page can stand: whatever is not served there is a JSON 404.
API_PATHS = re.compile(
    r"/(?:api|rest|v1|library-[^/]*|track-[^/]*|log-[^/]*|prompt-templates|prompt-labels|prompts"
    r"|create-group|spans-bulk|ws-token-request-library|workflows|reports|report-columns|healthz)(?:/|\Z)"
    r"|/openapi\.json\Z"
)


class Place:
    """One path: its operations by method, and sane answers to HEAD, OPTIONS and the others."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.operations: dict[str, Any] = {}

    @property
    def allowed(self) -> list[str]:
        more = ["HEAD"] if "GET" in self.operations else []
        return [*sorted(self.operations), *more, "OPTIONS"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        method = scope["method"]
        operation = self.operations.get(method)
        if operation is None and method == "HEAD" and "GET" in self.operations:
            # The server leaves out the body of an answer to HEAD.
            operation = self.operations["GET"]
        if operation is not None:
            await operation(scope, receive, send)
            return
        allow = ", ".join(self.allowed)
        if method == "OPTIONS":
            await send(
                {
                    "type": "http.response.start",
                    "status": 204,
                    "headers": [(b"allow", allow.encode())],
                }
            )
            await send({"type": "http.response.body"})
            return
        sentence = f"{self.path} does not take {method[:20]}: it takes {allow}."
        await send_error(send, ApiError(405, sentence, headers={"Allow": allow}))


class _Open:
    """A GET without a key: it tells nothing about what is stored."""

    def __init__(self, value: Callable[[], Any]) -> None:
        self._value = value

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        value = self._value()
        status = value.status if isinstance(value, Answer) else 200
        await send_json(send, status, value.value if isinstance(value, Answer) else value)


def _health() -> Answer:
    sentence = store_failure()
    if sentence is None:
        return Answer({"status": "ok"})
    return Answer({"status": "failed", "message": sentence}, 503)


@cache
def _described() -> dict[str, Any]:
    return document(OPERATIONS)


async def not_found(scope: Scope, _receive: Receive, send: Send) -> None:
    shown = scope["path"][:200].encode("utf-8", "replace").decode()
    await send_error(send, ApiError(404, f"There is nothing at {shown}."))


@cache
def _places() -> tuple[dict[str, Place], list[tuple[re.Pattern[str], Place]]]:
    exact: dict[str, Place] = {}
    # What the command line asks is served beside them, and is no part of the document.
    for operation in (
        *OPERATIONS,
        *admin.OPERATIONS,
        *connecting.OPERATIONS,
        *downloads.OPERATIONS,
        *exporting.OPERATIONS,
        *export_settings.OPERATIONS,
        *importing.OPERATIONS,
        *upkeep.OPERATIONS,
        *registry_files.OPERATIONS,
        *registry_moves.OPERATIONS,
    ):
        place = exact.setdefault(operation.path, Place(operation.path))
        place.operations[operation.method] = operation
    for path, value in (("/openapi.json", _described), ("/healthz", _health)):
        exact[path] = Place(path)
        exact[path].operations["GET"] = _Open(value)
    patterns = [(_pattern(path), place) for path, place in exact.items() if "{" in path]
    # A name may hold slashes: what ends in a word is looked at before what ends in a name.
    patterns.sort(key=lambda pair: pair[1].path.endswith("}"))
    return {path: place for path, place in exact.items() if "{" not in path}, patterns


def _pattern(path: str) -> re.Pattern[str]:
    """A path's pattern; `identifier` is a name, which may hold slashes, encoded or not."""
    named = path.replace("{identifier}", "(?P<identifier>.+)")
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", named) + r"\Z", re.DOTALL)


def find(path: str, raw_path: bytes = b"") -> tuple[Any, Mapping[str, str]] | None:
    """The ASGI application that answers at a path and its path parameters.

    raw_path: the path as it was sent, where slashes of a name can be told from others. None where
    the path belongs to the pages.
    """
    exact, patterns = _places()
    place = exact.get(path)
    if place is not None:
        return place, {}
    if API_PATHS.match(path) is None:
        return None
    raw = raw_path.partition(b"?")[0].decode("latin-1") or quote(path)
    for pattern, place in patterns:
        match = pattern.match(raw)
        if match is not None:
            return place, {name: unquote(value) for name, value in match.groupdict().items()}
    return not_found, {}


@cache
def routes() -> list[BaseRoute]:
    """The same places as Starlette routes, for an application that is built of such."""
    exact, patterns = _places()
    places = [*exact.values(), *(place for _, place in patterns)]
    return [Route(place.path, place, name=place.path) for place in places]
