"""Rows of a version of a dataset, read in the order of their numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from workbench.store import blob_rows, blobs, long_values
from workbench.store.connection import Connection, Cursor
from workbench.store.dataset_names import Names, names_in
from workbench.store.long_values import DATASETS

#: Which rows `d` of dataset_rows are in a version; bind dataset, number, number.
IN_VERSION = "d.dataset_id = ? AND d.since <= ? AND (d.until IS NULL OR d.until > ?)"
# Characters of long values that are read at once.
_HELD = 32 * 2**20
#: What `read_rows` reads, of `d` of dataset_rows.
COLUMNS = "d.id, d.value, d.split, d.tags, d.source_request, d.texts, d.long_values"


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
    """The next rows of a version, from the one after `after`; [] at the end. Fewer than `limit`
    where their values are long."""
    with connection.cursor() as cursor:
        found = cursor.execute(
            f"SELECT {COLUMNS} FROM dataset_rows d WHERE {IN_VERSION} AND d.id > ? "
            "ORDER BY d.id LIMIT ?",
            [dataset_id, number, number, after, limit],
        ).fetchall()
        names = names_in(cursor, dataset_id, number)
        return read_rows(cursor, dataset_id, names, fitting(found))


def rows_by_id(
    connection: Connection,
    dataset_id: int,
    number: int,
    ids: Sequence[int],
    *,
    named_in: int | None = None,
) -> dict[int, DatasetRow]:
    """Chosen rows of a version, by their numbers; those that are not in it are left out.

    named_in: the version whose names columns have; without it this one.
    """
    with connection.cursor() as cursor:
        found = cursor.execute(
            f"SELECT {COLUMNS} FROM dataset_rows d WHERE {IN_VERSION} "
            "AND d.id IN (SELECT unnest(?::BIGINT[]))",
            [dataset_id, number, number, list(ids)],
        ).fetchall()
        names = names_in(cursor, dataset_id, number if named_in is None else named_in)
        return {row.id: row for row in read_rows(cursor, dataset_id, names, found)}


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


def read_rows(
    cursor: Cursor, dataset_id: int, names: Names, found: Iterable[Sequence[Any]]
) -> list[DatasetRow]:
    """Rows as `SELECT` of COLUMNS gives them, images and long values in place."""
    kept = list(found)
    long = long_values.read(
        cursor, DATASETS, dataset_id, (row[5] for row in kept if row[5] is not None)
    )
    texts = (text for row in kept for text in (row[1], *long.get(row[5], {}).values()))
    wanted = {one for text in texts for one in blobs.references(text)}
    data = blob_rows.read_owned(cursor, "dataset_blobs", dataset_id, wanted)
    rows = []
    for row in kept:
        values = orjson.loads(blobs.put_back(row[1], data))
        for key, told in orjson.loads(row[6]).items() if row[6] else ():
            whole = blobs.put_back(long.get(row[5], {}).get(key, ""), data)
            is_json = told["kind"] == long_values.JSON_KIND and whole
            values[key] = orjson.loads(whole) if is_json else whole
        rows.append(DatasetRow(row[0], names.named(values), row[2], tuple(row[3]), row[4]))
    return rows


def fitting(found: Sequence[Sequence[Any]]) -> Sequence[Sequence[Any]]:
    """The first of some rows whose long values may be held at once; one at least."""
    held = 0
    for number, row in enumerate(found):
        if row[6]:
            held += sum(told["length"] for told in orjson.loads(row[6]).values())
            if held > _HELD and number:
                return found[:number]
    return found


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
