"""Release labels of prompt templates. A protected label answers 409: it waits for somebody."""

from __future__ import annotations

from typing import Any

from workbench.api import registry_answers as answers
from workbench.api import registry_wire as bodies
from workbench.api import wire
from workbench.api.errors import ApiError
from workbench.api.operation import Answer, Operation, Sent, in_thread
from workbench.api.registry_prompts import IDENTIFIER, parameter, path_id
from workbench.ids import MAX_ID
from workbench.registry import labels
from workbench.registry.labels import LabelChange
from workbench.registry.names import check_label

_ID = {"type": "integer", "minimum": 1, "maximum": MAX_ID}
_PROMPT_ID = parameter("prompt_id", _ID, "The id of a prompt template.", "path")
_LABEL_ID = parameter("prompt_label_id", _ID, "The id of a release label.", "path")


async def _list(sent: Sent, _read: None) -> Answer:
    def work() -> dict[str, Any]:
        found = labels.labels(sent.store.connection, sent.path["identifier"])
        return {"release_labels": [answers.label_item(one) for one in found]}

    return Answer(await in_thread(work))


def _moved(change: LabelChange) -> dict[str, Any]:
    if change.waits:
        raise ApiError(409, answers.waits(change))
    assert change.label is not None
    return answers.label(change.label)


def _read_create(sent: Sent) -> tuple[int, str, int]:
    body = wire.read(bodies.CreateLabel, sent.body)
    check_label(body.name, "name")
    return path_id(sent, "prompt_id"), body.name, body.prompt_version_number


async def _create(sent: Sent, asked: tuple[int, str, int]) -> Answer:
    def work() -> dict[str, Any]:
        return _moved(labels.move_label(sent.store, sent.actor, *asked))

    return Answer(await in_thread(work))


def _read_move(sent: Sent) -> tuple[int, int]:
    body = wire.read(bodies.MoveLabel, sent.body)
    return path_id(sent, "prompt_label_id"), body.prompt_version_number


async def _move(sent: Sent, asked: tuple[int, int]) -> Answer:
    label_id, number = asked

    def work() -> dict[str, Any]:
        found = labels.label(sent.store.connection, label_id)
        where = (found.template_id, found.name, number)
        return _moved(labels.move_label(sent.store, sent.actor, *where))

    return Answer(await in_thread(work))


async def _delete(sent: Sent, label_id: int) -> Answer:
    def work() -> None:
        found = labels.label(sent.store.connection, label_id)
        change = labels.remove_label(sent.store, sent.actor, found.template_id, found.name)
        if change.waits:
            raise ApiError(409, answers.waits(change))

    await in_thread(work)
    return Answer(None, 204)


OPERATIONS: tuple[Operation[Any], ...] = (
    Operation(
        "GET",
        "/prompt-templates/{identifier}/labels",
        "Release labels of a prompt template",
        lambda _sent: None,
        _list,
        response=answers.LabelList,
        problems=(404,),
        parameters=(IDENTIFIER,),
    ),
    Operation(
        "POST",
        "/prompts/{prompt_id}/label",
        "Point a release label at a version, making it where it is new",
        _read_create,
        _create,
        request=bodies.CreateLabel,
        response=answers.LabelAnswer,
        problems=(404, 409),
        parameters=(_PROMPT_ID,),
    ),
    Operation(
        "PATCH",
        "/prompt-labels/{prompt_label_id}",
        "Move a release label to another version",
        _read_move,
        _move,
        request=bodies.MoveLabel,
        response=answers.LabelAnswer,
        problems=(404, 409),
        parameters=(_LABEL_ID,),
    ),
    Operation(
        "DELETE",
        "/prompt-labels/{prompt_label_id}",
        "Take a release label away",
        lambda sent: path_id(sent, "prompt_label_id"),
        _delete,
        response=answers.Nothing,
        status=204,
        problems=(404, 409, 422),
        parameters=(_LABEL_ID,),
    ),
)
