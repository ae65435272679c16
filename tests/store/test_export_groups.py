"""Ranges of an export end where row groups of the file do, and leave no request out."""

from __future__ import annotations

import time
import uuid
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.store.samples import NOON, some_request
from workbench.filters import parse_text
from workbench.settings import Settings
from workbench.store import export_ranges, export_rows
from workbench.store.bulk import Bulk
from workbench.store.connection import ROW_GROUP_ROWS
from workbench.store.export_columns import columns_of
from workbench.store.export_groups import in_order, last_beginning
from workbench.store.export_parts import fetched
from workbench.store.export_rows import Snapshot
from workbench.store.prepared import prepare
from workbench.store.store import Store

GROUPS = 6


@given(st.sets(st.integers(1, 60)), st.integers(0, 60), st.integers(1, 20))
def test_a_range_ends_at_the_last_beginning_in_it_and_never_later_than_asked(
    begins: set[int], start: int, rows: int
) -> None:
    stop = start + rows
    within = [each for each in begins if start < each <= stop]

    found = last_beginning(np.array(sorted(begins), np.int64), start, stop)

    assert found == (max(within) if within else stop)


@given(st.lists(st.integers(0, 4 * ROW_GROUP_ROWS), unique=True).flatmap(st.permutations))
def test_ids_come_in_order_with_the_places_where_row_groups_begin(numbers: list[int]) -> None:
    places = np.array(numbers, np.int64)

    ids, begins = in_order(places + 7, places)

    assert ids.tolist() == sorted(number + 7 for number in numbers)
    groups = [(id_ - 7) // ROW_GROUP_ROWS for id_ in ids.tolist()]
    changes = [at for at in range(1, len(groups)) if groups[at] != groups[at - 1]]
    assert begins.tolist() == changes


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of some row groups, a commit each; of five requests two are French."""
    database = tmp_path_factory.mktemp("groups") / "workbench.duckdb"
    store = Store(Settings(database=str(database)))
    for group in range(GROUPS):
        rows = [
            some_request(output_text=f"answer {at}", tags=("fr",) if at % 5 < 2 else ())
            for at in range(group * ROW_GROUP_ROWS, (group + 1) * ROW_GROUP_ROWS)
        ]
        keys = [str(uuid.uuid4()) for _ in rows]
        Bulk(store).add([prepare(rows, keys, [False] * len(rows), "import")]).result()
    store.close()
    return database


def ranges_read(monkeypatch: pytest.MonkeyPatch) -> set[tuple[int, int]]:
    """The ranges of ids that are read from now on: the least and the greatest id of each."""
    ranges: set[tuple[int, int]] = set()

    def noted(cursor: Any, select: str, low: int, high: int) -> Any:
        ranges.add((low, high))
        return fetched(cursor, select, low, high)

    monkeypatch.setattr(export_ranges, "fetched", noted)
    return ranges


@pytest.mark.parametrize("query", ["", "tag:fr"])
def test_no_row_group_of_the_texts_is_read_for_two_ranges(
    imported: Path, query: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ranges = ranges_read(monkeypatch)
    store = Store(Settings(database=str(imported)))
    try:
        with Snapshot(store.connection, parse_text(query), now=NOON) as snapshot:
            found = [
                text
                for table in snapshot.tables(columns_of(["output_text"]), lists_as_text=True)
                for text in table["output_text"].to_pylist()
            ]
        with store.connection.cursor() as cursor:
            groups = cursor.execute(
                "SELECT min(request_id), max(request_id) FROM bodies "
                f"GROUP BY rowid // {ROW_GROUP_ROWS}"
            ).fetchall()
    finally:
        store.close()

    numbers = range(GROUPS * ROW_GROUP_ROWS)
    assert found == [f"answer {at}" for at in numbers if not query or at % 5 < 2]
    assert len(ranges) > 1
    for least, most in groups:
        assert len([1 for low, high in ranges if low <= most and high >= least]) == 1


def test_what_fits_into_one_range_is_read_at_once_wherever_row_groups_begin(
    imported: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = ROW_GROUP_ROWS - 1
    ranges = ranges_read(monkeypatch)
    store = Store(Settings(database=str(imported)))
    try:
        with Snapshot(store.connection, parse_text("tag:fr"), now=NOON) as snapshot:
            columns = columns_of(["output_text"])
            tables = list(snapshot.tables(columns, lists_as_text=True, first=wanted))
    finally:
        store.close()

    assert [table.num_rows for table in tables] == [wanted]
    assert len(ranges) == 1


def test_names_can_be_asked_for_while_the_next_range_is_read(
    imported: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_by: list[Any] = []
    used_at_once: list[bool] = []

    def slowly(cursor: Any, select: str, low: int, high: int) -> Any:
        read_by.append(cursor)
        time.sleep(0.05)
        table = fetched(cursor, select, low, high)
        read_by.remove(cursor)
        return table

    def noted(cursor: Any, table: Any) -> None:
        used_at_once.append(cursor in read_by)
        put_ids(cursor, table)

    put_ids = export_rows._put_ids
    monkeypatch.setattr(export_ranges, "fetched", slowly)
    monkeypatch.setattr(export_rows, "_put_ids", noted)
    store = Store(Settings(database=str(imported)))
    try:
        with Snapshot(store.connection, parse_text(""), now=NOON) as snapshot:
            tables = snapshot.tables(columns_of(["output_text"]), lists_as_text=True)
            found = next(tables)["output_text"].to_pylist()
            assert snapshot.metadata_keys() == []
            found += [text for table in tables for text in table["output_text"].to_pylist()]
    finally:
        store.close()

    assert used_at_once == [False, False]
    assert found == [f"answer {at}" for at in range(GROUPS * ROW_GROUP_ROWS)]
