"""Runs: at the same time, stopped one by one, kept with their answers, gone on from."""

from __future__ import annotations

import pytest

from tests.playground.conftest import ACTOR, asking, finish, run
from workbench.messages import message_text, text_part
from workbench.playground import calls, running, sessions, shown
from workbench.playground.session import Session
from workbench.playground.shown import Shown
from workbench.providers.host import Host
from workbench.store import playground_runs, requests
from workbench.store.errors import Refused
from workbench.store.playground_runs import NewRun
from workbench.store.store import Store

TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}


def last(store: Store, host: Host, session: Session, at: int = 0) -> Shown:
    column = session.columns[at]
    kept = shown.kept_runs(store.connection, [column])
    return shown.of_run(host, kept, column.run_ids[-1])


def test_each_run_is_kept_with_its_answer_and_logged_as_the_playgrounds(
    store: Store, host: Host
) -> None:
    session = asking(store, "Hello", "echo/echo", "echo/echo")
    run(store, host, session)
    sessions.keep(store, ACTOR, session)
    found = sessions.finished(store.connection, session)
    assert [(one.column_id, one.column_name) for one in found] == [("c1", "A"), ("c2", "B")]
    assert all("Hello" in one.text for one in found)
    assert found[0].batch == found[1].batch
    assert found[0].request_id is not None
    detail = requests.get(store.connection, found[0].request_id)
    assert detail is not None
    assert (detail.origin, detail.metadata["session"]) == ("playground", str(session.id))


def test_a_failure_is_its_columns_own(store: Store, host: Host) -> None:
    session = asking(store, "Hello", "nowhere/model", "echo/echo")
    run(store, host, session)
    assert last(store, host, session, 0).status == "failed"
    assert "nowhere" in (last(store, host, session, 0).error or "")
    assert last(store, host, session, 1).status == "done"


def test_stopping_one_column_keeps_what_came_and_lets_the_other_go_on(
    store: Store, host: Host
) -> None:
    session = asking(store, "word " * 40, "echo/echo-slow", "echo/echo-slow")
    prepared = [calls.prepare(store, (), session, one) for one in session.columns]
    ids = running.start(store, host, session, prepared, ACTOR)
    assert running.is_running(host, session)
    first = host.run(ids[0])
    assert first is not None
    while not first.state().text:
        pass
    running.stop(host, session, session.columns[:1])
    finish(store, host, ids)
    assert last(store, host, session, 0).status == "stopped"
    assert last(store, host, session, 0).text
    assert last(store, host, session, 1).status == "done"
    assert not running.is_running(host, session)


def test_a_conversation_goes_on_after_the_answer(store: Store, host: Host) -> None:
    session = asking(store, "First")
    run(store, host, session)
    column = session.columns[0]
    question = {"role": "user", "content": [text_part("Second")]}
    prepared = calls.prepare(store, (), session, column)
    id_ = running.go_on(store, host, session, prepared, [question], ACTOR)  # type: ignore[list-item]
    finish(store, host, [id_])
    text = last(store, host, session).text
    assert text.index("First") < text.index("[assistant") < text.index("Second")
    assert [sorted(entry) for entry in column.thread] == [["run"], ["messages"], ["run"]]
    turns = [one.turn for one in sessions.finished(store.connection, session)]
    assert turns == [0, 1]


def test_a_conversation_goes_on_after_a_restart_from_the_log(store: Store, host: Host) -> None:
    session = asking(store, "First")
    run(store, host, session)
    column = session.columns[0]
    host._runs.clear()
    said = running.conversation(store.connection, host, column)
    assert [one["role"] for one in said] == ["user", "assistant"]
    assert message_text(said[0]) == "First"


def test_a_tool_call_is_answered_by_hand_and_the_conversation_goes_on(
    store: Store, host: Host
) -> None:
    session = asking(store, "Weather?")
    session.shared.prompt |= {"tools": [TOOL], "tool_choice": "required"}
    run(store, host, session)
    (call,) = last(store, host, session).tool_calls
    assert call["function"]["name"] == "get_weather"
    session.shared.prompt["tool_choice"] = "none"
    result = {
        "role": "tool",
        "tool_call_id": call["id"],
        "name": "get_weather",
        "content": [text_part("21 degrees")],
    }
    prepared = calls.prepare(store, (), session, session.columns[0])
    id_ = running.go_on(store, host, session, prepared, [result], ACTOR)  # type: ignore[list-item]
    finish(store, host, [id_])
    assert "21 degrees" in last(store, host, session).text


def test_going_on_from_nothing_is_refused(store: Store, host: Host) -> None:
    session = asking(store, "First")
    prepared = calls.prepare(store, (), session, session.columns[0])
    with pytest.raises(Refused, match="run it first"):
        running.go_on(store, host, session, prepared, [], ACTOR)


def test_repeats_and_rows_are_told_apart(store: Store, host: Host) -> None:
    session = asking(store, "Hello {name}")
    batch = store.make_id()
    ids = []
    for row, name in enumerate(("Ada", "Grace")):
        prepared = calls.prepare(store, (), session, session.columns[0], {"name": name})
        ids += running.start(
            store, host, session, [prepared], ACTOR, repeats=2, row=row, batch=batch
        )
    finish(store, host, ids)
    found = sessions.finished(store.connection, session)
    assert [(one.row, one.repeat) for one in found] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert ["Ada" in one.text for one in found] == [True, True, False, False]
    assert session.columns[0].thread == [{"run": ids[0]}]


def test_a_run_whose_server_died_is_interrupted_not_running(store: Store, host: Host) -> None:
    session = asking(store, "Hello")
    row = NewRun(
        id="lost",
        session_id=session.id,
        column_id="c1",
        batch=1,
        row=0,
        repeat=0,
        turn=0,
        model="echo/echo",
        process=store.settings.process_id,
        actor=ACTOR,
    )
    store.change(lambda cursor: playground_runs.begin(cursor, [row])).result()
    session.columns[0].thread = [{"run": "lost"}]
    assert last(store, host, session).status == "interrupted"
    assert sessions.finished(store.connection, session) == []


def test_an_answer_whose_request_is_deleted_from_the_logs_is_shown_no_more(
    store: Store, host: Host
) -> None:
    session = asking(store, "Hello")
    (answer,) = run(store, host, session)
    id_ = answer.request_id
    store.change(
        lambda cursor: cursor.execute(
            "UPDATE requests SET deleted_at = now()::TIMESTAMP WHERE id = ?", [id_]
        )
    ).result()
    host._runs.clear()
    assert last(store, host, session).status == "gone"
    assert sessions.finished(store.connection, session) == []


def test_the_best_is_marked_only_among_whole_answers_that_differ() -> None:
    one = Shown(id="1", status="done", elapsed_ms=10, tokens_per_second=5, first_token_ms=3)
    two = Shown(id="2", status="done", elapsed_ms=20, tokens_per_second=9, first_token_ms=3)
    torn = Shown(id="3", status="stopped", elapsed_ms=1, tokens_per_second=99)
    assert shown.best({"a": one, "b": two, "c": torn}) == {
        "a": {"elapsed_ms"},
        "b": {"tokens_per_second"},
    }
    assert shown.best({"a": one, "c": torn}) == {}
