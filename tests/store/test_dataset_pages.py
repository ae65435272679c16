"""Pages of a dataset's rows: order and conditions on any column, with hostile names and values."""

from __future__ import annotations

from typing import Any

import pytest

from tests.store.test_datasets import PICTURE, A, a_dataset, opened, run
from workbench.store import dataset_pages
from workbench.store.dataset_pages import Condition, Sort
from workbench.store.datasets import NewRow
from workbench.store.errors import Refused
from workbench.store.store import Store

ROWS: list[dict[str, Any]] = [
    {"n": 10, "t": "Zebra", 'a/b~"c': "x"},
    {"n": 9, "t": "apple \x1f", "picture": PICTURE},
    {"n": -1.5, "t": "Äpfel", 'a/b~"c': "y"},
    {"n": "10", "t": None},
    {"n": None, "t": "zebra"},
    {"t": "", "n": 9.25, "list": [1, {"needle": "hidden"}]},
    {"t": "100%_'; DROP TABLE datasets; --"},
]


@pytest.fixture
def dataset(store: Store) -> int:
    id_ = a_dataset(store, ROWS[:4], split="train", tags=("One", "two"))
    opened(store, id_)
    run(
        store,
        lambda c: store.datasets.add_rows(
            c, A, id_, [NewRow(one, "test", ("three",)) for one in ROWS[4:]]
        ),
    )
    return id_


def found(store: Store, dataset: int, *where: Condition, sort: Sort | None = None) -> list[int]:
    return dataset_pages.ids(store.connection, dataset, 2, where=where, sort=sort or Sort())


def value(operator: Any, text: str = "", column: str = "n", negated: bool = False) -> Condition:
    return Condition("value", operator, text, column, negated)


def test_numbers_sort_as_numbers_before_texts_and_what_is_missing_comes_last(
    store: Store, dataset: int
) -> None:
    assert found(store, dataset, sort=Sort("value", "n")) == [3, 2, 6, 1, 4, 5, 7]
    down = found(store, dataset, sort=Sort("value", "n", descending=True))
    assert down == [1, 6, 2, 3, 4, 5, 7]
    by_name = found(store, dataset, sort=Sort("value", 'a/b~"c', descending=True))
    assert by_name == [3, 1, 2, 4, 5, 6, 7]
    assert found(store, dataset, sort=Sort("row", descending=True)) == [7, 6, 5, 4, 3, 2, 1]
    assert found(store, dataset, sort=Sort("split")) == [5, 6, 7, 1, 2, 3, 4]
    assert found(store, dataset, sort=Sort("value", "nowhere")) == [1, 2, 3, 4, 5, 6, 7]


def test_conditions_on_a_column_compare_numbers_as_numbers_and_texts_without_their_case(
    store: Store, dataset: int
) -> None:
    assert found(store, dataset, value("gt", "9")) == [1, 4, 6]
    assert found(store, dataset, value("le", "9")) == [2, 3]
    assert found(store, dataset, value("is", "10")) == [1, 4]
    assert found(store, dataset, value("is", "10.0")) == [1, 4]
    assert found(store, dataset, value("is", "ZEBRA", "t")) == [1, 5]
    assert found(store, dataset, value("contains", "APPLE", "t")) == [2]
    assert found(store, dataset, value("contains", "äpf", "t")) == [3]
    assert found(store, dataset, value("contains", "%_'; drop", "t")) == [7]
    assert found(store, dataset, value("is", "x", 'a/b~"c')) == [1]
    assert found(store, dataset, value("empty", column="t")) == [4, 6]
    assert found(store, dataset, value("empty", column="n")) == [5, 7]
    assert found(store, dataset, value("contains", "hidden", "list")) == [6]


def test_a_condition_turned_round_finds_all_the_other_rows(store: Store, dataset: int) -> None:
    for condition in (
        value("gt", "9"),
        value("contains", "apple", "t"),
        Condition("any", "contains", "zebra"),
        Condition("tag", "is", "one"),
    ):
        turned = Condition(
            condition.field, condition.operator, condition.text, condition.column, True
        )
        both = found(store, dataset, condition) + found(store, dataset, turned)
        assert sorted(both) == [1, 2, 3, 4, 5, 6, 7]


def test_a_word_is_found_in_all_values_and_not_in_the_names_of_columns(
    store: Store, dataset: int
) -> None:
    assert found(store, dataset, Condition("any", "contains", "ZEBRA")) == [1, 5]
    assert found(store, dataset, Condition("any", "contains", "hidden")) == [6]
    assert found(store, dataset, Condition("any", "contains", "picture")) == []
    assert found(store, dataset, Condition("any", "contains", "'; drop")) == [7]


def test_splits_tags_and_rows_are_conditions_too_and_all_have_to_hold(
    store: Store, dataset: int
) -> None:
    train, two = Condition("split", "is", "train"), Condition("tag", "is", "TWO")
    assert found(store, dataset, train) == [1, 2, 3, 4]
    assert found(store, dataset, two, value("gt", "0")) == [1, 2, 4]
    assert found(store, dataset, Condition("row", "ge", "6")) == [6, 7]
    assert found(store, dataset, Condition("source", "empty")) == [1, 2, 3, 4, 5, 6, 7]
    assert dataset_pages.splits(store.connection, dataset, 2) == {"train": 4, "test": 3}
    assert dataset_pages.tags(store.connection, dataset, 2) == {"One": 4, "two": 4, "three": 3}


def test_a_page_has_whole_rows_in_order_and_the_count_of_all(store: Store, dataset: int) -> None:
    sort = Sort("value", "n", descending=True)
    page = dataset_pages.page(store.connection, dataset, 2, sort=sort, offset=2, limit=2)
    assert ([row.id for row in page.rows], page.total) == ([2, 3], 7)
    assert page.rows[0].values == ROWS[1]
    some = dataset_pages.page(
        store.connection, dataset, 2, where=[value("gt", "0")], sort=sort, offset=1, limit=2
    )
    assert ([row.id for row in some.rows], some.total) == ([6, 2], 4)
    beyond = dataset_pages.page(store.connection, dataset, 2, offset=50)
    assert (beyond.rows, beyond.total) == ((), 7)
    published = dataset_pages.page(store.connection, dataset, 1)
    assert published.total == 4


def test_too_many_conditions_and_too_long_ones_are_refused(store: Store, dataset: int) -> None:
    with pytest.raises(Refused):
        found(store, dataset, *[value("gt", "1")] * 21)
    with pytest.raises(Refused):
        found(store, dataset, value("is", "x" * 2001))
