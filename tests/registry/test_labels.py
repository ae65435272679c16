"""Release labels: moved with a record, and protected by a second person."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.registry.conftest import WHO, Publish, chat, publisher
from workbench.jsontext import FieldError
from workbench.registry import ab, labels
from workbench.registry.fetching import Ask, fetch
from workbench.store.errors import NotFound, Refused
from workbench.store.store import Store

OTHER = "user:bob"


def where(store: Store, name: str = "prod") -> int | None:
    found = {one.name: one.number for one in labels.labels(store.connection, "greeting")}
    return found.get(name)


def test_a_label_is_set_moved_and_removed_and_all_of_it_is_recorded(both: Store) -> None:
    publish = publisher(both)
    publish(labels=["prod"])
    publish()
    moved = labels.move_label(both, OTHER, "greeting", "prod", 2)
    assert (moved.before, moved.after) == (1, 2)
    assert moved.sentence == "The release label 'prod' moved from version 1 to 2."
    assert where(both) == 2
    same = labels.move_label(both, OTHER, "greeting", "prod", 2)
    assert same.sentence == "The release label 'prod' pointed at version 2 already."
    labels.remove_label(both, OTHER, "greeting", "prod")
    assert where(both) is None
    said = [
        (one.action, one.actor, one.detail.get("before"), one.detail.get("after"))
        for one in labels.history(both.connection, "greeting")
        if one.action.startswith("label.")
    ]
    assert said == [
        ("label.remove", OTHER, 2, None),
        ("label.move", OTHER, 1, 2),
        ("label.move", WHO, None, 1),
    ]


def test_a_move_shows_what_it_changes(store: Store, publish_: Publish) -> None:
    publish_(prompt=chat(("user", "Hello {name}")), labels=["prod"])
    publish_(prompt=chat(("user", "Good day {name} of {city}")))
    diff = labels.label_diff(store.connection, "greeting", "prod", 2)
    assert diff is not None
    assert diff.variables.added == ("city",)
    assert diff.messages[0].kind == "changed"
    assert labels.label_diff(store.connection, "greeting", "beta", 2) is None
    with pytest.raises(NotFound, match="no version 9"):
        labels.label_diff(store.connection, "greeting", "prod", 9)


def test_a_label_goes_to_no_version_that_is_not_there(store: Store, publish_: Publish) -> None:
    publish_()
    with pytest.raises(NotFound, match="has no version 2"):
        labels.move_label(store, WHO, "greeting", "prod", 2)
    with pytest.raises(NotFound, match="no release label"):
        labels.remove_label(store, WHO, "greeting", "prod")
    with pytest.raises(FieldError):
        labels.move_label(store, WHO, "greeting", "a\nb", 1)


def test_a_protected_label_moves_with_a_second_persons_word(both: Store) -> None:
    publish = publisher(both)
    publish(labels=["prod"])
    publish()
    labels.protect(both, WHO, "prod")
    asked = labels.move_label(both, WHO, "greeting", "prod", 2, note="tested all week")
    assert asked.waits
    assert where(both) == 1
    [request] = labels.waiting(both.connection)
    assert (request.kind, request.to_number, request.note) == ("move", 2, "tested all week")
    with pytest.raises(Refused, match="somebody other than user:ada has to approve"):
        labels.approve(both, WHO, request.id)
    assert where(both) == 1
    done = labels.approve(both, OTHER, request.id)
    assert (done.decision, done.decided_by) == ("approved", OTHER)
    assert where(both) == 2
    assert labels.waiting(both.connection) == []
    with pytest.raises(Refused, match="approved already, by user:bob"):
        labels.reject(both, OTHER, request.id)
    move = next(
        one for one in labels.history(both.connection, "greeting") if one.action == "label.move"
    )
    assert (move.actor, move.detail["asked_by"]) == (OTHER, WHO)


def test_a_version_that_is_published_with_a_protected_label_waits_for_it(
    store: Store, publish_: Publish
) -> None:
    labels.protect(store, WHO, "prod")
    made = publish_(labels=["prod", "dev"])
    assert [one.waits for one in made.labels] == [True, False]
    assert [one.kind for one in made.notices] == ["label-waits"]
    assert where(store) is None
    assert where(store, "dev") == 1


def test_asking_twice_is_one_request(store: Store, publish_: Publish) -> None:
    publish_(labels=["prod"])
    publish_()
    labels.protect(store, WHO, "prod", "greeting")
    first = labels.move_label(store, WHO, "greeting", "prod", 2).request
    again = labels.move_label(store, OTHER, "greeting", "prod", 2).request
    assert first is not None
    assert again is not None
    assert first.id == again.id


def test_a_request_about_another_place_is_stale(store: Store, publish_: Publish) -> None:
    publish_(labels=["prod"])
    publish_()
    publish_()
    labels.protect(store, WHO, "prod")
    for number in (2, 3):
        labels.move_label(store, WHO, "greeting", "prod", number)
    third, second = labels.waiting(store.connection)
    labels.approve(store, OTHER, third.id)
    with pytest.raises(Refused, match="it was at version 1 and is at version 3 now"):
        labels.approve(store, OTHER, second.id)
    labels.reject(store, OTHER, second.id)
    assert where(store) == 3


def test_removing_and_splitting_a_protected_label_wait_too(store: Store, publish_: Publish) -> None:
    publish_(labels=["prod"])
    publish_()
    labels.protect(store, WHO, "prod")
    assert labels.remove_label(store, WHO, "greeting", "prod").waits
    halves = ab.Release("prod", (ab.Share(1, Decimal(50)), ab.Share(2, Decimal(50))))
    ab.start(store, WHO, "greeting", halves)
    split, removal = labels.waiting(store.connection)
    assert (split.kind, removal.kind) == ("split", "remove")
    assert not any(one.is_running for one in ab.releases(store.connection, "greeting"))
    labels.approve(store, OTHER, split.id)
    assert [one.is_running for one in ab.releases(store.connection, "greeting")] == [True]
    labels.approve(store, OTHER, removal.id)
    assert where(store) is None
    assert [one.is_running for one in ab.releases(store.connection, "greeting")] == [False]


def test_nobody_lifts_a_protection_alone(store: Store, publish_: Publish) -> None:
    publish_(labels=["prod"])
    publish_()
    labels.protect(store, WHO, "prod")
    request = labels.unprotect(store, WHO, "prod")
    assert labels.move_label(store, WHO, "greeting", "prod", 2).waits
    with pytest.raises(Refused):
        labels.approve(store, WHO, request.id)
    labels.approve(store, OTHER, request.id)
    assert not labels.is_protected(store.connection, "greeting", "prod")
    assert not labels.move_label(store, WHO, "greeting", "prod", 2).waits
    with pytest.raises(NotFound, match="not protected there"):
        labels.unprotect(store, WHO, "prod")


def test_only_who_asked_withdraws(store: Store, publish_: Publish) -> None:
    publish_(labels=["prod"])
    publish_()
    labels.protect(store, WHO, "prod")
    request = labels.move_label(store, WHO, "greeting", "prod", 2).request
    assert request is not None
    with pytest.raises(Refused, match="Only user:ada"):
        labels.withdraw(store, OTHER, request.id)
    assert labels.withdraw(store, WHO, request.id).decision == "withdrawn"


def test_a_protection_of_one_template_leaves_the_others(store: Store, publish_: Publish) -> None:
    publish_("a")
    publish_("b")
    labels.protect(store, WHO, "prod", "a")
    assert labels.move_label(store, WHO, "a", "prod", 1).waits
    assert not labels.move_label(store, WHO, "b", "prod", 1).waits


def test_who_fetches_by_a_label_sees_a_move_at_once(store: Store, publish_: Publish) -> None:
    publish_(labels=["prod"])
    publish_()
    for number in (1, 2, 1, 2):
        labels.move_label(store, WHO, "greeting", "prod", number)
        assert fetch(store, "greeting", Ask(label="prod")).version.number == number
    labels.remove_label(store, WHO, "greeting", "prod")
    with pytest.raises(NotFound, match="no release label 'prod'"):
        fetch(store, "greeting", Ask(label="prod"))
