"""Amazon Nova on Bedrock: the Converse shape, with tools.

Rules: the Nova user guides (schemaVersion, user first, taking turns, the assistant last; reserved
words; images lie in S3, in the bucket of the data). At least 8 and at most 20,000 records.
"""

from __future__ import annotations

import re
from typing import Any

from workbench.export.tuning.example import Example, Image, Turn
from workbench.export.tuning.protocol import (
    Line,
    alternates,
    arguments_of,
    merged,
    said,
    system_apart,
)
from workbench.export.tuning.reasons import UNSUPPORTED, Unfit

_RESERVED = re.compile(r"\A\s*(?:User|Bot|Assistant|System):|<image>|<video>|\[EOS\]")
_FORMATS = {"png": "png", "jpg": "jpeg", "jpeg": "jpeg", "gif": "gif", "webp": "webp"}


class Bedrock:
    LEAST = 8
    MOST: int | None = 20_000
    MAX_TOKENS: int | None = 32_000

    def line(self, example: Example, *, train_all: bool) -> Line:
        system, turns = system_apart([*example.turns, example.answer])
        line: dict[str, Any] = {"schemaVersion": "bedrock-conversation-2024"}
        if system:
            line["system"] = [{"text": system}]
        line["messages"] = _messages(merged(turns))
        if example.tools:
            line["toolConfig"] = {"tools": [_tool(tool["function"]) for tool in example.tools]}
        return line

    def problem(self, line: Line) -> str | None:
        for block in line.get("system", ()):
            if _RESERVED.search(block["text"]):
                return "the system prompt holds a reserved word"
        for number, message in enumerate(line["messages"], 1):
            if not message["content"]:
                return f"message {number} is empty"
            if message["role"] == "user" and any(
                _RESERVED.search(block.get("text", "")) for block in message["content"]
            ):
                return f"message {number} holds a reserved word"
        return alternates([message["role"] for message in line["messages"]], "user", "assistant")


def _messages(turns: list[Turn]) -> list[dict[str, Any]]:
    """Results of tools belong to a message of the user."""
    messages: list[dict[str, Any]] = []
    for turn in turns:
        role = "user" if turn.role == "tool" else turn.role
        blocks = _blocks(turn)
        if messages and messages[-1]["role"] == role:
            messages[-1]["content"] += blocks
        else:
            messages.append({"role": role, "content": blocks})
    return messages


def _blocks(turn: Turn) -> list[dict[str, Any]]:
    if turn.role == "tool":
        return [{"toolResult": {"toolUseId": turn.call_id, "content": [{"text": turn.text}]}}]
    text = said(turn)
    blocks: list[dict[str, Any]] = [{"text": text}] if text else []
    blocks += [_image(image) for image in turn.images]
    blocks += [
        {"toolUse": {"toolUseId": call.id, "name": call.name, "input": arguments_of(call)}}
        for call in turn.calls
    ]
    return blocks


def _image(image: Image) -> dict[str, Any]:
    kind = _FORMATS.get(image.url.rpartition(".")[2].lower())
    if not image.url.startswith("s3://") or kind is None:
        raise Unfit(UNSUPPORTED, "an image that is not in S3")
    return {"image": {"format": kind, "source": {"s3Location": {"uri": image.url}}}}


def _tool(function: dict[str, Any]) -> dict[str, Any]:
    spec: dict[str, Any] = {
        "name": function["name"],
        "inputSchema": {"json": function.get("parameters") or {"type": "object"}},
    }
    if function.get("description"):
        spec["description"] = function["description"]
    return {"toolSpec": spec}
