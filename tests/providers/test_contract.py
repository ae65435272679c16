"""What holds for every provider, asked through its own package: the same tests for all."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest

from tests.providers import wires
from tests.providers.scripted import Answer, Server
from tests.providers.vendors import MODELS, ORIGIN, Asked, call, said, user
from workbench.messages import Message, text_part
from workbench.providers import about
from workbench.providers.call import ResponseFormat
from workbench.providers.run import Answer as RunAnswer
from workbench.providers.run import Run

BOUND = 20
ALL = list(MODELS)
#: The stand-in's stream is not what boto3 reads: wires.py has one that is.
STREAMED = [name for name in ALL if name != "bedrock"]
#: The stand-in streams Mistral's tool calls in pieces, which Mistral does not.
STREAMS_CALLS = [name for name in STREAMED if name != "mistral"]
TOOLS: list[dict[str, Any]] = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "The weather of a city.",
            "parameters": {
                "type": "object",
                "properties": {"city": {"type": "string"}},
                "required": ["city"],
            },
        },
    }
]


def ask(asked: Asked, provider: str, *messages: Message, **fields: Any) -> RunAnswer:
    answer = asked.host.start(call(provider, *messages, **fields), ORIGIN).result(BOUND)
    assert answer.error is None, str(answer.error)
    assert answer.status == "done"
    return answer


@pytest.mark.parametrize("provider", STREAMED)
def test_streamed_and_whole_answers_are_the_same(stand_in: Asked, provider: str) -> None:
    streamed = ask(stand_in, provider, user("Say hello"))
    whole = ask(stand_in, provider, user("Say hello"), stream=False)
    assert said(streamed.messages) == said(whole.messages) == "Good day to you, dear reader."
    assert streamed.finish == whole.finish == "stop"
    if provider != "mistral":
        assert streamed.usage.input_tokens == streamed.usage.input_tokens == 21
        assert streamed.usage.output_tokens == 9
    assert streamed.model


@pytest.mark.parametrize("provider", ALL)
def test_every_run_is_logged_with_where_it_came_from(stand_in: Asked, provider: str) -> None:
    answer = ask(stand_in, provider, user("Say hello"), stream=False)
    (row,) = stand_in.rows
    assert (row.origin, row.actor, row.status) == ("playground", "tester", "SUCCESS")
    assert row.provider == provider.removesuffix("-responses")
    assert row.metadata["session"] == "s1"
    assert row.input_text.endswith("Say hello")
    assert row.output_text == "Good day to you, dear reader."
    assert (row.input_tokens, row.output_tokens) == (21, 9)
    assert row.normaliser != "raw/1"
    raw = json.loads(row.raw)
    assert raw["kwargs"] == answer.raw_request
    assert raw["request_response"] == answer.raw_response
    assert answer.request_id == 1


@pytest.mark.parametrize("provider", ["openai", "anthropic", "google", "mistral", "cohere"])
def test_what_is_priced_has_a_cost_with_its_formula(stand_in: Asked, provider: str) -> None:
    answer = ask(stand_in, provider, user("Say hello"), stream=False)
    assert answer.cost is not None
    assert answer.cost.total > 0
    assert answer.cost.formula is not None
    assert answer.cost.formula["lines"]


@pytest.mark.parametrize("provider", ["gateway", "claude-gateway"])
def test_models_on_ones_own_machine_have_no_price(stand_in: Asked, provider: str) -> None:
    answer = ask(stand_in, provider, user("Say hello"), stream=False)
    assert answer.cost is None
    assert answer.usage.input_tokens == 21


def _weather(asked: Asked, provider: str, stream: bool) -> None:
    """Ask, answer both calls, and get the sentence that follows."""
    asking = user("How is the weather?")
    answer = ask(asked, provider, asking, tools=TOOLS, stream=stream)
    assert answer.finish == "tool_calls"
    (message,) = answer.messages
    calls = message.get("tool_calls") or []
    cities = [orjson.loads(one["function"]["arguments"])["city"] for one in calls]
    assert cities == ["Zürich", "Genève"]
    results: list[Message] = [
        {
            "role": "tool",
            "tool_call_id": one["id"],
            "name": one["function"]["name"],
            "content": [text_part("sunny")],
        }
        for one in calls
    ]
    conversation = (asking, message, *results)
    assert said(ask(asked, provider, *conversation, tools=TOOLS, stream=stream).messages) == (
        "Sunny in both."
    )
    assert asked.rows[-2].tool_names == ("get_weather",)


@pytest.mark.parametrize("provider", STREAMS_CALLS)
def test_parallel_tool_calls_and_their_results_streamed(stand_in: Asked, provider: str) -> None:
    _weather(stand_in, provider, stream=True)


@pytest.mark.parametrize("provider", ALL)
def test_parallel_tool_calls_and_their_results_whole(stand_in: Asked, provider: str) -> None:
    _weather(stand_in, provider, stream=False)


@pytest.mark.parametrize("provider", STREAMS_CALLS)
def test_a_page_sees_tool_calls_while_they_come(stand_in: Asked, provider: str) -> None:
    run: Run = stand_in.host.start(call(provider, user("How is the weather?"), tools=TOOLS), ORIGIN)
    run.result(BOUND)
    seen = [(one["id"], one["function"]) for one in run.state().tool_calls]
    answer = run.state().answer
    assert answer is not None
    kept = [(one["id"], one["function"]) for one in answer.messages[0].get("tool_calls") or []]
    assert [function for _, function in seen] == [function for _, function in kept]


@pytest.mark.parametrize("provider", ALL)
def test_json_of_a_schema(stand_in: Asked, provider: str) -> None:
    schema = {
        "type": "object",
        "properties": {"colour": {"type": "string"}},
        "required": ["colour"],
        "additionalProperties": False,
    }
    form = ResponseFormat(schema=schema, name="paint")
    asked = user("A colour, as JSON")
    answer = ask(stand_in, provider, asked, response_format=form, stream=False)
    assert orjson.loads(said(answer.messages)) == {"colour": "blue"}
    assert "colour" in json.dumps(answer.raw_request)
    assert stand_in.rows[0].is_json


@pytest.mark.parametrize("provider", ALL)
def test_an_answer_that_reached_its_limit_says_so(stand_in: Asked, provider: str) -> None:
    answer = ask(stand_in, provider, user("This is too long"), stream=False)
    assert answer.finish == "length"
    assert said(answer.messages) == "It goes on and on"


def test_a_stream_of_bedrock_with_tool_calls(asked: Asked, server: Server) -> None:
    use = {"toolUseId": "t1", "name": "get_weather"}
    events: list[tuple[str, dict[str, Any]]] = [
        ("messageStart", {"role": "assistant"}),
        ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "Let me look."}}),
        ("contentBlockStop", {"contentBlockIndex": 0}),
        ("contentBlockStart", {"contentBlockIndex": 1, "start": {"toolUse": use}}),
        *(
            ("contentBlockDelta", {"contentBlockIndex": 1, "delta": {"toolUse": {"input": piece}}})
            for piece in ('{"city": ', '"Zürich"}')
        ),
        ("contentBlockStop", {"contentBlockIndex": 1}),
        ("messageStop", {"stopReason": "tool_use"}),
        ("metadata", {"usage": {"inputTokens": 9, "outputTokens": 4, "totalTokens": 13}}),
    ]
    stream = [wires.frame(kind, value) for kind, value in events]
    server.will(Answer(stream, content_type=wires.EVENT_STREAM))
    run = asked.host.start(call("bedrock", user("Weather?"), tools=TOOLS), ORIGIN)
    answer = run.result(BOUND)
    assert answer.finish == "tool_calls"
    assert said(answer.messages) == "Let me look."
    (one,) = answer.messages[0].get("tool_calls") or []
    assert one["id"] == "t1"
    assert orjson.loads(one["function"]["arguments"]) == {"city": "Zürich"}
    assert run.state().tool_calls[0]["function"]["arguments"] == '{"city": "Zürich"}'


def test_an_exception_within_bedrocks_stream(asked: Asked, server: Server) -> None:
    start = wires.until_the_second_word("bedrock")
    broken = wires.frame("throttlingException", {"message": "Too many tokens a day"}, "exception")
    server.will(Answer([*start, broken], content_type=wires.EVENT_STREAM))
    answer = asked.host.start(call("bedrock", user("Count.")), ORIGIN).result(BOUND)
    assert answer.error is not None
    assert answer.error.kind == "rate_limit"
    assert "Too many tokens a day" in answer.error.message
    assert said(answer.messages) == "One two"


def test_an_error_within_anthropics_stream(asked: Asked, server: Server) -> None:
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    start = wires.until_the_second_word("anthropic")
    server.will(Answer([*start, wires.sse(error, "error")]))
    answer = asked.host.start(call("anthropic", user("Count.")), ORIGIN).result(BOUND)
    assert answer.error is not None
    assert (answer.error.kind, answer.error.message) == ("unavailable", "Overloaded")
    assert said(answer.messages) == "One two"
    assert asked.rows[0].error_type == "PROVIDER_PARTIAL_RESPONSE"


def test_a_stream_of_mistral_with_tool_calls(asked: Asked, server: Server) -> None:
    function = {"name": "get_weather", "arguments": '{"city": "Zürich"}'}
    calls = [{"id": "abc123def", "index": 0, "function": function}]
    usage = {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13}
    choice = {"index": 0, "delta": {"tool_calls": calls}, "finish_reason": "tool_calls"}
    chunk = {"id": "c", "model": "m", "choices": [choice], "usage": usage}
    server.will(Answer([wires.sse(chunk), b"data: [DONE]\n\n"]))
    answer = asked.host.start(call("mistral", user("Weather?"), tools=TOOLS), ORIGIN).result(BOUND)
    assert answer.finish == "tool_calls"
    (one,) = answer.messages[0].get("tool_calls") or []
    assert (one["id"], one["function"]) == ("abc123def", function)
    assert answer.usage.input_tokens == 9


def test_a_prompt_that_gemini_blocks_fails_with_the_reason(asked: Asked, server: Server) -> None:
    blocked = {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "modelVersion": "g"}
    server.will(Answer([wires.sse(blocked)]))
    answer = asked.host.start(call("google", user("Hm")), ORIGIN).result(BOUND)
    assert answer.error is not None
    assert answer.error.kind == "content_filter"
    assert asked.rows[0].status == "ERROR"


def test_a_refusal_is_an_answer_that_says_so(asked: Asked, server: Server) -> None:
    choice = {"index": 0, "delta": {"refusal": "I cannot."}, "finish_reason": "stop"}
    chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    server.will(Answer([wires.sse({**chunk, "choices": [choice]}), b"data: [DONE]\n\n"]))
    answer = asked.host.start(call("openai", user("Hm")), ORIGIN).result(BOUND)
    assert answer.error is None
    assert answer.messages[0]["content"] == [{"type": "refusal", "refusal": "I cannot."}]


LISTS: dict[str, dict[str, Any]] = {
    "openai": {
        "object": "list",
        "data": [{"id": "gpt-4o-mini", "object": "model", "created": 1, "owned_by": "o"}],
    },
    "anthropic": {
        "data": [
            {
                "id": "claude-sonnet-5",
                "type": "model",
                "display_name": "C",
                "created_at": "2026-01-01T00:00:00Z",
            }
        ],
        "has_more": False,
        "first_id": "a",
        "last_id": "a",
    },
    "google": {
        "models": [
            {"name": "models/gemini-2.5-flash", "supportedGenerationMethods": ["generateContent"]}
        ]
    },
    "mistral": {
        "object": "list",
        "data": [
            {
                "id": "mistral-small-latest",
                "object": "model",
                "created": 1,
                "owned_by": "m",
                "capabilities": {},
                "type": "base",
            }
        ],
    },
    "cohere": {"models": [{"name": "command-a-03-2025", "endpoints": ["chat"]}]},
}


@pytest.mark.parametrize("provider", list(LISTS))
def test_models_are_listed_with_what_is_known_of_them(
    asked: Asked, server: Server, provider: str
) -> None:
    server.will(Answer([json.dumps(LISTS[provider]).encode()], content_type="application/json"))
    (model,) = about.models(asked.host, provider)
    assert model.id == MODELS[provider]
    assert model.source == "provider"
    assert model.input_price
    assert model.context_window or provider in ("cohere", "mistral")


@pytest.mark.parametrize("provider", ALL)
def test_a_key_is_tested_with_one_question(asked: Asked, server: Server, provider: str) -> None:
    listed = LISTS.get(provider.removesuffix("-responses").replace("gateway", "openai"))
    if provider == "claude-gateway":
        listed = LISTS["anthropic"]
    body = json.dumps(listed or {"output": {"message": {"role": "assistant", "content": []}}})
    server.will(Answer([body.encode()], content_type="application/json"))
    assert about.test_key(asked.host, provider).ok
    wrong, headers = wires.error(provider, 401, "This key is not known")
    server.will(Answer([wrong], 401, "application/json", headers))
    tested = about.test_key(asked.host, provider)
    assert not tested.ok
    assert "This key is not known" in tested.sentence
    assert asked.rows == []
