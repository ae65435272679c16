"""The list of tags: predefined, renamed, merged, unlisted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.store.samples import some_request
from workbench.store import audit, requests, tags
from workbench.store.errors import NotFound, Refused
from workbench.store.store import Store
from workbench.store.tags import Tag

ACTOR = "user:ada"


def run(store: Store, change: Callable[..., Any], *args: Any) -> Any:
    return store.change(lambda cursor: change(cursor, ACTOR, *args)).result()


def add(store: Store, *names: str) -> int:
    return store.add(some_request(tags=names)).result().id


def tags_of(store: Store, id_: int) -> list[str]:
    detail = requests.get(store.connection, id_)
    assert detail is not None
    return detail.summary.tags


def test_the_list_has_predefined_tags_and_those_that_requests_carry(store: Store) -> None:
    run(store, store.tags.save, " prod ", "green", "In front of users")
    run(store, store.tags.save, "unused", "red")
    add(store, "prod", "wild")
    add(store, "prod")
    assert tags.listed(store.connection) == [
        Tag("prod", "green", "In front of users", True, 2),
        Tag("unused", "red", "", True, 0),
        Tag("wild", "gray", "", False, 1),
    ]


def test_saving_again_changes_colour_and_description(store: Store) -> None:
    run(store, store.tags.save, "prod", "green", "old")
    run(store, store.tags.save, "prod", "blue", "new")
    assert tags.listed(store.connection) == [Tag("prod", "blue", "new", True, 0)]


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "a\x00b", "x" * 101, "\u202eabc"])
def test_a_name_that_cannot_be_read_is_refused(store: Store, name: str) -> None:
    with pytest.raises(Refused, match="printable characters"):
        run(store, store.tags.save, name, "green")
    assert tags.listed(store.connection) == []


def test_a_colour_that_is_none_is_refused_with_those_there_are(store: Store) -> None:
    with pytest.raises(Refused, match="gray, blue"):
        run(store, store.tags.save, "prod", "puce")


def test_renaming_changes_list_and_requests_and_keeps_the_order(store: Store) -> None:
    run(store, store.tags.save, "prod", "green", "text")
    one, two = add(store, "a", "prod", "z"), add(store, "other")
    assert run(store, store.tags.rename, "prod", "live") == 1
    assert tags_of(store, one) == ["a", "live", "z"]
    assert tags_of(store, two) == ["other"]
    listed = {each.name: each for each in tags.listed(store.connection)}
    assert listed["live"] == Tag("live", "green", "text", True, 1)
    assert "prod" not in listed


def test_renaming_into_a_tag_that_is_there_merges_and_keeps_its_colour(store: Store) -> None:
    run(store, store.tags.save, "prod", "green")
    run(store, store.tags.save, "live", "red")
    both, one = add(store, "prod", "x", "live"), add(store, "prod")
    assert run(store, store.tags.rename, "prod", "live") == 2
    assert tags_of(store, both) == ["x", "live"]
    assert tags_of(store, one) == ["live"]
    (entry,) = audit.newest(store.connection, subject="tag/prod", limit=1)
    assert (entry.actor, entry.action) == (ACTOR, "tag.merge")
    assert entry.detail == {"into": "live", "requests": 2}


def test_a_tag_that_nobody_listed_can_be_renamed_too(store: Store) -> None:
    id_ = add(store, "wild")
    assert run(store, store.tags.rename, "wild", "tame") == 1
    assert tags_of(store, id_) == ["tame"]
    assert [(each.name, each.listed) for each in tags.listed(store.connection)] == [("tame", False)]


def test_a_tag_of_deleted_requests_alone_is_not_there(store: Store) -> None:
    id_ = add(store, "gone")
    run(store, store.annotations.delete, id_)
    with pytest.raises(NotFound, match="no tag 'gone'"):
        run(store, store.tags.rename, "gone", "back")


def test_renaming_to_the_same_name_changes_nothing(store: Store) -> None:
    run(store, store.tags.save, "prod", "green")
    assert run(store, store.tags.rename, "prod", " prod ") == 0
    assert len(audit.newest(store.connection)) == 1


def test_unlisting_leaves_the_tag_on_its_requests_and_flags_it(store: Store) -> None:
    run(store, store.tags.save, "prod", "green")
    id_ = add(store, "prod")
    run(store, store.tags.unlist, "prod")
    assert tags.listed(store.connection) == [Tag("prod", "gray", "", False, 1)]
    assert tags_of(store, id_) == ["prod"]
    with pytest.raises(NotFound):
        run(store, store.tags.unlist, "prod")


def test_each_change_of_the_list_is_in_the_audit(store: Store) -> None:
    run(store, store.tags.save, "a", "green")
    run(store, store.tags.rename, "a", "b")
    run(store, store.tags.unlist, "b")
    entries = audit.newest(store.connection)
    assert [(each.actor, each.action, each.subject) for each in entries] == [
        (ACTOR, "tag.unlist", "tag/b"),
        (ACTOR, "tag.rename", "tag/a"),
        (ACTOR, "tag.save", "tag/a"),
    ]
