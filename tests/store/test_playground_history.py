"""The history of the playground's runs: filters, pages, and what is hidden."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from tests.store.test_playground import a_run, ended
from workbench.store import playground_history, playground_runs
from workbench.store.playground_history import Wanted
from workbench.store.store import Store


@pytest.fixture
def filled(store: Store) -> Store:
    for id_, name in ((5, "Summer prices"), (6, "Winter")):
        change = partial(store.playground.keep, actor="a", id_=id_, name=name, value={}, revision=0)
        store.change(change).result()
    rows = [
        a_run("r1"),
        a_run("r2", session_id=6, actor="user:b"),
        a_run("r3", session_id=6, model="openai/gpt-4o"),
        a_run("r4", session_id=7),
    ]
    for row in rows:
        store.change(partial(playground_runs.begin, runs=[row])).result()
    for run, status in (("r1", "done"), ("r2", "failed")):
        there = ended(status=status, request_id=None)
        store.change(partial(playground_runs.end, id_=run, ended=there)).result()
    return store


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Wanted(), ["r4", "r3", "r2", "r1"]),
        (Wanted(actor="user:b"), ["r2"]),
        (Wanted(model="openai/gpt-4o"), ["r3"]),
        (Wanted(status="failed"), ["r2"]),
        (Wanted(status="running"), ["r4", "r3"]),
        (Wanted(session=6), ["r3", "r2"]),
        (Wanted(text="sUMMER"), ["r1"]),
        (Wanted(text="nothing"), []),
        (Wanted(since=datetime.now(UTC) + timedelta(hours=1)), []),
        (Wanted(since=datetime.now(UTC) - timedelta(hours=1), session=5), ["r1"]),
    ],
)
def test_runs_are_found_newest_first(filled: Store, wanted: Wanted, found: list[str]) -> None:
    there = playground_history.runs(filled.connection, wanted)
    assert [one.id for one in there] == found
    assert playground_history.count(filled.connection, wanted) == len(found)


def test_pages_follow_one_another_without_a_gap(filled: Store) -> None:
    found, after = [], None
    for _ in range(4):
        (one,) = playground_history.runs(filled.connection, Wanted(), after=after, limit=1)
        found.append(one.id)
        after = (one.started_at, one.id)
    assert found == ["r4", "r3", "r2", "r1"]
    assert playground_history.runs(filled.connection, Wanted(), after=after) == []


def test_a_run_tells_its_session_while_that_is_there(filled: Store) -> None:
    names = {one.id: one.session for one in playground_history.runs(filled.connection, Wanted())}
    assert names == {"r1": "Summer prices", "r2": "Winter", "r3": "Winter", "r4": None}
    filled.change(lambda cursor: filled.playground.remove(cursor, "a", 6)).result()
    names = {one.id: one.session for one in playground_history.runs(filled.connection, Wanted())}
    assert names == {"r1": "Summer prices", "r2": None, "r3": None, "r4": None}


def test_actors_and_models_are_offered(filled: Store) -> None:
    assert playground_history.choices(filled.connection) == (
        ["user:a", "user:b"],
        ["echo/echo", "openai/gpt-4o"],
    )
