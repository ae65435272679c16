"""OpenAI chat completions: what was asked and answered stands in the conversation."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from tests.logs.strategies import needles
from workbench.logs import text
from workbench.logs.call import Call, Conversation
from workbench.logs.normalise import normalise
from workbench.usage import Usage

PROXY = "openai.OpenAI.chat.completions.create"


def read(kwargs: dict[str, Any], response: Any, function: str = PROXY) -> Conversation:
    return normalise(Call("openai", function, kwargs, [], response))


def completion(**message: Any) -> dict[str, Any]:
    """An answer as the official package logs it: `response.dict()` of its own model."""
    return ChatCompletion.model_validate(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1_760_000_000,
            "model": "gpt-4o-2024-08-06",
            "service_tier": "default",
            "choices": [
                {
                    "index": 0,
                    "finish_reason": "tool_calls" if message.get("tool_calls") else "stop",
                    "message": {"role": "assistant", "content": None, **message},
                }
            ],
            "usage": {
                "prompt_tokens": 1000,
                "completion_tokens": 300,
                "total_tokens": 1300,
                "prompt_tokens_details": {"cached_tokens": 640, "audio_tokens": 0},
                "completion_tokens_details": {"reasoning_tokens": 128, "audio_tokens": 0},
            },
        }
    ).model_dump()


def chunk(delta: dict[str, Any], finish: str | None = None, **rest: Any) -> dict[str, Any]:
    return ChatCompletionChunk.model_validate(
        {
            "id": "chatcmpl-2",
            "object": "chat.completion.chunk",
            "created": 1_760_000_000,
            "model": "gpt-4o-2024-08-06",
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
            **rest,
        }
    ).model_dump()


@pytest.mark.parametrize("function", [PROXY, "openai.chat.completions.create", ""])
def test_a_plain_exchange(function: str) -> None:
    asked = {
        "model": "gpt-4o",
        "temperature": 0.2,
        "messages": [
            {"role": "developer", "content": "Be brief."},
            {"role": "user", "content": [{"type": "text", "text": "Capital of Japan?"}]},
        ],
    }
    found = read(asked, completion(content="Tokyo."), function)
    assert found.prompt == {
        "type": "chat",
        "messages": [
            {"role": "developer", "content": [{"type": "text", "text": "Be brief."}]},
            {"role": "user", "content": [{"type": "text", "text": "Capital of Japan?"}]},
        ],
    }
    assert found.output == [{"role": "assistant", "content": [{"type": "text", "text": "Tokyo."}]}]
    assert (found.normaliser, found.provider) == ("openai.chat/1", "openai")
    assert (found.model, found.requested_model) == ("gpt-4o-2024-08-06", "gpt-4o")
    assert found.parameters == {"temperature": 0.2}
    assert found.finish_reason == "stop"
    assert found.usage == Usage(1000, 300, 640, None, 128, {"service_tier": "default"})


def test_parallel_tool_calls_and_their_results() -> None:
    calls = [
        {
            "id": "a",
            "type": "function",
            "function": {"name": "weather", "arguments": '{"c":"Oslo"}'},
        },
        {"id": "b", "type": "function", "function": {"name": "time", "arguments": "{broken"}},
    ]
    tools = [{"type": "function", "function": {"name": "weather", "parameters": {}}}]
    asked = {
        "model": "gpt-4o",
        "tools": tools,
        "tool_choice": "auto",
        "messages": [
            {"role": "user", "content": "Weather and time in Oslo?"},
            {"role": "assistant", "content": None, "tool_calls": calls},
            {"role": "tool", "tool_call_id": "a", "content": "4 °C"},
            {"role": "tool", "tool_call_id": "b", "content": [{"type": "text", "text": "noon"}]},
        ],
    }
    found = read(asked, completion(tool_calls=calls))
    messages = found.prompt["messages"]
    assert messages[1]["tool_calls"] == calls
    assert [m["tool_call_id"] for m in messages[2:]] == ["a", "b"]
    assert [text.searchable_text([m]) for m in messages[2:]] == ["4 °C", "noon"]
    assert (found.prompt["tools"], found.prompt["tool_choice"]) == (tools, "auto")
    assert found.output[0]["tool_calls"] == calls
    assert text.tool_names(found) == ["weather", "time"]
    assert "weather" in text.output_preview(found)


def test_functions_in_the_request_and_function_role_messages() -> None:
    functions = [{"name": "lookup", "parameters": {"type": "object"}}]
    asked = {
        "model": "gpt-3.5-turbo",
        "functions": functions,
        "function_call": {"name": "lookup"},
        "messages": [
            {"role": "user", "content": "Look it up"},
            {
                "role": "assistant",
                "content": None,
                "function_call": {"name": "lookup", "arguments": "{}"},
            },
            {"role": "function", "name": "lookup", "content": "42"},
        ],
    }
    found = read(asked, completion(function_call={"name": "lookup", "arguments": '{"n":1}'}))
    assert found.prompt["functions"] == functions
    assert found.prompt["function_call"] == {"name": "lookup"}
    assert found.prompt["messages"][1]["function_call"] == {"name": "lookup", "arguments": "{}"}
    assert found.prompt["messages"][2] == {
        "role": "function",
        "name": "lookup",
        "content": [{"type": "text", "text": "42"}],
    }
    assert found.output[0]["function_call"] == {"name": "lookup", "arguments": '{"n":1}'}
    assert found.parameters == {}


def test_images_audio_and_files() -> None:
    png = "data:image/png;base64,aGk="
    content = [
        {"type": "image_url", "image_url": {"url": "https://example.com/cat.png", "detail": "low"}},
        {"type": "image_url", "image_url": {"url": png}},
        {"type": "input_audio", "input_audio": {"data": "aGk=", "format": "mp3"}},
        {
            "type": "file",
            "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,aA=="},
        },
        {"type": "file", "file": {"file_id": "file-9"}},
        {"type": "hologram", "hologram": {"beams": 3}},
    ]
    found = read(
        {"model": "gpt-4o", "messages": [{"role": "user", "content": content}]},
        completion(content="A cat."),
    )
    parts = found.prompt["messages"][0]["content"]
    assert parts[0]["image_url"] == {"url": "https://example.com/cat.png", "detail": "low"}
    assert parts[1]["image_url"] == {"url": png}
    assert parts[2]["media"] == {
        "title": "audio.mp3",
        "type": "audio/mpeg",
        "url": "data:audio/mpeg;base64,aGk=",
        "format": "base64",
    }
    assert parts[3]["media"]["type"] == "application/pdf"
    assert parts[3]["media"]["title"] == "a.pdf"
    assert parts[4]["media"]["file_id"] == "file-9"
    assert parts[5] == {"type": "unknown", "raw": content[5]}
    assert text.image_count(found) == 2


def test_a_refusal_and_reasoning_of_other_vendors() -> None:
    found = read({"model": "gpt-4o", "messages": []}, completion(refusal="I will not."))
    assert found.output[0]["content"] == [{"type": "refusal", "refusal": "I will not."}]
    assert text.output_preview(found) == "I will not."
    deepseek = completion(content="4")
    deepseek["choices"][0]["message"]["reasoning_content"] = "2 and 2"
    found = normalise(Call("deepseek", PROXY, {"messages": []}, [], deepseek))
    assert found.output[0]["content"][0] == {"type": "thinking", "thinking": "2 and 2"}
    assert text.output_preview(found) == "4"
    assert "2 and 2" in text.output_text(found)


def test_several_choices_are_several_messages() -> None:
    answer = completion(content="one")
    answer["choices"].append({**answer["choices"][0], "index": 1})
    answer["choices"][1]["message"] = {"role": "assistant", "content": "two"}
    found = read({"model": "gpt-4o", "messages": [], "n": 2}, answer)
    assert [text.searchable_text([m]) for m in found.output] == ["one", "two"]


def test_a_stream_logged_as_a_list_of_chunks() -> None:
    chunks = [
        chunk({"role": "assistant", "content": ""}),
        chunk({"content": "Hel"}),
        chunk({"content": "lo"}),
        chunk(
            {"tool_calls": [{"index": 0, "id": "a", "function": {"name": "f", "arguments": ""}}]}
        ),
        chunk(
            {"tool_calls": [{"index": 1, "id": "b", "function": {"name": "g", "arguments": "["}}]}
        ),
        chunk({"tool_calls": [{"index": 0, "function": {"arguments": '{"x"'}}]}),
        chunk({"tool_calls": [{"index": 1, "function": {"arguments": "]"}}]}),
        chunk({"tool_calls": [{"index": 0, "function": {"arguments": ": 1}"}}]}),
        chunk({}, "tool_calls"),
        chunk({}, usage={"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13}),
    ]
    chunks[-1]["choices"] = []
    found = read({"model": "gpt-4o", "messages": [], "stream": True}, chunks)
    expected: list[Any] = [
        {
            "role": "assistant",
            "content": [{"type": "text", "text": "Hello"}],
            "tool_calls": [
                {"id": "a", "type": "function", "function": {"name": "f", "arguments": '{"x": 1}'}},
                {"id": "b", "type": "function", "function": {"name": "g", "arguments": "[]"}},
            ],
        }
    ]
    assert found.output == expected
    assert found.finish_reason == "tool_calls"
    assert found.usage == Usage(9, 4)


def test_a_proxy_stream_logs_only_the_last_chunk() -> None:
    found = read({"model": "gpt-4o", "messages": [], "stream": True}, chunk({}, "stop"))
    assert [dict(message) for message in found.output] == [{"role": "assistant", "content": []}]
    assert (found.model, found.finish_reason) == ("gpt-4o-2024-08-06", "stop")
    assert found.usage is None


def test_an_older_package_puts_the_message_in_place_of_the_choice() -> None:
    answer = {
        "id": "chatcmpl-3",
        "object": "chat.completion.chunk",
        "model": "gpt-3.5-turbo-0125",
        "choices": [{"role": "assistant", "content": "The capital of Italy is Rome."}],
        "usage": None,
    }
    found = read({"model": "gpt-3.5-turbo", "messages": [], "stream": True}, answer)
    assert text.output_text(found) == "The capital of Italy is Rome."


def test_a_failed_call_has_no_answer_and_says_why() -> None:
    assert read({"model": "gpt-4o", "messages": []}, {}).output == []
    error = {"error": {"message": "Rate limit", "type": "rate_limit_error", "code": None}}
    found = read({"model": "gpt-4o", "messages": []}, error)
    assert found.error == ("rate_limit_error", "Rate limit")
    assert text.output_preview(found) == "rate_limit_error: Rate limit"


def test_an_audio_answer_is_text_and_sound() -> None:
    audio = {"id": "audio_1", "data": "aGk=", "transcript": "Hi", "expires_at": 1_760_000_000}
    found = read({"model": "gpt-4o-audio-preview", "messages": []}, completion(audio=audio))
    assert found.output[0]["content"][0] == {"type": "text", "text": "Hi"}
    assert found.output[0]["content"][1]["media_type"] == "audio"
    assert text.output_text(found) == "Hi"


def test_reasoning_that_a_vendor_counts_beside_the_completion_is_added() -> None:
    answer = completion(content="4")
    answer["usage"] = {
        "prompt_tokens": 10,
        "completion_tokens": 5,
        "total_tokens": 35,
        "completion_tokens_details": {"reasoning_tokens": 20},
    }
    found = normalise(Call("xai", PROXY, {"messages": []}, [], answer))
    assert found.usage == Usage(10, 25, None, None, 20, {"service_tier": "default"})


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["system", "user", "assistant", "tool"]), needles), max_size=6
    ),
    needles,
)
def test_text_in_is_text_found(said: list[tuple[str, str]], answer: str) -> None:
    messages = [{"role": role, "content": words} for role, words in said]
    found = read({"model": "gpt-4o", "messages": messages}, completion(content=answer))
    whole = text.input_text(found)
    assert all(words in whole for _, words in said)
    assert answer in text.output_text(found)


@settings(max_examples=150, deadline=None)
@given(needles, st.data())
def test_a_text_is_the_same_however_it_was_cut_into_chunks(words: str, data: st.DataObject) -> None:
    pieces, rest = [], words
    while rest:
        size = data.draw(st.integers(1, len(rest)))
        pieces.append(chunk({"content": rest[:size]}))
        rest = rest[size:]
    found = read({"model": "gpt-4o", "messages": []}, [*pieces, chunk({}, "stop")])
    assert text.output_text(found) == words
