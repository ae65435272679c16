"""Anthropic messages: blocks, tools, streams and its way of counting tokens."""

from __future__ import annotations

from typing import Any

from anthropic.types import Message as AnthropicMessage
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.logs.strategies import needles
from workbench.logs import text
from workbench.logs.call import Call, Conversation
from workbench.logs.normalise import normalise
from workbench.usage import Usage

PROXY = "anthropic.Anthropic.messages.create"


def read(kwargs: dict[str, Any], response: Any, function: str = PROXY) -> Conversation:
    return normalise(Call("anthropic", function, kwargs, [], response))


def answer(*content: dict[str, Any], **usage: Any) -> dict[str, Any]:
    """An answer as the official package logs it: `response.dict()` of its own model."""
    return AnthropicMessage.model_validate(
        {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": "claude-sonnet-4-20250514",
            "content": list(content),
            "stop_reason": "end_turn",
            "stop_sequence": None,
            "usage": {"input_tokens": 100, "output_tokens": 20, **usage},
        }
    ).model_dump()


def test_system_blocks_thinking_and_cached_tokens() -> None:
    asked = {
        "model": "claude-sonnet-4-20250514",
        "max_tokens": 1024,
        "system": [
            {"type": "text", "text": "You know law.", "cache_control": {"type": "ephemeral"}}
        ],
        "messages": [{"role": "user", "content": "Is it legal?"}],
    }
    found = read(
        asked,
        answer(
            {"type": "thinking", "thinking": "Hmm", "signature": "sig"},
            {"type": "redacted_thinking", "data": "enc"},
            {"type": "text", "text": "Yes."},
            cache_read_input_tokens=1800,
            cache_creation_input_tokens=200,
            cache_creation={"ephemeral_5m_input_tokens": 50, "ephemeral_1h_input_tokens": 150},
            service_tier="standard",
        ),
    )
    assert found.prompt["messages"][0] == {
        "role": "system",
        "content": [
            {"type": "text", "text": "You know law.", "cache_control": {"type": "ephemeral"}}
        ],
    }
    assert found.output[0]["content"] == [
        {"type": "thinking", "thinking": "Hmm", "signature": "sig"},
        {"type": "thinking", "thinking": "", "data": "enc"},
        {"type": "text", "text": "Yes."},
    ]
    assert found.usage == Usage(
        2100, 20, 1800, 200, None, {"cache_write_1h_tokens": 150, "service_tier": "standard"}
    )
    assert found.parameters == {"max_tokens": 1024}
    assert found.finish_reason == "end_turn"


def test_tool_results_become_tool_messages_where_they_stand() -> None:
    asked = {
        "model": "claude-sonnet-4-20250514",
        "messages": [
            {"role": "user", "content": "Weather and a map?"},
            {
                "role": "assistant",
                "content": [
                    {"type": "text", "text": "Looking."},
                    {"type": "tool_use", "id": "t1", "name": "weather", "input": {"city": "Oslo"}},
                    {"type": "tool_use", "id": "t2", "name": "map", "input": {}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "t1", "content": "4 °C"},
                    {
                        "type": "tool_result",
                        "tool_use_id": "t2",
                        "is_error": True,
                        "content": [
                            {"type": "text", "text": "map is down"},
                            {
                                "type": "image",
                                "source": {
                                    "type": "base64",
                                    "media_type": "image/png",
                                    "data": "aGk=",
                                },
                            },
                        ],
                    },
                    {"type": "text", "text": "Go on."},
                ],
            },
        ],
        "tools": [
            {"name": "weather", "description": "Says it", "input_schema": {"type": "object"}},
            {"type": "web_search_20250305", "name": "web_search", "max_uses": 3},
        ],
        "tool_choice": {"type": "tool", "name": "weather", "disable_parallel_tool_use": True},
    }
    found = read(asked, answer({"type": "tool_use", "id": "t3", "name": "sum", "input": {"a": 1}}))
    messages = found.prompt["messages"]
    assert [message["role"] for message in messages] == [
        "user",
        "assistant",
        "tool",
        "tool",
        "user",
    ]
    assert messages[1]["tool_calls"] == [
        {
            "id": "t1",
            "type": "function",
            "function": {"name": "weather", "arguments": '{"city":"Oslo"}'},
        },
        {"id": "t2", "type": "function", "function": {"name": "map", "arguments": "{}"}},
    ]
    assert messages[2] == {
        "role": "tool",
        "content": [{"type": "text", "text": "4 °C"}],
        "tool_call_id": "t1",
    }
    assert messages[3]["is_error"] is True
    assert messages[3]["content"][1]["image_url"] == {"url": "data:image/png;base64,aGk="}
    assert found.prompt["tools"] == [
        {
            "type": "function",
            "function": {
                "name": "weather",
                "description": "Says it",
                "parameters": {"type": "object"},
            },
        },
        {
            "id": "web_search",
            "type": "web_search",
            "name": "web_search",
            "description": "",
            "provider": "anthropic",
            "config": {"type": "web_search_20250305", "name": "web_search", "max_uses": 3},
        },
    ]
    assert found.prompt["tool_choice"] == {"type": "function", "function": {"name": "weather"}}
    assert found.parameters == {"disable_parallel_tool_use": True}
    assert text.searchable_text(found.output) == 'sum({"a":1})'


