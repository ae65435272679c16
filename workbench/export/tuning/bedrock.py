"""Amazon Nova on Bedrock: the Converse shape, with tools.

Rules: the user guides (docs.aws.amazon.com/nova/latest/nova2-userguide/nova-data-prep-sft-2.html,
docs.aws.amazon.com/nova/latest/userguide/fine-tune-prepare-data-understanding.html) and what
Amazon's validator refuses (github.com/aws-samples/amazon-nova-samples:
nova_ft_dataset_validator.py):
- schemaVersion; the user first, taking turns, the assistant last; no message without content
- no reserved word anywhere in a text or system prompt, in capitals or not
- images lie in S3, in the bucket of the data, at a path of letters, digits, _, -, / and .; PNG,
  JPEG and GIF (Nova 1 takes WEBP too); 10 a message at most; none in the assistant's
- every tool has a name of its own, a description, and a schema with a type; what is called is one
  of them; ids of calls are there once; a result answers a call before it, once
- 8 to 20,000 records. That Nova 2 Lite takes none below 200 is not checked; of 32,000 tokens an
  example no page was found again.
"""

from __future__ import annotations

import re
from typing import Any

from workbench.export.tuning.example import Example, Image, Turn
from workbench.export.tuning.protocol import (
    Limits,
    Line,
    alternates,
    arguments_of,
    merged,
    said,
    system_apart,
)
from workbench.export.tuning.reasons import UNSUPPORTED, Unfit

_RESERVED = re.compile(
    r"(?:system|user|bot|assistant|thought):|\[eos\]|<(?:image|video|unk)>", re.IGNORECASE
)
_FORMATS = {"png": "png", "jpg": "jpeg", "jpeg": "jpeg", "gif": "gif"}
_PATH = re.compile(r"s3://[\w\-/.]+\Z")
_MOST_IMAGES = 10


class Bedrock(Limits):
    LEAST = 8
    MOST = 20_000
    MAX_TOKENS = 32_000

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
            found = _content_problem(message)
            if found:
                return f"message {number} {found}"
        roles = [message["role"] for message in line["messages"]]
        return alternates(roles, "user", "assistant") or _tool_problem(line)


def _content_problem(message: dict[str, Any]) -> str | None:
    blocks = message["content"]
    if not blocks:
        return "is empty"
    if any(_RESERVED.search(block.get("text", "")) for block in blocks):
        return "holds a reserved word"
    images = sum("image" in block for block in blocks)
    if images and message["role"] == "assistant":
        return "is the assistant's and holds an image"
    return f"holds {images} images, {_MOST_IMAGES} are the most" if images > _MOST_IMAGES else None


def _tool_problem(line: Line) -> str | None:
    """What is wrong with calls; where no tools are told, nothing says which ones there are."""
    if "toolConfig" not in line:
        return None
    names = [tool["toolSpec"]["name"] for tool in line["toolConfig"]["tools"]]
    if len(names) != len(set(names)):
        return "two tools have the same name"
    called: set[str] = set()
    answered: set[str] = set()
    for block in (block for message in line["messages"] for block in message["content"]):
        if "toolUse" in block:
            call = block["toolUse"]
            if call["name"] not in names:
                return f"a call of {call['name'][:60]!r}, which is none of the tools"
            if not call["toolUseId"].strip() or call["toolUseId"] in called:
                return "a tool call without an id of its own"
            called.add(call["toolUseId"])
        elif "toolResult" in block:
            id_ = block["toolResult"]["toolUseId"]
            if id_ not in called or id_ in answered:
                return "a result that answers no tool call before it"
            answered.add(id_)
    return None


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
    if not image.url.startswith("s3://"):
        raise Unfit(UNSUPPORTED, "an image that is not in S3")
    if kind is None or not _PATH.match(image.url):
        raise Unfit(UNSUPPORTED, "an image that is no PNG, JPEG or GIF at a plain path")
    return {"image": {"format": kind, "source": {"s3Location": {"uri": image.url}}}}


def _tool(function: dict[str, Any]) -> dict[str, Any]:
    """A description is needed: of a tool without one its name says what it does."""
    return {
        "toolSpec": {
            "name": function["name"],
            "description": function.get("description") or function["name"],
            "inputSchema": {"json": {"type": "object", **(function.get("parameters") or {})}},
        }
    }
