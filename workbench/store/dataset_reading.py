"""Rows of a version of a dataset, read in the order of their numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from workbench.store import blob_rows, blobs
from workbench.store.connection import Connection, Cursor

#: Which rows `d` of dataset_rows are in a version; bind dataset, number, number.
IN_VERSION = "d.dataset_id = ? AND d.since <= ? AND (d.until IS NULL OR d.until > ?)"
#: What `read_rows` reads, of `d` of dataset_rows.
COLUMNS = "d.id, d.value, d.split, d.tags, d.source_request"


@dataclass(frozen=True, slots=True)
class DatasetRow:
    """id: its number within the dataset, the same in every version. values: JSON by column."""

    id: int
    values: dict[str, Any]
    split: str | None
    tags: tuple[str, ...]
    source_request: int | None


def rows(
    connection: Connection, dataset_id: int, number: int, *, after: int = 0, limit: int = 1000
) -> list[DatasetRow]:
    """The next rows of a version, from the one after `after`; [] at the end."""
    with connection.cursor() as cursor:
        found = cursor.execute(
            f"SELECT {COLUMNS} FROM dataset_rows d WHERE {IN_VERSION} AND d.id > ? "
            "ORDER BY d.id LIMIT ?",
            [dataset_id, number, number, after, limit],
        ).fetchall()
        return read_rows(cursor, dataset_id, found)


def rows_by_id(
    connection: Connection, dataset_id: int, number: int, ids: Sequence[int]
) -> dict[int, DatasetRow]:
    """Chosen rows of a version, by their numbers; those that are not in it are left out."""
    with connection.cursor() as cursor:
        found = cursor.execute(
            f"SELECT {COLUMNS} FROM dataset_rows d WHERE {IN_VERSION} "
            "AND d.id IN (SELECT unnest(?::BIGINT[]))",
            [dataset_id, number, number, list(ids)],
        ).fetchall()
        return {row.id: row for row in read_rows(cursor, dataset_id, found)}


def count(connection: Connection, dataset_id: int, number: int) -> int:
    with connection.cursor() as cursor:
        found = cursor.execute(
            f"SELECT count(*) FROM dataset_rows d WHERE {IN_VERSION}", [dataset_id, number, number]
        ).fetchone()
    return int(found[0]) if found else 0


def bare_value(cursor: Cursor, dataset_id: int) -> str:
    """SQL of a row's value as JSON, over `dataset_rows d`.

    The marks of blobs are no JSON, and without them a digest stands in the place of its image.
    Taking them out costs as much as all else, so that is done only where there are images.
    """
    found = cursor.execute(
        "SELECT 1 FROM dataset_blobs WHERE dataset_id = ? LIMIT 1", [dataset_id]
    ).fetchone()
    return "d.value" if found is None else f"replace(d.value, chr({ord(blobs.MARK)}), '')"


def read_rows(cursor: Cursor, dataset_id: int, found: Iterable[Sequence[Any]]) -> list[DatasetRow]:
    """Rows as `SELECT id, value, split, tags, source_request` gives them, images in place."""
    kept = list(found)
    wanted = {one for row in kept for one in blobs.references(row[1])}
    data = blob_rows.read_owned(cursor, "dataset_blobs", dataset_id, wanted)
    return [
        DatasetRow(
            row[0], orjson.loads(blobs.put_back(row[1], data)), row[2], tuple(row[3]), row[4]
        )
        for row in kept
    ]


def sources_in(
    connection: Connection, dataset_id: int, number: int, request_ids: Sequence[int]
) -> set[int]:
    """Which of these requests a version has rows of."""
    with connection.cursor() as cursor:
        found = cursor.execute(
            f"SELECT DISTINCT d.source_request FROM dataset_rows d WHERE {IN_VERSION} "
            "AND d.source_request IN (SELECT unnest(?::BIGINT[]))",
            [dataset_id, number, number, list(request_ids)],
        ).fetchall()
    return {int(id_) for (id_,) in found}
