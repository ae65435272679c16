"""Who takes in a snippet."""

from __future__ import annotations

from typing import Any

from workbench.store.connection import Connection
from workbench.store.registry_rows import Snippet
from workbench.store.registry_templates import name_key


def users(connection: Connection, name: str) -> list[Snippet]:
    """Versions of templates that are not deleted and take in the snippet, by name and number."""
    with connection.cursor() as cursor:
        rows = cursor.execute(
            "SELECT t.id, t.name, v.id, v.number, s.snippet_number, s.snippet_label "
            "FROM template_snippets s JOIN templates t ON t.id = s.template_id "
            "JOIN template_versions v ON v.id = s.version_id "
            "WHERE s.snippet_key = ? AND t.deleted_at IS NULL ORDER BY t.name, v.number",
            [name_key(name)],
        ).fetchall()
    return [Snippet(*row) for row in rows]


def labels_on(connection: Connection, version_ids: list[int]) -> list[tuple[int, str, str]]:
    """(template id, template name, label) of labels that point at one of these versions."""
    with connection.cursor() as cursor:
        rows: list[tuple[Any, ...]] = cursor.execute(
            "SELECT t.id, t.name, l.name FROM template_labels l "
            "JOIN templates t ON t.id = l.template_id "
            "WHERE l.version_id IN (SELECT unnest(?::BIGINT[])) AND t.deleted_at IS NULL "
            "ORDER BY t.name, l.name",
            [version_ids],
        ).fetchall()
    return [(row[0], row[1], row[2]) for row in rows]
