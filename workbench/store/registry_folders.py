"""Folders of prompt templates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from workbench.ids import IdMaker
from workbench.store import clock
from workbench.store.audit import Audit
from workbench.store.connection import Connection, Cursor
from workbench.store.errors import NotFound, Refused
from workbench.store.guards import guard
from workbench.store.registry_rows import Folder

_COLUMNS = "id, parent_id, name, created_at, created_by, updated_at"
MAX_DEPTH = 30


class FolderNotEmpty(Refused):
    """A folder that holds something is deleted only with what it holds."""


def _from_row(row: Sequence[Any]) -> Folder:
    id_, parent_id, name, created, actor, updated = row
    return Folder(
        id_, parent_id, name, clock.from_stored(created), actor, clock.from_stored(updated)
    )


def listed(connection: Connection) -> list[Folder]:
    """Every folder, by name."""
    with connection.cursor() as cursor:
        rows = cursor.execute(
            f"SELECT {_COLUMNS} FROM template_folders ORDER BY name, id"
        ).fetchall()
    return [_from_row(row) for row in rows]


def child(cursor: Cursor, name: str, parent_id: int | None) -> int | None:
    """The id of the folder of that name in another one (None: at the root)."""
    row = cursor.execute(
        "SELECT id FROM template_folders WHERE name = ? AND parent_id IS NOT DISTINCT FROM ?",
        [name, parent_id],
    ).fetchone()
    return int(row[0]) if row else None


def get(cursor: Cursor, folder_id: int) -> Folder:
    row = cursor.execute(
        f"SELECT {_COLUMNS} FROM template_folders WHERE id = ?", [folder_id]
    ).fetchone()
    if row is None:
        raise NotFound(f"There is no folder {folder_id}.")
    return _from_row(row)


class Folders:
    """Changes to be run by the writer. One guard for all: a tree is decided about as a whole."""

    def __init__(self, make_id: IdMaker, audit: Audit) -> None:
        self._make_id = make_id
        self._audit = audit

    def create(self, cursor: Cursor, actor: str, name: str, parent_id: int | None) -> Folder:
        self._guard(cursor)
        if parent_id is not None:
            self._check_depth(cursor, parent_id)
        self._check_free(cursor, name, parent_id)
        id_, now = self._make_id(), clock.now()
        cursor.execute(
            "INSERT INTO template_folders VALUES (?, ?, ?, ?, ?, ?)",
            [id_, parent_id, name, now, actor, now],
        )
        self._record(cursor, actor, "create", id_, name=name, parent=parent_id)
        return get(cursor, id_)

    def rename(self, cursor: Cursor, actor: str, folder_id: int, name: str) -> Folder:
        self._guard(cursor)
        before = get(cursor, folder_id)
        if before.name != name:
            self._check_free(cursor, name, before.parent_id)
            cursor.execute(
                "UPDATE template_folders SET name = ?, updated_at = ? WHERE id = ?",
                [name, clock.now(), folder_id],
            )
            self._record(cursor, actor, "rename", folder_id, before=before.name, after=name)
        return get(cursor, folder_id)

    def move(self, cursor: Cursor, actor: str, folder_id: int, parent_id: int | None) -> Folder:
        """Raises Refused where a folder would stand in itself."""
        self._guard(cursor)
        before = get(cursor, folder_id)
        if parent_id is not None and folder_id in self._check_depth(cursor, parent_id):
            raise Refused(f"The folder {before.name!r} cannot be moved into itself.")
        if parent_id != before.parent_id:
            self._check_free(cursor, before.name, parent_id)
            cursor.execute(
                "UPDATE template_folders SET parent_id = ?, updated_at = ? WHERE id = ?",
                [parent_id, clock.now(), folder_id],
            )
            self._record(cursor, actor, "move", folder_id, before=before.parent_id, after=parent_id)
        return get(cursor, folder_id)

    def delete(self, cursor: Cursor, actor: str, folder_id: int, *, cascade: bool) -> int:
        """Delete a folder; with `cascade` its folders go too and its templates are deleted (they
        can be restored, and are then at the root). Returns how many things were deleted.
        """
        self._guard(cursor)
        folder = get(cursor, folder_id)
        tree = self._tree(cursor, folder_id)
        templates = cursor.execute(
            "SELECT count(*) FROM templates WHERE deleted_at IS NULL "
            "AND folder_id IN (SELECT unnest(?::BIGINT[]))",
            [tree],
        ).fetchone()
        held = len(tree) - 1 + (int(templates[0]) if templates else 0)
        if held and not cascade:
            raise FolderNotEmpty(f"The folder {folder.name!r} is not empty: it holds {held}.")
        now = clock.now()
        cursor.execute(
            "UPDATE templates SET folder_id = NULL, deleted_at = coalesce(deleted_at, ?), "
            "deleted_by = coalesce(deleted_by, ?), updated_at = ? "
            "WHERE folder_id IN (SELECT unnest(?::BIGINT[]))",
            [now, actor, now, tree],
        )
        cursor.execute(
            "DELETE FROM template_folders WHERE id IN (SELECT unnest(?::BIGINT[]))", [tree]
        )
        self._record(cursor, actor, "delete", folder_id, name=folder.name, held=held)
        return held + 1

    def _guard(self, cursor: Cursor) -> None:
        guard(cursor, "template-folders", "")

    def _check_free(self, cursor: Cursor, name: str, parent_id: int | None) -> None:
        if child(cursor, name, parent_id) is not None:
            raise Refused(f"There is a folder {name!r} there already.")

    def _check_depth(self, cursor: Cursor, folder_id: int) -> list[int]:
        """The folder and those that it stands in; raises Refused where they are too many."""
        way: list[int] = []
        at: int | None = folder_id
        while at is not None:
            way.append(at)
            if len(way) >= MAX_DEPTH:
                raise Refused(f"Folders stand at most {MAX_DEPTH} deep in one another.")
            at = get(cursor, at).parent_id
        return way

    def _tree(self, cursor: Cursor, folder_id: int) -> list[int]:
        """The folder and all below it."""
        found = [folder_id]
        level = [folder_id]
        while level:
            rows = cursor.execute(
                "SELECT id FROM template_folders WHERE parent_id IN (SELECT unnest(?::BIGINT[]))",
                [level],
            ).fetchall()
            level = [id_ for (id_,) in rows]
            found += level
        return found

    def _record(self, cursor: Cursor, actor: str, verb: str, folder_id: int, **detail: Any) -> None:
        self._audit.record(cursor, actor, f"folder.{verb}", f"folder/{folder_id}", detail)
