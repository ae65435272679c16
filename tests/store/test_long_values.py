"""Long values of datasets and cells: whole wherever they are asked for, short in every row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.store.conftest import Opener
from tests.store.test_dataset_pages import found, value
from tests.store.test_datasets import PICTURE, A, a_dataset, opened, run, values
from tests.store.test_evaluations import done, kept, made, write
from workbench.settings import Settings
from workbench.store import (
    dataset_diff,
    dataset_duplicates,
    evaluation_cells,
    evaluation_pages,
    evaluation_purge,
    evaluation_sums,
    long_values,
)
from workbench.store.dataset_pages import Condition, Sort, types_there
from workbench.store.datasets import NewRow
from workbench.store.errors import StoreError
from workbench.store.export_datasets import DatasetSnapshot
from workbench.store.store import Store

LONG = "слово " * 5_000
# The last one has many values of middling length, and no long one.
ROWS: list[dict[str, Any]] = [
    {"n": 1, "t": f"Begin {LONG}EndOne", "m": [{"role": "user", "content": f"{LONG}\n{PICTURE}"}]},
    {"n": 2, "t": f'{LONG}"quoted" EndTwo', "m": None},
    {"n": 3, "t": "short", "m": {"a": 1}},
    {"n": 4, "t": "middling " * 120, **{f"c{number}": f"{number} " * 500 for number in range(60)}},
]


def longest(store: Store, table: str, column: str) -> int:
    with store.connection.cursor() as cursor:
        row = cursor.execute(f"SELECT coalesce(max(length({column})), 0) FROM {table}").fetchone()
    assert row is not None
    return int(row[0])


def pieces(store: Store, table: str = "dataset_texts") -> int:
    with store.connection.cursor() as cursor:
        row = cursor.execute(f"SELECT count(*) FROM {table}").fetchone()
    assert row is not None
    return int(row[0])


def test_rows_with_long_values_come_back_whole_and_none_is_long_in_the_file(
    opener: Opener,
) -> None:
    store = opener()
    id_ = a_dataset(store, ROWS)
    store = opener()
    assert values(store, id_, 1) == dict(enumerate(ROWS, 1))
    assert longest(store, "dataset_rows", "value") < 50_000
    assert longest(store, "dataset_texts", "text") <= 8_192
    with DatasetSnapshot(store.connection, id_, 1) as snapshot:
        table = next(snapshot.tables(snapshot.chosen(["t"]), lists_as_text=False))
        assert table["t"].to_pylist() == [row["t"] for row in ROWS]


def test_conditions_look_at_the_whole_of_long_values(store: Store) -> None:
    id_ = a_dataset(store, ROWS)
    opened(store, id_)
    assert found(store, id_, value("contains", "endone", "t")) == [1]
    assert found(store, id_, value("contains", "endone", "t", negated=True)) == [2, 3, 4]
    assert found(store, id_, value("contains", '"quoted" end', "t")) == [2]
    assert found(store, id_, Condition("any", "contains", '"quoted" end')) == [2]
    assert found(store, id_, value("contains", "user", "m")) == [1]
    assert found(store, id_, value("lt", "bez", "t")) == [1]
    assert found(store, id_, value("is", "short", "t")) == [3]
    assert found(store, id_, value("empty", "", "m")) == [2, 4]
    assert found(store, id_, value("contains", "59 59", "c59")) == [4]
    assert found(store, id_, sort=Sort("value", "t")) == [1, 4, 3, 2]


def test_duplicates_and_differences_are_of_whole_values(store: Store) -> None:
    """The third has the same text as the first, with so much else that it is short of place."""
    text = "x " * 1_500
    rows = [{"t": text}, {"t": f"{LONG}a"}, {**ROWS[3], "t": text}, {"t": f"{LONG}b"}]
    id_ = a_dataset(store, [*rows, {"t": f"{LONG}a"}])
    assert dataset_duplicates.find(store.connection, id_, 1, ["t"]).first == ((3, 1), (5, 2))
    assert dataset_duplicates.find(store.connection, id_, 1).first == ((5, 2),)
    opened(store, id_)
    run(store, lambda c: store.datasets.edit_row(c, A, id_, 4, {"t": f"{LONG}c"}))
    changed = dataset_diff.changes(store.connection, id_, 1, 2)
    assert [(one.id, one.kind) for one in changed] == [(4, "changed")]
    assert changed[0].before is not None
    assert changed[0].after is not None
    assert changed[0].before.values["t"][-1] + changed[0].after.values["t"][-1] == "bc"
    assert run(store, lambda c: store.datasets.remove_duplicates(c, A, id_, ["t"])) == 2
    assert list(values(store, id_, 2)) == [1, 2, 4]


def test_states_of_a_row_share_its_long_values_and_the_last_takes_them_away(store: Store) -> None:
    id_ = a_dataset(store, ROWS[:1])
    before = pieces(store)
    opened(store, id_)
    run(store, lambda c: store.datasets.set_split(c, A, id_, [1], "train"))
    assert pieces(store) == before
    run(store, lambda c: store.datasets.edit_row(c, A, id_, 1, {"t": f"{LONG}2"}))
    assert pieces(store) > before
    assert values(store, id_, 1)[1] == ROWS[0]
    run(store, lambda c: store.datasets.edit_row(c, A, id_, 1, {"t": "short"}))
    assert pieces(store) == before
    first = run(store, lambda c: store.datasets.add_rows(c, A, id_, [NewRow({"t": LONG})]))
    run(store, lambda c: store.datasets.delete_rows(c, A, id_, [first]))
    assert pieces(store) == before
    run(store, lambda c: store.datasets.restore_version(c, A, id_, 1))
    assert values(store, id_, 2)[1] == ROWS[0]


def test_columns_keep_their_types_where_their_values_are_long(store: Store) -> None:
    id_ = a_dataset(store, ROWS[:1])
    opened(store, id_)
    found_there = run(store, lambda c: types_there(c, id_, 2, ["n", "t", "m"]))
    assert found_there == {"n": "number", "t": "text", "m": "json"}


def fill(path: Path) -> Store:
    """Far more than the engine may hold, in rows that it would read at once."""
    store = Store(Settings(database=str(path / "workbench.duckdb"), memory_limit="64MB"))
    id_ = run(store, lambda c: store.datasets.create(c, A, "Large"))
    run(store, lambda c: store.datasets.open_draft(c, A, id_))
    for number in range(0, 150, 10):
        rows = [NewRow({"n": each, "t": a_text(each)}) for each in range(number, number + 10)]
        run(store, lambda c, rows=rows: store.datasets.add_rows(c, A, id_, rows))  # type: ignore[misc]
    return store


def a_text(number: int) -> str:
    return f"{number} {'some words ' * 72_000} end{number}zq"


def test_more_than_fits_into_memory_is_kept_found_changed_and_read(tmp_path: Path) -> None:
    store = fill(tmp_path)
    with store.connection.cursor() as cursor:
        (id_,) = cursor.execute("SELECT id FROM datasets").fetchall()[0]
        cursor.execute("CHECKPOINT")
    run(store, lambda c: store.datasets.publish(c, A, id_))
    opened(store, id_)
    assert found(store, id_, value("contains", "end77zq", "t")) == [78]
    assert len(found(store, id_, sort=Sort("value", "t", descending=True))) == 150
    run(store, lambda c: store.datasets.add_tags(c, A, id_, list(range(1, 151)), ["x"]))
    assert dataset_diff.difference(store.connection, id_, 1, 2).changed == 150
    read = 0
    with DatasetSnapshot(store.connection, id_, 2) as snapshot:
        for table in snapshot.tables(snapshot.chosen(["n", "t"]), lists_as_text=False):
            for n, text in zip(table["n"].to_pylist(), table["t"].to_pylist(), strict=True):
                assert text == a_text(n)
                read += 1
    assert read == 150
    store.close()


def test_whole_values_would_end_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As values were kept before; else the test above says nothing."""
    monkeypatch.setattr(long_values, "LONG", 2**40)
    monkeypatch.setattr(long_values, "MOST", 2**40)
    with pytest.raises(StoreError, match="WORKBENCH_MEMORY_LIMIT"):
        fill(tmp_path)


