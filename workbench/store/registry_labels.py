"""Release labels, and which of them are protected."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from workbench.ids import IdMaker
from workbench.store import clock
from workbench.store.audit import Audit
from workbench.store.connection import Connection, Cursor
from workbench.store.errors import NotFound
from workbench.store.guards import guard
from workbench.store.registry_rows import Label, Protection
from workbench.store.registry_templates import required
from workbench.store.registry_versions import info_numbered

COLUMNS = "id, template_id, name, version_id, number, created_at, moved_at, moved_by"


def from_row(row: Sequence[Any]) -> Label:
    id_, template_id, name, version_id, number, created, moved, actor = row
    return Label(
        id_,
        template_id,
        name,
        version_id,
        number,
        clock.from_stored(created),
        clock.from_stored(moved),
        actor,
    )


def named(cursor: Cursor, template_id: int, name: str) -> Label | None:
    row = cursor.execute(
        f"SELECT {COLUMNS} FROM template_labels WHERE template_id = ? AND name = ?",
        [template_id, name],
    ).fetchone()
    return None if row is None else from_row(row)


def by_id(connection: Connection, label_id: int) -> Label | None:
    """A label of a template that is not deleted."""
    with connection.cursor() as cursor:
        row = cursor.execute(
            f"SELECT {COLUMNS} FROM template_labels WHERE id = ? AND template_id IN "
            "(SELECT id FROM templates WHERE deleted_at IS NULL)",
            [label_id],
        ).fetchone()
    return None if row is None else from_row(row)


def of_template(connection: Connection, template_id: int) -> list[Label]:
    """Labels of a template, by name."""
    with connection.cursor() as cursor:
        rows = cursor.execute(
            f"SELECT {COLUMNS} FROM template_labels WHERE template_id = ? ORDER BY name",
            [template_id],
        ).fetchall()
    return [from_row(row) for row in rows]


def everywhere(cursor: Cursor) -> list[Label]:
    """The labels of every template."""
    rows = cursor.execute(f"SELECT {COLUMNS} FROM template_labels").fetchall()
    return [from_row(row) for row in rows]


def all_names(connection: Connection) -> list[str]:
    """Every label name that some template carries."""
    with connection.cursor() as cursor:
        rows = cursor.execute(
            "SELECT DISTINCT l.name FROM template_labels l "
            "JOIN templates t ON t.id = l.template_id WHERE t.deleted_at IS NULL ORDER BY 1"
        ).fetchall()
    return [name for (name,) in rows]


def is_protected(cursor: Cursor, template_id: int, name: str) -> bool:
    return (
        cursor.execute(
            "SELECT 1 FROM label_protections WHERE name = ? "
            "AND (template_id IS NULL OR template_id = ?)",
            [name, template_id],
        ).fetchone()
        is not None
    )


def protections(connection: Connection) -> list[Protection]:
    """All of them, those of every template first."""
    with connection.cursor() as cursor:
        rows = cursor.execute(
            "SELECT template_id, name, created_at, created_by FROM label_protections "
            "ORDER BY template_id NULLS FIRST, name"
        ).fetchall()
    return [Protection(id_, name, clock.from_stored(at), by) for id_, name, at, by in rows]


class Labels:
    """Changes to be run by the writer. They do not ask whether a label is protected."""

    def __init__(self, make_id: IdMaker, audit: Audit) -> None:
        self._make_id = make_id
        self._audit = audit

    def move(
        self,
        cursor: Cursor,
        actor: str,
        template_id: int,
        name: str,
        number: int,
        **detail: Any,
    ) -> Label:
        """Point a label at a version, making it where it is new. `detail` goes into the audit."""
        guard(cursor, "template-label", f"{template_id}/{name}")
        required(cursor, template_id)
        version = info_numbered(cursor, template_id, number)
        before, now = named(cursor, template_id, name), clock.now()
        if before is None:
            cursor.execute(
                "INSERT INTO template_labels VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [self._make_id(), template_id, name, version.id, number, now, now, actor],
            )
        elif before.number != number:
            cursor.execute(
                "UPDATE template_labels SET version_id = ?, number = ?, moved_at = ?, moved_by = ? "
                "WHERE id = ?",
                [version.id, number, now, actor, before.id],
            )
        if before is None or before.number != number:
            detail = {"before": before.number if before else None, "after": number, **detail}
            self._record(cursor, actor, "move", template_id, name, detail)
        found = named(cursor, template_id, name)
        assert found is not None
        return found

    def remove(
        self, cursor: Cursor, actor: str, template_id: int, name: str, **detail: Any
    ) -> None:
        """Take a label away; an A/B release that it serves ends with it."""
        guard(cursor, "template-label", f"{template_id}/{name}")
        before = named(cursor, template_id, name)
        if before is None:
            raise NotFound(f"The prompt template has no release label {name!r}.")
        cursor.execute("DELETE FROM template_labels WHERE id = ?", [before.id])
        cursor.execute(
            "UPDATE label_splits SET ended_at = ?, ended_by = ? "
            "WHERE template_id = ? AND name = ? AND ended_at IS NULL",
            [clock.now(), actor, template_id, name],
        )
        detail = {"before": before.number, **detail}
        self._record(cursor, actor, "remove", template_id, name, detail)

    def protect(self, cursor: Cursor, actor: str, template_id: int | None, name: str) -> None:
        guard(cursor, "label-protection", name)
        there = cursor.execute(
            "SELECT 1 FROM label_protections WHERE name = ? AND template_id IS NOT DISTINCT FROM ?",
            [name, template_id],
        ).fetchone()
        if there is None:
            cursor.execute(
                "INSERT INTO label_protections VALUES (?, ?, ?, ?)",
                [template_id, name, clock.now(), actor],
            )
            self._record(cursor, actor, "protect", template_id, name, {})

    def unprotect(self, cursor: Cursor, actor: str, template_id: int | None, name: str) -> None:
        guard(cursor, "label-protection", name)
        cursor.execute(
            "DELETE FROM label_protections WHERE name = ? AND template_id IS NOT DISTINCT FROM ?",
            [name, template_id],
        )
        self._record(cursor, actor, "unprotect", template_id, name, {})

    def _record(
        self,
        cursor: Cursor,
        actor: str,
        verb: str,
        template_id: int | None,
        name: str,
        detail: dict[str, Any],
    ) -> None:
        subject = "templates" if template_id is None else f"template/{template_id}"
        self._audit.record(cursor, actor, f"label.{verb}", subject, {"label": name, **detail})
