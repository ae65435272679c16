"""Hugging Face: `messages` as chat templates and TRL read them; preferences as prompt, chosen and
rejected. Arguments of tool calls are objects here.

Rules: TRL's conversational datasets (huggingface.co/docs/trl/dataset_formats): `messages`;
`prompt` and `completion`; `prompt`, `chosen` and `rejected`; `tools` beside them, a list of JSON
schemas; a role and content in each message. Together takes `messages` too, but no `tools`, and
user and assistant have to take turns (docs.together.ai/docs/fine-tuning/data-preparation): that
is not checked.
"""

from __future__ import annotations

from typing import Any

from workbench.export.tuning.example import Example, Turn
from workbench.export.tuning.openai_chat import check_tools
from workbench.export.tuning.protocol import (
    Limits,
    Line,
    arguments_of,
    is_text,
    said,
    without_images,
)
from workbench.export.tuning.reasons import UNSUPPORTED, Unfit

_ROLES = frozenset({"system", "user", "assistant", "tool"})


class HuggingFace(Limits):
    def line(self, example: Example, *, train_all: bool) -> Line:
        without_images(example, "the messages format")
        messages = [_message(turn) for turn in (*example.turns, example.answer)]
        return _with_tools({"messages": messages}, example)

    def problem(self, line: Line) -> str | None:
        found = _check(line["messages"]) or check_tools(line.get("tools") or [])
        if found:
            return found
        last = line["messages"][-1]["role"]
        return None if last == "assistant" else "the last message is not the assistant's"


class HuggingFaceCompletion(Limits):
    """TRL's conversational prompt and completion: the completion alone is learnt."""

    def line(self, example: Example, *, train_all: bool) -> Line:
        without_images(example, "the messages format")
        if train_all and any(turn.role == "assistant" for turn in example.turns):
            raise Unfit(UNSUPPORTED, "earlier answers, of which only the last can be learnt here")
        prompt = [_message(turn) for turn in example.turns]
        return _with_tools({"prompt": prompt, "completion": [_message(example.answer)]}, example)

    def problem(self, line: Line) -> str | None:
        if not line["prompt"] or line["prompt"][-1]["role"] == "assistant":
            return "the prompt is empty or ends with an answer"
        messages = [*line["prompt"], *line["completion"]]
        return _check(messages) or check_tools(line.get("tools") or [])


class HuggingFacePreference(Limits):
    def half(self, example: Example) -> Line:
        without_images(example, "the messages format")
        asked = {"prompt": [_message(turn) for turn in example.turns]}
        return {"input": _with_tools(asked, example), "output": [_message(example.answer)]}

    def pair(self, preferred: Line, other: Line) -> Line:
        return {**preferred["input"], "chosen": preferred["output"], "rejected": other["output"]}

    def problem(self, line: Line) -> str | None:
        if line["chosen"] == line["rejected"]:
            return "both answers are the same"
        if not line["prompt"] or line["prompt"][-1]["role"] == "assistant":
            return "the prompt is empty or ends with an answer"
        for name in ("chosen", "rejected"):
            found = _check([*line["prompt"], *line[name]])
            if found:
                return f"{name}: {found}"
        return check_tools(line.get("tools") or [])


def _with_tools(line: Line, example: Example) -> Line:
    if example.tools:
        line["tools"] = example.tools
    return line


def _message(turn: Turn) -> dict[str, Any]:
    if turn.role == "tool":
        named = {"name": turn.name} if turn.name else {}
        return {"role": "tool", "content": turn.text, **named}
    message: dict[str, Any] = {"role": turn.role, "content": said(turn)}
    if turn.calls:
        message["tool_calls"] = [
            {"type": "function", "function": {"name": c.name, "arguments": arguments_of(c)}}
            for c in turn.calls
        ]
    return message


def _check(messages: list[dict[str, Any]]) -> str | None:
    for number, message in enumerate(messages, 1):
        if message["role"] not in _ROLES:
            return f"message {number} has the role {message['role']!r}"
        is_said = is_text(message["content"]) or message.get("tool_calls")
        if not is_said and message["role"] != "tool":
            return f"message {number} is empty"
    return None
