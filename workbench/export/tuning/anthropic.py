"""Claude, fine-tuned on Amazon Bedrock: `system` and `messages` of text.

Rules, and where they are published:
- an optional `system`; two messages at least, the user first, taking turns, the assistant last;
  no other keys (platform.claude.com/cookbook/finetuning-finetuning-on-bedrock)
- 32 to 10,000 training records, 1,000 validation records, 32,000 tokens a record, 10 GB
  (docs.aws.amazon.com/bedrock/latest/userguide/preparing-text-data.html). That both files have
  10,000 together, unless the account's quota was raised, is not checked.
- Ours alone: the marks of Claude's old prompts stand in no text, since they ended a turn there.
"""

from __future__ import annotations

from typing import Any

from workbench.export.tuning.example import Example
from workbench.export.tuning.protocol import (
    Limits,
    Line,
    alternates,
    is_text,
    merged,
    said,
    system_apart,
    text_only,
)

_MARKS = ("\nHuman:", "\nAssistant:")


class Anthropic(Limits):
    LEAST = 32
    MOST = 10_000
    MOST_VALIDATION = 1_000
    MAX_BYTES = 10 * 2**30
    MAX_TOKENS = 32_000

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
