"""Votes of the playground: pairs, one vote a person and place, gone with what they are about."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from tests.store.conftest import Opener
from tests.store.samples import some_request
from workbench.store import audit, playground, playground_votes
from workbench.store.errors import Refused
from workbench.store.playground_votes import Answered, Place
from workbench.store.store import Store

PLACE = Place(batch=7, row=1, repeat=2, turn=0)
A, B, C = Answered("a", 1), Answered("b", 2), Answered(None, 3)


def vote(store: Store, preferred: Answered | None, *answers: Answered, **more: Any) -> None:
    given: dict[str, Any] = {"actor": "user:ada", "session_id": 5, "place": PLACE, **more}
    change = partial(
        store.playground_votes.vote,
        answers=answers or (A, B, C),
        preferred=preferred,
        is_blind=True,
        **given,
    )
    store.change(change).result()


def pairs(store: Store) -> list[tuple[str | None, str | None, bool]]:
    found = playground_votes.of_session(store.connection, 5)
    return [(one.preferred.run, one.other.run, one.tie) for one in found]


def test_a_vote_among_three_answers_is_two_pairs_after_a_restart(opener: Opener) -> None:
    vote(opener(), B)
    store = opener()
    assert pairs(store) == [("b", "a", False), ("b", None, False)]
    (first, second) = playground_votes.of_session(store.connection, 5)
    assert (first.place, first.actor, first.is_blind) == (PLACE, "user:ada", True)
    assert (second.preferred.request, second.other.request) == (2, 3)
    assert list(playground_votes.preference_pairs(store.connection)) == [(2, 1), (2, 3)]


def test_a_second_vote_of_a_person_takes_the_place_of_the_first_anothers_stands_beside(
    store: Store,
) -> None:
    vote(store, A, A, B)
    vote(store, B, A, B)
    assert pairs(store) == [("b", "a", False)]
    vote(store, A, A, B, actor="user:bob")
    vote(store, A, A, B, place=Place(batch=8))
    assert pairs(store) == [("b", "a", False), ("a", "b", False), ("a", "b", False)]


def test_a_tie_prefers_none_and_is_no_preference_pair(store: Store) -> None:
    vote(store, None)
    assert pairs(store) == [("a", "b", True), ("a", None, True)]
    assert list(playground_votes.preference_pairs(store.connection)) == []


def test_a_vote_is_taken_back_and_leaves_its_trail(store: Store) -> None:
    vote(store, A)
    for _ in range(2):
        change = partial(
            store.playground_votes.take_back, actor="user:ada", session_id=5, place=PLACE
        )
        store.change(change).result()
    assert pairs(store) == []
    trail = [one.action for one in audit.newest(store.connection, subject="playground/5")]
    assert trail == ["playground.take_back", "playground.vote"]


@pytest.mark.parametrize(("preferred", "answers"), [(A, (A,)), (None, (A,)), (C, (A, B))])
def test_what_is_no_comparison_is_refused(
    store: Store, preferred: Answered | None, answers: tuple[Answered, ...]
) -> None:
    with pytest.raises(Refused, match="two answers"):
        vote(store, preferred, *answers)
    assert pairs(store) == []


def test_votes_are_hidden_and_purged_with_their_requests(store: Store) -> None:
    first, second, third = (store.add(some_request(raw=str(n))).result().id for n in range(3))
    one, two, three = Answered("a", first), Answered("b", second), Answered("c", third)
    vote(store, one, one, two, three)
    assert list(playground_votes.preference_pairs(store.connection)) == [
        (first, second),
        (first, third),
    ]
    store.change(
        lambda cursor: cursor.execute(
            "UPDATE requests SET deleted_at = now()::TIMESTAMP WHERE id = ?", [second]
        )
    ).result()
    assert pairs(store) == [("a", "c", False)]
    assert list(playground_votes.preference_pairs(store.connection)) == [(first, third)]
    store.change(lambda cursor: playground.forget_requests(cursor, [second])).result()
    with store.connection.cursor() as cursor:
        assert cursor.execute("SELECT count(*) FROM playground_votes").fetchone() == (1,)


def test_votes_of_a_removed_session_are_no_pairs_and_are_purged_with_it(store: Store) -> None:
    change = partial(store.playground.keep, actor="a", id_=5, name="s", value={}, revision=0)
    store.change(change).result()
    vote(store, A, A, B)
    store.change(lambda cursor: store.playground.remove(cursor, "a", 5)).result()
    assert list(playground_votes.preference_pairs(store.connection)) == []
    store.change(lambda cursor: store.playground.restore(cursor, "a", 5)).result()
    assert list(playground_votes.preference_pairs(store.connection)) == [(1, 2)]
    store.change(lambda cursor: store.playground.remove(cursor, "a", 5)).result()
    store.change(playground.forget_removed).result()
    assert pairs(store) == []


def test_pairs_are_read_page_by_page(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(playground_votes, "_PAGE", 2)
    for number in range(5):
        vote(store, A, A, Answered("x", 100 + number), place=Place(batch=number))
    found = list(playground_votes.preference_pairs(store.connection))
    assert found == [(1, 100 + number) for number in range(5)]