def test_images_and_documents() -> None:
    content = [
        {"type": "image", "source": {"type": "url", "url": "https://example.com/a.jpg"}},
        {
            "type": "document",
            "title": "Report",
            "source": {"type": "base64", "media_type": "application/pdf", "data": "aGk="},
        },
        {
            "type": "document",
            "source": {"type": "text", "media_type": "text/plain", "data": "plain words"},
        },
        {"type": "container_upload", "file_id": "f1"},
    ]
    found = read({"messages": [{"role": "user", "content": content}]}, answer())
    parts = found.prompt["messages"][0]["content"]
    assert parts[0] == {"type": "image_url", "image_url": {"url": "https://example.com/a.jpg"}}
    assert parts[1]["media"] == {
        "title": "Report",
        "type": "application/pdf",
        "url": "data:application/pdf;base64,aGk=",
        "format": "base64",
    }
    assert parts[2] == {"type": "text", "text": "plain words"}
    assert parts[3] == {"type": "unknown", "raw": content[3]}


def test_server_tools_code_and_mcp_are_blueprint_content() -> None:
    content = [
        {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {"query": "rain"}},
        {
            "type": "web_search_tool_result",
            "tool_use_id": "s1",
            "content": [
                {
                    "type": "web_search_result",
                    "url": "https://example.com",
                    "title": "Rain today",
                    "encrypted_content": "x",
                }
            ],
        },
        {
            "type": "mcp_tool_use",
            "id": "m1",
            "name": "echo",
            "server_name": "lab",
            "input": {"a": 1},
        },
        {
            "type": "mcp_tool_result",
            "tool_use_id": "m1",
            "is_error": False,
            "content": [{"type": "text", "text": "echoed"}],
        },
        {
            "type": "code_execution_tool_result",
            "tool_use_id": "s2",
            "content": {
                "type": "code_execution_result",
                "stdout": "42\n",
                "stderr": "",
                "return_code": 0,
                "content": [],
            },
        },
        {
            "type": "text",
            "text": "It rains.",
            "citations": [
                {
                    "type": "web_search_result_location",
                    "url": "https://example.com",
                    "title": "Rain today",
                    "cited_text": "rain",
                    "encrypted_index": "e",
                }
            ],
        },
    ]
    found = read({"messages": []}, {"type": "message", "role": "assistant", "content": content})
    parts = found.output[0]["content"]
    assert [part["type"] for part in parts] == [
        "server_tool_use",
        "web_search_tool_result",
        "mcp_call",
        "code_execution_result",
        "text",
    ]
    assert parts[0] == content[0]
    assert parts[2] == {
        "type": "mcp_call",
        "id": "m1",
        "name": "echo",
        "server_label": "lab",
        "arguments": '{"a":1}',
        "output": "echoed",
        "error": None,
    }
    assert parts[4]["annotations"][0]["url"] == "https://example.com"
    assert text.tool_names(found) == ["web_search", "echo"]
    for words in ("rain", "Rain today", "echoed", "42"):
        assert words in text.output_text(found)


