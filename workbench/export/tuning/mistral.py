"""Mistral: `messages` with tools; weights as in OpenAI's files.

Rules: the guide and the checks of mistral-finetune (one system message at most, first; the
assistant last; ids of calls are nine letters or digits; every tool has a description and
parameters; arguments are text; an answer is text or calls, not both).
"""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any

from workbench.export.tuning.example import Example, Turn
from workbench.export.tuning.openai_chat import check_messages, check_tools
from workbench.export.tuning.protocol import Line, merged, said, system_apart, without_images
from workbench.export.tuning.reasons import UNSUPPORTED, Unfit

_ID = re.compile(r"[A-Za-z0-9]{9}\Z")


class Mistral:
    LEAST = 1
    MOST: int | None = None
    MAX_TOKENS: int | None = None

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
        for message in messages:
            calls = message.get("tool_calls") or ()
            if any(not _ID.match(call["id"]) for call in calls):
                return "the id of a tool call is not nine letters or digits"
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


def _tool(function: dict[str, Any]) -> dict[str, Any]:
    whole = {"description": "", "parameters": {"type": "object", "properties": {}}, **function}
    return {"type": "function", "function": whole}
