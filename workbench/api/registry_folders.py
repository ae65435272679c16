"""Folders of prompt templates: made, renamed, listed, moved, deleted. What is refused is a 400."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from workbench.api import registry_answers as answers
from workbench.api import registry_wire as bodies
from workbench.api import wire
from workbench.api.answers import when
from workbench.api.errors import ApiError
from workbench.api.operation import Answer, Operation, Sent, in_thread
from workbench.api.registry_prompts import listed, parameter, path_id, truth, whole
from workbench.ids import MAX_ID
from workbench.jsontext import FieldError
from workbench.registry import folders, templates
from workbench.store.connection import Connection
from workbench.store.errors import NotFound, Refused
from workbench.store.registry_listing import ANY_FOLDER, Listed, Query, page
from workbench.store.registry_rows import Folder

R = TypeVar("R")
_BASE = "/api/public/v2/folders"
_KINDS = ("FOLDER", "PROMPT", "SNIPPET")
_KNOWN_KINDS = (*_KINDS, "WORKFLOW", "DATASET", "REPORT", "AB_TEST", "INPUT_VARIABLE_SET")
_ID = {"type": "integer", "minimum": 1, "maximum": MAX_ID}
_TEXT = {"type": "string"}
_WORKSPACE = parameter("workspace_id", _ID, "There is one workspace; it is not read.")
MAX_ENTITIES = 5000


async def _refused_as_400(work: Callable[[], R]) -> R:
    try:
        return await in_thread(work)
    except NotFound:
        raise
    except Refused as error:
        raise ApiError(400, str(error)) from None


def _answer(sent: Sent, folder: Folder) -> dict[str, Any]:
    return {
        "success": True,
        "folder": answers.folder(folder, _parents(sent, folder), sent.store.settings),
    }


def _parents(sent: Sent, folder: Folder) -> list[Folder]:
    """The folders that it stands in, from the root down."""
    known = {one.id: one for one in folders.listed(sent.store.connection)}
    found: list[Folder] = []
    at = folder.parent_id
    while at is not None and at in known:
        found.append(known[at])
        at = known[at].parent_id
    return found[::-1]


async def _create(sent: Sent, body: bodies.CreateFolder) -> Answer:
    def work() -> dict[str, Any]:
        return _answer(sent, folders.create(sent.store, sent.actor, body.name, body.parent_id))

    return Answer(await _refused_as_400(work), 201)


def _read_rename(sent: Sent) -> tuple[int, str]:
    return path_id(sent, "folder_id"), wire.read(bodies.UpdateFolder, sent.body).name


async def _rename(sent: Sent, asked: tuple[int, str]) -> Answer:
    def work() -> dict[str, Any]:
        return _answer(sent, folders.rename(sent.store, sent.actor, *asked))

    return Answer(await _refused_as_400(work))


async def _resolve(sent: Sent, path: str) -> Answer:
    def work() -> dict[str, Any]:
        return {"id": folders.at_path(sent.store.connection, path.split(".")).id}

    return Answer(await in_thread(work))


def _read_resolve(sent: Sent) -> str:
    if not sent.path.get("path"):
        raise FieldError("path", "this parameter is needed")
    return sent.path["path"]


# Entities


def _read_entities(sent: Sent) -> tuple[int | None, list[str], bool, bool]:
    kinds = listed(sent, "filter_type")
    for kind in kinds:
        if kind not in _KNOWN_KINDS:
            raise FieldError("filter_type", f"one of {', '.join(_KNOWN_KINDS)} is needed")
    flat = truth(sent, "flatten", False)
    return whole(sent, "folder_id", MAX_ID), kinds, flat, truth(sent, "include_metadata", False)


async def _entities(sent: Sent, asked: tuple[int | None, list[str], bool, bool]) -> Answer:
    folder_id, kinds, flat, with_metadata = asked

    def work() -> dict[str, Any]:
        connection = sent.store.connection
        if folder_id is not None:
            folders.get(connection, folder_id)
        wanted = kinds or list(_KINDS)
        found = _found(connection, folder_id, flat, sent.path.get("search_query") or None)
        return {
            "entities": [
                entity | ({"metadata": metadata} if with_metadata else {})
                for entity, metadata in found
                if entity["type"] in wanted
            ]
        }

    return Answer(await in_thread(work))


def _found(
    connection: Connection, folder_id: int | None, flat: bool, search: str | None
) -> list[tuple[dict[str, Any], dict[str, Any] | None]]:
    """Folders, then templates, of a folder or (flat) of all below it."""
    paths = folders.paths(connection)
    start = paths[folder_id]

    def is_inside(parent: int | None) -> bool:
        if not flat:
            return parent == folder_id
        return paths.get(parent, ())[: len(start)] == start

    found: list[tuple[dict[str, Any], dict[str, Any] | None]] = [
        (_folder_entity(one, paths), None)
        for one in folders.listed(connection)
        if is_inside(one.parent_id) and (not search or search.casefold() in one.name.casefold())
    ]
    where = ANY_FOLDER if flat else folder_id
    query = Query(name=search, folder_id=where, sort_by="name", descending=False)
    inside = (
        one for one in page(connection, query, MAX_ENTITIES) if is_inside(one.template.folder_id)
    )
    return found + [_prompt_entity(one, paths) for one in inside]


def _folder_entity(folder: Folder, paths: dict[int | None, tuple[str, ...]]) -> dict[str, Any]:
    return {
        "id": folder.id,
        "name": folder.name,
        "type": "FOLDER",
        "created_at": when(folder.created_at),
        "updated_at": when(folder.updated_at),
        "folder_id": folder.parent_id,
        "path": list(paths.get(folder.parent_id, ())),
    }


def _prompt_entity(
    one: Listed, paths: dict[int | None, tuple[str, ...]]
) -> tuple[dict[str, Any], dict[str, Any]]:
    entity = {
        "id": one.template.id,
        "name": one.template.name,
        "type": "SNIPPET" if one.version.kind == "completion" else "PROMPT",
        "created_at": when(one.template.created_at),
        "updated_at": when(one.template.updated_at),
        "folder_id": one.template.folder_id,
        "path": list(paths.get(one.template.folder_id, ())),
    }
    return entity, {"type": one.version.kind, "latest_version_number": one.newest_number}


def _checked(entities: list[bodies.Entity]) -> list[bodies.Entity]:
    for index, one in enumerate(entities):
        if one.type not in _KINDS:
            raise FieldError(f"entities[{index}].type", f"one of {', '.join(_KINDS)} is needed")
    return entities


def _read_move(sent: Sent) -> bodies.MoveEntities:
    body = wire.read(bodies.MoveEntities, sent.body)
    _checked(body.entities)
    return body


async def _move(sent: Sent, body: bodies.MoveEntities) -> Answer:
    def work() -> dict[str, Any]:
        for one in body.entities:
            if one.type == "FOLDER":
                folders.move(sent.store, sent.actor, one.id, body.folder_id)
            else:
                folders.move_template(sent.store, sent.actor, one.id, body.folder_id)
        return {"moved_count": len(body.entities)}

    return Answer(await _refused_as_400(work))


def _read_delete(sent: Sent) -> bodies.DeleteEntities:
    body = wire.read(bodies.DeleteEntities, sent.body)
    _checked(body.entities)
    return body


async def _delete(sent: Sent, body: bodies.DeleteEntities) -> Answer:
    def work() -> dict[str, Any]:
        count = 0
        for one in body.entities:
            if one.type == "FOLDER":
                count += folders.delete(sent.store, sent.actor, one.id, cascade=body.cascade)
            else:
                templates.delete(sent.store, sent.actor, one.id)
                count += 1
        return {"moved_count": count}

    return Answer(await _refused_as_400(work))


OPERATIONS: tuple[Operation[Any], ...] = (
    Operation(
        "POST",
        _BASE,
        "Make a folder",
        lambda sent: wire.read(bodies.CreateFolder, sent.body),
        _create,
        request=bodies.CreateFolder,
        response=answers.FolderAnswer,
        status=201,
        problems=(404,),
    ),
    Operation(
        "PATCH",
        f"{_BASE}/{{folder_id}}",
        "Rename a folder",
        _read_rename,
        _rename,
        request=bodies.UpdateFolder,
        response=answers.FolderAnswer,
        problems=(404,),
        parameters=(parameter("folder_id", _ID, "The id of a folder.", "path"),),
    ),
    Operation(
        "GET",
        f"{_BASE}/entities",
        "What stands in a folder, or at the root",
        _read_entities,
        _entities,
        response=answers.Entities,
        problems=(404, 422),
        parameters=(
            _WORKSPACE,
            parameter("folder_id", _ID, "The root where it is left out."),
            parameter(
                "filter_type",
                {"type": "array", "items": {"type": "string", "enum": list(_KNOWN_KINDS)}},
                "Only these; may be repeated.",
            ),
            parameter("search_query", _TEXT, "Part of the name, in any case."),
            parameter("flatten", {"type": "boolean"}, "All below the folder too."),
            parameter("include_metadata", {"type": "boolean"}, "Kind and newest version."),
        ),
    ),
    Operation(
        "POST",
        f"{_BASE}/entities",
        "Move folders and prompt templates",
        _read_move,
        _move,
        request=bodies.MoveEntities,
        response=answers.Moved,
        problems=(404,),
    ),
    Operation(
        "DELETE",
        f"{_BASE}/entities",
        "Delete folders and prompt templates",
        _read_delete,
        _delete,
        request=bodies.DeleteEntities,
        response=answers.Moved,
        problems=(404,),
    ),
    Operation(
        "GET",
        f"{_BASE}/resolve-id",
        "The id of a folder by the names that lead to it",
        _read_resolve,
        _resolve,
        response=answers.FolderId,
        problems=(404, 422),
        parameters=(
            _WORKSPACE,
            {
                **parameter("path", {"type": "string", "minLength": 1}, "Names joined by dots."),
                "required": True,
            },
        ),
    ),
)
