"""Our own routes for `prompts export|import|sync` against a running server.

They are not part of the interface that applications use, so the OpenAPI document leaves them out.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Field

from workbench.api import wire
from workbench.api.operation import Answer, Operation, Sent, in_thread
from workbench.logs.key_removal import without_keys
from workbench.registry.files.form import FileTemplate, from_text, to_text
from workbench.registry.files.registry import StoreRegistry

PATH = "/api/workbench/prompts"


class TemplateFiles(BaseModel):
    """Each item: `version` and the template's file as text."""

    items: list[dict[str, Any]]


class Saved(BaseModel):
    version: int


class Deleted(BaseModel):
    deleted: str


class Save(wire.Keyed):
    """after: refused where the newest version has another number (0: where there is one)."""

    file: Annotated[str, Field(max_length=16 * 2**20)]
    after: Annotated[wire.Whole, Field(ge=0, le=wire.MAX_VERSION)] | None = None


async def _all(sent: Sent, _read: None) -> Answer:
    def work() -> dict[str, Any]:
        found = StoreRegistry(sent.store, sent.actor).everything()
        return {
            "items": [
                {"version": one.number, "file": to_text(one.template)} for one in found.values()
            ]
        }

    return Answer(await in_thread(work))


def _read_save(sent: Sent) -> tuple[FileTemplate, int | None]:
    body = wire.read(Save, without_keys(sent.text, sent.body, sent.keys)[1])
    return from_text(body.file), body.after


async def _save(sent: Sent, asked: tuple[FileTemplate, int | None]) -> Answer:
    registry = StoreRegistry(sent.store, sent.actor)
    return Answer({"version": await in_thread(lambda: registry.publish(*asked))}, 201)


async def _delete(sent: Sent, _read: None) -> Answer:
    name = sent.path["identifier"]
    registry = StoreRegistry(sent.store, sent.actor)
    await in_thread(lambda: registry.delete(name))
    return Answer({"deleted": name})


def _nothing(_sent: Sent) -> None:
    return None


OPERATIONS: tuple[Operation[Any], ...] = (
    Operation("GET", PATH, "Every prompt template as a file", _nothing, _all, TemplateFiles),
    Operation(
        "POST",
        PATH,
        "Save a version from a file",
        _read_save,
        _save,
        Saved,
        request=Save,
        status=201,
    ),
    Operation(
        "DELETE", f"{PATH}/{{identifier}}", "Delete a prompt template", _nothing, _delete, Deleted
    ),
)
