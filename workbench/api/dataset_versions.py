"""Versions of datasets: from files, from requests, and drafts that are added to and saved."""

from __future__ import annotations

import base64
import binascii
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from workbench.api import dataset_answers as answers
from workbench.api import dataset_wire as bodies
from workbench.api import wire
from workbench.api.datasets import version_of
from workbench.api.errors import ApiError
from workbench.api.operation import Answer, Operation, Sent, in_thread
from workbench.datasets import adding, from_logs, whole_versions
from workbench.datasets.adding import Target
from workbench.datasets.from_logs import USUAL, Choice
from workbench.datasets.whole_versions import DraftInTheWay
from workbench.filters import Filter, FilterError, from_api
from workbench.jsontext import FieldError
from workbench.logs.bulk import Selection
from workbench.logs.importing.incoming import imports_folder
from workbench.logs.importing.record import ImportFailed
from workbench.store import datasets, requests, search, sessions
from workbench.store.datasets import Version
from workbench.store.errors import NotFound
from workbench.store.session_rows import SessionId, SessionKey

BASE = "/api/public/v2/dataset-versions"
_METADATA = "metadata."
MOST_OF_A_TRACE = 1_000


def _made(version: Version, message: str) -> dict[str, Any]:
    return {
        "success": True,
        "message": message,
        "dataset_id": version.id,
        "dataset_group_id": version.dataset_id,
        "version_number": answers.DRAFT,
    }


def _read_file(sent: Sent) -> tuple[bodies.FromFile, bytes]:
    body = wire.read(bodies.FromFile, sent.body)
    try:
        content = base64.b64decode(body.file_content_base64, validate=True)
    except (binascii.Error, ValueError):
        raise ApiError(
            400, "file_content_base64: this is no base64.", "file_content_base64"
        ) from None
    return body, content


async def _from_file(sent: Sent, asked: tuple[bodies.FromFile, bytes]) -> Answer:
    body, content = asked

    def work() -> dict[str, Any]:
        folder = imports_folder(sent.store.settings)
        folder.mkdir(parents=True, exist_ok=True)
        # Of the name only the ending counts: where it lies is ours to say.
        ending = Path(body.file_name).suffix.lower()
        with tempfile.NamedTemporaryFile(
            dir=folder, prefix="dataset-", suffix=ending, delete=False
        ) as file:
            file.write(content)
        path = Path(file.name)
        try:
            version = whole_versions.from_file(
                sent.store, sent.actor, body.dataset_group_id, path, body.file_name
            )
        except ImportFailed as error:
            path.unlink(missing_ok=True)
            reason = str(error).replace(path.name, body.file_name)
            raise ApiError(400, reason, "file_content_base64") from None
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return _made(version, "Dataset version creation job queued")

    return Answer(await _in_the_way(work), 201)


async def _in_the_way(work: Any) -> Any:
    try:
        return await in_thread(work)
    except DraftInTheWay as error:
        raise ApiError(409, str(error)) from None


def _read_requests(sent: Sent) -> tuple[bodies.FromRequests, Selection, Choice]:
    body = wire.read(bodies.FromRequests, sent.body)
    if (body.sort_by is None) != (body.sort_order is None):
        missing = "sort_by" if body.sort_by is None else "sort_order"
        raise FieldError(missing, "sort_by and sort_order are given together or not at all")
    return body, _selection(sent, body), _choice(body.variables_to_parse)


def _selection(sent: Sent, body: bodies.FromRequests) -> Selection:
    if body.request_log_ids is not None:
        return Selection(ids=frozenset(body.request_log_ids[: body.limit]))
    try:
        filter_ = from_api({"filter_group": body.filter_group, "q": body.q})
    except FilterError as error:
        raise FieldError(error.path or "filter_group", str(error)) from None
    connection, now = sent.store.connection, datetime.now(UTC)
    up_to = search.newest_id(connection)
    if body.limit is None:
        return Selection(filter=filter_, now=now, up_to=up_to)
    return Selection(ids=frozenset(_first(sent, body, filter_, body.limit, now)))


def _first(
    sent: Sent, body: bodies.FromRequests, filter_: Filter, limit: int, now: datetime
) -> list[int]:
    """The first requests in the order that was asked for, the newest first without one."""
    rows = search.numbered_page(
        sent.store.connection,
        filter_,
        now=now,
        number=1,
        size=limit,
        sort_by=body.sort_by or "request_start_time",
        descending=body.sort_order != "asc",
    )
    return [row.id for row in rows]


def _choice(names: list[str] | None) -> Choice:
    """names: "input", "output", "messages", "metadata.KEY", names of input variables."""
    if names is None:
        return USUAL
    keys = tuple(name[len(_METADATA) :] for name in names if name.startswith(_METADATA))
    plain = {name for name in names if not name.startswith(_METADATA)}
    return Choice(
        messages=from_logs.MESSAGES in plain,
        text=from_logs.INPUT in plain,
        metadata=keys,
        only=frozenset({*plain, *keys}),
    )


async def _from_requests(
    sent: Sent, asked: tuple[bodies.FromRequests, Selection, Choice]
) -> Answer:
    body, selection, choice = asked

    def work() -> dict[str, Any]:
        version = whole_versions.of_requests(
            sent.store, sent.actor, body.dataset_group_id, selection, choice
        )
        return _made(version, "Dataset version creation queued")

    return Answer(await _in_the_way(work), 201)


