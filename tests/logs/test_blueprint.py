"""Blueprints in and out: what `/log-request` carries and what `/track-request` answers."""

from __future__ import annotations

from typing import Any

from workbench.logs import text
from workbench.logs.call import Call
from workbench.logs.normalise import from_log_request, normalise, prompt_blueprint
from workbench.usage import Usage


def user(words: str) -> dict[str, Any]:
    return {
        "input_variables": [],
        "template_format": "f-string",
        "content": [{"type": "text", "text": words}],
        "raw_request_display_role": "",
        "dataset_examples": [],
        "role": "user",
        "name": None,
    }


def log(asked: Any, said: Any, **rest: Any) -> dict[str, Any]:
    return {"provider": "openai", "model": "gpt-4o", "input": asked, "output": said, **rest}


def test_a_chat_is_kept_with_all_its_keys() -> None:
    tools = [{"type": "variable", "name": "tools"}]
    asked = {
        "type": "chat",
        "messages": [user("What is the capital of Japan?")],
        "functions": [],
        "tools": tools,
        "function_call": "none",
        "input_variables": ["city"],
    }
    said: dict[str, Any] = {
        "type": "chat",
        "messages": [
            {
                "role": "assistant",
                "content": [{"type": "text", "text": "Tokyo", "id": "x", "annotations": None}],
                "tool_calls": [
                    {
                        "id": "c",
                        "type": "function",
                        "tool_id": "fc_1",
                        "function": {"name": "f", "arguments": {"a": 1}},
                    }
                ],
            }
        ],
    }
    found = from_log_request(
        log(asked, said, input_tokens=7, output_tokens=3, parameters={"temperature": 1})
    )
    assert found.normaliser == "blueprint/2"
    assert found.prompt["messages"] == [user("What is the capital of Japan?")]
    assert found.prompt["tools"] == tools
    assert found.prompt["function_call"] == "none"
    assert found.prompt["input_variables"] == ["city"]
    assert found.output[0]["content"] == said["messages"][0]["content"]
    assert found.output[0]["tool_calls"] == [
        {
            "id": "c",
            "type": "function",
            "tool_id": "fc_1",
            "function": {"name": "f", "arguments": '{"a":1}'},
        }
    ]
    assert (found.model, found.provider) == ("gpt-4o", "openai")
    assert found.parameters == {"temperature": 1}
    assert found.usage == Usage(7, 3)


def test_every_content_kind_of_the_blueprint_is_kept_whole() -> None:
    kinds: list[dict[str, Any]] = [
        {"type": "text", "text": "a", "thought_signature": "s"},
        {"type": "thinking", "thinking": "b", "signature": None, "id": None},
        {"type": "code", "code": "print(1)", "container_id": "c"},
        {"type": "image_url", "image_url": {"url": "https://e.com/a.png"}, "image_variable": None},
        {"type": "media", "media": {"title": "t", "type": "audio/wav", "url": "u"}},
        {"type": "media_variable", "name": "pictures"},
        {"type": "output_media", "url": "u", "mime_type": "image/png", "media_type": "image"},
        {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"query": "rain"}},
        {"type": "web_search_tool_result", "tool_use_id": "s", "content": []},
        {"type": "code_execution_result", "output": "1", "outcome": "OUTCOME_OK"},
        {"type": "mcp_list_tools", "server_label": "lab", "tools": [{"name": "echo"}]},
        {"type": "mcp_call", "name": "echo", "arguments": "{}", "output": "echoed"},
        {"type": "mcp_approval_request", "id": "r", "name": "echo", "arguments": "{}"},
        {"type": "mcp_approval_response", "approval_request_id": "r", "approve": True},
        {"type": "bash_code_execution_tool_result", "tool_use_id": "s", "content": {}},
        {"type": "text_editor_code_execution_tool_result", "tool_use_id": "s", "content": {}},
        {"type": "shell_call", "call_id": "c", "action": {"commands": ["ls"]}},
        {"type": "shell_call_output", "call_id": "c", "output": [{"stdout": "a.txt"}]},
        {"type": "apply_patch_call", "call_id": "c", "operation": {"diff": "+1"}},
        {"type": "apply_patch_call_output", "call_id": "c", "output": "done"},
    ]
    message = {"role": "assistant", "content": kinds}
    found = from_log_request(log({"type": "chat", "messages": []}, {"messages": [message]}))
    assert found.output[0]["content"] == kinds
    whole = text.output_text(found)
    assert all(words in whole for words in ("print(1)", "rain", "echoed", "ls", "a.txt", "done"))


