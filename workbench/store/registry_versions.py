"""Versions of prompt templates: added, never changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from workbench.filters.folding import search_fold
from workbench.ids import IdMaker
from workbench.store import clock
from workbench.store.audit import Audit
from workbench.store.connection import Connection, Cursor
from workbench.store.errors import NotFound, Refused
from workbench.store.guards import guard
from workbench.store.registry_rows import NewVersion, Template, Version, VersionInfo
from workbench.store.registry_templates import required as required_template

INFO_COLUMNS = (
    "v.id, v.template_id, v.number, v.kind, v.message, v.parent_id, v.model_provider, "
    "v.model_name, v.variables, v.created_at, v.created_by"
)
INFO_WIDTH = INFO_COLUMNS.count(",") + 1
COLUMNS = f"{INFO_COLUMNS}, v.prompt, v.metadata, v.provider_base_url"
MAX_NUMBER = 2**31 - 1


def info_from(row: Sequence[Any]) -> VersionInfo:
    """A VersionInfo from the values of INFO_COLUMNS."""
    return VersionInfo(
        id=row[0],
        template_id=row[1],
        number=row[2],
        kind=row[3],
        message=row[4],
        parent_id=row[5],
        model_provider=row[6],
        model_name=row[7],
        variables=tuple(row[8] or ()),
        created_at=clock.from_stored(row[9]),
        created_by=row[10],
    )


def version_from(row: Sequence[Any]) -> Version:
    """A Version from the values of COLUMNS."""
    prompt, metadata, base_url = row[INFO_WIDTH : INFO_WIDTH + 3]
    return Version(
        info=info_from(row),
        prompt=orjson.loads(prompt),
        metadata=orjson.loads(metadata) if metadata else None,
        provider_base_url=base_url,
    )


def numbered(cursor: Cursor, template_id: int, number: int | None) -> Version | None:
    """A version by its number, the newest where that is None."""
    row = row_numbered(cursor, template_id, number)
    return None if row is None else version_from(row)


def row_numbered(cursor: Cursor, template_id: int, number: int | None) -> tuple[Any, ...] | None:
    """The same as the values of COLUMNS."""
    if number is None:
        number = newest_number(cursor, template_id)
    # Two plain comparisons: only then are the texts of other versions left alone.
    return cursor.execute(
        f"SELECT {COLUMNS} FROM template_versions v WHERE v.template_id = ? AND v.number = ?",
        [template_id, number],
    ).fetchone()


def info_numbered(cursor: Cursor, template_id: int, number: int) -> VersionInfo:
    """Raises NotFound where the template has no such version."""
    row = cursor.execute(
        f"SELECT {INFO_COLUMNS} FROM template_versions v WHERE template_id = ? AND number = ?",
        [template_id, number],
    ).fetchone()
    if row is None:
        raise NotFound(f"The prompt template has no version {number}.")
    return info_from(row)


def is_of(cursor: Cursor, template: Template | None, version_id: int) -> bool:
    """Whether a version is one of a template's."""
    if template is None:
        return False
    found = cursor.execute(
        "SELECT 1 FROM template_versions WHERE id = ? AND template_id = ?",
        [version_id, template.id],
    ).fetchone()
    return found is not None


def newest_number(cursor: Cursor, template_id: int) -> int:
    """0 for a template without a version."""
    row = cursor.execute(
        "SELECT coalesce(max(number), 0) FROM template_versions WHERE template_id = ?",
        [template_id],
    ).fetchone()
    return int(row[0]) if row else 0


def newest_numbers(cursor: Cursor) -> dict[int, int]:
    """The newest number of every template, by the template's id."""
    rows = cursor.execute(
        "SELECT template_id, max(number) FROM template_versions GROUP BY template_id"
    ).fetchall()
    return dict(rows)


def history(connection: Connection, template_id: int, limit: int = 1000) -> list[VersionInfo]:
    """Versions of a template, the newest first."""
    with connection.cursor() as cursor:
        rows = cursor.execute(
            f"SELECT {INFO_COLUMNS} FROM template_versions v WHERE v.template_id = ? "
            "ORDER BY v.number DESC LIMIT ?",
            [template_id, limit],
        ).fetchall()
    return [info_from(row) for row in rows]


class Versions:
    """Changes to be run by the writer."""

    def __init__(self, make_id: IdMaker, audit: Audit) -> None:
        self._make_id = make_id
        self._audit = audit

    def add(
        self,
        cursor: Cursor,
        actor: str,
        template_id: int,
        new: NewVersion,
        *,
        after: int | None = None,
    ) -> Version:
        """The next version. `after`: refuse where the newest number is another than this.

        Two that add at once, in two processes too, get two numbers.
        """
        guard(cursor, "template-version", str(template_id))
        template = required_template(cursor, template_id)
        newest = newest_number(cursor, template_id)
        if after is not None and newest != after:
            raise Refused(
                f"{template.name!r} is at version {newest} by now, not at {after}: look at what "
                "was saved meanwhile first."
            )
        if newest >= MAX_NUMBER:
            raise Refused(f"{template.name!r} has no version number left.")
        if new.parent_id is not None and not is_of(cursor, template, new.parent_id):
            raise Refused(f"The parent version {new.parent_id} is not one of {template.name!r}.")
        id_, now = self._make_id(), clock.now()
        cursor.execute(
            "INSERT INTO template_versions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                id_,
                template_id,
                newest + 1,
                new.prompt["type"],
                orjson.dumps(new.prompt).decode(),
                None if new.metadata is None else orjson.dumps(new.metadata).decode(),
                new.provider_base_url,
                new.message,
                new.parent_id,
                new.model_provider,
                new.model_name,
                list(new.variables),
                search_fold(new.text),
                now,
                actor,
            ],
        )
        for key, number, label in new.snippets:
            cursor.execute(
                "INSERT INTO template_snippets VALUES (?, ?, ?, ?, ?)",
                [id_, template_id, key, number, label],
            )
        cursor.execute("UPDATE templates SET updated_at = ? WHERE id = ?", [now, template_id])
        self._audit.record(
            cursor,
            actor,
            "template.publish",
            f"template/{template_id}",
            {"version": newest + 1, "message": new.message},
        )
        info = VersionInfo(
            id_,
            template_id,
            newest + 1,
            new.prompt["type"],
            new.message,
            new.parent_id,
            new.model_provider,
            new.model_name,
            new.variables,
            clock.from_stored(now),
            actor,
        )
        return Version(info, new.prompt, new.metadata, new.provider_base_url)
