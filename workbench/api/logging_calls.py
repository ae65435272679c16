"""Requests coming in: `/track-request` and `/log-request`. The answer follows the commit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from workbench.api import wire
from workbench.api.answers import LoggedRow, Tracked, logged_row
from workbench.api.operation import Answer, Operation, Sent
from workbench.logs import intake
from workbench.logs.intake import Sender, Taken, blueprint
from workbench.logs.key_removal import without_keys
from workbench.registry.links import links


@dataclass(frozen=True, slots=True)
class _Call:
    body: Mapping[str, Any]
    taken: Taken


def _reader(
    model: type[wire.Body], take: Callable[[Mapping[str, Any], str, Sender], Taken]
) -> Callable[[Sent], _Call]:
    def read(sent: Sent) -> _Call:
        wire.read(model, sent.body)
        raw, body = without_keys(sent.text, sent.body, sent.keys)
        sender = Sender(sent.actor, intake.zone_of(sent.store.settings))
        taken = take(body, raw, sender)
        return _Call(body, replace(taken, row=links.linked(sent.store, taken.row)))

    return read


async def _track(sent: Sent, call: _Call) -> Answer:
    added = await asyncio.wrap_future(sent.store.add(call.taken.row))
    asked = call.body.get("return_prompt_blueprint")
    return Answer(
        {
            "success": True,
            "request_id": added.id,
            "prompt_blueprint": _blueprint(sent, call) if asked else None,
            "message": "Request tracked successfully",
        }
    )


def _blueprint(sent: Sent, call: _Call) -> dict[str, Any]:
    """The blueprint of a call, with the provider base URL of the template version that made it."""
    found, row = blueprint(call.taken, call.body), call.taken.row
    if row.prompt_id is not None and row.prompt_version is not None:
        version = sent.store.registry_reader.version(row.prompt_id, row.prompt_version)
        if version is not None:
            found["provider_base_url_name"] = version.provider_base_url
    return found


async def _log(sent: Sent, call: _Call) -> Answer:
    added = await asyncio.wrap_future(sent.store.add(call.taken.row))
    return Answer(logged_row(added.id, call.taken, call.body), 201)


OPERATIONS: tuple[Operation[Any], ...] = (
    Operation(
        "POST",
        "/track-request",
        "Log a call in its provider's own schema",
        _reader(wire.TrackRequest, intake.track_request),
        _track,
        request=wire.TrackRequest,
        response=Tracked,
    ),
    Operation(
        "POST",
        "/log-request",
        "Log a call in the neutral schema",
        _reader(wire.LogRequest, intake.log_request),
        _log,
        request=wire.LogRequest,
        response=LoggedRow,
        status=201,
    ),
)
