"""The call that a column makes: messages, values, settings, and what speaks against it."""

from __future__ import annotations

from typing import Any

from tests.playground.conftest import asking, publish
from workbench.playground import calls
from workbench.playground.session import TemplateChoice
from workbench.store.store import Store


def sent(store: Store, session: Any, at: int = 0) -> str:
    prepared = calls.prepare(store, (), session, session.columns[at])
    assert prepared.call is not None, prepared.failure
    return str(prepared.call.messages[-1]["content"][0]["text"])


def test_shared_values_fill_the_messages_and_a_columns_own_win(store: Store) -> None:
    session = asking(store, "Hello {name}", "echo/echo", "echo/echo")
    session.shared.values["name"] = "Ada"
    session.columns[1].values["name"] = "Grace"
    assert sent(store, session, 0) == "Hello Ada"
    assert sent(store, session, 1) == "Hello Grace"
    row = calls.prepare(store, (), session, session.columns[1], {"name": "Alan"})
    assert row.call is not None
    assert row.call.messages[0]["content"][0]["text"] == "Hello Alan"


def test_a_missing_variable_and_a_broken_text_are_doubts_with_their_reasons(store: Store) -> None:
    session = asking(store, "Hello {name}")
    doubts = calls.prepare(store, (), session, session.columns[0]).doubts
    assert doubts == ("1 variable has no value: name.",)
    session.shared.set_text(0, 0, "Hello {name")
    (doubt,) = calls.prepare(store, (), session, session.columns[0]).doubts
    assert "1" in doubt
    assert "message" in doubt.lower()


def test_plain_text_keeps_every_brace(store: Store) -> None:
    session = asking(store, 'Answer {"a": {{1}}} {% if %} {name}')
    session.is_plain = True
    prepared = calls.prepare(store, (), session, session.columns[0])
    assert prepared.doubts == ()
    assert sent(store, session) == 'Answer {"a": {{1}}} {% if %} {name}'


def test_messages_that_nothing_was_written_into_are_left_out(store: Store) -> None:
    session = asking(store, "Hello")
    session.shared.add("system")
    prepared = calls.prepare(store, (), session, session.columns[0])
    assert prepared.call is not None
    assert [one["role"] for one in prepared.call.messages] == ["user"]
    session.shared.set_text(0, 0, "  ")
    nothing = calls.prepare(store, (), session, session.columns[0])
    assert nothing.failure == "There is no message to send: write one first."


def test_a_template_brings_messages_model_and_settings_and_the_columns_settings_win(
    store: Store,
) -> None:
    id_ = publish(
        store,
        "greet",
        "One {name}",
        "Two {name}",
        provider="openai",
        name="gpt-4o",
        parameters={"temperature": 0.1, "max_completion_tokens": 50},
    )
    session = asking(store, "shared", "")
    column = session.columns[0]
    column.template = TemplateChoice(id_, "greet")
    session.shared.values["name"] = "Ada"
    prepared = calls.prepare(store, (), session, column)
    assert prepared.call is not None
    assert (prepared.call.provider, prepared.call.model) == ("openai", "gpt-4o")
    assert prepared.call.messages[0]["content"][0]["text"] == "Two Ada"
    assert (prepared.call.tuning.temperature, prepared.call.tuning.max_tokens) == (0.1, 50)
    assert prepared.links["prompt_version"] == 2
    assert prepared.links["input_variables"] == {"name": "Ada"}
    column.template.version = 1
    column.model, column.parameters = "echo/echo", {"temperature": 0.9}
    other = calls.prepare(store, (), session, column)
    assert other.call is not None
    assert (other.call.provider, other.call.tuning.temperature) == ("echo", 0.9)
    assert other.call.tuning.max_tokens == 50
    assert other.call.messages[0]["content"][0]["text"] == "One Ada"


def test_what_cannot_be_called_says_why(store: Store) -> None:
    session = asking(store, "Hello", "")
    column = session.columns[0]
    assert calls.prepare(store, (), session, column).failure == "Choose a model for this column."
    column.model = "echo"
    assert '"provider/model" is needed' in (calls.prepare(store, (), session, column).failure or "")
    column.template = TemplateChoice(12345, "gone")
    assert "12345" in (calls.prepare(store, (), session, column).failure or "")


def test_settings_that_a_model_does_not_take_are_told_without_a_key(store: Store) -> None:
    session = asking(store, "Hello", "anthropic/claude-sonnet-4-5")
    session.columns[0].parameters = {"seed": 5}
    prepared = calls.prepare(store, (), session, session.columns[0])
    assert prepared.call is not None
    assert any("seed" in sentence.lower() for sentence in calls.ignored(prepared.call, ()))
