"""What is added to a request after it was logged: prompt, metadata, score, group."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from workbench.api import wire
from workbench.api.answers import Done, GroupMade
from workbench.api.operation import Answer, Operation, Sent, in_thread
from workbench.logs.intake import DEFAULT_SCORE, check_metadata_size
from workbench.logs.key_removal import without_keys
from workbench.registry.links import link_of
from workbench.store.writer import Change


def _reader(
    model: type[wire.Body], arrange: Callable[[dict[str, Any]], dict[str, Any]] | None = None
) -> Callable[[Sent], wire.Body]:
    def read(sent: Sent) -> wire.Body:
        # A key that strayed into metadata or a variable is not kept there either.
        body = without_keys(sent.text, sent.body, sent.keys)[1]
        return wire.read(model, arrange(body) if arrange else body)

    return read


def unshifted(body: dict[str, Any]) -> dict[str, Any]:
    """The body that `AsyncPromptLayer().track.prompt` means.

    Package 1.5.16 passes its arguments one place too far there: `request_id` is its flag
    `throw_on_error`, and each later field holds its predecessor's value. A label never arrives.
    """
    if not (isinstance(body.get("request_id"), bool) and isinstance(body.get("version"), dict)):
        return body
    return body | {
        "request_id": body.get("prompt_name"),
        "prompt_name": body.get("prompt_input_variables"),
        "prompt_input_variables": body["version"],
        "version": body.get("label"),
        "label": None,
    }


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


async def _prompt(sent: Sent, body: wire.TrackPrompt) -> Answer:
    link = await in_thread(lambda: link_of(sent.store, body.prompt_name, body.version, body.label))
    await asyncio.wrap_future(
        sent.store.change(
            lambda cursor: sent.store.annotations.set_prompt(
                cursor,
                sent.actor,
                body.request_id,
                link.name,
                link.version,
                link.label,
                body.prompt_input_variables or {},
                link.template_id,
            )
        )
    )
    return Answer({"success": True, "message": "Prompt tracked successfully"})


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
        read=_reader(wire.TrackPrompt, unshifted),
        respond=_prompt,
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
