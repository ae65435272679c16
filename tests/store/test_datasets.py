"""Datasets: names, drafts, versions that never change, rows, duplicates, what a purge takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import pytest

from tests.store.conftest import Opener
from workbench.store import (
    audit,
    dataset_duplicates,
    dataset_purge,
    dataset_reading,
    datasets,
)
from workbench.store.connection import Cursor
from workbench.store.dataset_values import Column
from workbench.store.datasets import NewRow
from workbench.store.errors import NotFound, Refused
from workbench.store.store import Store

T = TypeVar("T")
PICTURE = "QUJD" * 500
A = "user:a"


def run(store: Store, change: Callable[[Cursor], T]) -> T:
    return store.change(change).result()


def a_dataset(store: Store, rows: list[dict[str, Any]], name: str = "Set", **more: Any) -> int:
    """A dataset with one published version."""

    def make(cursor: Cursor) -> int:
        id_ = store.datasets.create(cursor, A, name)
        store.datasets.open_draft(cursor, A, id_)
        store.datasets.add_rows(cursor, A, id_, [NewRow(each, **more) for each in rows])
        store.datasets.publish(cursor, A, id_, "first")
        return id_

    return run(store, make)


def opened(store: Store, id_: int) -> int:
    return run(store, lambda cursor: store.datasets.open_draft(cursor, A, id_))


def values(store: Store, id_: int, number: int) -> dict[int, dict[str, Any]]:
    return {row.id: row.values for row in dataset_reading.rows(store.connection, id_, number)}


def test_a_dataset_is_there_after_a_restart_with_its_pictures(opener: Opener) -> None:
    store = opener()
    row = {"q": "é \x1f \x00", "picture": f"data:image/png;base64,{PICTURE}", "a/b~c": [1, {}]}
    id_ = a_dataset(store, [row])
    store = opener()
    found = datasets.get(store.connection, id_)
    assert found is not None
    assert (found.name, found.newest, found.draft, found.rows) == ("Set", 1, None, 1)
    assert values(store, id_, 1) == {1: row}
    version = datasets.version(store.connection, id_)
    assert version is not None
    assert [column.name for column in version.columns] == list(row)


def test_names_are_unique_without_regard_to_capitals_and_free_again_after_removal(
    store: Store,
) -> None:
    id_ = a_dataset(store, [], "Straße")
    with pytest.raises(Refused, match="already"):
        run(store, lambda cursor: store.datasets.create(cursor, A, " STRASSE "))
    run(store, lambda cursor: store.datasets.remove(cursor, A, id_))
    other = run(store, lambda cursor: store.datasets.create(cursor, A, "strasse"))
    with pytest.raises(Refused, match="already"):
        run(store, lambda cursor: store.datasets.restore(cursor, A, id_))
    run(store, lambda cursor: store.datasets.rename(cursor, A, other, "Weg"))
    run(store, lambda cursor: store.datasets.restore(cursor, A, id_))
    found = datasets.get_by_name(store.connection, "straSSe")
    assert found is not None
    assert found.id == id_


@pytest.mark.parametrize("name", ["", "  ", "a\x00b", "x" * 201])
def test_what_is_no_name_is_refused(store: Store, name: str) -> None:
    with pytest.raises(Refused, match="name"):
        run(store, lambda cursor: store.datasets.create(cursor, A, name))
    assert datasets.listed(store.connection) == []


def test_datasets_are_listed_last_changed_first_and_found_by_name(store: Store) -> None:
    first = a_dataset(store, [{"a": 1}], "Summer prices")
    second = a_dataset(store, [{"a": 1}, {"a": 2}], "Winter")
    opened(store, first)
    found = datasets.listed(store.connection)
    assert [(one.id, one.newest, one.draft, one.rows) for one in found] == [
        (first, 1, 2, 1),
        (second, 1, None, 2),
    ]
    assert [one.id for one in datasets.listed(store.connection, "sUMMER")] == [first]
    assert datasets.counted(store.connection, "in") == 1
    run(store, lambda cursor: store.datasets.remove(cursor, A, second))
    assert datasets.get(store.connection, second) is None
    assert [one.id for one in datasets.listed(store.connection, deleted=True)] == [second]


def test_there_is_one_draft_at_most_and_without_one_nothing_changes(store: Store) -> None:
    id_ = a_dataset(store, [{"a": 1}])
    changes = store.datasets
    for change in (
        lambda cursor: changes.add_rows(cursor, A, id_, [NewRow({"a": 2})]),
        lambda cursor: changes.edit_row(cursor, A, id_, 1, {"a": 2}),
        lambda cursor: changes.delete_rows(cursor, A, id_, [1]),
        lambda cursor: changes.set_split(cursor, A, id_, [1], "test"),
        lambda cursor: changes.add_tags(cursor, A, id_, [1], ["x"]),
        lambda cursor: changes.remove_duplicates(cursor, A, id_),
        lambda cursor: changes.set_columns(cursor, A, id_, []),
        lambda cursor: changes.publish(cursor, A, id_),
        lambda cursor: changes.discard(cursor, A, id_),
    ):
        with pytest.raises(Refused, match="draft"):
            run(store, change)
    assert [opened(store, id_), opened(store, id_)] == [2, 2]
    assert [one.number for one in datasets.versions(store.connection, id_)] == [2, 1]


def test_every_change_of_a_dataset_that_is_not_there_says_so(store: Store) -> None:
    with pytest.raises(NotFound):
        opened(store, 4)
    with pytest.raises(NotFound):
        run(store, lambda cursor: store.datasets.rename(cursor, A, 4, "x"))


def test_a_picture_that_no_row_holds_any_more_goes_with_the_draft(store: Store) -> None:
    id_ = a_dataset(store, [{"picture": PICTURE}])
    opened(store, id_)
    added = [NewRow({"picture": "REVG" * 500}), NewRow({"picture": PICTURE})]
    run(store, lambda cursor: store.datasets.add_rows(cursor, A, id_, added))
    run(store, lambda cursor: store.datasets.discard(cursor, A, id_))
    with store.connection.cursor() as cursor:
        found = cursor.execute("SELECT count(*) FROM dataset_blobs").fetchone()
    assert found == (1,)
    assert values(store, id_, 1) == {1: {"picture": PICTURE}}


def test_columns_come_with_rows_and_their_types_widen(store: Store) -> None:
    id_ = run(
        store,
        lambda cursor: store.datasets.create(cursor, A, "Set", columns=[Column("question")]),
    )
    rows = [NewRow({"question": "a", "n": None, "flag": True}), NewRow({"n": 1, "output": {}})]
    run(store, lambda cursor: store.datasets.add_rows(cursor, A, id_, rows))
    run(store, lambda cursor: store.datasets.edit_row(cursor, A, id_, 1, {"n": "text"}))
    draft = datasets.draft(store.connection, id_)
    assert draft is not None
    assert [(one.name, one.type, one.role) for one in draft.columns] == [
        ("question", "text", "input"),
        ("n", "json", "input"),
        ("flag", "boolean", "input"),
        ("output", "json", "expected"),
    ]


def test_columns_are_hidden_and_come_back_with_the_types_that_their_values_have(
    store: Store,
) -> None:
    id_ = a_dataset(store, [{"a": 1, "b": "x", "c": None}, {"a": 2.5, "b": 3}])
    opened(store, id_)
    change = store.datasets.set_columns
    run(store, lambda c: change(c, A, id_, [Column("c", "number", "metadata")]))
    run(store, lambda c: change(c, A, id_, [Column("b"), Column("c"), Column("a", "text")]))
    draft = datasets.draft(store.connection, id_)
    assert draft is not None
    assert [(one.name, one.type) for one in draft.columns] == [
        ("b", "json"),
        ("c", "number"),
        ("a", "number"),
    ]
    assert values(store, id_, 2) == values(store, id_, 1)
    with pytest.raises(Refused, match="Two columns"):
        run(store, lambda c: change(c, A, id_, [Column("a"), Column("a")]))


@pytest.mark.parametrize(
    "row",
    [{"": 1}, {"a\nb": 1}, {"x" * 201: 1}, {"a": 2**70}, {"a": "\ud800"}, {"a": object()}],
)
def test_a_row_that_cannot_be_kept_is_refused_with_its_neighbours_in_the_call(
    store: Store, row: dict[str, Any]
) -> None:
    id_ = a_dataset(store, [])
    opened(store, id_)
    with pytest.raises(Refused):
        run(
            store,
            lambda cursor: store.datasets.add_rows(cursor, A, id_, [NewRow({"a": 1}), NewRow(row)]),
        )
    assert values(store, id_, 2) == {}


def test_splits_and_tags_are_set_for_many_rows_and_the_published_version_keeps_its_own(
    store: Store,
) -> None:
    id_ = a_dataset(store, [{"a": n} for n in range(4)], split="train", tags=("old",))
    opened(store, id_)
    changes = store.datasets
    assert run(store, lambda c: changes.set_split(c, A, id_, [1, 2, 99], "test")) == 2
    assert run(store, lambda c: changes.set_split(c, A, id_, [1, 2], " test ")) == 0
    assert run(store, lambda c: changes.set_split(c, A, id_, [3], None)) == 1
    assert run(store, lambda c: changes.add_tags(c, A, id_, [1, 2], ["new", "old"])) == 2
    assert run(store, lambda c: changes.remove_tags(c, A, id_, [2, 3], ["old"])) == 2
    assert run(store, lambda c: changes.set_tags(c, A, id_, [4], ["only"])) == 1
    rows = dataset_reading.rows(store.connection, id_, 2)
    assert [(row.id, row.split, row.tags) for row in rows] == [
        (1, "test", ("old", "new")),
        (2, "test", ("new",)),
        (3, None, ()),
        (4, "train", ("only",)),
    ]
    before = dataset_reading.rows(store.connection, id_, 1)
    assert {(row.split, row.tags) for row in before} == {("train", ("old",))}


def test_duplicates_go_by_all_values_or_by_chosen_columns_and_the_first_one_stays(
    store: Store,
) -> None:
    rows: list[dict[str, Any]] = [
        {"q": "a", "n": 1},
        {"n": 1, "q": "a"},
        {"q": "a", "n": 2},
        {"q": "a"},
        {"q": None},
        {},
        {"q": PICTURE},
        {"q": PICTURE, "n": 3},
    ]
    id_ = a_dataset(store, rows)
    opened(store, id_)
    assert dataset_duplicates.find(store.connection, id_, 2).first == ((2, 1),)
    assert run(store, lambda c: store.datasets.remove_duplicates(c, A, id_)) == 1
    found = dataset_duplicates.find(store.connection, id_, 2, ["q"], limit=2)
    assert (found.rows, found.first) == (3, ((3, 1), (4, 1)))
    assert run(store, lambda c: store.datasets.remove_duplicates(c, A, id_, ["q"])) == 3
    assert list(values(store, id_, 2)) == [1, 5, 6, 7]
    assert list(values(store, id_, 1)) == [1, 2, 3, 4, 5, 6, 7, 8]


def test_a_draft_s_own_rows_go_too_and_the_count_of_duplicates_is_in_the_audit_trail(
    store: Store,
) -> None:
    id_ = a_dataset(store, [{"a": 1}, {"a": 1}, {"a": 2}])
    opened(store, id_)
    run(store, lambda c: store.datasets.edit_row(c, A, id_, 1, {"a": 2}))
    added = [NewRow({"a": n}) for n in (1, 3, 3)]
    run(store, lambda c: store.datasets.add_rows(c, A, id_, added))
    assert run(store, lambda c: store.datasets.remove_duplicates(c, A, id_)) == 3
    assert values(store, id_, 2) == {1: {"a": 2}, 2: {"a": 1}, 5: {"a": 3}}
    assert values(store, id_, 1) == {1: {"a": 1}, 2: {"a": 1}, 3: {"a": 2}}
    assert run(store, lambda c: store.datasets.remove_duplicates(c, A, id_)) == 0
    told = [one for one in audit.newest(store.connection) if "remove_duplicates" in one.action]
    assert [one.detail["rows"] for one in told] == [0, 3]


def test_an_older_version_comes_back_as_the_draft(store: Store) -> None:
    id_ = a_dataset(store, [{"a": 1}, {"a": 2}, {"a": 3}])
    opened(store, id_)
    changes = store.datasets
    run(store, lambda c: changes.delete_rows(c, A, id_, [1]))
    run(store, lambda c: changes.edit_row(c, A, id_, 2, {"a": 20, "b": 1}))
    run(store, lambda c: changes.add_rows(c, A, id_, [NewRow({"a": 4})]))
    run(store, lambda c: changes.publish(c, A, id_, "second"))
    opened(store, id_)
    run(store, lambda c: changes.edit_row(c, A, id_, 3, {"a": 30}))
    assert run(store, lambda c: changes.restore_version(c, A, id_, 1)) == 3
    assert values(store, id_, 3) == values(store, id_, 1)
    assert list(values(store, id_, 2).values()) == [{"a": 20, "b": 1}, {"a": 3}, {"a": 4}]
    draft = datasets.draft(store.connection, id_)
    assert draft is not None
    assert [column.name for column in draft.columns] == ["a"]
    with pytest.raises(NotFound):
        run(store, lambda c: changes.restore_version(c, A, id_, 3))


def test_a_purge_takes_the_rows_of_purged_requests_out_of_every_version(store: Store) -> None:
    id_ = a_dataset(store, [{"p": PICTURE}, {"p": "REVG" * 500}], source_request=99)
    other = a_dataset(store, [{"p": PICTURE}], "Other", source_request=98)
    opened(store, id_)
    run(
        store,
        lambda c: store.datasets.add_rows(c, A, id_, [NewRow({"p": "REVG" * 500})]),
    )
    run(store, lambda c: store.datasets.edit_row(c, A, id_, 1, {"p": "edited"}))
    run(store, lambda c: dataset_purge.forget_requests(c, [99]))
    assert values(store, id_, 1) == {}
    assert list(values(store, id_, 2)) == [3]
    assert [one.rows for one in datasets.versions(store.connection, id_)] == [1, 0]
    assert len(values(store, other, 1)) == 1
    with store.connection.cursor() as cursor:
        found = cursor.execute("SELECT dataset_id FROM dataset_blobs ORDER BY 1").fetchall()
    assert found == [(id_,), (other,)]


def test_a_purge_takes_removed_datasets_whole(store: Store) -> None:
    id_ = a_dataset(store, [{"p": PICTURE}])
    kept = a_dataset(store, [{"p": PICTURE}], "Kept")
    run(store, lambda c: store.datasets.remove(c, A, id_))
    run(store, dataset_purge.forget_removed)
    with pytest.raises(NotFound):
        run(store, lambda c: store.datasets.restore(c, A, id_))
    assert values(store, id_, 1) == {}
    assert len(values(store, kept, 1)) == 1


def test_every_change_leaves_a_trail(store: Store) -> None:
    id_ = a_dataset(store, [{"a": 1}])
    trail = audit.newest(store.connection, subject=f"dataset/{id_}")
    assert [one.action for one in trail] == [
        "dataset.publish",
        "dataset.add_rows",
        "dataset.open_draft",
        "dataset.create",
    ]
    assert {one.actor for one in trail} == {A}
