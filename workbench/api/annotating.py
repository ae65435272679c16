"""What is added to a request after it was logged: prompt, metadata, score, group."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from workbench.api import wire
from workbench.api.answers import Done, GroupMade
from workbench.api.operation import Answer, Operation, Sent
from workbench.logs.intake import DEFAULT_SCORE, check_metadata_size
from workbench.logs.key_removal import without_keys
from workbench.store.writer import Change


def _reader(model: type[wire.Body]) -> Callable[[Sent], wire.Body]:
    def read(sent: Sent) -> wire.Body:
        # A key that strayed into metadata or a variable is not kept there either.
        wire.read(model, sent.body)
        return wire.read(model, without_keys(sent.text, sent.body, sent.keys)[1])

    return read


def _read_metadata(sent: Sent) -> wire.TrackMetadata:
    read = _reader(wire.TrackMetadata)(sent)
    check_metadata_size(read.metadata)
    return read


def _changing(
    change: Callable[[Sent, wire.Body], Change[None]], message: str
) -> Callable[[Sent, wire.Body], Awaitable[Answer]]:
    async def respond(sent: Sent, body: wire.Body) -> Answer:
        await asyncio.wrap_future(sent.store.change(change(sent, body)))
        return Answer({"success": True, "message": message})

    return respond


def _prompt(sent: Sent, body: wire.TrackPrompt) -> Change[None]:
    return lambda cursor: sent.store.annotations.set_prompt(
        cursor,
        sent.actor,
        body.request_id,
        body.prompt_name,
        body.version,
        body.label,
        body.prompt_input_variables or {},
    )


def _metadata(sent: Sent, body: wire.TrackMetadata) -> Change[None]:
    return lambda cursor: sent.store.annotations.add_metadata(
        cursor, sent.actor, body.request_id, body.metadata
    )


def _score(sent: Sent, body: wire.TrackScore) -> Change[None]:
    return lambda cursor: sent.store.annotations.set_score(
        cursor, sent.actor, body.request_id, body.name or DEFAULT_SCORE, body.score
    )


def _group(sent: Sent, body: wire.TrackGroup) -> Change[None]:
    return lambda cursor: sent.store.annotations.set_group(
        cursor, sent.actor, body.request_id, body.group_id
    )


async def _create_group(sent: Sent, _body: wire.CreateGroup) -> Answer:
    id_ = await asyncio.wrap_future(sent.store.new_group(sent.actor))
    return Answer({"success": True, "id": id_})


def _twice(paths: tuple[str, str], summary: str, **rest: Any) -> list[Operation[Any]]:
    """The package calls one path (key in the body), the REST reference names another."""
    return [
        Operation("POST", path, summary, response=Done, problems=(404,), **rest) for path in paths
    ]


OPERATIONS: tuple[Operation[Any], ...] = (
    *_twice(
        ("/library-track-prompt", "/rest/track-prompt"),
        "Link a request to the prompt template that made it",
        read=_reader(wire.TrackPrompt),
        respond=_changing(_prompt, "Prompt tracked successfully"),
        request=wire.TrackPrompt,
    ),
    *_twice(
        ("/library-track-metadata", "/rest/track-metadata"),
        "Add metadata to a request",
        read=_read_metadata,
        respond=_changing(_metadata, "Metadata tracked successfully"),
        request=wire.TrackMetadata,
    ),
    *_twice(
        ("/library-track-score", "/rest/track-score"),
        "Score a request from 0 to 100",
        read=_reader(wire.TrackScore),
        respond=_changing(_score, "Score tracked successfully"),
        request=wire.TrackScore,
    ),
    *_twice(
        ("/track-group", "/rest/track-group"),
        "Put a request into a group",
        read=_reader(wire.TrackGroup),
        respond=_changing(_group, "Group tracked successfully"),
        request=wire.TrackGroup,
    ),
    Operation(
        "POST",
        "/create-group",
        "Make a group",
        _reader(wire.CreateGroup),
        _create_group,
        request=wire.CreateGroup,
        response=GroupMade,
        body_needed=False,
    ),
)