def test_long_cells_are_read_found_compared_and_purged_whole(store: Store) -> None:
    info, (a, b) = made(store, [{"question": "Hello"}, {"question": "Bye"}])
    detail = '{"reasoning":"' + "why " * 3_000 + '","request_ids":[7],"milliseconds":12.5}'
    numbers = [1] * 5_000
    write(
        store,
        info,
        done(1, a, f"{LONG}one", detail=detail),
        done(1, b, f"{LONG}two"),
        done(2, a, f"{LONG}one"),
        done(2, b, {"deep": f"{LONG * 3}End"}),
    )
    assert longest(store, "evaluation_cells", "value") < 2_000
    assert longest(store, "evaluation_cells", "detail") < 2_000
    whole = evaluation_pages.cells(store.connection, info.id, [1, 2], None)
    assert whole[1][a].value == f'"{LONG}one"'
    assert kept(store, info, 2, b).value == '{"deep":"' + LONG * 3 + 'End"}'
    cut = evaluation_pages.cells(store.connection, info.id, [1], 20)[1][a]
    assert cut.value is not None
    assert (len(cut.value), cut.length) == (20, len(LONG) + 5)
    read = evaluation_pages.detail(store.connection, info.id, 1, a)
    assert read["reasoning"] == "why " * 3_000
    names = {"a": a, "b": b}

    def rows(**asked: Any) -> list[int]:
        where = [evaluation_pages.Condition(**asked)]
        sort = evaluation_pages.Sort()
        return evaluation_pages.page(store.connection, info, names, where, sort, 0, 9)[0]

    assert rows(column="b", text="two") == [1]
    assert rows(column="b", text="end") == [2]
    assert rows(field="any", text="two") == [1]
    assert rows(field="any", text="why ") == []
    pairs = evaluation_sums.paired(store.connection, (info.id, a), (info.id, b))
    assert (pairs.same, pairs.changed) == (0, 2)
    pairs = evaluation_sums.paired(store.connection, (info.id, a), (info.id, a))
    assert (pairs.same, pairs.changed) == (2, 0)
    assert evaluation_sums.sums(store.connection, [(info.id, a)])[info.id, a].milliseconds == 12.5
    write(store, info, done(2, a, numbers))
    assert evaluation_sums.sums(store.connection, [(info.id, a)])[info.id, a].mean == 1
    rate = evaluation_cells.rate
    run(store, lambda c: rate(c, info.id, 2, b, f"{LONG}rated", "anna", store.make_id))
    assert kept(store, info, 2, b).value == f'"{LONG}rated"'
    run(store, lambda c: evaluation_purge.forget_requests(c, [7]))
    assert evaluation_pages.cells(store.connection, info.id, [1], None)[1][a].value is None
    with store.connection.cursor() as cursor:
        texts = cursor.execute("SELECT string_agg(text, '') FROM evaluation_texts").fetchall()
    assert "one" not in texts[0][0]
    assert "two" not in texts[0][0]
    assert "rated" in texts[0][0]
