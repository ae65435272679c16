"""What is added to a request later: each change with its actor and a line in the audit."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from tests.store.samples import NOON, some_request
from workbench.filters import Filter
from workbench.store import audit, requests, search, stats, tags
from workbench.store.connection import Cursor
from workbench.store.errors import NotFound
from workbench.store.rows import Detail
from workbench.store.store import Store

ACTOR = "user:ada"
Annotate = Callable[[Store, Cursor, int], None]


def group_of(store: Store) -> int:
    return store.new_group(ACTOR).result()


CHANGES: dict[str, tuple[str, Annotate]] = {
    "tags": (
        "request.tag",
        lambda store, cursor, id_: store.annotations.set_tags(cursor, ACTOR, id_, ["a", "b", "a"]),
    ),
    "more metadata": (
        "request.metadata",
        lambda store, cursor, id_: store.annotations.add_metadata(cursor, ACTOR, id_, {"k": [1]}),
    ),
    "other metadata": (
        "request.metadata",
        lambda store, cursor, id_: store.annotations.set_metadata(cursor, ACTOR, id_, {"k": None}),
    ),
    "a score": (
        "request.score",
        lambda store, cursor, id_: store.annotations.set_score(cursor, ACTOR, id_, "taste", 73.5),
    ),
    "a score less": (
        "request.unscore",
        lambda store, cursor, id_: store.annotations.remove_score(cursor, ACTOR, id_, "old"),
    ),
    "a group": (
        "request.group",
        lambda store, cursor, id_: store.annotations.set_group(cursor, ACTOR, id_, 77),
    ),
    "a prompt template": (
        "request.prompt",
        lambda store, cursor, id_: store.annotations.set_prompt(
            cursor, ACTOR, id_, "greeting", 3, "prod", {"name": "Ada"}
        ),
    ),
    "a tombstone": (
        "request.delete",
        lambda store, cursor, id_: store.annotations.delete(cursor, ACTOR, id_),
    ),
}


def changed(store: Store, name: str, id_: int) -> None:
    store.change(lambda cursor: CHANGES[name][1](store, cursor, id_)).result()


@pytest.fixture
def id_(store: Store) -> int:
    store.change(
        lambda cursor: cursor.execute("INSERT INTO groups VALUES (77, ?, 'x')", [NOON]) and None
    ).result()
    row = some_request(
        metadata={"user": "u1"}, tags=("prod",), scores=(("old", 1.0),), prompt_id=5, raw='{"a":1}'
    )
    return store.add(row).result().id


def detail_of(store: Store, id_: int) -> Detail:
    detail = requests.get(store.connection, id_)
    assert detail is not None
    return detail


def test_each_change_is_seen_in_the_detail(store: Store, id_: int) -> None:
    for name in CHANGES:
        if name not in {"other metadata", "a tombstone"}:
            changed(store, name, id_)
    detail = detail_of(store, id_)
    assert detail.summary.tags == ["a", "b"]
    assert detail.metadata == {"user": "u1", "k": [1]}
    assert [(each.name, each.value, each.actor) for each in detail.scores] == [
        ("taste", 73.5, ACTOR)
    ]
    assert detail.group_id == 77
    assert (detail.summary.prompt_name, detail.summary.prompt_version) == ("greeting", 3)
    assert (detail.prompt_label, detail.prompt_id) == ("prod", None)
    assert detail.input_variables == {"name": "Ada"}
    assert detail.raw == '{"a":1}'
    changed(store, "other metadata", id_)
    assert detail_of(store, id_).metadata == {"k": None}


def test_each_change_leaves_one_line_with_its_actor(store: Store, id_: int) -> None:
    for name in CHANGES:
        changed(store, name, id_)
    entries = audit.newest(store.connection, subject=f"request/{id_}")
    assert [(each.actor, each.action) for each in reversed(entries)] == [
        (ACTOR, action) for action, _ in CHANGES.values()
    ]


def test_what_is_not_there_or_deleted_cannot_be_changed(store: Store, id_: int) -> None:
    changed(store, "a tombstone", id_)
    for name in CHANGES:
        for absent in (id_, id_ + 1, 0, -1):
            with pytest.raises(NotFound, match=f"There is no request {absent}"):
                changed(store, name, absent)
    assert len(audit.newest(store.connection, subject=f"request/{id_}")) == 1


def test_a_second_score_of_a_name_replaces_the_first(store: Store, id_: int) -> None:
    for value in (1.0, 99.0):
        set_score = partial(store.annotations.set_score, actor=ACTOR, request_id=id_, name="old")
        store.change(partial(set_score, value=value)).result()
    assert [(each.name, each.value) for each in detail_of(store, id_).scores] == [("old", 99.0)]


def test_a_score_or_group_that_is_not_there_is_named(store: Store, id_: int) -> None:
    with pytest.raises(NotFound, match="no score 'none'"):
        store.change(
            lambda cursor: store.annotations.remove_score(cursor, ACTOR, id_, "none")
        ).result()
    with pytest.raises(NotFound, match="no group 78"):
        store.change(lambda cursor: store.annotations.set_group(cursor, ACTOR, id_, 78)).result()


def test_what_is_set_to_what_it_is_leaves_no_line(store: Store, id_: int) -> None:
    annotate = store.annotations
    store.change(lambda cursor: annotate.set_tags(cursor, ACTOR, id_, ["prod"])).result()
    store.change(lambda cursor: annotate.set_metadata(cursor, ACTOR, id_, {"user": "u1"})).result()
    assert not audit.newest(store.connection, subject=f"request/{id_}")


@pytest.mark.parametrize(("before", "after"), [(1, True), (1, 1.0), (0, False), ("1", 1)])
def test_values_that_python_takes_for_the_same_are_a_change(
    store: Store, id_: int, before: Any, after: Any
) -> None:
    set_metadata = partial(store.annotations.set_metadata, actor=ACTOR, request_id=id_)
    for value in (before, after):
        store.change(partial(set_metadata, metadata={"n": value})).result()
    kept = detail_of(store, id_).metadata["n"]
    assert (kept, type(kept)) == (after, type(after))


def test_a_deleted_request_is_gone_at_once_everywhere(store: Store, id_: int) -> None:
    other = store.add(some_request(model="m", tags=("staging",))).result().id
    changed(store, "a tombstone", id_)
    everything = Filter()
    page = search.page(store.connection, everything, now=NOON, limit=10)
    assert [row.id for row in page.rows] == [other]
    assert requests.get(store.connection, id_) is None
    assert search.summary(store.connection, id_) is None
    assert search.count(store.connection, everything, now=NOON) == 1
    assert search.totals(store.connection, everything, now=NOON).requests == 1
    numbered = search.numbered_page(store.connection, everything, now=NOON, number=1, size=10)
    assert [row.id for row in numbered] == [other]
    assert [each.value for each in stats.facet(store.connection, "tag", everything, now=NOON)] == [
        "staging"
    ]
    assert [each.name for each in tags.listed(store.connection)] == ["staging"]
    assert stats.contents(store.connection).requests == 1
    assert stats.contents(store.connection).deleted == 1
    (only,) = stats.slices(
        store.connection, by=("model",), since=NOON, until=NOON.replace(year=2027)
    )
    assert (only.model, only.requests) == ("m", 1)
