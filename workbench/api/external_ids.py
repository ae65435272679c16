"""External ids of datasets and evaluations: attached, listed, detached."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workbench.api import dataset_answers as answers
from workbench.api import dataset_wire as bodies
from workbench.api import wire
from workbench.api.errors import ApiError
from workbench.api.operation import Answer, Operation, Sent, in_thread
from workbench.api.registry_prompts import parameter, path_id
from workbench.evals import grids
from workbench.ids import MAX_ID
from workbench.store import datasets, external_ids
from workbench.store.errors import NotFound
from workbench.store.external_ids import DATASET, EVALUATION, ExternalId, Kind, Taken
from workbench.store.store import Store
from workbench.store.writer import Cursor

_ID = {"type": "integer", "minimum": 1, "maximum": MAX_ID}
_TEXT = {"type": "string", "minLength": 1}
Exists = Callable[[Store, int], bool]


def attach_all(sent: Sent, kind: Kind, object_id: int, given: list[bodies.External] | None) -> None:
    """Attach what came with a new thing; raises ApiError 409 for a pair that is taken."""
    for one in given or ():
        attach(sent, kind, object_id, ExternalId(one.source, one.external_id))


def attach(sent: Sent, kind: Kind, object_id: int, found: ExternalId) -> None:
    store, actor = sent.store, sent.actor

    def change(cursor: Cursor) -> None:
        store.external_ids.attach(cursor, actor, kind, object_id, found)

    try:
        store.change(change).result()
    except Taken as error:
        raise ApiError(409, str(error)) from None


def is_free(sent: Sent, kind: Kind, given: list[bodies.External] | None) -> None:
    """Raises ApiError 409 for a pair that names something already."""
    for one in given or ():
        if external_ids.owners(sent.store.connection, kind, one.source, one.external_id):
            text = f'"{one.external_id}" of "{one.source}" names another {kind} already.'
            raise ApiError(409, text)


def _operations(
    kind: Kind, base: str, name: str, what: str, exists: Exists
) -> tuple[Operation[Any], ...]:
    identity = parameter(name, _ID, f"The id of {what}.", "path")

    def required(sent: Sent) -> int:
        object_id = path_id(sent, name)
        if not exists(sent.store, object_id):
            raise NotFound(f"There is no {what.partition(chr(32))[2]} {object_id}.")
        return object_id

    def read(sent: Sent) -> tuple[int, ExternalId]:
        body = wire.read(bodies.AttachExternalId, sent.body)
        return path_id(sent, name), ExternalId(body.source, body.external_id)

    async def add(sent: Sent, asked: tuple[int, ExternalId]) -> Answer:
        def work() -> dict[str, Any]:
            attach(sent, kind, required(sent), asked[1])
            return {"success": True, "external_id": answers.external(asked[1])}

        return Answer(await in_thread(work), 201)

    async def list_(sent: Sent, _read: None) -> Answer:
        def work() -> dict[str, Any]:
            object_id = required(sent)
            found = external_ids.of(sent.store.connection, kind, [object_id]).get(object_id, [])
            return {"success": True, "external_ids": answers.externals(found)}

        return Answer(await in_thread(work))

    async def remove(sent: Sent, _read: None) -> Answer:
        store, actor = sent.store, sent.actor
        found = ExternalId(sent.path["source"], sent.path["external_id"])

        def work() -> dict[str, Any]:
            object_id = required(sent)
            store.change(
                lambda cursor: store.external_ids.detach(cursor, actor, kind, object_id, found)
            ).result()
            return {"success": True}

        return Answer(await in_thread(work))

    return (
        Operation(
            "POST",
            f"{base}/external-ids",
            f"Attach an id of another system to {what}",
            read,
            add,
            request=bodies.AttachExternalId,
            response=answers.ExternalAttached,
            status=201,
            problems=(404, 409),
            parameters=(identity,),
        ),
        Operation(
            "GET",
            f"{base}/external-ids",
            f"The external ids of {what}",
            lambda _sent: None,
            list_,
            response=answers.ExternalList,
            problems=(404, 422),
            parameters=(identity,),
        ),
        Operation(
            "DELETE",
            f"{base}/external-ids/{{source}}/{{external_id}}",
            f"Detach an external id from {what}",
            lambda _sent: None,
            remove,
            response=answers.Success,
            problems=(404, 422),
            parameters=(
                identity,
                parameter("source", _TEXT, "The other system, percent-encoded.", "path"),
                parameter("external_id", _TEXT, "The id in it, percent-encoded.", "path"),
            ),
        ),
    )


def _is_dataset(store: Store, object_id: int) -> bool:
    return datasets.get(store.connection, object_id) is not None


def _is_evaluation(store: Store, object_id: int) -> bool:
    return grids.get(store, object_id) is not None


OPERATIONS: tuple[Operation[Any], ...] = (
    *_operations(
        DATASET,
        "/api/public/v2/dataset-groups/{dataset_group_id}",
        "dataset_group_id",
        "a dataset group",
        _is_dataset,
    ),
    *_operations(
        EVALUATION,
        "/reports/{report_id}",
        "report_id",
        "an evaluation",
        _is_evaluation,
    ),
)