def stream(*events: dict[str, Any]) -> list[dict[str, Any]]:
    start = {
        "type": "message_start",
        "message": {
            "id": "msg_2",
            "type": "message",
            "role": "assistant",
            "model": "claude-3-haiku-20240307",
            "content": [],
            "stop_reason": None,
            "usage": {"input_tokens": 14, "cache_read_input_tokens": 6, "output_tokens": 1},
        },
    }
    end = {
        "type": "message_delta",
        "delta": {"stop_reason": "tool_use", "stop_sequence": None},
        "usage": {"output_tokens": 33},
    }
    return [start, {"type": "ping"}, *events, end, {"type": "message_stop"}]


def block(index: int, start: dict[str, Any], *deltas: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"type": "content_block_start", "index": index, "content_block": start},
        *({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": index},
    ]


def test_a_raw_stream_is_put_together() -> None:
    events = stream(
        *block(
            0,
            {"type": "thinking", "thinking": "", "signature": ""},
            {"type": "thinking_delta", "thinking": "So "},
            {"type": "thinking_delta", "thinking": "then"},
            {"type": "signature_delta", "signature": "sig"},
        ),
        *block(
            1,
            {"type": "text", "text": ""},
            {"type": "text_delta", "text": "Let me "},
            {"type": "text_delta", "text": "see."},
        ),
        *block(
            2,
            {"type": "tool_use", "id": "t1", "name": "find", "input": {}},
            {"type": "input_json_delta", "partial_json": '{"id"'},
            {"type": "input_json_delta", "partial_json": ": 7}"},
        ),
    )
    found = read({"model": "claude-3-haiku-20240307", "messages": [], "stream": True}, events)
    assert found.output == [
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "So then", "signature": "sig"},
                {"type": "text", "text": "Let me see."},
            ],
            "tool_calls": [
                {
                    "id": "t1",
                    "type": "function",
                    "function": {"name": "find", "arguments": '{"id":7}'},
                }
            ],
        }
    ]
    assert found.usage == Usage(20, 33, 6)
    assert (found.model, found.finish_reason) == ("claude-3-haiku-20240307", "tool_use")


def test_a_stream_that_failed_keeps_what_came_and_says_why() -> None:
    events = [
        *stream()[:1],
        *block(0, {"type": "text", "text": ""}, {"type": "text_delta", "text": "Half"}),
        {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}},
    ]
    found = read({"messages": []}, events)
    assert text.output_text(found) == "Half"
    assert found.error == ("overloaded_error", "Overloaded")


def test_an_error_answer() -> None:
    body = {"type": "error", "error": {"type": "invalid_request_error", "message": "max_tokens"}}
    found = read({"messages": [{"role": "user", "content": "Hi"}]}, body)
    assert found.error == ("invalid_request_error", "max_tokens")
    assert found.output == []


def test_through_other_clouds_it_is_the_same_conversation() -> None:
    for function, provider in (
        ("anthropic.AnthropicBedrock.messages.create", "bedrock"),
        ("anthropic.AnthropicVertex.messages.create", "vertexai"),
    ):
        found = read({"messages": []}, answer({"type": "text", "text": "Hi"}), function)
        assert (found.provider, text.output_text(found)) == (provider, "Hi")


@settings(max_examples=150, deadline=None)
@given(needles, needles, needles, needles)
def test_text_in_is_text_found(system: str, said: str, result: str, reply: str) -> None:
    content = [
        {"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text", "text": result}]},
        {"type": "text", "text": said},
    ]
    found = read(
        {"system": system, "messages": [{"role": "user", "content": content}]},
        answer({"type": "text", "text": reply}),
    )
    assert all(words in text.input_text(found) for words in (system, said, result))
    assert reply in text.output_text(found)


counts = st.integers(0, 10**7)


@settings(max_examples=100, deadline=None)
@given(counts, counts, counts, counts)
def test_input_tokens_hold_cached_and_written_tokens(
    fresh: int, cached: int, written: int, received: int
) -> None:
    usage = {
        "input_tokens": fresh,
        "cache_read_input_tokens": cached,
        "cache_creation_input_tokens": written,
        "output_tokens": received,
    }
    found = read({"messages": []}, answer(**usage)).usage
    assert found is not None
    assert found.input_tokens == fresh + cached + written
    assert (found.cached_tokens, found.cache_write_tokens) == (cached, written)
    assert found.total == fresh + cached + written + received
