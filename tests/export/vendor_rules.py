"""What the vendors publish of formats that no package of theirs reads: as JSON Schemas, and where
order matters as their reader walks a line. Written from their pages and not from our code.
"""

from __future__ import annotations

import json
from typing import Any

import jsonschema
from openai.types.chat import ChatCompletionMessageParam
from pydantic import TypeAdapter

Line = dict[str, Any]
_TEXT = {"type": "string", "pattern": r"\S"}
_TOOLS = {
    "type": "array",
    "maxItems": 128,
    "items": {
        "type": "object",
        "required": ["type", "function"],
        "properties": {
            "type": {"const": "function"},
            "function": {
                "type": "object",
                "required": ["name"],
                "properties": {
                    "name": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"},
                    "parameters": {"type": "object"},
                },
            },
        },
    },
}


def _object(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "type": "object",
        "required": list(required),
        "properties": {**required, **(optional or {})},
        "additionalProperties": False,
    }


def _messages(roles: list[str], least: int) -> dict[str, Any]:
    message = _object({"role": {"enum": roles}, "content": _TEXT})
    return {"type": "array", "minItems": least, "items": message}


# TRL, "Dataset formats": conversational; arguments of a tool call are an object.
_CHATTED: dict[str, Any] = {
    "type": "array",
    "minItems": 1,
    "items": _object(
        {"role": {"enum": ["system", "user", "assistant", "tool"]}, "content": {"type": "string"}},
        {
            "name": {"type": "string"},
            "tool_calls": {
                "type": "array",
                "minItems": 1,
                "items": _object(
                    {
                        "type": {"const": "function"},
                        "function": _object(
                            {"name": _TEXT, "arguments": {"type": "object"}},
                        ),
                    }
                ),
            },
        },
    ),
}
_OPENAI_ANSWER = {
    "type": "array",
    "minItems": 1,
    "maxItems": 1,
    "items": _object({"role": {"const": "assistant"}, "content": _TEXT}),
}
SCHEMAS: dict[str, dict[str, Any]] = {
    # AWS, "Prepare data for fine-tuning": single and multi turn messages of Claude 3.
    "anthropic": _object(
        {"messages": _messages(["user", "assistant"], 2)}, {"system": {"type": "string"}}
    ),
    # Cohere, "Preparing the chat fine-tuning data".
    "cohere": _object({"messages": _messages(["System", "User", "Chatbot"], 2)}),
    # LLaMA-Factory, data/README.md.
    "sharegpt": _object(
        {
            "conversations": {
                "type": "array",
                "minItems": 2,
                "items": _object(
                    {
                        "from": {"enum": ["human", "gpt", "observation", "function_call"]},
                        "value": {"type": "string"},
                    }
                ),
            }
        },
        {"system": {"type": "string"}, "tools": {"type": "string"}},
    ),
    "alpaca": _object(
        {"instruction": _TEXT, "input": {"type": "string"}, "output": _TEXT},
        {
            "system": {"type": "string"},
            "history": {
                "type": "array",
                "items": {"type": "array", "minItems": 2, "maxItems": 2, "items": _TEXT},
            },
        },
    ),
    "huggingface": _object({"messages": _CHATTED}, {"tools": _TOOLS}),
    "huggingface-completion": _object(
        {"prompt": _CHATTED, "completion": _CHATTED}, {"tools": _TOOLS}
    ),
    "huggingface-preference": _object(
        {"prompt": _CHATTED, "chosen": _CHATTED, "rejected": _CHATTED}, {"tools": _TOOLS}
    ),
    # OpenAI, "Direct preference optimization".
    "openai-preference": _object(
        {
            "input": _object(
                {"messages": {"type": "array", "minItems": 1}},
                {"tools": _TOOLS, "parallel_tool_calls": {"type": "boolean"}},
            ),
            "preferred_output": _OPENAI_ANSWER,
            "non_preferred_output": _OPENAI_ANSWER,
        }
    ),
}


def check(name: str, line: Line) -> None:
    """Raises AssertionError or ValidationError where a published rule is broken."""
    jsonschema.validate(line, SCHEMAS[name])
    order = _ORDER.get(name)
    if order is not None:
        order(line)


def _anthropic(line: Line) -> None:
    for number, message in enumerate(line["messages"]):
        assert message["role"] == ("assistant" if number % 2 else "user"), "they take turns"
    assert len(line["messages"]) % 2 == 0, "the assistant is last"
    for text in [line.get("system", ""), *(one["content"] for one in line["messages"])]:
        assert "\nHuman:" not in text
        assert "\nAssistant:" not in text


def _cohere(line: Line) -> None:
    roles = [one["role"] for one in line["messages"]]
    assert {"User", "Chatbot"} <= set(roles)
    assert "System" not in roles[1:]
    assert roles[-1] == "Chatbot", "what is learnt is an answer"


def _sharegpt(line: Line) -> None:
    # As SharegptDatasetConverter walks it.
    turns = line["conversations"]
    for number, turn in enumerate(turns):
        odd = ("gpt", "function_call") if number % 2 else ("human", "observation")
        assert turn["from"] in odd, f"turn {number} is of {turn['from']}"
        if turn["from"] == "function_call":
            calls = json.loads(turn["value"])
            for call in calls if isinstance(calls, list) else [calls]:
                assert set(call) == {"name", "arguments"}
    assert len(turns) % 2 == 0
    assert isinstance(json.loads(line.get("tools", "[]")), list)


def _chat(messages: list[Line]) -> None:
    """As a chat template reads it: a tool's answer follows a call, and nothing is empty."""
    waiting = 0
    for message in messages:
        if message["role"] == "tool":
            assert waiting, "an answer without a call"
            waiting -= 1
            continue
        waiting = len(message.get("tool_calls", ()))
        assert message["content"].strip() or waiting, "an empty message"


def _huggingface(line: Line) -> None:
    _chat(line["messages"])
    assert line["messages"][-1]["role"] == "assistant"


def _completion(line: Line) -> None:
    _chat([*line["prompt"], *line["completion"]])
    assert line["prompt"][-1]["role"] != "assistant"
    assert [one["role"] for one in line["completion"]] == ["assistant"]


def _preference(line: Line) -> None:
    for name in ("chosen", "rejected"):
        _completion({"prompt": line["prompt"], "completion": line[name]})
    assert line["chosen"] != line["rejected"]


def _openai_preference(line: Line) -> None:
    for message in line["input"]["messages"]:
        TypeAdapter(ChatCompletionMessageParam).validate_python(message)
    assert line["input"]["messages"][-1]["role"] != "assistant"
    assert line["preferred_output"] != line["non_preferred_output"]


_ORDER: dict[str, Any] = {
    "anthropic": _anthropic,
    "cohere": _cohere,
    "sharegpt": _sharegpt,
    "huggingface": _huggingface,
    "huggingface-completion": _completion,
    "huggingface-preference": _preference,
    "openai-preference": _openai_preference,
}
