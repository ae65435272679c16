"""A template as a whole: renamed, tagged, deleted, brought back; its versions listed."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.registry import finding
from workbench.registry.names import check_name, check_tags
from workbench.store import registry_versions as version_rows
from workbench.store.connection import Connection
from workbench.store.registry_rows import Template, VersionInfo
from workbench.store.store import Store


def versions(connection: Connection, identifier: str | int, limit: int = 1000) -> list[VersionInfo]:
    """Versions of a template, the newest first; of a deleted one too, by its id."""
    template = finding.template(connection, identifier, deleted=True)
    return version_rows.history(connection, template.id, limit)


def rename(store: Store, actor: str, identifier: str | int, name: str) -> Template:
    """Raises FieldError for a name that cannot be one, Refused where it is taken.

    Snippet references and callers that use the old name find nothing afterwards.
    """
    check_name(name)
    template = finding.template(store.connection, identifier)
    store.change_registry(
        lambda cursor: store.registry.templates.rename(cursor, actor, template.id, name)
    )
    return finding.template(store.connection, template.id)


def set_tags(store: Store, actor: str, identifier: str | int, tags: Sequence[str]) -> None:
    wanted = check_tags(list(tags))
    template = finding.template(store.connection, identifier)
    store.change_registry(
        lambda cursor: store.registry.templates.set_tags(cursor, actor, template.id, wanted)
    )


def delete(store: Store, actor: str, identifier: str | int) -> Template:
    """Hide a template with its versions and labels; requests that it made stay."""
    template = finding.template(store.connection, identifier)
    store.change_registry(
        lambda cursor: store.registry.templates.delete(cursor, actor, template.id)
    )
    return template


def restore(store: Store, actor: str, template_id: int) -> Template:
    """Bring a deleted template back with all of its versions and labels.

    Raises NotFound, and Refused where its name has been taken since.
    """
    store.change_registry(
        lambda cursor: store.registry.templates.restore(cursor, actor, template_id)
    )
    return finding.template(store.connection, template_id)
