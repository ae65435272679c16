"""Prompt templates: their names, folders and tags. Versions stand in registry_versions."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Any

from workbench.filters.folding import search_fold
from workbench.ids import IdMaker
from workbench.store import clock
from workbench.store.audit import Audit
from workbench.store.connection import Connection, Cursor
from workbench.store.errors import NotFound, Refused
from workbench.store.guards import guard
from workbench.store.registry_rows import Template

COLUMNS = (
    "t.id, t.name, t.folder_id, t.tags, t.created_at, t.created_by, t.updated_at, t.deleted_at, "
    "t.deleted_by"
)


def name_key(name: str) -> str:
    """What makes two names the same: composed letters."""
    return unicodedata.normalize("NFC", name)


def from_row(row: Sequence[Any]) -> Template:
    """A Template from the values of COLUMNS."""
    return Template(
        id=row[0],
        name=row[1],
        folder_id=row[2],
        tags=tuple(row[3] or ()),
        created_at=clock.from_stored(row[4]),
        created_by=row[5],
        updated_at=clock.from_stored(row[6]),
        deleted_at=clock.from_stored(row[7]) if row[7] else None,
        deleted_by=row[8],
    )


def named(cursor: Cursor, name: str) -> Template | None:
    """The template of that name that is not deleted."""
    row = cursor.execute(
        f"SELECT {COLUMNS} FROM templates t WHERE t.name_key = ? AND t.deleted_at IS NULL",
        [name_key(name)],
    ).fetchone()
    return None if row is None else from_row(row)


def alive(cursor: Cursor) -> list[Template]:
    """Every template that is not deleted."""
    rows = cursor.execute(
        f"SELECT {COLUMNS} FROM templates t WHERE t.deleted_at IS NULL"
    ).fetchall()
    return [from_row(row) for row in rows]


def numbered(cursor: Cursor, template_id: int) -> Template | None:
    """The template of that id, a deleted one too."""
    row = cursor.execute(
        f"SELECT {COLUMNS} FROM templates t WHERE t.id = ?", [template_id]
    ).fetchone()
    return None if row is None else from_row(row)


def required(cursor: Cursor, template_id: int) -> Template:
    """The template of that id; raises NotFound for one that is not there or was deleted."""
    found = numbered(cursor, template_id)
    if found is None or found.deleted_at is not None:
        raise NotFound(f"There is no prompt template {template_id}.")
    return found


def names(connection: Connection) -> list[tuple[int, str]]:
    """(id, name) of every template, deleted ones first: of two, the last is the one that counts."""
    with connection.cursor() as cursor:
        return cursor.execute(
            "SELECT id, name FROM templates ORDER BY deleted_at IS NULL, id"
        ).fetchall()


class Templates:
    """Changes to be run by the writer."""

    def __init__(self, make_id: IdMaker, audit: Audit) -> None:
        self._make_id = make_id
        self._audit = audit

    def create(
        self,
        cursor: Cursor,
        actor: str,
        name: str,
        *,
        folder_id: int | None = None,
        tags: Sequence[str] = (),
    ) -> Template:
        """A template without a version; raises Refused where the name is taken."""
        guard(cursor, "template", name_key(name))
        if named(cursor, name) is not None:
            raise Refused(f"There is a prompt template {name!r} already.")
        id_, now = self._make_id(), clock.now()
        cursor.execute(
            "INSERT INTO templates VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL)",
            [id_, name, name_key(name), search_fold(name), folder_id, list(tags), now, actor, now],
        )
        self._record(cursor, actor, "create", id_, name=name)
        return required(cursor, id_)

    def rename(self, cursor: Cursor, actor: str, template_id: int, name: str) -> None:
        before = required(cursor, template_id)
        guard(cursor, "template", name_key(name))
        other = named(cursor, name)
        if other is not None and other.id != template_id:
            raise Refused(f"There is a prompt template {name!r} already.")
        cursor.execute(
            "UPDATE templates SET name = ?, name_key = ?, name_folded = ?, updated_at = ? "
            "WHERE id = ?",
            [name, name_key(name), search_fold(name), clock.now(), template_id],
        )
        self._record(cursor, actor, "rename", template_id, before=before.name, after=name)

    def set_tags(self, cursor: Cursor, actor: str, template_id: int, tags: Sequence[str]) -> None:
        before = required(cursor, template_id)
        after = list(dict.fromkeys(tags))
        if after != list(before.tags):
            self._update(cursor, template_id, "tags", after)
            self._record(cursor, actor, "tag", template_id, before=list(before.tags), after=after)

    def set_folder(
        self, cursor: Cursor, actor: str, template_id: int, folder_id: int | None
    ) -> None:
        before = required(cursor, template_id)
        if folder_id != before.folder_id:
            self._update(cursor, template_id, "folder_id", folder_id)
            self._record(
                cursor, actor, "move", template_id, before=before.folder_id, after=folder_id
            )

    def touch(self, cursor: Cursor, template_id: int) -> None:
        """Something of the template has changed now."""
        cursor.execute(
            "UPDATE templates SET updated_at = ? WHERE id = ?", [clock.now(), template_id]
        )

    def delete(self, cursor: Cursor, actor: str, template_id: int) -> None:
        """Hide the template with its versions and labels; its name is free again."""
        before = required(cursor, template_id)
        now = clock.now()
        cursor.execute(
            "UPDATE templates SET deleted_at = ?, deleted_by = ?, updated_at = ? WHERE id = ?",
            [now, actor, now, template_id],
        )
        self._record(cursor, actor, "delete", template_id, name=before.name)

    def restore(self, cursor: Cursor, actor: str, template_id: int) -> None:
        """Bring a deleted template back; raises Refused where its name has been taken since."""
        found = numbered(cursor, template_id)
        if found is None:
            raise NotFound(f"There is no prompt template {template_id}.")
        if found.deleted_at is None:
            return
        guard(cursor, "template", name_key(found.name))
        if named(cursor, found.name) is not None:
            raise Refused(
                f"The name {found.name!r} has been taken since: rename the other template first."
            )
        cursor.execute(
            "UPDATE templates SET deleted_at = NULL, deleted_by = NULL, updated_at = ? "
            "WHERE id = ?",
            [clock.now(), template_id],
        )
        self._record(cursor, actor, "restore", template_id, name=found.name)

    def _update(self, cursor: Cursor, template_id: int, column: str, value: Any) -> None:
        cursor.execute(
            f"UPDATE templates SET {column} = ?, updated_at = ? WHERE id = ?",
            [value, clock.now(), template_id],
        )

    def _record(
        self, cursor: Cursor, actor: str, verb: str, template_id: int, **detail: Any
    ) -> None:
        subject = f"template/{template_id}"
        self._audit.record(cursor, actor, f"template.{verb}", subject, detail)
