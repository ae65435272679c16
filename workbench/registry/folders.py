"""Folders of prompt templates: a tree by names."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.registry import finding
from workbench.registry.names import check_folder
from workbench.store import registry_folders as rows
from workbench.store.connection import Connection, Cursor
from workbench.store.errors import NotFound
from workbench.store.registry_folders import FolderNotEmpty as FolderNotEmpty
from workbench.store.registry_rows import Folder
from workbench.store.store import Store


def listed(connection: Connection) -> list[Folder]:
    """Every folder, by name."""
    return rows.listed(connection)


def get(connection: Connection, folder_id: int) -> Folder:
    with connection.cursor() as cursor:
        return rows.get(cursor, folder_id)


def paths(connection: Connection) -> dict[int | None, tuple[str, ...]]:
    """Names from the root down, by folder id; the root is None and ()."""
    known = {one.id: one for one in rows.listed(connection)}
    found: dict[int | None, tuple[str, ...]] = {None: ()}
    for one in known.values():
        way: list[str] = []
        at: Folder | None = one
        while at is not None and len(way) < rows.MAX_DEPTH:
            way.append(at.name)
            at = known.get(at.parent_id) if at.parent_id is not None else None
        found[one.id] = tuple(reversed(way))
    return found


def at_path(connection: Connection, names: Sequence[str]) -> Folder:
    """The folder at a path of names; raises NotFound."""
    wanted = tuple(names)
    for folder_id, path in paths(connection).items():
        if folder_id is not None and path == wanted:
            return get(connection, folder_id)
    raise NotFound(f"There is no folder {'/'.join(wanted)[:300]!r}.")


def create(store: Store, actor: str, name: str, parent_id: int | None = None) -> Folder:
    """A new folder; raises FieldError for its name, Refused where the name is taken there."""
    check_folder(name)
    return store.change_registry(
        lambda cursor: store.registry.folders.create(cursor, actor, name, parent_id)
    )


def ensure(store: Store, actor: str, names: Sequence[str]) -> int | None:
    """The id of the folder at a path, whose missing parts are made; None for the root."""
    for name in names:
        check_folder(name)

    def change(cursor: Cursor) -> int | None:
        parent: int | None = None
        for name in names:
            found = rows.child(cursor, name, parent)
            if found is None:
                found = store.registry.folders.create(cursor, actor, name, parent).id
            parent = found
        return parent

    return store.change_registry(change) if names else None


def rename(store: Store, actor: str, folder_id: int, name: str) -> Folder:
    check_folder(name)
    return store.change_registry(
        lambda cursor: store.registry.folders.rename(cursor, actor, folder_id, name)
    )


def move(store: Store, actor: str, folder_id: int, parent_id: int | None) -> Folder:
    return store.change_registry(
        lambda cursor: store.registry.folders.move(cursor, actor, folder_id, parent_id)
    )


def delete(store: Store, actor: str, folder_id: int, *, cascade: bool = False) -> int:
    """Delete a folder; raises FolderNotEmpty unless `cascade`. Returns how much was deleted.

    Templates in it are deleted as by hand: they can be restored, and are then at the root.
    """
    return store.change_registry(
        lambda cursor: store.registry.folders.delete(cursor, actor, folder_id, cascade=cascade)
    )


def move_template(store: Store, actor: str, identifier: str | int, folder_id: int | None) -> None:
    """Put a template into a folder, or (None) at the root. Raises NotFound."""
    template = finding.template(store.connection, identifier)

    def change(cursor: Cursor) -> None:
        if folder_id is not None:
            rows.get(cursor, folder_id)
        store.registry.templates.set_folder(cursor, actor, template.id, folder_id)

    store.change_registry(change)
