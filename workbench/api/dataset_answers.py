"""What the operations on datasets answer. A dataset group is a dataset here, a dataset a version.

The draft has the number -1, as in PromptLayer's answers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from workbench.api.answers import when
from workbench.api.registry_answers import WORKSPACE
from workbench.store.datasets import Dataset, Version
from workbench.store.external_ids import ExternalId

DRAFT = -1
USER = 1


class _Open(BaseModel):
    model_config = ConfigDict(extra="allow")


class Done(_Open):
    success: Literal[True]
    message: str


class Pages(_Open):
    success: Literal[True]
    message: str
    page: int
    per_page: int
    pages: int
    total: int


class DatasetList(Pages):
    datasets: list[dict[str, Any]]


class Rows(Pages):
    columns: list[str]
    rows: list[list[dict[str, Any]]]


class GroupCreated(_Open):
    success: Literal[True]
    message: str
    dataset_group: dict[str, Any]
    dataset: dict[str, Any]
    external_ids: list[dict[str, str]]


class VersionMade(Done):
    dataset_id: int
    dataset_group_id: int
    version_number: int


class DraftAnswer(Done):
    draft_dataset_id: int


class ExternalAttached(BaseModel):
    success: Literal[True]
    external_id: dict[str, str]


class ExternalList(BaseModel):
    success: Literal[True]
    external_ids: list[dict[str, str]]


class Success(BaseModel):
    success: Literal[True]


def external(found: ExternalId) -> dict[str, str]:
    return {"source": found.source, "external_id": found.external_id}


def externals(found: Sequence[ExternalId]) -> list[dict[str, str]]:
    return [external(one) for one in found]


def number_of(version: Version) -> int:
    return DRAFT if version.is_draft else version.number


def group(dataset: Dataset) -> dict[str, Any]:
    return {
        "id": dataset.id,
        "name": dataset.name,
        "created_at": when(dataset.created_at),
        "updated_at": when(dataset.updated_at),
        "is_deleted": dataset.deleted_at is not None,
        "workspace_id": WORKSPACE,
        "user_id": USER,
        "folder_id": None,
    }


def item(
    dataset: Dataset, version: Version, known: Mapping[int, Sequence[ExternalId]]
) -> dict[str, Any]:
    """A version in a list."""
    moment = version.published_at or version.created_at
    return {
        "id": version.id,
        "dataset_group_id": dataset.id,
        "version_number": number_of(version),
        "column_names": [column.name for column in version.columns],
        "filter_params": next((one for one in version.sources if one.get("kind") == "logs"), None),
        "is_deleted": dataset.deleted_at is not None,
        "created_at": when(version.created_at),
        "updated_at": when(moment),
        "workspace_id": WORKSPACE,
        "user_id": USER,
        "dataset_group": group(dataset),
        "external_ids": externals(known.get(dataset.id, ())),
    }


def paged(page: int, per_page: int, total: int) -> dict[str, Any]:
    return {
        "success": True,
        "message": "success",
        "page": page,
        "per_page": per_page,
        "pages": -(-total // per_page),
        "total": total,
    }
