"""Cohere, chat: `messages` of System, User and Chatbot, text alone.

Rules: these three roles; at least one User and one Chatbot; the preamble is the first message, as
System; a turn of at most 16,384 tokens, which an example of so many keeps; UTF-8
(docs.cohere.com/docs/chat-preparing-the-data); two conversations at least
(docs.cohere.com/docs/chat-starting-the-training). Ours alone: the Chatbot is last, as that is
what is learnt, and later System messages, which Cohere takes for speakers, stand in the preamble.
"""

from __future__ import annotations

from workbench.export.tuning.example import Example
from workbench.export.tuning.protocol import (
    Limits,
    Line,
    is_text,
    merged,
    said,
    system_apart,
    text_only,
)

_ROLES = {"user": "User", "assistant": "Chatbot"}


class Cohere(Limits):
    LEAST = 2
    MAX_TOKENS = 16_384

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
