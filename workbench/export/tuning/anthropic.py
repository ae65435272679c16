"""Claude, fine-tuned on Amazon Bedrock: `system` and `messages` of text.

Rules: the Bedrock user guide (user first, taking turns, the assistant last; 32 to 10,000 records of
at most 32,000 tokens; the old prompt marks must not stand in a text).
"""

from __future__ import annotations

from typing import Any

from workbench.export.tuning.example import Example
from workbench.export.tuning.protocol import (
    Line,
    alternates,
    is_text,
    merged,
    said,
    system_apart,
    text_only,
)

_MARKS = ("\nHuman:", "\nAssistant:")


class Anthropic:
    LEAST = 32
    MOST: int | None = 10_000
    MAX_TOKENS: int | None = 32_000

    def line(self, example: Example, *, train_all: bool) -> Line:
        text_only(example, "Claude's fine-tuning")
        system, turns = system_apart([*example.turns, example.answer])
        messages = [{"role": turn.role, "content": said(turn)} for turn in merged(turns)]
        line: dict[str, Any] = {"system": system} if system else {}
        line["messages"] = messages
        return line

    def problem(self, line: Line) -> str | None:
        texts = [line.get("system", "")]
        for number, message in enumerate(line["messages"], 1):
            if not is_text(message["content"]):
                return f"message {number} is empty"
            texts.append(message["content"])
        if any(mark in text for text in texts for mark in _MARKS):
            return "a text holds a mark of Claude's old prompts (Human:, Assistant:)"
        return alternates([message["role"] for message in line["messages"]], "user", "assistant")
