"""Saved views of the log list: of the whole workspace, visible to all, each with its author."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from workbench.filters import Filter, FilterError, from_json, to_json
from workbench.store import clock, preferences
from workbench.store.audit import Audit
from workbench.store.connection import Connection
from workbench.store.errors import NotFound, Refused
from workbench.store.guards import guard
from workbench.store.preferences import Preferences
from workbench.store.writer import Cursor

MAX_NAME = 100
MAX_SHOWN = 500
MAX_PARAMETER = 2000
# The preference that holds the number of the view that opens by itself, or null.
DEFAULT = "default_view"
_COLUMNS = "id, name, filter, sort, columns, author, created_at, changed_by, changed_at"


@dataclass(frozen=True, slots=True)
class Shown:
    """What a view shows. sort, columns: as they stand in the link; "" for the usual ones."""

    filter: Filter
    sort: str = ""
    columns: str = ""


@dataclass(frozen=True, slots=True)
class SavedView:
    """`shown` is None where the stored filter cannot be read (a newer version wrote it)."""

    id: int
    name: str
    shown: Shown | None
    author: str
    created_at: datetime
    changed_by: str
    changed_at: datetime


def checked(name: str) -> str:
    """The name without outer space; raises Refused where it cannot be one."""
    name = " ".join(name.split())
    if not name or len(name) > MAX_NAME or not name.isprintable():
        raise Refused(f"A view's name is 1 to {MAX_NAME} printable characters.")
    return name


class SavedViews:
    """Changes to be run by the writer. Names are unique, capitals aside."""

    def __init__(self, audit: Audit) -> None:
        self._audit = audit
        self._preferences = Preferences(audit)

    def add(self, cursor: Cursor, actor: str, name: str, shown: Shown) -> int:
        """Save a new view; returns its number. Raises Refused where the name is taken."""
        name = checked(name)
        _limit(shown)
        _require_free(cursor, name)
        guard(cursor, "saved_view", "number")
        row = cursor.execute("SELECT coalesce(max(id), 0) + 1 FROM saved_views").fetchone()
        assert row is not None
        id_, now = int(row[0]), clock.now()
        cursor.execute(
            f"INSERT INTO saved_views ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [id_, name, to_json(shown.filter), shown.sort, shown.columns, actor, now, actor, now],
        )
        self._record(cursor, actor, "save", id_, name=name, filter=to_json(shown.filter))
        return id_

    def overwrite(self, cursor: Cursor, actor: str, id_: int, shown: Shown) -> None:
        """Let the view show something else; what it showed before stays in the audit trail."""
        _limit(shown)
        before = _required(cursor, id_)
        cursor.execute(
            "UPDATE saved_views SET filter = ?, sort = ?, columns = ?, changed_by = ?, "
            "changed_at = ? WHERE id = ?",
            [to_json(shown.filter), shown.sort, shown.columns, actor, clock.now(), id_],
        )
        after = to_json(shown.filter)
        self._record(cursor, actor, "overwrite", id_, before=before[1], after=after)

    def rename(self, cursor: Cursor, actor: str, id_: int, name: str) -> None:
        name = checked(name)
        old = _required(cursor, id_)[0]
        if name == old:
            return
        _require_free(cursor, name, beside=id_)
        cursor.execute(
            "UPDATE saved_views SET name = ?, changed_by = ?, changed_at = ? WHERE id = ?",
            [name, actor, clock.now(), id_],
        )
        self._record(cursor, actor, "rename", id_, before=old, after=name)

    def remove(self, cursor: Cursor, actor: str, id_: int) -> None:
        """Hide the view; `restore` brings it back. It opens by itself no longer."""
        name = _required(cursor, id_)[0]
        cursor.execute(
            "UPDATE saved_views SET deleted_at = ?, deleted_by = ? WHERE id = ?",
            [clock.now(), actor, id_],
        )
        self._record(cursor, actor, "remove", id_, name=name)

    def restore(self, cursor: Cursor, actor: str, id_: int) -> None:
        """Undo `remove`. Raises Refused where its name is taken by now."""
        row = cursor.execute(
            "SELECT name FROM saved_views WHERE id = ? AND deleted_at IS NOT NULL", [id_]
        ).fetchone()
        if row is None:
            raise NotFound(f"There is no removed view {id_}.")
        _require_free(cursor, row[0], beside=id_)
        cursor.execute(
            "UPDATE saved_views SET deleted_at = NULL, deleted_by = NULL WHERE id = ?", [id_]
        )
        self._record(cursor, actor, "restore", id_, name=row[0])

    def set_default(self, cursor: Cursor, actor: str, id_: int | None) -> None:
        """The view that the Logs page opens with when a link names nothing; None for none."""
        if id_ is not None:
            _required(cursor, id_)
        self._preferences.put(cursor, actor, DEFAULT, id_)

    def _record(self, cursor: Cursor, actor: str, verb: str, id_: int, **detail: str) -> None:
        self._audit.record(cursor, actor, f"view.{verb}", f"view/{id_}", detail)


def listed(connection: Connection) -> list[SavedView]:
    """Every view by name, at most MAX_SHOWN."""
    with connection.cursor() as cursor:
        rows = cursor.execute(
            f"SELECT {_COLUMNS} FROM saved_views WHERE deleted_at IS NULL "
            "ORDER BY lower(name), id LIMIT ?",
            [MAX_SHOWN],
        ).fetchall()
    return [_view_from(row) for row in rows]


def get(connection: Connection, id_: int) -> SavedView | None:
    with connection.cursor() as cursor:
        row = cursor.execute(
            f"SELECT {_COLUMNS} FROM saved_views WHERE id = ? AND deleted_at IS NULL", [id_]
        ).fetchone()
    return None if row is None else _view_from(row)


def default(connection: Connection) -> SavedView | None:
    """The view that opens by itself, where one is chosen and still there."""
    chosen = preferences.get(connection, DEFAULT)
    return get(connection, chosen) if isinstance(chosen, int) else None


def _view_from(row: tuple[object, ...]) -> SavedView:
    id_, name, filter_, sort, columns, author, created_at, changed_by, changed_at = row
    assert isinstance(id_, int)
    assert isinstance(created_at, datetime)
    assert isinstance(changed_at, datetime)
    shown: Shown | None = None
    try:
        shown = Shown(from_json(str(filter_)), str(sort), str(columns))
    except FilterError:
        shown = None
    return SavedView(
        id_,
        str(name),
        shown,
        str(author),
        clock.from_stored(created_at),
        str(changed_by),
        clock.from_stored(changed_at),
    )


def _required(cursor: Cursor, id_: int) -> tuple[str, str]:
    """Name and stored filter of a view that is there."""
    row = cursor.execute(
        "SELECT name, filter FROM saved_views WHERE id = ? AND deleted_at IS NULL", [id_]
    ).fetchone()
    if row is None:
        raise NotFound(f"There is no saved view {id_}: somebody removed it.")
    return str(row[0]), str(row[1])


def _require_free(cursor: Cursor, name: str, beside: int = 0) -> None:
    guard(cursor, "saved_view", name.casefold())
    rows = cursor.execute(
        "SELECT name FROM saved_views WHERE id <> ? AND deleted_at IS NULL", [beside]
    ).fetchall()
    # Compared here: the engine's lower() knows less of capitals than Unicode does.
    if any(str(other).casefold() == name.casefold() for (other,) in rows):
        raise Refused(f'There is a view "{name}" already: choose another name, or overwrite it.')


def _limit(shown: Shown) -> None:
    if max(len(shown.sort), len(shown.columns)) > MAX_PARAMETER:
        raise Refused(f"Sort and columns are at most {MAX_PARAMETER:,} characters each.")
