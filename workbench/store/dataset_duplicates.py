"""Rows of a dataset that are the same as an earlier one, in all their values or in some columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from workbench.store import long_values
from workbench.store.connection import Connection, Cursor
from workbench.store.dataset_names import names_in
from workbench.store.dataset_reading import IN_VERSION, bare_value
from workbench.store.long_values import DATASETS, pointer


@dataclass(frozen=True, slots=True)
class Duplicates:
    """rows: how many repeat an earlier one. first: (row, the first row that it repeats) of the
    first of them, by row."""

    rows: int
    first: tuple[tuple[int, int], ...]


def find(
    connection: Connection,
    dataset_id: int,
    number: int,
    columns: Sequence[str] = (),
    *,
    limit: int = 100,
) -> Duplicates:
    """The rows of a version that repeat an earlier one, in all values or in those of `columns`."""
    with connection.cursor() as cursor:
        same, given = key(cursor, dataset_id, number, columns)
        found = cursor.execute(
            "SELECT id, first, count(*) OVER () FROM (SELECT d.id, min(d.id) OVER "
            f"(PARTITION BY {same}) AS first FROM dataset_rows d WHERE {IN_VERSION}) "
            "WHERE id <> first ORDER BY id LIMIT ?",
            [*given, dataset_id, number, number, limit],
        ).fetchall()
    return Duplicates(found[0][2] if found else 0, tuple((row, one) for row, one, _ in found))


def key(
    cursor: Cursor, dataset_id: int, number: int, columns: Sequence[str] = ()
) -> tuple[str, list[str]]:
    """SQL over `dataset_rows d` that is the same for rows of a version whose values are, and what
    it binds.

    A value that is missing and one that is null are told apart, as in the digest of all values.
    """
    if not columns:
        return "d.digest", []
    value = bare_value(cursor, dataset_id)
    part = f"json_extract({value}, ?)::VARCHAR"
    names = names_in(cursor, dataset_id, number)
    places = [pointer(names.key(name)) for name in columns]
    each: list[tuple[str, ...]] = [(one,) for one in places]
    if long_values.has_some(cursor, DATASETS, dataset_id):
        # The same value may be beside one row, and in another with less else in it.
        part = (
            "CASE WHEN json_exists(d.long_values, ?) THEN json_extract_string(d.long_values, "
            f"?) || json_extract_string(d.long_values, ?) WHEN json_type({value}, ?) = "
            f"'VARCHAR' THEN 'text' || md5(json_extract_string({value}, ?)) "
            f"ELSE 'json' || md5({part}) END"
        )
        each = [(one, f"{one}/kind", f"{one}/md5", one, one, one) for one in places]
    given = [bound for one in each for bound in one]
    return f"md5([{', '.join(part for _ in columns)}]::VARCHAR)", given
