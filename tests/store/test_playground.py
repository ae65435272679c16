"""Sessions of the playground: kept as one goes, told where two write, removed with undo."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from tests.store.conftest import Opener
from workbench.store import audit, playground, playground_runs
from workbench.store.errors import NotFound, Refused
from workbench.store.playground import SessionChanged
from workbench.store.playground_runs import Ended, NewRun
from workbench.store.store import Store

PICTURE = "QUJD" * 500


def keep(store: Store, id_: int, value: Any, revision: int = 0, actor: str = "user:a") -> int:
    change = partial(
        store.playground.keep, actor=actor, id_=id_, name="mine", value=value, revision=revision
    )
    return store.change(lambda cursor: change(cursor)).result()


def a_run(id_: str = "r1", **more: Any) -> NewRun:
    given: dict[str, Any] = {
        "session_id": 5,
        "column_id": "c1",
        "batch": 1,
        "row": 0,
        "repeat": 0,
        "turn": 0,
        "model": "echo/echo",
        "process": 0,
        "actor": "user:a",
    }
    return NewRun(id=id_, **{**given, **more})


def ended(**more: Any) -> Ended:
    given: dict[str, Any] = {
        "status": "done",
        "answer": [{"role": "assistant", "content": [{"type": "text", "text": "é \U0001f600"}]}],
        "finish": "stop",
        "error": None,
        "ignored": ("The seed is ignored.",),
        "request_id": 99,
        "latency_ms": 12.5,
        "first_token_ms": 2.5,
        "tokens_per_second": 30.0,
        "input_tokens": 4,
        "output_tokens": 7,
        "cost": Decimal("0.000012345"),
    }
    return Ended(**{**given, **more})


def test_a_session_is_there_after_a_restart_with_its_pictures(opener: Opener) -> None:
    store = opener()
    keep(store, 5, {"text": "a"})
    keep(store, 5, {"picture": PICTURE, "text": "b \x1f é"}, 1)
    found = playground.get(opener().connection, 5)
    assert found is not None
    assert found.value == {"picture": PICTURE, "text": "b \x1f é"}
    assert (found.info.revision, found.info.author) == (2, "user:a")


def test_of_two_who_write_the_second_is_told_and_nothing_is_overwritten(store: Store) -> None:
    keep(store, 5, {"by": "a"})
    keep(store, 5, {"by": "b"}, 1, "user:b")
    with pytest.raises(SessionChanged):
        keep(store, 5, {"by": "a again"}, 1)
    found = playground.get(store.connection, 5)
    assert found is not None
    assert found.value == {"by": "b"}
    assert playground.revision(store.connection, 5) == 2


def test_a_removed_session_is_hidden_comes_back_and_leaves_its_trail(store: Store) -> None:
    keep(store, 5, {})
    store.change(lambda cursor: store.playground.remove(cursor, "user:b", 5)).result()
    assert playground.get(store.connection, 5) is None
    assert playground.listed(store.connection) == []
    with pytest.raises(NotFound):
        keep(store, 5, {}, 1)
    with pytest.raises(NotFound):
        store.change(lambda cursor: store.playground.remove(cursor, "user:b", 5)).result()
    store.change(lambda cursor: store.playground.restore(cursor, "user:b", 5)).result()
    assert playground.get(store.connection, 5) is not None
    trail = [one.action for one in audit.newest(store.connection, subject="playground/5")]
    assert trail == ["playground.restore", "playground.remove", "playground.create"]


def test_sessions_are_listed_newest_first_and_found_by_their_names(store: Store) -> None:
    for id_, name in ((5, "Summer prices"), (6, "Winter")):
        change = partial(store.playground.keep, actor="a", id_=id_, name=name, value={}, revision=0)
        store.change(change).result()
    store.change(lambda cursor: playground_runs.begin(cursor, [a_run()])).result()
    assert [(one.id, one.runs) for one in playground.listed(store.connection)] == [(6, 0), (5, 1)]
    assert [one.id for one in playground.listed(store.connection, "sUMMER")] == [5]


def test_too_large_a_session_is_refused_and_the_one_before_stays(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(store, 5, {"text": "small"})
    monkeypatch.setattr(playground, "MAX_BYTES", 2**20)
    with pytest.raises(Refused, match="1 MB"):
        keep(store, 5, {"text": "x" * 2**20}, 1)
    found = playground.get(store.connection, 5)
    assert found is not None
    assert found.value == {"text": "small"}


def test_a_run_comes_back_as_it_ended(opener: Opener) -> None:
    store = opener()
    row = a_run()
    store.change(lambda cursor: playground_runs.begin(cursor, [row, a_run("r2")])).result()
    store.change(lambda cursor: playground_runs.end(cursor, "r1", ended())).result()
    found = playground_runs.of_session(opener().connection, 5)
    assert list(found) == ["r1", "r2"]
    assert (found["r1"].begun, found["r1"].status, found["r1"].ended) == (row, "done", ended())
    assert (found["r2"].status, found["r2"].ended) == ("running", None)


def test_a_purge_takes_answers_and_sessions_of_the_purged_requests_alone(store: Store) -> None:
    for id_, source in ((5, 99), (6, None), (7, 98)):
        change = partial(
            store.playground.keep,
            actor="a",
            id_=id_,
            name="s",
            value={"picture": PICTURE},
            revision=0,
            source_request=source,
        )
        store.change(change).result()
    rows = [a_run("r1", session_id=6), a_run("r2", session_id=6), a_run("r3", session_id=5)]
    store.change(lambda cursor: playground_runs.begin(cursor, rows)).result()
    store.change(lambda cursor: playground_runs.end(cursor, "r1", ended())).result()
    store.change(lambda cursor: playground.forget_requests(cursor, [99])).result()
    assert sorted(one.id for one in playground.listed(store.connection)) == [6, 7]
    assert list(playground_runs.of_session(store.connection, 6)) == ["r2"]
    assert playground_runs.of_session(store.connection, 5) == {}
    with store.connection.cursor() as cursor:
        found = cursor.execute("SELECT session_id FROM playground_blobs ORDER BY 1").fetchall()
    assert found == [(6,), (7,)]
