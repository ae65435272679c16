"""Saving versions: the first of a template, the next, an old one again, a patched one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from workbench.jsontext import FieldError, kind
from workbench.messages import conversation_text
from workbench.registry import finding, notices, schemas
from workbench.registry.blueprint import checked, with_variables
from workbench.registry.labels import LabelChange, change_label
from workbench.registry.names import check_label, check_message, check_name, check_tags
from workbench.registry.notices import Notice
from workbench.registry.snippets import SnippetFinder, written
from workbench.store import registry_folders as folder_rows
from workbench.store import registry_sets as set_rows
from workbench.store import registry_templates as template_rows
from workbench.store import registry_versions as version_rows
from workbench.store.connection import Cursor
from workbench.store.registry_rows import NewVersion, Template, Version, VersionInfo
from workbench.store.store import Store
from workbench.templates import PromptAnalysis


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What is to be saved.

    name: of the template; it is made where there is none. template_id: of the template that is
    meant whatever its name is by now; None where its name says which.
    prompt: a blueprint, as loose as people write them.
    metadata: `model` {provider, name, parameters, api_type} and anything else.
    tags, folder_id: of the template; None and () leave them as they are. labels: release labels
    to point at the new version. parent_id: the id of the version that it was made from.
    after: refuse where the newest version has another number (0: where there is one at all).
    """

    name: str
    prompt: Any
    metadata: Any = None
    message: str | None = None
    tags: Sequence[str] = ()
    folder_id: int | None = None
    labels: Sequence[str] = ()
    parent_id: int | None = None
    provider_base_url: str | None = None
    after: int | None = None
    template_id: int | None = None


@dataclass(frozen=True, slots=True)
class Published:
    """A version that is on disk. `created`: the template is new with it.

    labels: what became of each label asked for, in order: moved, or waiting for a second person.
    """

    template: Template
    version: Version
    created: bool
    notices: tuple[Notice, ...]
    labels: tuple[LabelChange, ...]


def publish(store: Store, actor: str, draft: Draft) -> Published:
    """Save a version; returns when it is on disk.

    Raises FieldError for what cannot be kept (the text names the place), NotFound for a folder or
    a `template_id` that is not there, Refused where `after` does not fit.
    """
    if draft.template_id is None:
        check_name(draft.name)
    labels = [check_label(label) for label in dict.fromkeys(draft.labels)]
    tags = check_tags(list(draft.tags))
    new, found = prepare(store, draft)

    def change(cursor: Cursor) -> tuple[Template, Version, bool, list[LabelChange]]:
        registry = store.registry
        if draft.folder_id is not None:
            folder_rows.get(cursor, draft.folder_id)
        template = _template(cursor, draft)
        created = template is None
        if template is None:
            template = registry.templates.create(
                cursor, actor, draft.name, folder_id=draft.folder_id, tags=tags
            )
        else:
            if draft.folder_id is not None:
                registry.templates.set_folder(cursor, actor, template.id, draft.folder_id)
            if tags:
                registry.templates.set_tags(cursor, actor, template.id, tags)
        version = registry.versions.add(cursor, actor, template.id, new, after=draft.after)
        moved = [
            change_label(cursor, store, actor, template.id, label, version.number)
            for label in labels
        ]
        return template_rows.required(cursor, template.id), version, created, moved

    template, version, created, moved = store.change_registry(change)
    found += [Notice("label-waits", one.sentence) for one in moved if one.waits]
    return Published(template, version, created, tuple(found), tuple(moved))


