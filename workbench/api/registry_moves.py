"""Our own routes for moving release labels: preflight, approvals, A/B releases.

They go beyond the interface that applications use, so the OpenAPI document leaves them out; the
command line and pipelines ask them, and docs/registry.md describes them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import BaseModel, Field

from workbench.api import wire
from workbench.api.errors import ApiError
from workbench.api.operation import Answer, Operation, Sent, in_thread
from workbench.api.registry_files import PATH
from workbench.api.registry_prompts import parameter, path_id
from workbench.registry import ab, labels, moving, preflight
from workbench.registry.ab import Release
from workbench.store.registry_rows import LabelRequest

REQUESTS = "/api/workbench/label-requests"


class Preflight(wire.Keyed):
    """version: the one to come. label: the one that would move, to compare with what it serves."""

    version: wire.Version
    label: wire.Name | None = None
    last: Annotated[wire.Whole, Field(ge=1, le=preflight.MAX_LAST)] = preflight.LAST


class Move(wire.Keyed):
    version: wire.Version
    label: wire.Name
    note: wire.Name | None = None


class Start(wire.Keyed):
    """release: `label`, `shares`, `segments`, `sticky_key`, as workbench.registry.moving has it."""

    release: dict[str, Any]
    note: wire.Name | None = None


class End(wire.Keyed):
    label: wire.Name


class Report(BaseModel):
    """What workbench.registry.moving writes."""


def _read_preflight(sent: Sent) -> Preflight:
    return wire.read(Preflight, sent.body)


async def _preflight(sent: Sent, body: Preflight) -> Answer:
    def work() -> dict[str, Any]:
        found = preflight.preflight(
            sent.store, sent.path["identifier"], body.version, body.label, last=body.last
        )
        return moving.preflight_report(found)

    return Answer(await in_thread(work))


def _read_move(sent: Sent) -> Move:
    return wire.read(Move, sent.body)


async def _move(sent: Sent, body: Move) -> Answer:
    def work() -> dict[str, Any]:
        where = (sent.path["identifier"], body.label, body.version)
        return moving.change_report(labels.move_label(sent.store, sent.actor, *where, body.note))

    return Answer(await in_thread(work))


async def _waiting(sent: Sent, _read: None) -> Answer:
    def work() -> dict[str, Any]:
        connection = sent.store.connection
        found = labels.waiting(connection, sent.path.get("prompt") or None)
        return {"items": [moving.described(connection, one) for one in found]}

    return Answer(await in_thread(work))


_DECISIONS: dict[str, Callable[..., LabelRequest]] = {
    "approve": labels.approve,
    "reject": labels.reject,
    "withdraw": labels.withdraw,
}


def _decision(word: str) -> Operation[int]:
    async def respond(sent: Sent, request_id: int) -> Answer:
        def work() -> dict[str, Any]:
            decided = _DECISIONS[word](sent.store, sent.actor, request_id)
            return moving.described(sent.store.connection, decided)

        return Answer(await in_thread(work))

    return Operation(
        "POST",
        f"{REQUESTS}/{{request_id}}/{word}",
        f"{word.capitalize()} a change of a protected label",
        lambda sent: path_id(sent, "request_id"),
        respond,
        Report,
    )


async def _releases(sent: Sent, _read: None) -> Answer:
    def work() -> dict[str, Any]:
        found = ab.releases(sent.store.connection, sent.path["identifier"])
        return {"items": [moving.release_report(one) for one in found]}

    return Answer(await in_thread(work))


def _read_start(sent: Sent) -> tuple[Release, str | None]:
    body = wire.read(Start, sent.body)
    return moving.read_release(body.release), body.note


async def _start(sent: Sent, asked: tuple[Release, str | None]) -> Answer:
    def work() -> dict[str, Any]:
        done = ab.start(sent.store, sent.actor, sent.path["identifier"], *asked)
        if isinstance(done, LabelRequest):
            sentence = f"The release label {done.name!r} is protected and waits for a second person"
            raise ApiError(409, f"{sentence}. (Request {done.id}.)")
        return moving.release_report(done)

    return Answer(await in_thread(work), 201)


async def _end(sent: Sent, label: str) -> Answer:
    def work() -> dict[str, Any]:
        ab.end(sent.store, sent.actor, sent.path["identifier"], label)
        return {"label": label, "running": False}

    return Answer(await in_thread(work))


def _nothing(_sent: Sent) -> None:
    return None


_OF = f"{PATH}/{{identifier}}"
OPERATIONS: tuple[Operation[Any], ...] = (
    Operation(
        "POST",
        f"{_OF}/preflight",
        "Try logged inputs on a version before a label moves to it",
        _read_preflight,
        _preflight,
        Report,
        request=Preflight,
    ),
    Operation(
        "POST",
        f"{_OF}/labels",
        "Move a release label; a protected one waits",
        _read_move,
        _move,
        Report,
        request=Move,
    ),
    Operation(
        "GET",
        REQUESTS,
        "Changes of protected labels that wait",
        _nothing,
        _waiting,
        Report,
        parameters=(parameter("prompt", {"type": "string"}, "Of this prompt template alone."),),
    ),
    *(_decision(word) for word in _DECISIONS),
    Operation(
        "GET", f"{_OF}/releases", "A/B releases of a prompt template", _nothing, _releases, Report
    ),
    Operation(
        "POST",
        f"{_OF}/releases",
        "Start an A/B release, or change the one that runs",
        _read_start,
        _start,
        Report,
        request=Start,
        status=201,
    ),
    Operation(
        "POST",
        f"{_OF}/releases/end",
        "End an A/B release",
        lambda sent: wire.read(End, sent.body).label,
        _end,
        Report,
        request=End,
    ),
)