def test_a_kind_that_is_new_is_kept_as_unknown() -> None:
    part = {"type": "smell", "smell": "coffee"}
    found = from_log_request(log([{"role": "user", "content": [part]}], None))
    assert found.prompt["messages"][0]["content"] == [{"type": "unknown", "raw": part}]
    assert "coffee" in text.input_text(found)


def test_a_completion_has_content_and_its_answer_is_one_message() -> None:
    asked = {"type": "completion", "content": [{"type": "text", "text": "Once upon"}]}
    said = {"type": "completion", "content": [{"type": "text", "text": " a time"}]}
    found = from_log_request(log(asked, said))
    assert found.prompt == {
        "type": "completion",
        "content": [{"type": "text", "text": "Once upon"}],
    }
    assert found.output == [{"role": "assistant", "content": [{"type": "text", "text": " a time"}]}]
    assert (text.input_preview(found), text.output_preview(found)) == ("Once upon", "a time")


def test_plain_text_and_bare_messages_are_read_too() -> None:
    found = from_log_request(log("Hi", "Hello"))
    assert (text.input_text(found), text.output_text(found)) == ("Hi", "Hello")
    found = from_log_request(log({"role": "user", "content": "Hi"}, [{"content": "Hello"}]))
    assert (text.input_text(found), text.output_text(found)) == ("Hi", "Hello")
    assert found.prompt["type"] == "chat"


def test_counts_of_nought_and_nought_are_the_packages_defaults() -> None:
    assert from_log_request(log("a", "b", input_tokens=0, output_tokens=0)).usage is None
    assert from_log_request(log("a", "b", input_tokens=5, output_tokens=0)).usage == Usage(5, 0)


def test_the_answer_of_track_request_is_the_recorded_one() -> None:
    """As PromptLayer's service answered this call when its package recorded its own tests."""
    response = {
        "id": "chatcmpl-BMAu3fBRyPYaswyFgBBnBQcB0YxUK",
        "choices": [
            {
                "finish_reason": "stop",
                "index": 0,
                "logprobs": None,
                "message": {
                    "content": "Hello! How can I assist you today?",
                    "refusal": None,
                    "role": "assistant",
                    "audio": None,
                    "function_call": None,
                    "tool_calls": None,
                    "annotations": [],
                },
            }
        ],
        "created": 1744624827,
        "model": "gpt-4o-2024-08-06",
        "object": "chat.completion",
        "service_tier": "default",
        "usage": {"completion_tokens": 23, "prompt_tokens": 8, "total_tokens": 31},
    }
    kwargs = {
        "messages": [{"content": "Hello", "role": "system"}],
        "model": "gpt-4o",
        "frequency_penalty": 0,
        "max_tokens": 256,
        "stream": False,
    }
    call = Call("openai", "openai.chat.completions.create", kwargs, [], response)
    assert prompt_blueprint(normalise(call), provider="openai") == {
        "prompt_template": {
            "messages": [
                {
                    "input_variables": [],
                    "template_format": "f-string",
                    "content": [{"type": "text", "text": "Hello"}],
                    "raw_request_display_role": "system",
                    "dataset_examples": [],
                    "role": "system",
                    "name": None,
                },
                {
                    "input_variables": [],
                    "template_format": "f-string",
                    "content": [{"type": "text", "text": "Hello! How can I assist you today?"}],
                    "raw_request_display_role": "assistant",
                    "dataset_examples": [],
                    "role": "assistant",
                    "function_call": None,
                    "name": None,
                    "tool_calls": None,
                },
            ],
            "functions": [],
            "tools": [],
            "function_call": None,
            "tool_choice": None,
            "type": "chat",
            "input_variables": [],
            "dataset_examples": [],
        },
        "commit_message": None,
        "metadata": {
            "model": {
                "provider": "openai",
                "name": "gpt-4o",
                "parameters": {"frequency_penalty": 0, "max_tokens": 256, "stream": False},
            }
        },
        "provider_base_url_name": None,
        "report_id": None,
        "inference_client_name": None,
    }


def test_a_logged_template_comes_back_with_its_own_display_roles() -> None:
    found = from_log_request(log({"type": "chat", "messages": [user("Hi")]}, "Hello"))
    template = prompt_blueprint(found, display_roles=False)["prompt_template"]
    assert template["messages"][0] == user("Hi")
    assert template["messages"][1]["raw_request_display_role"] == ""


def test_a_completion_stays_one_with_the_answer_appended() -> None:
    found = from_log_request(log("Once upon", " a time"))
    template = prompt_blueprint(found)["prompt_template"]
    assert template["type"] == "completion"
    assert [part["text"] for part in template["content"]] == ["Once upon", " a time"]