def prepare(store: Store, draft: Draft) -> tuple[NewVersion, list[Notice]]:
    """The version as it would be kept, and what would be said about it. Nothing is written.

    Raises FieldError and NotFound as `publish` does.
    """
    metadata = _metadata(draft.metadata)
    prompt = checked(draft.prompt)
    schemas.check_tools(prompt)
    schemas.check_response_format(metadata)
    prompt, analysis = with_variables(prompt, SnippetFinder(store.registry_reader))
    with store.connection.cursor() as cursor:
        base_url = draft.provider_base_url
        known = base_url is None or set_rows.base_url(cursor, base_url) is not None
        template = _template(cursor, draft)
        before = None if template is None else version_rows.numbered(cursor, template.id, None)
        parent_id = draft.parent_id
        if parent_id is not None and not version_rows.is_of(cursor, template, parent_id):
            parent_id = None
    found = _notices(prompt, analysis, before)
    if parent_id != draft.parent_id:
        text = f"The parent version {draft.parent_id} is not one of this prompt template."
        found.append(Notice("parent", text))
    if not known:
        text = f"There is no provider base URL {base_url!r} yet: calls go to the vendor."
        found.append(Notice("base-url", text))
    name = draft.name if template is None else template.name
    if prompt["type"] == "completion" and "@" in name:
        text = 'Other prompts cannot take this in as a snippet, since its name holds "@".'
        found.append(Notice("snippet-name", text))
    model = (metadata or {}).get("model") or {}
    return (
        NewVersion(
            prompt=prompt,
            metadata=metadata,
            provider_base_url=draft.provider_base_url,
            message=check_message(draft.message),
            parent_id=parent_id,
            model_provider=_text(model.get("provider")),
            model_name=_text(model.get("name")),
            variables=tuple(analysis.input_variables),
            text=searchable(prompt),
            snippets=written(prompt),
        ),
        found,
    )


def _template(cursor: Cursor, draft: Draft) -> Template | None:
    """The template that a draft is of; None for a name that is new."""
    if draft.template_id is None:
        return template_rows.named(cursor, draft.name)
    return finding.template_in(cursor, draft.template_id)


def preview(store: Store, draft: Draft, number: int) -> tuple[Version, list[Notice]]:
    """What `publish` would keep as version `number`, to be compared and tried. Its id is 0.

    Raises as `publish` does.
    """
    new, found = prepare(store, draft)
    info = VersionInfo(
        id=0,
        template_id=draft.template_id or 0,
        number=number,
        kind=new.prompt["type"],
        message=new.message,
        parent_id=new.parent_id,
        model_provider=new.model_provider,
        model_name=new.model_name,
        variables=new.variables,
        created_at=datetime.now(UTC),
        created_by="",
    )
    return Version(info, new.prompt, new.metadata, new.provider_base_url), found


def _notices(
    prompt: Mapping[str, Any], analysis: PromptAnalysis, before: Version | None
) -> list[Notice]:
    found = notices.of_texts(analysis)
    if before is not None:
        found += notices.of_variables(before.info.variables, analysis.input_variables)
        if before.info.kind != prompt["type"]:
            text = (
                f"Version {before.number} is a {before.info.kind} template and this is a "
                f"{prompt['type']} template."
            )
            found.append(Notice("kind-changed", text))
    return found


def restore_version(store: Store, actor: str, identifier: str | int, number: int) -> Published:
    """An old version as the newest, with its texts and settings; nothing in between is lost."""
    template, old = finding.version(store.connection, identifier, number)
    draft = Draft(
        name=template.name,
        prompt=old.prompt,
        metadata=old.metadata,
        message=f"Version {number} again",
        parent_id=old.id,
        provider_base_url=old.provider_base_url,
    )
    return publish(store, actor, draft)


def searchable(prompt: Mapping[str, Any]) -> str:
    """The texts of a prompt that a search looks through: messages, tools, names of variables."""
    messages = prompt.get("messages") or [{"content": prompt.get("content") or []}]
    pieces = [
        conversation_text({**each, "content": each.get("content") or []} for each in messages)
    ]
    for tool in [*(prompt.get("tools") or ()), *(prompt.get("functions") or ())]:
        function = tool.get("function") if isinstance(tool.get("function"), Mapping) else tool
        pieces += [_text(function.get("name")) or "", _text(function.get("description")) or ""]
    pieces += [each["name"] for each in messages if each.get("role") == "placeholder"]
    return "\n".join(piece for piece in pieces if piece)


def _metadata(metadata: Any) -> dict[str, Any] | None:
    if metadata is None:
        return None
    if not isinstance(metadata, Mapping):
        raise FieldError("metadata", f"an object is needed, {kind(metadata)} came")
    model = metadata.get("model")
    if model is not None and not isinstance(model, Mapping):
        raise FieldError("metadata.model", f"an object is needed, {kind(model)} came")
    for key in ("provider", "name", "api_type"):
        value = (model or {}).get(key)
        if value is not None and not isinstance(value, str):
            raise FieldError(f"metadata.model.{key}", f"a string is needed, {kind(value)} came")
    parameters = (model or {}).get("parameters")
    if parameters is not None and not isinstance(parameters, Mapping):
        reason = f"an object is needed, {kind(parameters)} came"
        raise FieldError("metadata.model.parameters", reason)
    return dict(metadata)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
