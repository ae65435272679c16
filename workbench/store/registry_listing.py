"""Lists of prompt templates: filtered, searched, sorted, in pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from workbench.filters.folding import search_fold
from workbench.store import clock
from workbench.store import registry_labels as label_rows
from workbench.store import registry_templates as template_rows
from workbench.store import registry_versions as version_rows
from workbench.store.connection import Connection
from workbench.store.registry_rows import Label, Template, Version, VersionInfo

Status = Literal["active", "deleted", "all"]
SortBy = Literal["updated_at", "created_at", "name", "id"]
_SORT = {
    "updated_at": "t.updated_at",
    "created_at": "t.created_at",
    "name": "t.name_folded",
    "id": "t.id",
}
_STATUS = {"active": "t.deleted_at IS NULL", "deleted": "t.deleted_at IS NOT NULL", "all": "true"}
_TEMPLATE_WIDTH = template_rows.COLUMNS.count(",") + 1
ANY_FOLDER = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What a list shows. None and () filter nothing.

    name: part of the name; text: part of the name or of the newest version's texts (of any
    version's with `in_all_versions`); both in any case. tags: all of them. folder_id: a folder's
    id, None for the root, ANY_FOLDER for everywhere. label: templates that carry it, at the
    version that it points at. kind: "chat" or "completion".
    """

    name: str | None = None
    text: str | None = None
    in_all_versions: bool = False
    tags: tuple[str, ...] = ()
    folder_id: int | None = ANY_FOLDER
    label: str | None = None
    kind: str | None = None
    status: Status = "active"
    created_by: str | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None
    updated_after: datetime | None = None
    updated_before: datetime | None = None
    sort_by: SortBy = "updated_at"
    descending: bool = True


@dataclass(frozen=True, slots=True)
class Listed:
    """A template with one version: the newest, or the one that the label asked for points at."""

    template: Template
    version: VersionInfo
    newest_number: int


def _where(query: Query) -> tuple[str, list[Any]]:
    """Conditions of a query and what is bound in them."""
    tests, params = [_STATUS[query.status]], list[Any]()

    def add(test: str, *values: Any) -> None:
        tests.append(test)
        params.extend(values)

    if query.name:
        add("contains(t.name_folded, ?)", search_fold(query.name))
    if query.text:
        found = "contains(v.text_folded, ?)"
        if query.in_all_versions:
            found = (
                "t.id IN (SELECT template_id FROM template_versions WHERE contains(text_folded, ?))"
            )
        add(f"(contains(t.name_folded, ?) OR {found})", *[search_fold(query.text)] * 2)
    if query.tags:
        add("list_has_all(t.tags, ?::VARCHAR[])", list(query.tags))
    if query.folder_id != ANY_FOLDER:
        add("t.folder_id IS NOT DISTINCT FROM ?", query.folder_id)
    if query.kind:
        add("v.kind = ?", query.kind)
    if query.created_by:
        add("t.created_by = ?", query.created_by)
    for column, sign, moment in (
        ("created_at", ">=", query.created_after),
        ("created_at", "<=", query.created_before),
        ("updated_at", ">=", query.updated_after),
        ("updated_at", "<=", query.updated_before),
    ):
        if moment is not None:
            add(f"t.{column} {sign} ?", clock.to_stored(moment))
    return " AND ".join(tests), params


def _source(query: Query) -> tuple[str, list[Any]]:
    newest = (
        "templates t JOIN (SELECT template_id, max(number) AS number FROM template_versions "
        "GROUP BY template_id) n ON n.template_id = t.id"
    )
    if query.label is None:
        return (
            f"{newest} JOIN template_versions v ON v.template_id = t.id AND v.number = n.number",
            [],
        )
    return (
        f"{newest} JOIN template_labels l ON l.template_id = t.id AND l.name = ? "
        "JOIN template_versions v ON v.id = l.version_id",
        [query.label],
    )


def _rows(
    connection: Connection, columns: str, query: Query, limit: int, offset: int
) -> list[tuple[Any, ...]]:
    source, bound = _source(query)
    where, params = _where(query)
    order = "DESC" if query.descending else "ASC"
    with connection.cursor() as cursor:
        return cursor.execute(
            f"SELECT {template_rows.COLUMNS}, n.number, {columns} FROM {source} WHERE {where} "
            f"ORDER BY {_SORT[query.sort_by]} {order}, t.id {order} LIMIT ? OFFSET ?",
            [*bound, *params, limit, offset],
        ).fetchall()


def page(connection: Connection, query: Query, limit: int, offset: int = 0) -> list[Listed]:
    return [
        Listed(
            template_rows.from_row(row[:_TEMPLATE_WIDTH]),
            version_rows.info_from(row[_TEMPLATE_WIDTH + 1 :]),
            row[_TEMPLATE_WIDTH],
        )
        for row in _rows(connection, version_rows.INFO_COLUMNS, query, limit, offset)
    ]


def whole_page(
    connection: Connection, query: Query, limit: int, offset: int = 0
) -> list[tuple[Template, Version]]:
    """The same with the versions' texts."""
    return [
        (
            template_rows.from_row(row[:_TEMPLATE_WIDTH]),
            version_rows.version_from(row[_TEMPLATE_WIDTH + 1 :]),
        )
        for row in _rows(connection, version_rows.COLUMNS, query, limit, offset)
    ]


def count(connection: Connection, query: Query) -> int:
    source, bound = _source(query)
    where, params = _where(query)
    with connection.cursor() as cursor:
        row = cursor.execute(
            f"SELECT count(*) FROM {source} WHERE {where}", [*bound, *params]
        ).fetchone()
    return int(row[0]) if row else 0


def labels_of(connection: Connection, template_ids: Sequence[int]) -> dict[int, list[Label]]:
    """The labels of several templates, by name."""
    with connection.cursor() as cursor:
        rows = cursor.execute(
            f"SELECT {label_rows.COLUMNS} FROM template_labels "
            "WHERE template_id IN (SELECT unnest(?::BIGINT[])) ORDER BY name",
            [list(template_ids)],
        ).fetchall()
    found: dict[int, list[Label]] = {}
    for row in rows:
        label = label_rows.from_row(row)
        found.setdefault(label.template_id, []).append(label)
    return found


def all_tags(connection: Connection) -> list[str]:
    """Every tag that some template carries."""
    with connection.cursor() as cursor:
        rows = cursor.execute(
            "SELECT DISTINCT unnest(tags) AS tag FROM templates WHERE deleted_at IS NULL ORDER BY 1"
        ).fetchall()
    return [tag for (tag,) in rows]
