"""Datasets as PromptLayer's reference has them: groups, versions, rows.

What it calls a dataset group is a dataset here, and what it calls a dataset is a version of it.
"""

from __future__ import annotations

from typing import Any

from workbench.api import dataset_answers as answers
from workbench.api import dataset_wire as bodies
from workbench.api import external_ids, wire
from workbench.api.errors import ApiError
from workbench.api.listing import PAGE, PARAMETERS, Listing, read_listing
from workbench.api.operation import Answer, Operation, Sent, in_thread
from workbench.api.registry_prompts import parameter, path_id, whole
from workbench.datasets import adding
from workbench.datasets.query import read_query
from workbench.ids import MAX_ID
from workbench.store import dataset_pages, datasets
from workbench.store import external_ids as ids
from workbench.store.datasets import Dataset, Version
from workbench.store.errors import NotFound, Refused
from workbench.store.external_ids import DATASET

BASE = "/api/public/v2/datasets"
GROUPS = "/api/public/v2/dataset-groups"
_ID = {"type": "integer", "minimum": 1, "maximum": MAX_ID}
_VERSION_ID = parameter("dataset_id", _ID, "The id of a version of a dataset.", "path")
_GROUP = parameter("dataset_group_id", _ID, "Versions of this dataset group alone.")
_TEXT = parameter("q", {"type": "string"}, "Rows in which this stands: words and conditions.")


def version_of(sent: Sent, version_id: int) -> Version:
    """Raises NotFound, also where the dataset was removed."""
    found = datasets.version_by_id(sent.store.connection, version_id)
    if found is None or datasets.get(sent.store.connection, found.dataset_id) is None:
        raise NotFound(f"There is no dataset {version_id}.")
    return found


async def _create(sent: Sent, body: bodies.CreateGroup) -> Answer:
    def work() -> dict[str, Any]:
        store = sent.store
        external_ids.is_free(sent, DATASET, body.external_ids)
        try:
            opened = adding.make(store, sent.actor, body.name)
        except Refused as error:
            taken = datasets.get_by_name(store.connection, body.name) is not None
            raise ApiError(409 if taken else 422, str(error), "" if taken else "name") from None
        external_ids.attach_all(sent, DATASET, opened.dataset_id, body.external_ids)
        made = datasets.get(store.connection, opened.dataset_id)
        draft = datasets.required_version(store.connection, opened.dataset_id, opened.number)
        assert made is not None
        known = ids.of(store.connection, DATASET, [made.id])
        return {
            "success": True,
            "message": "Dataset group created successfully",
            "dataset_group": answers.group(made),
            "dataset": answers.item(made, draft, known),
            "external_ids": answers.externals(known.get(made.id, ())),
        }

    return Answer(await in_thread(work), 201)


def _read_list(sent: Sent) -> tuple[Listing, int | None]:
    return read_listing(sent), whole(sent, "dataset_group_id", MAX_ID)


async def _list(sent: Sent, asked: tuple[Listing, int | None]) -> Answer:
    listing, group_id = asked

    def work() -> dict[str, Any]:
        connection = sent.store.connection
        found: list[tuple[Dataset, Version]] = []
        for deleted in listing.deleted:
            for dataset in datasets.listed(
                connection, listing.name, limit=listing.MOST, deleted=deleted
            ):
                if group_id in (None, dataset.id):
                    versions = datasets.versions(connection, dataset.id)
                    found += [(dataset, version) for version in versions]
        if listing.external is not None:
            owners = set(ids.owners(connection, DATASET, *listing.external))
            found = [pair for pair in found if pair[0].id in owners]
        chosen = listing.chosen(
            found,
            name=lambda pair: pair[0].name,
            id_=lambda pair: pair[1].id,
            created=lambda pair: pair[1].created_at,
            updated=lambda pair: pair[1].published_at or pair[1].created_at,
        )
        page = listing.page_of(chosen)
        known = ids.of(connection, DATASET, [dataset.id for dataset, _ in page])
        items = [answers.item(dataset, version, known) for dataset, version in page]
        return {
            **answers.paged(listing.page, listing.per_page, len(chosen)),
            "datasets": items,
        }

    return Answer(await in_thread(work))


def _read_rows(sent: Sent) -> tuple[int, int, int, str]:
    page, per_page = whole(sent, "page", 1_000_000) or 1, whole(sent, "per_page", 100) or 10
    return path_id(sent, "dataset_id"), page, per_page, sent.path.get("q", "")


async def _rows(sent: Sent, asked: tuple[int, int, int, str]) -> Answer:
    version_id, page, per_page, text = asked

    def work() -> dict[str, Any]:
        version = version_of(sent, version_id)
        columns = [column.name for column in version.columns]
        found = dataset_pages.page(
            sent.store.connection,
            version.dataset_id,
            version.number,
            where=read_query(text, columns),
            offset=(page - 1) * per_page,
            limit=per_page,
        )
        rows = [
            [{"type": "dataset", "value": row.values.get(name)} for name in columns]
            for row in found.rows
        ]
        return {**answers.paged(page, per_page, found.total), "columns": columns, "rows": rows}

    return Answer(await in_thread(work))


OPERATIONS: tuple[Operation[Any], ...] = (
    Operation(
        "POST",
        GROUPS,
        "Create a dataset group with an empty draft",
        lambda sent: wire.read(bodies.CreateGroup, sent.body),
        _create,
        request=bodies.CreateGroup,
        response=answers.GroupCreated,
        status=201,
        problems=(409,),
    ),
    Operation(
        "GET",
        BASE,
        "Versions of datasets, the newest first",
        _read_list,
        _list,
        response=answers.DatasetList,
        problems=(422,),
        parameters=(*PARAMETERS, _GROUP),
    ),
    Operation(
        "GET",
        f"{BASE}/{{dataset_id}}/rows",
        "The rows of a version of a dataset, page by page",
        _read_rows,
        _rows,
        response=answers.Rows,
        problems=(404, 422),
        parameters=(_VERSION_ID, *PAGE, _TEXT),
    ),
)
