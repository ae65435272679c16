"""Sessions in the store: which there are, their figures, their requests in order."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.store.samples import NOON, some_request
from workbench.filters import Filter, parse_text
from workbench.store import sessions
from workbench.store.rows import NewRequest
from workbench.store.session_rows import Position, SessionId, SessionKey, SessionPage
from workbench.store.store import Store

SESSION = SessionKey("metadata", "session_id")
NOW = NOON + timedelta(days=1)


def at(minutes: int, session: Any, **changes: Any) -> NewRequest:
    start = NOON + timedelta(minutes=minutes)
    return some_request(
        started_at=start,
        ended_at=start + timedelta(seconds=30),
        metadata={"session_id": session, "user": {"id": 5}},
        input_preview=f"words {minutes}",
        **changes,
    )


def add(store: Store, *rows: NewRequest) -> list[int]:
    return [each.result().id for each in [store.add(row) for row in rows]]


def page(
    store: Store, filter_: Filter | None = None, key: SessionKey = SESSION, **given: Any
) -> SessionPage:
    options: dict[str, Any] = {"limit": 10, **given}
    return sessions.page(store.connection, key, filter_ or Filter(), now=NOW, **options)


def values(found: SessionPage) -> list[str]:
    return [row.id.value for row in found.rows]


def test_a_session_has_the_figures_of_its_requests(store: Store) -> None:
    ids = add(
        store,
        at(5, "a", cost=Decimal("0.5"), input_tokens=10, output_tokens=5, model="m2"),
        at(0, "a", status="ERROR", input_tokens=7, model="m1"),
        at(9, "b"),
    )
    found = page(store)
    assert values(found) == ["b", "a"]
    assert (found.total, found.has_newer, found.has_older) == (2, False, False)
    a = found.rows[1]
    assert (a.requests, a.errors, a.tokens, a.cost, a.unpriced) == (2, 1, 22, Decimal("0.5"), 1)
    assert a.first_at == NOON
    assert a.duration == timedelta(minutes=5, seconds=30)
    assert a.first_words == "words 0"
    alone = sessions.get(store.connection, a.id)
    assert alone is not None
    assert (alone.requests, alone.tokens, alone.cost, alone.models) == (2, 22, a.cost, ("m1", "m2"))
    assert [each.summary.id for each in sessions.requests_of(store.connection, a.id)] == [
        ids[1],
        ids[0],
    ]


def test_groups_traces_and_nested_keys_hold_sessions_together(store: Store) -> None:
    group = store.new_group("test").result()
    add(store, at(0, "a", group_id=group), at(1, "b", group_id=group, trace_id="t"), at(2, "c"))
    assert values(page(store, key=SessionKey("group"))) == [str(group)]
    assert values(page(store, key=SessionKey("trace"))) == ["t"]
    assert values(page(store, key=SessionKey("metadata", "user.id"))) == ["5"]
    of_group = SessionId(SessionKey("group"), str(group))
    assert len(sessions.requests_of(store.connection, of_group)) == 2
    used = {str(each.key): each.requests for each in sessions.keys_in_use(store.connection)}
    assert used == {"metadata.session_id": 3, "metadata.user.id": 3, "group": 2, "trace": 1}


def test_a_list_puts_a_request_into_each_of_its_sessions(store: Store) -> None:
    add(store, at(0, ["a", "b"]), at(1, "b"))
    assert [(row.id.value, row.requests) for row in page(store).rows] == [("b", 2), ("a", 1)]


def test_a_filter_chooses_sessions_by_one_request_and_counts_all_of_them(store: Store) -> None:
    add(store, at(0, "a", tags=("vip",)), at(1, "a"), at(2, "b"), at(3, "b", input_text="Straße"))
    found = page(store, filter_=parse_text("tag:vip"))
    assert [(row.id.value, row.requests) for row in found.rows] == [("a", 2)]
    found = page(store, filter_=parse_text("STRASSE"))
    assert [(row.id.value, row.requests) for row in found.rows] == [("b", 2)]
    assert page(store, filter_=parse_text("tag:none")).total == 0


def test_deleted_requests_and_later_ones_are_left_out(store: Store) -> None:
    first, second = add(store, at(0, "a"), at(1, "b"))
    assert values(page(store, up_to=first)) == ["a"]
    store.change(lambda cursor: store.annotations.delete(cursor, "test", second)).result()
    assert values(page(store)) == ["a"]
    assert sessions.get(store.connection, SessionId(SESSION, "b")) is None
    assert sessions.requests_of(store.connection, SessionId(SESSION, "b")) == []


def test_pages_follow_each_other_without_gaps_also_at_equal_times(store: Store) -> None:
    names = [f"s{number:02}" for number in range(23)]
    add(store, *(at(number // 5, name) for number, name in enumerate(names)))
    expected = sorted(names, key=lambda name: (int(name[1:]) // 5, name), reverse=True)
    seen: list[str] = []
    found = page(store, limit=5)
    seen += values(found)
    while found.has_older:
        assert found.total == 23
        last = Position.of(found.rows[-1])
        found = page(store, limit=5, position=last, direction="older")
        assert found.has_newer
        seen += values(found)
    assert seen == expected
    first = Position.of(found.rows[0])
    back = page(store, limit=5, position=first, direction="newer")
    assert values(back) == expected[15:20]
    again = page(store, limit=5, position=Position.of(back.rows[0]))
    assert values(again) == values(back)
    assert again.has_newer
    assert not page(store, limit=5, position=Position.of(page(store).rows[0])).has_newer


def test_requests_of_a_session_come_in_slices_with_their_messages(store: Store) -> None:
    prompt = {"type": "chat", "messages": [{"role": "user", "content": []}]}
    ids = add(store, *(at(n, "a", prompt=prompt, output=[{"n": n}]) for n in range(5)))
    found = sessions.requests_of(store.connection, SessionId(SESSION, "a"), start=2, limit=2)
    assert [each.summary.id for each in found] == ids[2:4]
    assert [each.output for each in found] == [[{"n": 2}], [{"n": 3}]]
    assert found[0].prompt == prompt


def test_images_stay_references_until_they_are_drawn(store: Store) -> None:
    image = "data:image/png;base64," + "QUJD" * 600
    prompt = {"type": "chat", "messages": [{"image": image}]}
    add(store, at(0, "a", prompt=prompt))
    found = sessions.requests_of(store.connection, SessionId(SESSION, "a"))
    shown = found[0].prompt["messages"][0]["image"]
    assert shown.startswith("data:image/png;base64,\x1f")
    assert len(shown) < 200


def test_the_previous_request_is_the_one_before_in_the_session(store: Store) -> None:
    ids = add(store, at(0, "a"), at(1, "b"), at(2, "a"), at(2, "a"))
    session = SessionId(SESSION, "a")
    before = [sessions.previous(store.connection, session, id_) for id_ in ids]
    assert before == [None, ids[0], ids[0], ids[2]]


KEYS = st.sampled_from([SessionKey("group"), SessionKey("trace")]) | st.text(
    min_size=1, max_size=20
).map(lambda path: SessionKey("metadata", path))


@given(KEYS, st.text(min_size=1, max_size=50), st.integers(0, 2**53))
def test_a_link_names_the_session_that_it_was_made_of(
    key: SessionKey, value: str, number: int
) -> None:
    session = SessionId(key, str(number) if key.kind == "group" else value)
    try:
        str(session).encode()
    except UnicodeEncodeError:
        return
    assert SessionId.parse(str(session)) == session


@pytest.mark.parametrize(
    "hostile",
    ["", ":", "group:", "group:x", "group:" + "9" * 40, "group:٣", "metadata.:a", "user:1", "a"],
)
def test_a_link_that_names_no_session_is_none(hostile: str) -> None:
    assert SessionId.parse(hostile) is None


@given(st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1)), st.text(max_size=30))
def test_a_place_in_the_list_survives_its_text(last_at: datetime, value: str) -> None:
    assert Position.parse(str(Position(last_at, value))) == Position(last_at, value)


@pytest.mark.parametrize("hostile", ["", "-", "x-y", "9" * 30 + "-a", "1", "²-a"])
def test_a_place_that_is_none_is_none(hostile: str) -> None:
    assert Position.parse(hostile) is None


def test_hostile_keys_and_values_find_nothing(store: Store) -> None:
    add(store, at(0, "a"))
    for path, value in itertools.product(
        ("'; DROP TABLE requests; --", "\x1f", "%"), ("'", "\x1e")
    ):
        session = SessionId(SessionKey("metadata", path), value)
        assert sessions.get(store.connection, session) is None
        assert page(store, key=session.key).rows == []
