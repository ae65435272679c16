"""Tags: few and predefined. One that was logged without being listed is kept and flagged."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.store import clock
from workbench.store.audit import Audit
from workbench.store.connection import Connection
from workbench.store.errors import NotFound, Refused
from workbench.store.guards import guard
from workbench.store.writer import Cursor

COLOURS = ("gray", "blue", "green", "orange", "red", "violet", "yellow")
MAX_LENGTH = 100


@dataclass(frozen=True, slots=True)
class Tag:
    """`listed` is False for a tag that requests carry but nobody has predefined."""

    name: str
    colour: str
    description: str
    listed: bool
    requests: int


def checked(name: str) -> str:
    """A tag's name without outer space; raises Refused where it cannot be one."""
    name = name.strip()
    if not name or len(name) > MAX_LENGTH or any(not c.isprintable() for c in name):
        raise Refused(f"A tag is 1 to {MAX_LENGTH} printable characters; {name[:40]!r} is not.")
    return name


class Tags:
    """Changes to be run by the writer."""

    def __init__(self, audit: Audit) -> None:
        self._audit = audit

    def save(
        self, cursor: Cursor, actor: str, name: str, colour: str, description: str = ""
    ) -> None:
        """List a tag, or change the colour and description of one that is listed."""
        name = checked(name)
        if colour not in COLOURS:
            raise Refused(f"{colour!r} is not a tag colour: choose one of {', '.join(COLOURS)}.")
        guard(cursor, "tag", name)
        cursor.execute("DELETE FROM tags WHERE name = ?", [name])
        cursor.execute(
            "INSERT INTO tags VALUES (?, ?, ?, ?)", [name, colour, description, clock.now()]
        )
        self._audit.record(cursor, actor, "tag.save", f"tag/{name}", {"colour": colour})

    def rename(self, cursor: Cursor, actor: str, old: str, new: str) -> int:
        """Rename a tag everywhere; into one that exists it is merged. Returns requests changed."""
        new = checked(new)
        if new == old:
            return 0
        for name in sorted({old, new}):
            guard(cursor, "tag", name)
        listed = cursor.execute("SELECT colour, description FROM tags WHERE name = ?", [old])
        before = listed.fetchone()
        row = cursor.execute(
            "SELECT count(*) FROM requests WHERE list_contains(tags, ?) AND deleted_at IS NULL",
            [old],
        ).fetchone()
        used = int(row[0]) if row else 0
        if before is None and used == 0:
            raise NotFound(f"There is no tag {old!r}.")
        merged = cursor.execute("SELECT 1 FROM tags WHERE name = ?", [new]).fetchone() is not None
        cursor.execute("DELETE FROM tags WHERE name = ?", [old])
        if before is not None and not merged:
            cursor.execute("INSERT INTO tags VALUES (?, ?, ?, ?)", [new, *before, clock.now()])
        # A request that carries both keeps one; the order of the others stays.
        cursor.execute(
            "UPDATE requests SET tags = CASE WHEN list_contains(tags, ?) "
            "THEN list_filter(tags, lambda tag: tag <> ?) "
            "ELSE list_transform(tags, lambda tag: CASE WHEN tag = ? THEN ? ELSE tag END) END "
            "WHERE list_contains(tags, ?)",
            [new, old, old, new, old],
        )
        self._audit.record(
            cursor,
            actor,
            "tag.merge" if merged else "tag.rename",
            f"tag/{old}",
            {"into": new, "requests": used},
        )
        return used

    def unlist(self, cursor: Cursor, actor: str, name: str) -> None:
        """Take a tag off the list. Requests keep it, flagged from now on."""
        if cursor.execute("SELECT 1 FROM tags WHERE name = ?", [name]).fetchone() is None:
            raise NotFound(f"There is no tag {name!r}.")
        cursor.execute("DELETE FROM tags WHERE name = ?", [name])
        self._audit.record(cursor, actor, "tag.unlist", f"tag/{name}", {})


def listed(connection: Connection) -> list[Tag]:
    """Every tag that is predefined or carried by a request, by name."""
    with connection.cursor() as cursor:
        rows = cursor.execute(
            "WITH used AS (SELECT unnest(tags) AS name FROM requests WHERE deleted_at IS NULL), "
            "counted AS (SELECT name, count(*) AS requests FROM used GROUP BY name) "
            "SELECT coalesce(t.name, c.name), coalesce(t.colour, 'gray'), "
            "coalesce(t.description, ''), t.name IS NOT NULL, coalesce(c.requests, 0) "
            "FROM tags t FULL JOIN counted c ON t.name = c.name ORDER BY 1"
        ).fetchall()
    return [Tag(*row) for row in rows]
