"""Sessions from a logged request and from the registry's editor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from tests.playground.conftest import ACTOR, finish, publish, run
from tests.server import log_body
from workbench.logs.intake import Sender, track_request
from workbench.playground import calls, opening, running, sessions, shown
from workbench.providers.host import Host
from workbench.providers.table import adapter
from workbench.registry import editing as editings
from workbench.registry import finding
from workbench.store import playground, requests
from workbench.store.purge import purge
from workbench.store.rows import Detail
from workbench.store.store import Store

PICTURE = "data:image/png;base64," + "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ" * 60
TOOL = {"type": "function", "function": {"name": "look_up", "parameters": {"type": "object"}}}
MESSAGES: list[dict[str, Any]] = [
    {"role": "system", "content": 'Answer as {"a": {{b}}} {name}.'},
    {
        "role": "user",
        "content": [
            {"type": "text", "text": "What is this?"},
            {"type": "image_url", "image_url": {"url": PICTURE}},
        ],
    },
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {
                "id": "call_1",
                "type": "function",
                "function": {"name": "look_up", "arguments": '{"q": "cat"}'},
            }
        ],
    },
    {"role": "tool", "tool_call_id": "call_1", "content": "a cat"},
]


def logged(store: Store, **kwargs: Any) -> Detail:
    asked = {
        "model": "gpt-4o",
        "messages": MESSAGES,
        "tools": [TOOL],
        "temperature": 0.3,
        "max_completion_tokens": 64,
        **kwargs,
    }
    body = log_body(kwargs=asked)
    body.pop("api_key")
    raw = orjson.dumps(body).decode()
    added = store.add(track_request(body, raw, Sender(ACTOR, None)).row).result()
    detail = requests.get(store.connection, added.id)
    assert detail is not None
    return detail


def test_a_logged_request_is_restored_exactly(store: Store) -> None:
    detail = logged(store)
    session = opening.from_request(store, detail)
    first, second = session.columns
    assert (first.is_locked, second.is_locked) == (True, False)
    assert first.model == second.model == "openai/gpt-4o"
    prepared = calls.prepare(store, (), session, second)
    assert prepared.call is not None
    assert prepared.doubts == ()
    wire = adapter("openai_chat").to_wire(prepared.call).kwargs
    assert wire["messages"][0]["content"] in (
        MESSAGES[0]["content"],
        [{"type": "text", "text": MESSAGES[0]["content"]}],
    )
    assert wire["messages"][1]["content"][1]["image_url"]["url"] == PICTURE
    assert wire["messages"][2]["tool_calls"] == MESSAGES[2]["tool_calls"]
    assert wire["messages"][3]["tool_call_id"] == "call_1"
    assert wire["tools"] == [TOOL]
    assert (wire["model"], wire["temperature"]) == ("gpt-4o", 0.3)
    assert prepared.call.tuning.max_tokens == 64


def test_the_logged_answer_stands_in_the_first_column_after_a_reload(
    store: Store, host: Host
) -> None:
    detail = logged(store)
    session = opening.from_request(store, detail)
    sessions.keep(store, ACTOR, session)
    again = sessions.load(store.connection, session.id)
    assert again is not None
    assert again.shared.prompt == session.shared.prompt
    entry = again.columns[0].thread[0]
    there = shown.of_request(requests.get(store.connection, entry["request"]), entry["request"])
    assert (there.text, there.status, there.is_logged) == ("Good day", "done", True)
    assert running.conversation(store.connection, host, again.columns[0])[-1]["role"] == "assistant"
    (found,) = sessions.finished(store.connection, again)
    assert (found.column_name, found.request_id) == ("Logged", detail.summary.id)


def test_pictures_are_kept_once_beside_the_session(store: Store) -> None:
    session = opening.from_request(store, logged(store))
    for name in ("", "second", "third"):
        session.name = name
        sessions.keep(store, ACTOR, session)
    with store.connection.cursor() as cursor:
        (rows,) = cursor.execute("SELECT count(*) FROM playground_blobs").fetchall()
        (value,) = cursor.execute("SELECT value FROM playground_sessions").fetchall()
    assert rows == (1,)
    assert PICTURE not in value[0]


def test_a_purge_takes_what_was_copied_from_the_request(store: Store, host: Host) -> None:
    detail = logged(store)
    session = opening.from_request(store, detail)
    session.columns[1].model = "echo/echo"
    sessions.keep(store, ACTOR, session)
    run(store, host, session, session.columns[1])
    fork = sessions.forked(store, session)
    fork.source_request = session.source_request
    sessions.keep(store, ACTOR, fork)
    store.change(
        lambda cursor: cursor.execute(
            "UPDATE requests SET deleted_at = now()::TIMESTAMP WHERE id = ?", [detail.summary.id]
        )
    ).result()
    assert sessions.load(store.connection, session.id) is None
    assert playground.listed(store.connection) == []
    purge(store, ACTOR)
    with store.connection.cursor() as cursor:
        for table in ("playground_sessions", "playground_blobs", "playground_runs"):
            assert cursor.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,), table


@pytest.mark.parametrize(
    ("provider", "function", "model", "expected"),
    [
        ("openai", "openai.responses.create", "gpt-5", "openai-responses/gpt-5"),
        ("gemini", "google.generate_content", "gemini-2.5-pro", "google/gemini-2.5-pro"),
        ("my-vllm", "openai.OpenAI.chat.completions.create", "a/b", "my-vllm/a/b"),
    ],
)
def test_the_model_is_the_one_that_was_asked_for(
    store: Store, provider: str, function: str, model: str, expected: str
) -> None:
    body = log_body(
        provider_type=provider,
        function_name=function,
        kwargs={"model": model, "messages": [{"role": "user", "content": "Hi"}]},
    )
    body.pop("api_key")
    raw = orjson.dumps(body).decode()
    added = store.add(track_request(body, raw, Sender(ACTOR, None)).row).result()
    detail = requests.get(store.connection, added.id)
    assert detail is not None
    assert opening.model_of(detail) == expected


def test_an_editor_opens_with_its_model_and_beside_the_saved_version(
    store: Store, host: Host
) -> None:
    id_ = publish(
        store, "greet", "Hello {name}", provider="echo", name="echo", parameters={"top_p": 0.5}
    )
    template, version = finding.version(store.connection, id_)
    editing = editings.from_version(template, version)
    editing.values["name"] = "Ada"
    alone = opening.from_editing(store, editing)
    assert [one.model for one in alone.columns] == ["echo/echo"]
    assert alone.columns[0].parameters == {"top_p": 0.5}
    prepared = calls.prepare(store, (), alone, alone.columns[0])
    assert prepared.links["prompt_version"] == 1
    editing.set_text(0, 0, "Bye {name}")
    both = opening.from_editing(store, editing)
    ids = running.start(
        store, host, both, [calls.prepare(store, (), both, one) for one in both.columns], ACTOR
    )
    texts = [answer.messages[-1]["content"][0]["text"] for answer in finish(store, host, ids)]
    assert "Bye Ada" in texts[0]
    assert "Hello Ada" in texts[1]
    assert both.columns[1].overrides == ["messages of greet · newest"]


def test_who_only_looked_collides_with_nobody(store: Store) -> None:
    session = opening.from_request(store, logged(store))
    session.take_own(session.columns[1])
    sessions.keep(store, ACTOR, session)
    looking = sessions.load(store.connection, session.id)
    assert looking is not None
    session.columns[0].name = "changed"
    sessions.keep(store, ACTOR, session)
    # What fields do that are read though nobody touched them.
    for editing in (looking.shared, looking.columns[1].own):
        assert editing is not None
        assert editing.model == {}
        editing.set_role(0, editing.messages[0]["role"])
        editing.set_value("name", "")
    sessions.keep(store, ACTOR, looking)
    again = sessions.load(store.connection, session.id)
    assert again is not None
    assert (again.columns[0].name, again.revision) == ("changed", session.revision)


def test_every_change_of_what_stands_in_a_session_is_kept(store: Store) -> None:
    session = opening.from_request(store, logged(store))
    own = session.columns[1]
    sessions.keep(store, ACTOR, session)
    changes: list[Callable[[], object]] = [
        lambda: session.shared.set_value("name", "Ada"),
        lambda: session.shared.set_text(0, 0, "another"),
        lambda: session.shared.set_role(0, "user"),
        lambda: session.shared.add("assistant"),
        lambda: session.shared.move(0, 1),
        lambda: session.shared.model.update(parameters={"temperature": 1}),
        lambda: session.take_own(own),
        lambda: own.own.messages[0].update(role="assistant") if own.own is not None else None,
        lambda: own.values.update(name="Bob"),
        lambda: own.parameters.update(temperature=0.5),
        lambda: session.mocks.update(tool="x"),
        lambda: session.move(own, -1),
    ]
    for change in changes:
        change()
        sessions.keep(store, ACTOR, session)
        again = sessions.load(store.connection, session.id)
        assert again is not None
        assert again.to_json() == session.to_json()
    assert session.revision == 1 + len(changes)
