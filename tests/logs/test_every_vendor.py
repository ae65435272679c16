"""What holds for every vendor alike: words that went in or came back can be found again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.logs.strategies import assert_conversation, needles
from workbench.logs import text
from workbench.logs.call import Call
from workbench.logs.normalise import normalise

Builder = Callable[[str, str, str, str], Call]


def openai_responses(system: str, said: str, result: str, reply: str) -> Call:
    given = [
        {"role": "user", "content": [{"type": "input_text", "text": said}]},
        {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c", "output": result},
    ]
    content = [{"type": "output_text", "text": reply, "annotations": []}]
    answer = {"object": "response", "output": [{"type": "message", "content": content}]}
    kwargs = {"model": "gpt-5", "instructions": system, "input": given}
    return Call("openai", "openai.responses.create", kwargs, [], answer)


def gemini(system: str, said: str, result: str, reply: str) -> Call:
    response = {"functionResponse": {"name": "f", "response": {"said": result}}}
    kwargs = {
        "model": "gemini-2.5-flash",
        "systemInstruction": {"parts": [{"text": system}]},
        "contents": [
            {"role": "user", "parts": [{"text": said}]},
            {"role": "user", "parts": [response]},
        ],
    }
    answer = {"candidates": [{"content": {"role": "model", "parts": [{"text": reply}]}}]}
    return Call("google", "google.model.generate_content", kwargs, [], answer)


def gemini_stream(system: str, said: str, result: str, reply: str) -> Call:
    call = gemini(system, said, result, reply)
    pieces = [{"candidates": [{"content": {"parts": [{"text": one}]}}]} for one in reply]
    return Call(call.provider, call.function_name, call.kwargs, [], pieces)


def converse(system: str, said: str, result: str, reply: str) -> Call:
    answered = {"toolResult": {"toolUseId": "t", "content": [{"text": result}]}}
    kwargs = {
        "modelId": "amazon.nova-lite-v1:0",
        "system": [{"text": system}],
        "messages": [{"role": "user", "content": [answered, {"text": said}]}],
    }
    answer = {"output": {"message": {"role": "assistant", "content": [{"text": reply}]}}}
    return Call("amazon.bedrock", "boto3.bedrock-runtime.converse", kwargs, [], answer)


def converse_stream(system: str, said: str, result: str, reply: str) -> Call:
    call = converse(system, said, result, reply)
    pieces = [
        {"contentBlockDelta": {"contentBlockIndex": 0, "delta": {"text": one}}} for one in reply
    ]
    return Call(call.provider, call.function_name, call.kwargs, [], pieces)


def invoke_claude(system: str, said: str, result: str, reply: str) -> Call:
    answered = {"type": "tool_result", "tool_use_id": "t", "content": result}
    body = {
        "anthropic_version": "bedrock-2023-05-31",
        "system": system,
        "messages": [{"role": "user", "content": [answered, {"type": "text", "text": said}]}],
    }
    answer = {"type": "message", "content": [{"type": "text", "text": reply}]}
    kwargs = {"modelId": "anthropic.claude-3-haiku", "body": orjson.dumps(body).decode()}
    response = {"body": orjson.dumps(answer).decode()}
    return Call("amazon.bedrock", "boto3.bedrock-runtime.invoke_model", kwargs, [], response)


def mistral(system: str, said: str, result: str, reply: str) -> Call:
    messages = [
        {"role": "system", "content": system},
        {"role": "user", "content": said},
        {"role": "tool", "name": "f", "tool_call_id": "t", "content": result},
    ]
    choice = {"index": 0, "message": {"role": "assistant", "content": reply}}
    kwargs = {"model": "mistral-small-latest", "messages": messages}
    return Call("mistral", "mistral.client.chat", kwargs, [], {"choices": [choice]})


def cohere(system: str, said: str, result: str, reply: str) -> Call:
    document = {"type": "document", "document": {"data": result}}
    messages = [
        {"role": "system", "content": system},
        {"role": "user", "content": said},
        {"role": "tool", "tool_call_id": "t", "content": [document]},
    ]
    answer = {"message": {"content": [{"type": "text", "text": reply}]}, "usage": {"tokens": {}}}
    return Call("cohere", "cohere.ClientV2.chat", {"messages": messages}, [], answer)


def cohere_v1(system: str, said: str, result: str, reply: str) -> Call:
    history = [{"role": "CHATBOT", "message": result}]
    kwargs = {"preamble": system, "chat_history": history, "message": said}
    return Call("cohere", "cohere.Client.chat", kwargs, [], {"text": reply, "generation_id": "g"})


def ollama(system: str, said: str, result: str, reply: str) -> Call:
    messages = [
        {"role": "system", "content": system},
        {"role": "user", "content": said},
        {"role": "tool", "tool_name": "f", "content": result},
    ]
    pieces = [{"message": {"content": one}, "done": False} for one in reply]
    return Call("ollama", "ollama.chat", {"messages": messages}, [], pieces)


def langchain(system: str, said: str, result: str, reply: str) -> Call:
    messages = [
        {"type": "system", "data": {"content": system}},
        {"lc": 1, "id": ["HumanMessage"], "kwargs": {"content": said}},
        {"type": "tool", "content": result, "tool_call_id": "t"},
    ]
    answer = [{"role": "assistant", "content": reply}]
    return Call("langchain", "langchain.ChatOpenAI", {}, [messages], answer)


VENDORS: list[Builder] = [
    openai_responses,
    gemini,
    gemini_stream,
    converse,
    converse_stream,
    invoke_claude,
    mistral,
    cohere,
    cohere_v1,
    ollama,
    langchain,
]


@pytest.mark.parametrize("build", VENDORS, ids=lambda build: build.__name__)
@settings(max_examples=40, deadline=None)
@given(needles, needles, needles, needles)
def test_text_in_is_text_found(
    build: Builder, system: str, said: str, result: str, reply: str
) -> None:
    found = normalise(build(system, said, result, reply))
    assert_conversation(found)
    assert found.normaliser != "raw/1"
    assert found.prompt["messages"][0]["role"] == "system"
    assert all(words in text.input_text(found) for words in (system, said, result))
    assert text.output_text(found) == reply


ANSWERED: list[tuple[str, str, dict[str, Any]]] = [
    ("openai", "openai.OpenAI.chat.completions.create", {"messages": []}),
    ("openai", "openai.responses.create", {"input": "Hi"}),
    ("openai", "openai.completions.create", {"prompt": "Hi"}),
    ("openai", "openai.embeddings.create", {"input": "Hi"}),
    ("anthropic", "anthropic.Anthropic.messages.create", {"messages": []}),
    ("google", "google.convo.send_message", {"history": []}),
    ("amazon.bedrock", "boto3.bedrock-runtime.converse", {"messages": []}),
    ("amazon.bedrock", "boto3.bedrock-runtime.invoke_model", {"body": "{}"}),
    ("mistral", "mistral.client.chat", {"messages": []}),
    ("cohere", "cohere.ClientV2.chat", {"messages": []}),
    ("ollama", "ollama.chat", {"messages": []}),
]


@pytest.mark.parametrize(("provider", "function", "kwargs"), ANSWERED)
@given(st.sampled_from([{}, None, "", []]))
def test_a_call_that_failed_has_no_answer_and_no_counts(
    provider: str, function: str, kwargs: dict[str, Any], response: Any
) -> None:
    found = normalise(Call(provider, function, kwargs, [], response))
    assert found.normaliser != "raw/1"
    assert (found.output, found.usage) == ([], None)


def test_a_hostile_stream_costs_no_more_than_it_is_long() -> None:
    """Thirty thousand calls and parts, each with an index of its own."""
    many = range(30_000)
    deltas = [{"tool_calls": [{"index": at, "function": {"arguments": "x"}}]} for at in many]
    chunks = [{"choices": [{"index": 0, "delta": delta}]} for delta in deltas]
    found = normalise(Call("openai", "", {}, [], chunks))
    assert len(found.output[0].get("tool_calls") or []) == len(many)
    events = [
        {"type": "response.output_text.delta", "output_index": 0, "content_index": at, "delta": "x"}
        for at in many
    ]
    found = normalise(Call("openai", "", {}, [], events))
    assert len(found.output[0]["content"]) == len(many)
