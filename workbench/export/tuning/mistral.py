"""Mistral: `messages` with tools; weights as in OpenAI's files.

Rules: what Mistral's own packages refuse (github.com/mistralai/mistral-finetune:
finetune/data/tokenize.py; github.com/mistralai/mistral-common: protocol/instruct/validator.py, V3
for fine-tuning):
- one system message at most; the assistant is last
- after a tool's result comes another one or the assistant, never the user
- an answer is text or calls, one of the two; its weight is 0 or 1
- as many results as calls; ids of calls are nine letters or digits; names as OpenAI's
- every tool has a description and parameters, which are a JSON Schema; arguments are text
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import re
from functools import lru_cache
from typing import Any

import orjson
from jsonschema import Draft7Validator, SchemaError

from workbench.export.tuning.example import Example, Turn
from workbench.export.tuning.openai_chat import check_messages, check_tools
from workbench.export.tuning.protocol import (
    Limits,
    Line,
    merged,
    said,
    system_apart,
    without_images,
)
from workbench.export.tuning.reasons import UNSUPPORTED, Unfit

_ID = re.compile(r"[A-Za-z0-9]{9}\Z")


class Mistral(Limits):
    def line(self, example: Example, *, train_all: bool) -> Line:
        without_images(example, "Mistral's fine-tuning")
        system, turns = system_apart([*example.turns, example.answer])
        messages = [_message(turn) for turn in merged(turns)]
        for message in messages[:-1]:
            if message["role"] == "assistant" and not train_all:
                message["weight"] = 0
        if system:
            messages.insert(0, {"role": "system", "content": system})
        line: dict[str, Any] = {"messages": messages}
        if example.tools:
            line["tools"] = [_tool(tool["function"]) for tool in example.tools]
        return line

    def problem(self, line: Line) -> str | None:
        messages = line["messages"]
        found = check_messages(messages) or check_tools(line.get("tools") or [])
        if found:
            return found
        if any(message["role"] == "system" for message in messages[1:]):
            return "a system message stands after the first"
        for number, (before, message) in enumerate(itertools.pairwise(messages), 2):
            if before["role"] == "tool" and message["role"] == "user":
                return f"message {number} is the user's, right after a tool's result"
        for message in messages:
            calls = message.get("tool_calls") or ()
            if any(not _ID.match(call["id"]) for call in calls):
                return "the id of a tool call is not nine letters or digits"
        for tool in line.get("tools") or ():
            problem = schema_problem(orjson.dumps(tool["function"]["parameters"]))
            if problem is not None:
                return f"the parameters of {tool['function']['name']}: {problem}"
        last = messages[-1]["role"]
        return None if last == "assistant" else "the last message is not the assistant's"


def _message(turn: Turn) -> dict[str, Any]:
    if turn.role == "tool":
        return {"role": "tool", "tool_call_id": short_id(turn.call_id), "content": turn.text}
    if not turn.calls:
        return {"role": turn.role, "content": said(turn)}
    if turn.text.strip():
        raise Unfit(UNSUPPORTED, "an answer with both text and tool calls")
    calls = [
        {
            "id": short_id(call.id),
            "type": "function",
            "function": {"name": call.name, "arguments": call.arguments},
        }
        for call in turn.calls
    ]
    return {"role": "assistant", "tool_calls": calls}


def short_id(text: str) -> str:
    """The id itself where it fits, else nine letters made of it, the same each time."""
    if _ID.match(text):
        return text
    digest = hashlib.sha256(text.encode()).digest()
    return base64.b32encode(digest)[:9].decode()


@lru_cache(maxsize=1024)
def schema_problem(parameters: bytes) -> str | None:
    """What is wrong with a JSON Schema; the same tools stand in very many lines."""
    try:
        Draft7Validator.check_schema(orjson.loads(parameters))
    except SchemaError as error:
        return f"no JSON Schema: {error.message[:200]}"
    return None


def _tool(function: dict[str, Any]) -> dict[str, Any]:
    whole = {"description": "", "parameters": {"type": "object", "properties": {}}, **function}
    return {"type": "function", "function": whole}
