"""From what a caller names to a template, a version, a label."""

from __future__ import annotations

from workbench.registry.names import as_id
from workbench.store import registry_labels as label_rows
from workbench.store import registry_templates as template_rows
from workbench.store import registry_versions as version_rows
from workbench.store.connection import Connection, Cursor
from workbench.store.errors import NotFound
from workbench.store.registry_reading import Heads, RegistryReader
from workbench.store.registry_rows import Label, Template, Version


def template_in(cursor: Cursor, identifier: str | int, *, deleted: bool = False) -> Template:
    """A template by its name, else (a whole number) by its id; raises NotFound.

    deleted: a deleted one is found by its id too.
    """
    if isinstance(identifier, str):
        named = template_rows.named(cursor, identifier)
        if named is not None:
            return named
    id_ = identifier if isinstance(identifier, int) else as_id(identifier)
    found = None if id_ is None or id_ >= 2**63 else template_rows.numbered(cursor, id_)
    if found is None or (found.deleted_at is not None and not deleted):
        raise NotFound(_no_template(identifier))
    return found


def template(connection: Connection, identifier: str | int, *, deleted: bool = False) -> Template:
    with connection.cursor() as cursor:
        return template_in(cursor, identifier, deleted=deleted)


def version_in(cursor: Cursor, template: Template, number: int | None) -> Version:
    """A version by number, the newest for None; raises NotFound."""
    found = version_rows.numbered(cursor, template.id, number)
    if found is None:
        raise NotFound(f"The prompt template {template.name!r} has no version {number}.")
    return found


def label_in(cursor: Cursor, template: Template, name: str) -> Label:
    found = label_rows.named(cursor, template.id, name)
    if found is None:
        raise NotFound(no_label(template, name))
    return found


def no_label(template: Template, name: str) -> str:
    return f"The prompt template {template.name!r} has no release label {name[:200]!r}."


def heads(reader: RegistryReader, identifier: str | int) -> Heads:
    """What `template_in` finds, as the reader that applications fetch through knows it."""
    found = reader.named(identifier) if isinstance(identifier, str) else None
    if found is None:
        id_ = identifier if isinstance(identifier, int) else as_id(identifier)
        found = None if id_ is None or id_ >= 2**63 else reader.numbered(id_)
    if found is None:
        raise NotFound(_no_template(identifier))
    return found


def _no_template(identifier: str | int) -> str:
    return f"There is no prompt template {str(identifier)[:200]!r}."


def version(
    connection: Connection,
    identifier: str | int,
    number: int | None = None,
    label: str | None = None,
) -> tuple[Template, Version]:
    """A template and its version: the one that `label` points at, else `number`, else the newest.

    An A/B release of the label is not looked at: `fetching.fetch` serves those.
    """
    with connection.cursor() as cursor:
        found = template_in(cursor, identifier)
        if label is not None:
            number = label_in(cursor, found, label).number
        return found, version_in(cursor, found, number)