async def _draft(sent: Sent, body: bodies.CreateDraft) -> Answer:
    def work() -> tuple[dict[str, Any], int]:
        draft = whole_versions.empty_draft(sent.store, sent.actor, body.dataset_group_id)
        if body.source_dataset_id is None:
            return _draft_told(draft, "Draft dataset version created"), 201
        source = version_of(sent, body.source_dataset_id)
        if source.dataset_id != body.dataset_group_id or source.is_draft:
            raise FieldError("source_dataset_id", "a saved version of this dataset group is needed")
        store, actor = sent.store, sent.actor
        store.change(
            lambda cursor: store.datasets.restore_version(
                cursor, actor, source.dataset_id, source.number
            )
        ).result()
        message = "Draft created; rows are being copied from the source dataset"
        return _draft_told(draft, message), 202

    value, status = await _in_the_way(work)
    return Answer(value, status)


def _draft_told(draft: Version, message: str) -> dict[str, Any]:
    return {"success": True, "message": message, "draft_dataset_id": draft.id}


def _required_draft(sent: Sent, dataset_id: int) -> Version:
    adding.required(sent.store, dataset_id)
    draft = datasets.draft(sent.store.connection, dataset_id)
    if draft is None:
        raise NotFound(f"Dataset group {dataset_id} has no draft: create one first.")
    return draft


async def _add_request(sent: Sent, body: bodies.AddRequest) -> Answer:
    def work() -> dict[str, Any]:
        draft = _required_draft(sent, body.dataset_group_id)
        if requests.get(sent.store.connection, body.request_log_id) is None:
            raise NotFound(f"There is no request {body.request_log_id}.")
        _add(sent, draft, Selection(ids=frozenset([body.request_log_id])), "It has no row.")
        return _draft_told(draft, "Request log added to draft dataset")

    return Answer(await in_thread(work), 201)


async def _add_trace(sent: Sent, body: bodies.AddTrace) -> Answer:
    def work() -> dict[str, Any]:
        draft = _required_draft(sent, body.dataset_group_id)
        trace = SessionId(SessionKey("trace"), body.trace_id)
        found = sessions.requests_of(sent.store.connection, trace, limit=MOST_OF_A_TRACE)
        ids = frozenset(one.summary.id for one in found)
        _add(sent, draft, Selection(ids=ids), f"No request has the trace {body.trace_id}.")
        return _draft_told(draft, "Trace added to draft dataset")

    return Answer(await in_thread(work), 201)


def _add(sent: Sent, draft: Version, selection: Selection, nothing: str) -> None:
    target = Target(draft.dataset_id)
    rows = from_logs.first_rows(sent.store.connection, selection, USUAL, MOST_OF_A_TRACE)
    if not rows:
        raise NotFound(nothing)
    adding.add_by_hand(sent.store, sent.actor, target, rows, "logs")


async def _save(sent: Sent, body: bodies.SaveDraft) -> Answer:
    def work() -> dict[str, Any]:
        draft = _required_draft(sent, body.dataset_group_id)
        store, actor = sent.store, sent.actor
        whole_versions.whole(store, body.dataset_group_id)
        store.change(
            lambda cursor: store.datasets.publish(cursor, actor, body.dataset_group_id)
        ).result()
        return _draft_told(draft, "Dataset save job queued")

    return Answer(await _in_the_way(work), 202)


OPERATIONS: tuple[Operation[Any], ...] = (
    Operation(
        "POST",
        f"{BASE}/from-file",
        "Make a version of a file's rows; it is saved when they are in it",
        _read_file,
        _from_file,
        request=bodies.FromFile,
        response=answers.VersionMade,
        status=201,
        problems=(400, 404, 409),
    ),
    Operation(
        "POST",
        f"{BASE}/from-filter-params",
        "Make a version of logged requests; it is saved when they are in it",
        _read_requests,
        _from_requests,
        request=bodies.FromRequests,
        response=answers.VersionMade,
        status=201,
        problems=(404, 409),
    ),
    Operation(
        "POST",
        f"{BASE}/create-draft",
        "Open a draft, empty or with the rows of a version",
        lambda sent: wire.read(bodies.CreateDraft, sent.body),
        _draft,
        request=bodies.CreateDraft,
        response=answers.DraftAnswer,
        status=201,
        problems=(404, 409),
    ),
    Operation(
        "POST",
        f"{BASE}/add-request-log",
        "Add a request to the draft",
        lambda sent: wire.read(bodies.AddRequest, sent.body),
        _add_request,
        request=bodies.AddRequest,
        response=answers.DraftAnswer,
        status=201,
        problems=(404,),
    ),
    Operation(
        "POST",
        f"{BASE}/add-trace",
        "Add every request of a trace to the draft",
        lambda sent: wire.read(bodies.AddTrace, sent.body),
        _add_trace,
        request=bodies.AddTrace,
        response=answers.DraftAnswer,
        status=201,
        problems=(404,),
    ),
    Operation(
        "POST",
        f"{BASE}/save-draft",
        "Make the draft a version that never changes",
        lambda sent: wire.read(bodies.SaveDraft, sent.body),
        _save,
        request=bodies.SaveDraft,
        response=answers.DraftAnswer,
        status=202,
        problems=(404, 409),
    ),
)
