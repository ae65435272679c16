"""Exports: start, list, preview, cancel, and the files, which leave in ranges.

Our own routes, for the page, the command line and scripts; docs/export.md describes them.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, TypeVar

from pydantic import BaseModel
from starlette.responses import FileResponse

from workbench.api.body import Receive, Scope, Send
from workbench.api.errors import ApiError
from workbench.api.operation import (
    Answer,
    Headers,
    Operation,
    Sent,
    admit,
    in_thread,
    query_of,
    send_error,
)
from workbench.export import links
from workbench.export.jobs import Job, jobs_of
from workbench.export.preview import preview
from workbench.export.spec import Spec, read_spec
from workbench.ids import MAX_ID
from workbench.jsontext import FieldError
from workbench.store.store import open_store

BASE = "/api/workbench/exports"
R = TypeVar("R")
_TYPES = {
    ".csv": "text/csv; charset=utf-8",
    ".json": "application/json",
    ".jsonl": "application/x-ndjson",
    ".parquet": "application/vnd.apache.parquet",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class ExportAnswer(BaseModel):
    """An export; `files` have a `link` that is good for a short time."""

    id: int
    name: str
    format: str
    status: str
    created_at: str
    created_by: str
    snapshot_at: str | None
    finished_at: str | None
    expires_at: str | None
    rows_expected: int | None
    rows_written: int | None
    bytes: int | None
    error: str | None
    progress: dict[str, Any] | None
    files: list[dict[str, Any]]
    spec: dict[str, Any]


class ExportList(BaseModel):
    items: list[ExportAnswer]


class PreviewAnswer(BaseModel):
    """See `workbench.export.preview.Preview`."""

    rows: int
    bytes: int
    columns: list[str]
    sample: list[dict[str, Any]]
    changes: list[dict[str, Any]]
    masked: dict[str, int]
    sampled: int
    left_out: dict[str, int]
    report: dict[str, Any]
    problem: str | None


class Removed(BaseModel):
    removed: int


def told(job: Job) -> dict[str, Any]:
    """A job as the API tells it."""
    row, now = job.row, time.time()
    moments = ("created_at", "snapshot_at", "finished_at", "expires_at")
    names = (
        "id",
        "name",
        "status",
        "created_by",
        "rows_expected",
        "rows_written",
        "bytes",
        "error",
    )
    found: dict[str, Any] = {name: getattr(row, name) for name in names}
    for name in moments:
        moment: datetime | None = getattr(row, name)
        found[name] = None if moment is None else moment.isoformat()
    found["format"] = row.spec.get("format", "csv")
    found["spec"] = row.spec
    found["progress"] = None if job.progress is None else asdict(job.progress)
    found["files"] = [
        {**file, "link": links.signed(row.id, file["name"], now)} for file in job.files
    ]
    return found


def _spec(sent: Sent) -> Spec:
    return read_spec({key: value for key, value in sent.body.items() if key != "api_key"})


def _id_of(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 16) or int(text) > MAX_ID:
        raise FieldError("export_id", "a whole number is needed")
    return int(text)


def _id(sent: Sent) -> int:
    return _id_of(sent.path["export_id"])


def _nothing(_sent: Sent) -> None:
    return None


async def _aside(work: Callable[[], R]) -> R:
    """What may take a while, without keeping others waiting for a thread of the pool."""
    return await asyncio.to_thread(work)


async def _start(sent: Sent, spec: Spec) -> Answer:
    def start() -> dict[str, Any]:
        jobs = jobs_of(sent.store)
        return told(jobs.get(jobs.start(spec, sent.actor)))

    return Answer(await _aside(start), 201)


async def _preview(sent: Sent, spec: Spec) -> Answer:
    found = await _aside(lambda: preview(sent.store.connection, spec, datetime.now(UTC)))
    value = asdict(found)
    value["sample"] = [{key: _plain(cell) for key, cell in row.items()} for row in found.sample]
    return Answer(value)


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str | int | float | bool | list | dict):
        return value
    return value.isoformat() if isinstance(value, datetime) else str(value)


async def _list(sent: Sent, _read: None) -> Answer:
    return Answer({"items": [told(job) for job in await in_thread(jobs_of(sent.store).listed)]})


async def _get(sent: Sent, id_: int) -> Answer:
    return Answer(told(await in_thread(lambda: jobs_of(sent.store).get(id_))))


async def _cancel(sent: Sent, id_: int) -> Answer:
    def cancel() -> dict[str, Any]:
        jobs = jobs_of(sent.store)
        jobs.cancel(id_)
        return told(jobs.get(id_))

    return Answer(await _aside(cancel))


async def _remove(sent: Sent, id_: int) -> Answer:
    await _aside(lambda: jobs_of(sent.store).remove(id_, sent.actor))
    return Answer({"removed": id_})


class _File:
    """A file of an export: by a signed link, or with a key. Ranges resume a download."""

    method, path = "GET", links.path_of(0).replace("/0/", "/{export_id}/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            answer = await self._answer(scope)
        except ApiError as error:
            await send_error(send, error)
        except FieldError as error:
            await send_error(send, ApiError(422, str(error), error.field))
        else:
            await answer(scope, receive, send)

    async def _answer(self, scope: Scope) -> FileResponse:
        id_ = _id_of(scope["path_params"]["export_id"])
        asked = query_of(scope)
        name = asked.get("name", "")
        store = open_store()
        signature, expires = asked.get("signature", ""), asked.get("expires", "")
        if not signature or not links.is_good(id_, name, expires, signature, time.time()):
            if signature:
                raise ApiError(
                    401, "This link is no longer good: get a new one from the list of exports."
                )
            admit(store, Headers(scope["headers"]).key, {}, "", {})
        path = await in_thread(lambda: jobs_of(store).file(id_, name))
        if path is None:
            raise ApiError(404, "There is no such file: the export was removed, or never had it.")
        return FileResponse(
            path,
            filename=name,
            media_type=_TYPES.get(path.suffix, "application/octet-stream"),
            headers={
                # Nobody in between may pack it: ranges are ranges of the file.
                "Content-Encoding": "identity",
                "Cache-Control": "private, no-store",
                "X-Content-Type-Options": "nosniff",
                "Content-Security-Policy": "sandbox; default-src 'none'",
            },
        )


OPERATIONS: tuple[Any, ...] = (
    Operation("GET", BASE, "The exports", _nothing, _list, ExportList),
    Operation(
        "POST", BASE, "Start an export", _spec, _start, ExportAnswer, request=Spec, status=201
    ),
    Operation(
        "POST",
        f"{BASE}/preview",
        "What an export would hold",
        _spec,
        _preview,
        PreviewAnswer,
        request=Spec,
    ),
    Operation("GET", f"{BASE}/{{export_id}}", "One export", _id, _get, ExportAnswer),
    Operation("DELETE", f"{BASE}/{{export_id}}", "Remove an export", _id, _remove, Removed),
    Operation("POST", f"{BASE}/{{export_id}}/cancel", "Stop an export", _id, _cancel, ExportAnswer),
    _File(),
)
