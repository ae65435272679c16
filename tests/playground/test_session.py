"""The value: whatever is done to a session, it comes back whole."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.playground.session import (
    MAX_COLUMNS,
    Session,
    TemplateChoice,
    from_json,
)
from workbench.registry import editing as editings
from workbench.store.errors import Refused

DEEDS = st.lists(
    st.tuples(
        st.sampled_from(["add", "duplicate", "remove", "left", "right", "own", "template", "said"]),
        st.integers(0, 5),
    ),
    max_size=30,
)


def empty() -> Session:
    session = Session(id=7, shared=editings.blank("", "chat"), columns=[])
    session.settle(7)
    return session


def do(session: Session, what: str, at: int) -> None:
    if what == "add":
        session.add("echo/echo")
        return
    if not session.columns:
        return
    column = session.columns[at % len(session.columns)]
    if what == "duplicate":
        session.duplicate(column)
    elif what == "remove":
        session.remove(column)
    elif what in ("left", "right"):
        session.move(column, -1 if what == "left" else 1)
    elif what == "own":
        session.take_own(column)
    elif what == "template":
        column.own, column.template = None, TemplateChoice(3, "support/answer", label="prod")
    else:
        column.thread.append({"run": f"r{at}"})
        column.values["name"] = "Ada"


@given(DEEDS)
def test_a_session_comes_back_whole_after_any_changes(deeds: list[tuple[str, int]]) -> None:
    session = empty()
    for what, at in deeds:
        try:
            do(session, what, at)
        except Refused:
            assert len(session.columns) == MAX_COLUMNS
    ids = [one.id for one in session.columns]
    assert len(set(ids)) == len(ids) <= MAX_COLUMNS
    again = from_json(7, orjson.loads(orjson.dumps(session.to_json())))
    assert again == session


@given(DEEDS)
def test_editors_of_one_session_never_share_a_place(deeds: list[tuple[str, int]]) -> None:
    session = empty()
    for what, at in deeds:
        if len(session.columns) < MAX_COLUMNS or what not in ("add", "duplicate"):
            do(session, what, at)
    session.settle(8)
    places = [session.shared.subject]
    places += [one.own.subject for one in session.columns if one.own is not None]
    assert len(set(places)) == len(places)
    assert all(place.startswith("playground/8") for place in places)


def test_a_seventh_column_is_refused_with_a_sentence() -> None:
    session = empty()
    for _ in range(MAX_COLUMNS):
        session.add()
    with pytest.raises(Refused, match="at most 6 columns"):
        session.add()
    with pytest.raises(Refused, match="remove one first"):
        session.duplicate(session.columns[0])


def test_a_duplicate_starts_without_what_was_said_and_unlocked() -> None:
    session = empty()
    column = session.add("echo/echo")
    column.thread, column.is_locked, column.name = [{"run": "r"}], True, "First"
    column.parameters = {"temperature": 0.5}
    copied = session.duplicate(column)
    assert (copied.thread, copied.is_locked, copied.name) == ([], False, "")
    assert copied.parameters == {"temperature": 0.5}
    copied.parameters["temperature"] = 1
    assert column.parameters == {"temperature": 0.5}


def test_overrides_are_named() -> None:
    session = empty()
    column = session.add("echo/echo")
    assert column.overrides == []
    column.template = TemplateChoice(3, "support/answer", version=4)
    column.values["tone"] = "calm"
    assert column.overrides == ["messages of support/answer · version 4", "tone of its own"]


@pytest.mark.parametrize("value", [None, 3, {}, {"form": 99}, {"form": 1, "shared": 4}])
def test_what_another_version_wrote_is_no_session(value: object) -> None:
    assert from_json(1, value) is None
