"""Datasets and their versions, as they are listed and found. Rows: dataset_reading, dataset_pages.

Changes are in dataset_changes (`store.datasets`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from workbench.filters.folding import search_fold
from workbench.store import clock
from workbench.store.connection import Connection, Cursor
from workbench.store.dataset_values import Column, read_columns
from workbench.store.dataset_values import NewRow as NewRow
from workbench.store.errors import NotFound

_DATASET = (
    "d.id, d.name, d.description, d.author, d.created_at, d.updated_by, d.updated_at, "
    "d.deleted_at, d.deleted_by"
)
_VERSION = (
    "v.dataset_id, v.number, v.columns, v.note, v.source, v.row_count, v.author, v.created_at, "
    "v.published_at, v.id"
)


@dataclass(frozen=True, slots=True)
class Dataset:
    """Times aware, UTC. newest: the number of the newest published version, draft: that of the
    draft; None where there is none. rows: of the newest version, or of the draft where nothing
    was published."""

    id: int
    name: str
    description: str
    author: str
    created_at: datetime
    updated_by: str
    updated_at: datetime
    deleted_at: datetime | None
    deleted_by: str | None
    newest: int | None = None
    draft: int | None = None
    rows: int | None = None


@dataclass(frozen=True, slots=True)
class Version:
    """A version; the draft has no `published_at`, and its rows are counted when it is read.

    sources: where rows came from, one object for each time that some were brought in. id: of the
    version alone, as the API names it.
    """

    dataset_id: int
    number: int
    columns: tuple[Column, ...]
    note: str
    sources: tuple[dict[str, Any], ...]
    rows: int
    author: str
    created_at: datetime
    published_at: datetime | None
    id: int

    @property
    def is_draft(self) -> bool:
        return self.published_at is None


def get(connection: Connection, dataset_id: int, *, deleted: bool = False) -> Dataset | None:
    """A dataset; None where there is none or, unless `deleted`, it was removed."""
    where = "d.id = ?" if deleted else "d.id = ? AND d.deleted_at IS NULL"
    found = _read(connection, where, [dataset_id], "d.id", 1, 0)
    return found[0] if found else None


def get_by_name(connection: Connection, name: str) -> Dataset | None:
    """The dataset of that name, capitals and outer space aside."""
    with connection.cursor() as cursor:
        id_ = id_named(cursor, name)
    return None if id_ is None else get(connection, id_)


def id_named(cursor: Cursor, name: str) -> int | None:
    """The id of the dataset of that name that is not removed."""
    wanted = search_fold(" ".join(name.split()))
    rows = cursor.execute("SELECT id, name FROM datasets WHERE deleted_at IS NULL").fetchall()
    # Compared here: the engine's lower() knows less of capitals than Unicode does.
    return next((int(id_) for id_, other in rows if search_fold(other) == wanted), None)


def listed(
    connection: Connection,
    text: str = "",
    *,
    limit: int = 50,
    offset: int = 0,
    deleted: bool = False,
) -> list[Dataset]:
    """Datasets, the last changed first. text: part of the name. deleted: the removed ones alone."""
    where, given = _chosen(text, deleted)
    return _read(connection, where, given, "d.updated_at DESC, d.id DESC", limit, offset)


def counted(connection: Connection, text: str = "", *, deleted: bool = False) -> int:
    """How many datasets `listed` would find without its limit."""
    where, given = _chosen(text, deleted)
    with connection.cursor() as cursor:
        row = cursor.execute(f"SELECT count(*) FROM datasets d WHERE {where}", given).fetchone()
    return int(row[0]) if row else 0


def versions(connection: Connection, dataset_id: int) -> list[Version]:
    """All versions, the newest first; a draft is the first one."""
    with connection.cursor() as cursor:
        rows = cursor.execute(
            f"SELECT {_VERSION} FROM dataset_versions v WHERE v.dataset_id = ? "
            "ORDER BY v.number DESC",
            [dataset_id],
        ).fetchall()
        return [_version(cursor, row) for row in rows]


def version(connection: Connection, dataset_id: int, number: int | None = None) -> Version | None:
    """One version; without a number the newest published one. None where there is none."""
    which = "v.published_at IS NOT NULL" if number is None else "v.number = ?"
    with connection.cursor() as cursor:
        row = cursor.execute(
            f"SELECT {_VERSION} FROM dataset_versions v WHERE v.dataset_id = ? AND {which} "
            "ORDER BY v.number DESC LIMIT 1",
            [dataset_id, *([] if number is None else [number])],
        ).fetchone()
        return None if row is None else _version(cursor, row)


def version_by_id(connection: Connection, version_id: int) -> Version | None:
    """A version by its own id; None where there is none."""
    with connection.cursor() as cursor:
        row = cursor.execute(
            f"SELECT {_VERSION} FROM dataset_versions v WHERE v.id = ?", [version_id]
        ).fetchone()
        return None if row is None else _version(cursor, row)


def draft(connection: Connection, dataset_id: int) -> Version | None:
    """The version that can be changed; None where there is none."""
    with connection.cursor() as cursor:
        row = cursor.execute(
            f"SELECT {_VERSION} FROM dataset_versions v WHERE v.dataset_id = ? "
            "AND v.published_at IS NULL",
            [dataset_id],
        ).fetchone()
        return None if row is None else _version(cursor, row)


def required_version(connection: Connection, dataset_id: int, number: int) -> Version:
    """Raises NotFound."""
    found = version(connection, dataset_id, number)
    if found is None:
        raise NotFound(f"Dataset {dataset_id} has no version {number}.")
    return found


def _chosen(text: str, deleted: bool) -> tuple[str, list[Any]]:
    which = "d.deleted_at IS NOT NULL" if deleted else "d.deleted_at IS NULL"
    return f"{which} AND contains(lower(d.name), lower(?))", [text.strip()]


def _read(
    connection: Connection, where: str, given: list[Any], order: str, limit: int, offset: int
) -> list[Dataset]:
    with connection.cursor() as cursor:
        rows = cursor.execute(
            f"SELECT {_DATASET} FROM datasets d WHERE {where} ORDER BY {order} LIMIT ? OFFSET ?",
            [*given, limit, offset],
        ).fetchall()
        ids = [row[0] for row in rows]
        numbers = {
            id_: (newest, draft, count)
            for id_, newest, draft, count in cursor.execute(
                "SELECT dataset_id, max(number) FILTER (published_at IS NOT NULL), "
                "max(number) FILTER (published_at IS NULL), "
                "arg_max(row_count, number) FILTER (published_at IS NOT NULL) "
                "FROM dataset_versions WHERE dataset_id IN (SELECT unnest(?::BIGINT[])) "
                "GROUP BY dataset_id",
                [ids],
            ).fetchall()
        }
        unpublished = [id_ for id_, (newest, _, _) in numbers.items() if newest is None]
        counts: dict[int, int] = {}
        if unpublished:
            # The draft is the newest version: what no version ended is in it.
            counts = dict(
                cursor.execute(
                    "SELECT dataset_id, count(*) FROM dataset_rows WHERE until IS NULL "
                    "AND dataset_id IN (SELECT unnest(?::BIGINT[])) GROUP BY dataset_id",
                    [unpublished],
                ).fetchall()
            )
    return [_dataset(row, *numbers.get(row[0], (None, None, None)), counts) for row in rows]


def _dataset(
    row: Sequence[Any],
    newest: int | None,
    draft: int | None,
    count: int | None,
    drafted: dict[int, int],
) -> Dataset:
    id_, name, description, author, created, updated_by, updated, deleted, deleted_by = row
    if newest is None and draft is not None:
        count = drafted.get(id_, 0)
    return Dataset(
        int(id_),
        str(name),
        str(description),
        str(author),
        clock.from_stored(created),
        str(updated_by),
        clock.from_stored(updated),
        None if deleted is None else clock.from_stored(deleted),
        deleted_by,
        newest,
        draft,
        count,
    )


def _version(cursor: Cursor, row: Sequence[Any]) -> Version:
    dataset_id, number, columns, note, source, count, author, created, published, id_ = row
    if count is None:
        found = cursor.execute(
            "SELECT count(*) FROM dataset_rows WHERE dataset_id = ? AND until IS NULL",
            [dataset_id],
        ).fetchone()
        count = found[0] if found else 0
    return Version(
        int(dataset_id),
        int(number),
        read_columns(columns),
        str(note),
        tuple(orjson.loads(source)) if source else (),
        int(count),
        str(author),
        clock.from_stored(created),
        None if published is None else clock.from_stored(published),
        int(id_),
    )
