"""OpenAI, supervised fine-tuning: `messages`, with tools, parallel calls, images and weights.

Rules, and where they are published:
- at least 10 examples; the last message is the assistant's; a weight of 0 or 1 says whether an
  answer is learnt (developers.openai.com/api/docs/guides/supervised-fine-tuning)
- text and images alone, no audio, no files; `messages`, `tools`, `parallel_tool_calls` and no
  other keys (API reference, FineTuneChatRequestInput); at most 128 functions, names of 64
  letters, digits, - and _ (ChatCompletionTool)
- 10 images an example, 10 MB each, JPEG, PNG or WEBP, by web address or as base64, never of the
  assistant; 50,000 examples with images in a file (…/guides/vision-fine-tuning). That images are
  RGB or RGBA and show no people is left to OpenAI.
- 65,536 tokens an example: what its models are trained with; no page that says so was found
  again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import orjson

from workbench.export.tuning.example import Example, Turn
from workbench.export.tuning.protocol import Limits, Line, said

MAX_IMAGES, MAX_IMAGE_BYTES, MAX_TOOLS = 10, 10 * 2**20, 128
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
_IMAGE = re.compile(r"https?://|data:image/(?:jpeg|png|webp);base64,")
_ROLES = frozenset({"system", "user", "assistant", "tool"})


class OpenAiChat(Limits):
    LEAST = 10
    MOST_WITH_IMAGES = 50_000
    IMAGE = b'"type":"image_url"'
    MAX_TOKENS = 65_536

    def line(self, example: Example, *, train_all: bool) -> Line:
        messages = messages_of(example.turns)
        if not train_all:
            for message in messages:
                if message["role"] == "assistant":
                    message["weight"] = 0
        messages.append(message_of(example.answer))
        return with_tools({"messages": messages}, example)

    def problem(self, line: Line) -> str | None:
        messages = line["messages"]
        found = check_messages(messages) or check_tools(line.get("tools") or [])
        if found:
            return found
        last = messages[-1]
        if last["role"] != "assistant":
            return "the last message is not the assistant's"
        return "the last answer is not trained on" if last.get("weight") == 0 else None


def with_tools(line: Line, example: Example) -> Line:
    if example.tools:
        line["tools"] = example.tools
        if example.parallel is not None:
            line["parallel_tool_calls"] = example.parallel
    return line


def messages_of(turns: Sequence[Turn]) -> list[dict[str, Any]]:
    return [message_of(turn) for turn in turns]


def message_of(turn: Turn) -> dict[str, Any]:
    """A message as the chat API has it."""
    if turn.role == "tool":
        return {"role": "tool", "tool_call_id": turn.call_id, "content": turn.text}
    message: dict[str, Any] = {"role": turn.role}
    text = said(turn)
    if turn.images:
        parts: list[dict[str, Any]] = [{"type": "text", "text": text}] if text else []
        for image in turn.images:
            shown = {"url": image.url, **({"detail": image.detail} if image.detail else {})}
            parts.append({"type": "image_url", "image_url": shown})
        message["content"] = parts
    elif text or not turn.calls:
        message["content"] = text
    if turn.calls:
        message["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for call in turn.calls
        ]
    return message


def check_messages(messages: Sequence[dict[str, Any]]) -> str | None:
    """The first rule that messages break."""
    images = 0
    is_answered = False
    open_calls: set[str] = set()
    for number, message in enumerate(messages, 1):
        role = message["role"]
        if role not in _ROLES:
            return f"message {number} has the role {role!r}"
        if role == "tool":
            if message["tool_call_id"] not in open_calls:
                return f"message {number} answers a tool call that was not made"
            open_calls.discard(message["tool_call_id"])
            continue
        if open_calls:
            return f"a tool call before message {number} has no answer"
        is_answered = is_answered or role == "assistant"
        content, calls = message.get("content"), message.get("tool_calls")
        if isinstance(content, str):
            if not calls and not content.strip():
                return f"message {number} is empty"
        elif isinstance(content, list):
            if role != "user":
                return f"message {number} holds an image and is not the user's"
            found = _check_parts(content)
            if found:
                return f"message {number}: {found}"
            images += sum(part["type"] == "image_url" for part in content)
        elif not calls:
            return f"message {number} is empty"
        for call in calls or ():
            found = _check_call(call)
            if found:
                return f"message {number}: {found}"
            open_calls.add(call["id"])
        if message.get("weight") not in (None, 0, 1):
            return f"message {number} has a weight that is neither 0 nor 1"
    if images > MAX_IMAGES:
        return f"{images} images, where {MAX_IMAGES} are the most"
    if not is_answered:
        return "there is no message of the assistant"
    return None


def _check_parts(parts: Sequence[dict[str, Any]]) -> str | None:
    for part in parts:
        if part["type"] == "text":
            continue
        url = part["image_url"]["url"]
        if not _IMAGE.match(url):
            return "an image that is neither JPEG, PNG or WEBP in base64 nor at a web address"
        if url.startswith("data:") and len(url) * 3 // 4 > MAX_IMAGE_BYTES:
            return "an image larger than 10 MB"
    return None


def _check_call(call: dict[str, Any]) -> str | None:
    if not call["id"]:
        return "a tool call without an id"
    if not _NAME.match(call["function"]["name"]):
        return f"the function name {call['function']['name'][:60]!r}"
    try:
        arguments = orjson.loads(call["function"]["arguments"])
    except orjson.JSONDecodeError:
        arguments = None
    return None if isinstance(arguments, dict) else "arguments that are no JSON object"


def check_tools(tools: Sequence[dict[str, Any]]) -> str | None:
    if len(tools) > MAX_TOOLS:
        return f"{len(tools)} tools, where {MAX_TOOLS} are the most"
    for tool in tools:
        name = tool["function"]["name"]
        if not _NAME.match(name):
            return f"the function name {name[:60]!r}"
    return None
