"""Snippets: completion templates that others take in, found in the registry, and who uses them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workbench.store import registry_labels as label_rows
from workbench.store import registry_snippets as snippet_rows
from workbench.store import registry_templates as template_rows
from workbench.store import registry_versions as version_rows
from workbench.store.connection import Connection
from workbench.store.registry_reading import RegistryReader
from workbench.store.registry_rows import Template, Version
from workbench.templates import references, text_parts


@dataclass(frozen=True, slots=True)
class SnippetVersion:
    """A snippet as it was taken in. `label`: the one that the reference named, if any."""

    name: str
    number: int
    label: str | None


class SnippetFinder:
    """Finds snippets for `templates.expand` and remembers which versions it gave.

    One is made for each fetch: what it has read once does not change meanwhile.
    """

    def __init__(self, reader: RegistryReader) -> None:
        self._reader = reader
        self._known: dict[tuple[str, int | None, str | None], Mapping[str, Any] | None] = {}
        self.used: list[SnippetVersion] = []

    def __call__(
        self, name: str, number: int | None, label: str | None
    ) -> Mapping[str, Any] | None:
        key = (name, number, label)
        if key not in self._known:
            found = self._find(*key)
            self._known[key] = None if found is None else found.prompt
            if found is not None and found.prompt["type"] == "completion":
                self.used.append(SnippetVersion(name, found.number, label))
        return self._known[key]

    def _find(self, name: str, number: int | None, label: str | None) -> Version | None:
        heads = self._reader.named(name)
        if heads is None:
            return None
        if label is not None:
            found = heads.labels.get(label)
            if found is None:
                return None
            number = found.number
        return self._reader.version(heads.template.id, number or heads.newest)


def written(prompt: Mapping[str, Any]) -> tuple[tuple[str, int | None, str | None], ...]:
    """The references in a prompt as the store keeps them: (name key, number, label), each once."""
    found = (
        (template_rows.name_key(one.name), one.version_number, one.label)
        for part in text_parts(prompt)
        for one in references(part.text)
    )
    return tuple(dict.fromkeys(found))


@dataclass(frozen=True, slots=True)
class SnippetUser:
    """A template that takes the snippet in: which of its versions, and labels on those."""

    template_id: int
    name: str
    numbers: tuple[int, ...]
    labels: tuple[str, ...]


def used_by(
    connection: Connection, template: Template, number: int | None = None
) -> list[SnippetUser]:
    """Templates that take a snippet in, by name.

    number: only uses that give this version of the snippet now: by its number, by a label that
    points at it, or as the newest.
    """
    with connection.cursor() as cursor:
        newest = version_rows.newest_number(cursor, template.id)
    pointing = {
        label.name
        for label in label_rows.of_template(connection, template.id)
        if label.number == number
    }
    users: dict[tuple[int, str], dict[int, int]] = {}
    for one in snippet_rows.users(connection, template.name):
        named = one.snippet_number is not None or one.snippet_label is not None
        gives = (
            number is None
            or one.snippet_number == number
            or one.snippet_label in pointing
            or (not named and number == newest)
        )
        if gives:
            versions = users.setdefault((one.template_id, one.template_name), {})
            versions[one.version_id] = one.version_number
    ids = [id_ for versions in users.values() for id_ in versions]
    labels: dict[int, list[str]] = {}
    for template_id, _, label in snippet_rows.labels_on(connection, ids):
        labels.setdefault(template_id, []).append(label)
    return [
        SnippetUser(id_, name, tuple(versions.values()), tuple(labels.get(id_, ())))
        for (id_, name), versions in users.items()
    ]
