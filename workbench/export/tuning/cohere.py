"""Cohere, chat: `messages` of System, User and Chatbot, text alone.

Rules: "Preparing the chat fine-tuning data" (these three roles; at least one User and one Chatbot;
the preamble is the first message; a turn has at most 16,384 tokens).
"""

from __future__ import annotations

from workbench.export.tuning.example import Example
from workbench.export.tuning.protocol import (
    Line,
    is_text,
    merged,
    said,
    system_apart,
    text_only,
)

_ROLES = {"user": "User", "assistant": "Chatbot"}


class Cohere:
    LEAST = 2
    MOST: int | None = None
    MAX_TOKENS: int | None = 16_384

    def line(self, example: Example, *, train_all: bool) -> Line:
        text_only(example, "Cohere's fine-tuning")
        system, turns = system_apart([*example.turns, example.answer])
        messages = [{"role": _ROLES[turn.role], "content": said(turn)} for turn in merged(turns)]
        if system:
            messages.insert(0, {"role": "System", "content": system})
        return {"messages": messages}

    def problem(self, line: Line) -> str | None:
        roles = [message["role"] for message in line["messages"]]
        for number, message in enumerate(line["messages"], 1):
            if not is_text(message["content"]):
                return f"message {number} is empty"
        if "System" in roles[1:]:
            return "a System message stands after the first"
        if not {"User", "Chatbot"} <= set(roles):
            return "there must be messages of both User and Chatbot"
        return None if roles[-1] == "Chatbot" else "the last message is not the Chatbot's"
