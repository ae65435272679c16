"""ShareGPT as LLaMA-Factory reads it: `conversations` of human, gpt, function_call, observation.

Rules (github.com/hiyouga/LLaMA-Factory: data/README.md): human and observation stand in odd
places, gpt and function_call in even ones; system and tools are texts beside them.
"""

from __future__ import annotations

from typing import Any

import orjson

from workbench.export.tuning.example import Example, Turn
from workbench.export.tuning.protocol import (
    Limits,
    Line,
    arguments_of,
    merged,
    said,
    system_apart,
    without_images,
)
from workbench.export.tuning.reasons import UNSUPPORTED, Unfit

_ODD = ("human", "observation")
_EVEN = ("gpt", "function_call")


class ShareGpt(Limits):
    def line(self, example: Example, *, train_all: bool) -> Line:
        without_images(example, "ShareGPT")
        system, turns = system_apart([*example.turns, example.answer])
        found: list[dict[str, str]] = []
        for turn in merged(turns):
            message = _message(turn)
            if found and message["from"] == found[-1]["from"] == "observation":
                # Answers to calls in parallel: one place is theirs.
                found[-1]["value"] += "\n" + message["value"]
            else:
                found.append(message)
        line: dict[str, Any] = {"conversations": found}
        if system:
            line["system"] = system
        if example.tools:
            functions = [tool["function"] for tool in example.tools]
            line["tools"] = orjson.dumps(functions).decode()
        return line

    def problem(self, line: Line) -> str | None:
        for number, message in enumerate(line["conversations"], 1):
            if message["from"] not in (_ODD if number % 2 else _EVEN):
                return f"message {number} is of {message['from']}, out of its turn"
            if not message["value"].strip() and message["from"] != "observation":
                return f"message {number} is empty"
        last = line["conversations"][-1]["from"]
        return None if last in _EVEN else "the last message is not the model's"


def _message(turn: Turn) -> dict[str, str]:
    if turn.role == "user":
        return {"from": "human", "value": turn.text}
    if turn.role == "tool":
        return {"from": "observation", "value": turn.text}
    if not turn.calls:
        return {"from": "gpt", "value": said(turn)}
    if turn.text.strip():
        raise Unfit(UNSUPPORTED, "an answer with both text and tool calls")
    calls = [{"name": call.name, "arguments": arguments_of(call)} for call in turn.calls]
    value = calls[0] if len(calls) == 1 else calls
    return {"from": "function_call", "value": orjson.dumps(value).decode()}
