"""Whatever is logged, a conversation comes of it, and it can be kept."""

from __future__ import annotations

import copy
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given, settings

from tests.logs.strategies import any_calls, any_json, assert_conversation, json_objects
from workbench.logs import text
from workbench.logs.call import Call, Conversation
from workbench.logs.normalise import from_log_request, normalise, prompt_blueprint
from workbench.logs.pricing import cost_of

AT = datetime(2026, 6, 1, tzinfo=UTC)


def use_everything(conversation: Conversation) -> None:
    assert_conversation(conversation)
    orjson.dumps(asdict(conversation))
    orjson.dumps(prompt_blueprint(conversation))
    for line in (text.input_preview(conversation), text.output_preview(conversation)):
        assert len(line) <= text.PREVIEW_LIMIT
        assert "\n" not in line
    assert isinstance(text.input_text(conversation), str)
    assert isinstance(text.output_text(conversation), str)
    assert all(text.tool_names(conversation))
    kind = text.output_kind(conversation)
    assert not (kind.is_json and kind.is_plain_text)
    assert text.image_count(conversation) >= 0
    cost = cost_of(conversation.provider, conversation.model, conversation.usage, AT)
    assert cost is None or cost.total >= 0


def check_call(call: Call) -> None:
    before = copy.deepcopy(call)
    use_everything(normalise(call))
    assert call == before, "the raw call is read, never changed"


@settings(max_examples=150, deadline=None)
@given(any_calls)
def test_any_json_becomes_a_conversation_that_can_be_kept(call: Call) -> None:
    check_call(call)


@pytest.mark.slow
@settings(max_examples=2000, deadline=None)
@given(any_calls)
def test_any_json_at_length(call: Call) -> None:
    check_call(call)


@settings(max_examples=100, deadline=None)
@given(json_objects)
def test_any_log_request_body_becomes_a_conversation(body: dict[str, Any]) -> None:
    before = copy.deepcopy(body)
    use_everything(from_log_request(body))
    assert body == before


@settings(max_examples=100, deadline=None)
@given(any_json, any_json)
def test_any_input_and_output_of_a_log_request_are_read(asked: Any, said: Any) -> None:
    use_everything(from_log_request({"provider": "openai", "input": asked, "output": said}))


def test_an_answer_nested_as_deeply_as_json_is_read_is_no_error() -> None:
    deep: Any = "bottom"
    for _ in range(240):
        deep = {"type": "document", "source": {"type": "content", "content": [deep]}}
    call = Call("anthropic", "anthropic.messages.create", {"messages": [deep]}, [], deep)
    assert normalise(call).normaliser == "anthropic.messages/1"
