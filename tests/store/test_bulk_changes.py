"""Changes of many requests at once do what a plain loop would, and undoing restores exactly."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.store.samples import NOON, some_request
from workbench.filters import parse_text
from workbench.logs import bulk
from workbench.logs.bulk import Selection
from workbench.store import audit, bulk_changes, requests, search
from workbench.store.bulk_kinds import (
    KINDS,
    Deleting,
    Grouping,
    Kind,
    MetadataChange,
    Scoring,
    Starring,
    Tagging,
    asked,
    kind_of,
)
from workbench.store.errors import NotFound, Refused
from workbench.store.metadata import index_of
from workbench.store.rows import Detail
from workbench.store.store import Store
from workbench.store.watch import Unwatched

tag = st.sampled_from(["a", "b", "c", "ключ", "a\x00b", "'; --"])
key = st.sampled_from(["user", "a.b", 'q"', "ключ"])
value = st.sampled_from(["x", "", 1, 1.0, True, None, {"deep": [1]}, ["p"], 2**60])


def everything(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    """All that a bulk change may touch, as it stands in the tables."""
    with store.connection.cursor() as cursor:
        return {
            "requests": cursor.execute(
                "SELECT id, tags, metadata, metadata_index, group_id, deleted_at, deleted_by, "
                "model, input_preview FROM requests ORDER BY id"
            ).fetchall(),
            "scores": cursor.execute(
                "SELECT request_id, name, value, actor, scored_at FROM scores ORDER BY ALL"
            ).fetchall(),
            "stars": cursor.execute("SELECT * FROM stars ORDER BY ALL").fetchall(),
            "bodies": cursor.execute("SELECT * FROM bodies ORDER BY request_id").fetchall(),
        }


def add(store: Store, *fields: dict[str, Any]) -> list[int]:
    waiting = [store.add(some_request(**each)) for each in fields]
    return [each.result().id for each in waiting]


def do(store: Store, ids: Sequence[int], kind: Kind) -> bulk.Done:
    return bulk.run(store, "user:eve", Selection(frozenset(ids)), kind)


def star(store: Store, id_: int) -> None:
    store.change(lambda cursor: store.stars.put(cursor, "x", id_, starred=True)).result()


def detail(store: Store, id_: int) -> Detail:
    found = requests.get(store.connection, id_)
    assert found is not None
    return found


request = st.fixed_dictionaries(
    {
        "tags": st.lists(tag, unique=True, max_size=3).map(tuple),
        "metadata": st.dictionaries(key, value, max_size=3),
        "scores": st.lists(
            st.tuples(st.sampled_from(["q", "z"]), st.floats(0, 100)), max_size=3
        ).map(tuple),
    }
)
taggings = st.builds(
    lambda add, remove: Tagging(tuple(add), tuple(set(remove) - set(add))),
    st.lists(st.sampled_from(["a", "b", "new"]), min_size=1, max_size=2),
    st.lists(tag, max_size=2),
)
metadata_changes = st.builds(
    lambda wanted, remove: MetadataChange(wanted, tuple(set(remove) - set(wanted))),
    st.dictionaries(key, value, min_size=1, max_size=2),
    st.lists(key, max_size=2),
)
scorings = st.builds(Scoring, st.sampled_from(["q", "z"]), st.none() | st.floats(0, 100))
starrings = st.builds(Starring, st.booleans())
kinds = taggings | metadata_changes | scorings | starrings | st.just(Deleting())


@settings(max_examples=15)
@given(
    drawn=st.lists(request, min_size=1, max_size=5),
    starred=st.sets(st.integers(0, 4)),
    picked=st.sets(st.integers(0, 4), min_size=1),
    kind=kinds,
    batch=st.integers(1, 3),
)
def test_undoing_restores_exactly_what_was_there(
    store: Store,
    drawn: list[dict[str, Any]],
    starred: set[int],
    picked: set[int],
    kind: Kind,
    batch: int,
) -> None:
    ids = add(store, *drawn)
    for place in starred & set(range(len(ids))):
        star(store, ids[place])
    chosen = [ids[place] for place in picked if place < len(ids)]
    before = everything(store)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bulk, "BATCH", batch)
        done = do(store, chosen, kind)
        assert done.planned == len(chosen)
        assert (everything(store) == before) == (done.changed == 0)
        undone = bulk.undo(store, "user:bob", done.id)
    assert undone == bulk.Undone(done.changed, 0)
    assert everything(store) == before
    assert bulk.undo(store, "user:bob", done.id) == bulk.Undone(0, 0)


@settings(max_examples=10)
@given(drawn=st.lists(request, min_size=1, max_size=4), tagging=taggings, change=metadata_changes)
def test_tags_and_metadata_are_changed_as_one_would_by_hand(
    store: Store, drawn: list[dict[str, Any]], tagging: Tagging, change: MetadataChange
) -> None:
    ids = add(store, *drawn)
    do(store, ids, tagging)
    do(store, ids, change)
    for id_, fields in zip(ids, drawn, strict=True):
        found = detail(store, id_)
        tags = [each for each in fields["tags"] if each not in tagging.remove]
        assert found.summary.tags == [*tags, *(each for each in tagging.add if each not in tags)]
        kept = {k: v for k, v in fields["metadata"].items() if k not in change.remove}
        assert found.metadata == {**kept, **change.set}
        assert list(found.metadata) == list({**kept, **change.set})
        with store.connection.cursor() as cursor:
            row = cursor.execute("SELECT metadata_index FROM requests WHERE id = ?", [id_])
            assert row.fetchone() == (index_of(found.metadata),)


def test_all_that_match_are_those_of_the_moment_the_list_was_read(store: Store) -> None:
    ids = add(store, *({"model": "a"} for _ in range(5)), {"model": "b"})
    up_to = search.newest_id(store.connection)
    later = add(store, {"model": "a"})
    selection = Selection(
        filter=parse_text("model:a -tag:seen"),
        now=NOON,
        up_to=up_to,
        without=frozenset([ids[1]]),
    )
    done = bulk.run(store, "user:eve", selection, Tagging(("seen",)))
    assert (done.planned, done.changed) == (4, 4)
    tagged = [id_ for id_ in [*ids, *later] if detail(store, id_).summary.tags]
    assert tagged == [ids[0], *ids[2:5]]


def test_a_search_of_texts_can_be_the_selection(store: Store) -> None:
    ids = add(store, {"input_text": "a parcel"}, {"input_text": "a letter"})
    selection = Selection(filter=parse_text("parcel"), now=NOON)
    assert selection.resolved(store.connection) == ids[:1]
    assert bulk.run(store, "x", selection, Starring()).changed == 1
    found = search.ids(store.connection, parse_text("is:starred"), now=NOON)
    assert found == ids[:1]
    assert detail(store, ids[0]).summary.starred
    assert not detail(store, ids[1]).summary.starred


def test_what_was_changed_since_stays_and_is_counted(store: Store) -> None:
    ids = add(store, {"tags": ("a",)}, {"tags": ("a",)}, {})
    done = do(store, ids, Tagging(("b",)))
    store.change(
        lambda cursor: store.annotations.set_tags(cursor, "x", ids[1], ["a", "b", "c"])
    ).result()
    assert bulk.undo(store, "user:eve", done.id) == bulk.Undone(2, 1)
    assert [detail(store, id_).summary.tags for id_ in ids] == [["a"], ["a", "b", "c"], []]


def test_a_score_that_someone_else_gave_since_stays(store: Store) -> None:
    ids = add(store, {"scores": (("q", 10.0),)}, {})
    done = do(store, ids, Scoring("q", 50))
    store.change(lambda cursor: store.annotations.set_score(cursor, "x", ids[0], "q", 50)).result()
    assert bulk.undo(store, "user:eve", done.id) == bulk.Undone(1, 1)
    assert [[s.value for s in detail(store, id_).scores] for id_ in ids] == [[50.0], []]


def test_requests_are_grouped_and_the_group_must_be_there(store: Store) -> None:
    group, other = (store.new_group("x").result() for _ in range(2))
    ids = add(store, {}, {"group_id": other})
    with pytest.raises(NotFound, match="no group 7"):
        do(store, ids, Grouping(7))
    assert bulk_changes.recent(store.connection) == []
    done = do(store, ids, Grouping(group))
    assert [detail(store, id_).group_id for id_ in ids] == [group, group]
    assert do(store, ids, Grouping(group)).changed == 0
    bulk.undo(store, "x", done.id)
    assert [detail(store, id_).group_id for id_ in ids] == [None, other]


def test_deleted_requests_are_hidden_at_once_and_nothing_more_is_done_to_them(
    store: Store,
) -> None:
    ids = add(store, {}, {})
    done = do(store, ids[:1], Deleting())
    assert requests.get(store.connection, ids[0]) is None
    assert search.ids(store.connection, parse_text(""), now=NOON) == ids[1:]
    for kind in (Tagging(("a",)), MetadataChange({"a": 1}), Scoring("q", 1), Starring()):
        assert do(store, ids, kind).changed == 1
    assert do(store, ids[:1], Deleting()).changed == 0
    bulk.undo(store, "x", done.id)
    assert detail(store, ids[0]).summary.tags == []


def test_a_change_is_audited_with_actor_and_counts(store: Store) -> None:
    ids = add(store, {"tags": ("a",)}, {})
    done = do(store, ids, Tagging(("a",)))
    bulk.undo(store, "user:bob", done.id)
    entries = audit.newest(store.connection, 10, f"bulk/{done.id}")
    assert [(each.actor, each.action) for each in reversed(entries)] == [
        ("user:eve", "bulk.tag"),
        ("user:eve", "bulk.done"),
        ("user:bob", "bulk.undo"),
    ]
    assert entries[2].detail == {
        "asked": {"add": ["a"], "remove": []},
        "requests": 2,
        "scope": "picked",
    }
    assert entries[1].detail == {"changed": 1, "stopped": False}
    (change,) = bulk_changes.recent(store.connection)
    assert (change.planned, change.changed, change.kept) == (2, 1, 0)
    assert change.undone_at is not None
    assert change.kind == Tagging(("a",))


def test_a_change_can_be_stopped_and_undone_as_far_as_it_came(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = add(store, *({} for _ in range(5)))
    monkeypatch.setattr(bulk, "BATCH", 2)

    class StoppedAtTwo(Unwatched):
        def __init__(self) -> None:
            super().__init__()
            self.told: list[tuple[int, int | None]] = []

        def tell(self, through: int, of: int | None = None, *_: Any, **__: Any) -> None:
            self.told.append((through, of))
            self.is_stopped = len(self.told) == 2

    done = bulk.run(store, "x", Selection(frozenset(ids)), Starring(), watch := StoppedAtTwo())
    assert (done.changed, done.stopped, watch.told) == (4, True, [(2, 5), (4, 5)])
    assert bulk.undo(store, "x", done.id) == bulk.Undone(4, 0)
    assert everything(store)["stars"] == []


def test_nothing_selected_is_a_change_of_nothing(store: Store) -> None:
    assert do(store, [], Deleting()).changed == 0
    assert do(store, [12345], Deleting()).changed == 0


def test_what_was_before_is_forgotten_after_a_month(store: Store) -> None:
    ids = add(store, {})
    old = do(store, ids, Starring())

    def age(cursor: Any) -> None:
        cursor.execute(
            "UPDATE bulk_changes SET made_at = ? WHERE id = ?",
            [NOON.replace(tzinfo=None) - timedelta(days=400), old.id],
        )

    store.change(age).result()
    do(store, ids, Tagging(("a",)))
    assert bulk.undo(store, "x", old.id) == bulk.Undone(0, 0)
    assert detail(store, ids[0]).summary.starred


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Tagging(), "Name a tag"),
        (lambda: Tagging(("a",), ("a",)), "both added and removed"),
        (lambda: Tagging((" ",)), "1 to 100 printable"),
        (lambda: Tagging(tuple(map(str, range(51)))), "At most 50"),
        (lambda: MetadataChange(), "Name a metadata key"),
        (lambda: MetadataChange({"a": 1}, ("a",)), "both set and removed"),
        (lambda: MetadataChange({"": 1}), "1 to 200 characters"),
        (lambda: Scoring("", 1), "name of a score"),
        (lambda: Scoring("q", 101), "from 0 to 100"),
        (lambda: Scoring("q", float("nan")), "from 0 to 100"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence(make: Any, says: str) -> None:
    with pytest.raises(Refused, match=says):
        make()


@given(kinds)
def test_what_was_asked_comes_back_from_its_json(kind: Kind) -> None:
    assert kind_of(kind.action, orjson.loads(orjson.dumps(asked(kind)))) == kind


def test_every_kind_is_tried_here() -> None:
    tried = {Tagging, MetadataChange, Scoring, Starring, Grouping, Deleting}
    assert set(KINDS) == tried


def test_a_change_that_is_not_there_cannot_be_undone(store: Store) -> None:
    with pytest.raises(NotFound, match="no such change"):
        bulk.undo(store, "x", 99)
