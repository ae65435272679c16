"""Columns with other names: in the draft at once, in versions before not at all."""

from __future__ import annotations

from typing import Any

import pytest

from tests.store.test_dataset_pages import found, value
from tests.store.test_datasets import PICTURE, A, a_dataset, opened, run, values
from workbench.store import dataset_diff, dataset_duplicates, datasets
from workbench.store.dataset_pages import Sort, types_there, value_names
from workbench.store.dataset_values import Column
from workbench.store.datasets import NewRow
from workbench.store.errors import Refused
from workbench.store.export_datasets import DatasetSnapshot
from workbench.store.store import Store

LONG = "words " * 2_000


def renamed(store: Store, id_: int, name: str, to: str) -> None:
    run(store, lambda c: store.datasets.rename_column(c, A, id_, name, to))


def columns(store: Store, id_: int, number: int) -> list[str]:
    return [one.name for one in datasets.required_version(store.connection, id_, number).columns]


@pytest.fixture
def id_(store: Store) -> int:
    """Version 1, and a draft in which "a" is called "b/c"."""
    rows: list[dict[str, Any]] = [
        {"a": 2, "n": "x"},
        {"a": f"{LONG}end", "n": None},
        {"a": PICTURE},
    ]
    made = a_dataset(store, rows)
    opened(store, made)
    renamed(store, made, "a", " b/c ")
    return made


def test_the_draft_has_the_new_name_and_the_published_version_the_old_one(
    store: Store, id_: int
) -> None:
    assert (columns(store, id_, 1), columns(store, id_, 2)) == (["a", "n"], ["b/c", "n"])
    new = {1: {"b/c": 2, "n": "x"}, 2: {"b/c": f"{LONG}end", "n": None}, 3: {"b/c": PICTURE}}
    assert values(store, id_, 2) == new
    assert list(values(store, id_, 1)[1]) == ["a", "n"]
    assert value_names(store.connection, id_, 2) == ["b/c", "n"]
    assert run(store, lambda c: types_there(c, id_, 2, ["b/c"])) == {"b/c": "json"}
    with DatasetSnapshot(store.connection, id_, 2) as snapshot:
        table = next(snapshot.tables(snapshot.chosen([]), lists_as_text=False))
    assert table["b/c"].to_pylist()[0] == "2"


def test_rows_are_found_and_sorted_by_the_new_name(store: Store, id_: int) -> None:
    assert found(store, id_, value("contains", "end", "b/c")) == [2]
    assert found(store, id_, value("is", "2", "b/c")) == [1]
    assert found(store, id_, value("empty", "", "a")) == [1, 2, 3]
    assert found(store, id_, sort=Sort("value", "b/c"))[0] == 1


def test_rows_come_in_under_the_new_name_and_are_the_same_as_older_ones(
    store: Store, id_: int
) -> None:
    added = [NewRow({"n": "x", "b/c": 2}), NewRow({"b/c": f"{LONG}end"}), NewRow({"b/c": PICTURE})]
    run(store, lambda c: store.datasets.add_rows(c, A, id_, added))
    assert values(store, id_, 2)[5] == {"b/c": f"{LONG}end"}
    assert dataset_duplicates.find(store.connection, id_, 2).first == ((4, 1), (6, 3))
    assert run(store, lambda c: store.datasets.remove_duplicates(c, A, id_, ["b/c"])) == 3
    run(store, lambda c: store.datasets.edit_row(c, A, id_, 1, {"b/c": 3}))
    assert values(store, id_, 2)[1] == {"b/c": 3}
    assert columns(store, id_, 2) == ["b/c", "n"]


def test_a_new_column_may_have_the_old_name_and_two_may_change_places(
    store: Store, id_: int
) -> None:
    run(store, lambda c: store.datasets.add_rows(c, A, id_, [NewRow({"a": "own", "b/c": 9})]))
    assert columns(store, id_, 2) == ["b/c", "n", "a"]
    assert values(store, id_, 2)[4] == {"a": "own", "b/c": 9}
    assert values(store, id_, 2)[1] == {"b/c": 2, "n": "x"}
    assert found(store, id_, value("is", "own", "a")) == [4]
    for name, to in (("a", "t"), ("b/c", "a"), ("t", "b/c")):
        renamed(store, id_, name, to)
    assert values(store, id_, 2)[4] == {"b/c": "own", "a": 9}
    run(store, lambda c: store.datasets.publish(c, A, id_))
    assert run(store, lambda c: store.datasets.restore_version(c, A, id_, 1)) == 3
    assert values(store, id_, 3) == values(store, id_, 1)
    assert columns(store, id_, 3) == ["a", "n"]


def test_a_hidden_column_keeps_its_new_name(store: Store, id_: int) -> None:
    run(store, lambda c: store.datasets.set_columns(c, A, id_, [Column("n")]))
    assert columns(store, id_, 2) == ["n"]
    assert values(store, id_, 2)[1] == {"b/c": 2, "n": "x"}
    with pytest.raises(Refused, match="hidden"):
        renamed(store, id_, "n", "b/c")
    run(store, lambda c: store.datasets.set_columns(c, A, id_, [Column("n"), Column("b/c")]))
    draft = datasets.draft(store.connection, id_)
    assert draft is not None
    assert [(one.name, one.type) for one in draft.columns] == [("n", "text"), ("b/c", "json")]
    run(store, lambda c: store.datasets.set_columns(c, A, id_, [Column("b/c")]))
    with pytest.raises(Refused, match="hidden"):
        renamed(store, id_, "b/c", "n")


@pytest.mark.parametrize(
    ("name", "to", "said"),
    [
        ("b/c", "n", "already"),
        ("b/c", " ", "1 to 200"),
        ("b/c", "x\ny", "printable"),
        ("b/c", "x" * 201, "1 to 200"),
        ("a", "z", "no column"),
    ],
)
def test_names_that_cannot_be_are_refused(
    store: Store, id_: int, name: str, to: str, said: str
) -> None:
    with pytest.raises(Refused, match=said):
        renamed(store, id_, name, to)
    assert columns(store, id_, 2) == ["b/c", "n"]


def test_a_rename_alone_changes_no_row_and_is_told(store: Store, id_: int) -> None:
    told = dataset_diff.difference(store.connection, id_, 1, 2)
    assert (told.total, told.columns_added, told.columns_removed) == (0, (), ())
    assert told.columns_renamed == (("a", "b/c"),)
    run(store, lambda c: store.datasets.edit_row(c, A, id_, 1, {"b/c": 2, "n": "y"}))
    (changed,) = dataset_diff.changes(store.connection, id_, 1, 2)
    assert changed.before is not None
    assert changed.before.values == {"b/c": 2, "n": "x"}


def test_a_published_version_has_no_column_to_rename(store: Store) -> None:
    made = a_dataset(store, [{"a": 1}])
    with pytest.raises(Refused, match="draft"):
        renamed(store, made, "a", "b")
