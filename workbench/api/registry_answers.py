"""What the prompt registry's operations answer.

`recorded` answers have exactly the fields of recorded ones, which programs compare; the setting
WORKBENCH_ANSWER_FIELDS=all adds those of the newer reference. There is one workspace, number 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal
from uuid import uuid4

from pydantic import BaseModel, ConfigDict

from workbench.api.answers import Paged, paging, when
from workbench.registry.fetching import Fetched
from workbench.registry.labels import LabelChange
from workbench.registry.publishing import Published
from workbench.registry.snippets import SnippetUser, SnippetVersion
from workbench.settings import Settings
from workbench.store.registry_rows import BaseUrl, Folder, Label, Template, Version

WORKSPACE = 1


class _Open(BaseModel):
    model_config = ConfigDict(extra="allow")


class Prompt(_Open):
    id: int
    prompt_name: str
    tags: list[str]
    workspace_id: int
    commit_message: str | None
    metadata: dict[str, Any] | None
    prompt_template: dict[str, Any]
    llm_kwargs: dict[str, Any] | None
    provider_base_url: dict[str, Any] | None
    custom_provider: dict[str, Any] | None
    version: int
    snippets: list[dict[str, Any]]
    warning: str | None


class RawPrompt(BaseModel):
    success: Literal[True]
    id: int
    prompt_name: str
    version: int
    workspace_id: int
    prompt_template: dict[str, Any]
    metadata: dict[str, Any] | None
    commit_message: str | None
    tags: list[str]
    created_at: str
    snippets: list[dict[str, Any]]
    llm_kwargs: dict[str, Any] | None
    warning: str | None = None


class PromptList(Paged):
    items: list[dict[str, Any]]


class PublishedPrompt(_Open):
    id: int
    prompt_name: str
    tags: list[str]
    prompt_template: dict[str, Any]
    commit_message: str | None
    metadata: dict[str, Any] | None
    release_labels: list[str] | None


class LibraryPublished(BaseModel):
    success: Literal[True]
    message: str
    id: int
    version: int


class LabelList(BaseModel):
    release_labels: list[dict[str, Any]]


class LabelAnswer(BaseModel):
    created_at: str
    id: int
    name: str
    prompt_id: int
    prompt_version_id: int


class Nothing(BaseModel):
    """An answer without a body."""


class SnippetUsage(BaseModel):
    success: Literal[True]
    message: str
    snippet_name: str
    snippet_usage: list[dict[str, Any]]
    total_prompts_using_snippet: int
    label_usage: list[dict[str, Any]]
    total_labels_using_snippet: int


class FolderAnswer(BaseModel):
    success: Literal[True]
    folder: dict[str, Any]


class Entities(BaseModel):
    entities: list[dict[str, Any]]


class Moved(BaseModel):
    moved_count: int


class FolderId(BaseModel):
    id: int


def has_all(settings: Settings) -> bool:
    return bool(settings.answer_fields == "all")


def _snippets(found: Sequence[SnippetVersion]) -> list[dict[str, Any]]:
    return [{"prompt_name": one.name, "version": one.number, "label": one.label} for one in found]


def _base_url(found: BaseUrl | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {"id": found.id, "name": found.name, "provider": found.provider, "url": found.url}


def prompt(found: Fetched, settings: Settings) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "id": found.template.id,
        "prompt_name": found.template.name,
        "tags": list(found.template.tags),
        "workspace_id": WORKSPACE,
        "commit_message": found.version.info.message,
        "metadata": found.metadata,
        "prompt_template": found.prompt,
        "llm_kwargs": found.llm_kwargs,
        "provider_base_url": _base_url(found.base_url),
        "custom_provider": None,
        "version": found.version.number,
        "snippets": _snippets(found.snippets),
        "warning": found.warning,
    }
    if has_all(settings):
        answer |= {
            "provider_id": None,
            "request_id": uuid4().hex,
            "prompt_version_id": found.version.id,
            "ab_release": None
            if found.served is None
            else {
                "id": found.served.release_id,
                "label": found.served.label,
                "segment": found.served.segment,
                "sticky": found.served.sticky,
            },
        }
    return answer


def raw_prompt(found: Fetched, *, with_kwargs: bool) -> dict[str, Any]:
    answer = {
        "success": True,
        "id": found.template.id,
        "prompt_name": found.template.name,
        "version": found.version.number,
        "workspace_id": WORKSPACE,
        "prompt_template": found.prompt,
        "metadata": found.metadata,
        "commit_message": found.version.info.message,
        "tags": list(found.template.tags),
        "created_at": when(found.version.info.created_at),
        "snippets": _snippets(found.snippets),
        "llm_kwargs": found.llm_kwargs if with_kwargs else None,
    }
    return answer | ({"warning": found.warning} if found.warning else {})


def item(
    template: Template,
    version: Version,
    folders: Mapping[int | None, tuple[str, ...]],
    settings: Settings,
) -> dict[str, Any]:
    path = folders.get(template.folder_id, ())
    answer = {
        "id": template.id,
        "prompt_name": template.name,
        "tags": list(template.tags),
        "folder_id": template.folder_id,
        "prompt_template": version.prompt,
        "version": version.number,
        "commit_message": version.info.message,
        "metadata": version.metadata,
        "parent_folder_name": path[-1] if path else None,
        "full_folder_path": "/".join(path) if path else None,
    }
    if has_all(settings):
        answer |= {"external_ids": [], "is_snippet": version.info.kind == "completion"}
    return answer


def page_of(items: list[dict[str, Any]], page: int, per_page: int, total: int) -> dict[str, Any]:
    return {"items": items, **paging(page, per_page, total)}


def published(made: Published, asked: Sequence[str] | None, settings: Settings) -> dict[str, Any]:
    """`release_labels` are those that point at the version now: a protected one waits."""
    moved = [one.name for one in made.labels if not one.waits]
    answer = {
        "id": made.template.id,
        "prompt_name": made.template.name,
        "tags": list(made.template.tags),
        "prompt_template": made.version.prompt,
        "commit_message": made.version.info.message,
        "metadata": made.version.metadata,
        "release_labels": None if asked is None else moved,
    }
    if has_all(settings):
        answer |= {
            "prompt_version_id": made.version.id,
            "version_number": made.version.number,
            "external_ids": [],
            "warnings": [one.text for one in made.notices],
        }
    return answer


def label(found: Label) -> dict[str, Any]:
    return {
        "created_at": when(found.created_at),
        "id": found.id,
        "name": found.name,
        "prompt_id": found.template_id,
        "prompt_version_id": found.version_id,
    }


def label_item(found: Label) -> dict[str, Any]:
    return {
        "prompt_version_id": found.version_id,
        "prompt_version_number": found.number,
        "release_label": found.name,
        "release_label_id": found.id,
    }


def waits(change: LabelChange) -> str:
    assert change.request is not None
    return f"{change.sentence} (Request {change.request.id}.)"


def snippet_usage(name: str, found: Sequence[SnippetUser]) -> dict[str, Any]:
    labels = [
        {"prompt_registry_id": one.template_id, "prompt_name": one.name, "label_name": label}
        for one in found
        for label in one.labels
    ]
    return {
        "success": True,
        "message": "Snippet usage found",
        "snippet_name": name,
        "snippet_usage": [
            {
                "prompt_registry_id": one.template_id,
                "prompt_name": one.name,
                "version_numbers": list(one.numbers),
            }
            for one in found
        ],
        "total_prompts_using_snippet": len(found),
        "label_usage": labels,
        "total_labels_using_snippet": len(labels),
    }


def folder(found: Folder, parents: Sequence[Folder], settings: Settings) -> dict[str, Any]:
    """`path`: ids and names of the folders that it stands in, from the root; null at the root."""
    path = [{"id": one.id, "name": one.name} for one in parents]
    answer = {
        "id": found.id,
        "name": found.name,
        "created_at": when(found.created_at),
        "updated_at": when(found.updated_at),
        "path": path or None,
        "workspace_id": WORKSPACE,
        "parent_id": found.parent_id,
    }
    return answer | ({"external_ids": []} if has_all(settings) else {})
