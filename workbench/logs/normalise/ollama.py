"""Ollama's chat and generate, whole or streamed.

Shapes: https://github.com/ollama/ollama/blob/main/docs/api.md.
"""

from __future__ import annotations

from typing import Any

from workbench.logs.call import Call, Conversation
from workbench.logs.normalise.openai_parts import message
from workbench.logs.normalise.shape import (
    data_url,
    error_of,
    first_count,
    items,
    mapping,
    text,
    text_or_none,
    without,
)
from workbench.messages import Message, Part, Prompt, image_part, text_part, unknown_part
from workbench.usage import Usage

NAME = "ollama/1"

_PROMPT_KEYS = frozenset(
    {"model", "messages", "prompt", "system", "images", "suffix", "tools", "options"}
)

#: First characters of base64 that tell what an image is; Ollama does not say.
_SIGNATURES = {"/9j/": "image/jpeg", "R0lG": "image/gif", "UklG": "image/webp"}


def normalise(call: Call) -> Conversation:
    kwargs = call.kwargs
    answer = whole_answer(call.response)
    requested = text_or_none(kwargs.get("model"))
    settings = {**mapping(kwargs.get("options")), **without(kwargs, _PROMPT_KEYS)}
    return Conversation(
        prompt=prompt(kwargs),
        output=output(call.response, answer),
        normaliser=NAME,
        model=text_or_none(answer.get("model")) or requested,
        requested_model=requested,
        parameters=settings,
        usage=usage_of(answer),
        finish_reason=text_or_none(answer.get("done_reason")),
        error=error_of(answer),
    )


def prompt(kwargs: dict[str, Any]) -> Prompt:
    asked: list[Message] = []
    if text_or_none(kwargs.get("system")):
        asked.append({"role": "system", "content": [text_part(kwargs["system"])]})
    asked += [_message(raw) for raw in items(kwargs.get("messages"))]
    if isinstance(kwargs.get("prompt"), str):
        parts = [text_part(kwargs["prompt"]), *_images(kwargs.get("images"))]
        if text_or_none(kwargs.get("suffix")):
            parts.append(text_part(kwargs["suffix"]))
        asked.append({"role": "user", "content": parts})
    result: Prompt = {"type": "chat", "messages": asked}
    if isinstance(kwargs.get("tools"), list):
        result["tools"] = kwargs["tools"]
    return result


def _message(raw: Any, default_role: str = "user") -> Message:
    """OpenAI's shape, but images are bare base64 and a tool's result is known by its name."""
    if not isinstance(raw, dict):
        return message(raw, default_role)
    found = message(without(raw, frozenset({"images"})), default_role)
    if text_or_none(raw.get("thinking")):
        found["content"].insert(0, {"type": "thinking", "thinking": raw["thinking"]})
    found["content"] += _images(raw.get("images"))
    name = text_or_none(raw.get("tool_name"))
    if name:
        found["name"] = name
    return found


def _images(images: Any) -> list[Part]:
    result: list[Part] = []
    for one in items(images):
        if isinstance(one, dict):
            one = one.get("value")
        if isinstance(one, str) and one:
            mime = _SIGNATURES.get(one[:4], "image/png")
            result.append(image_part(one if one.startswith("http") else data_url(one, mime)))
        else:
            result.append(unknown_part(one))
    return result


def whole_answer(response: Any) -> dict[str, Any]:
    """The answer, or a stream's answers as one; the last one carries the counts."""
    if not isinstance(response, list):
        return mapping(response)
    merged: dict[str, Any] = {}
    chunks = [mapping(chunk) for chunk in response]
    for chunk in chunks:
        merged |= {k: v for k, v in chunk.items() if v is not None}
    for key in ("response", "thinking"):
        pieces = [chunk[key] for chunk in chunks if isinstance(chunk.get(key), str)]
        if pieces:
            merged[key] = "".join(pieces)
    said = [chunk["message"] for chunk in chunks if isinstance(chunk.get("message"), dict)]
    if said:
        whole: dict[str, Any] = {"role": "assistant"}
        for key in ("content", "thinking"):
            whole[key] = "".join(text(one.get(key)) for one in said)
        for key in ("tool_calls", "images"):
            whole[key] = [item for one in said for item in items(one.get(key))]
        merged["message"] = whole
    return merged


def output(response: Any, answer: dict[str, Any]) -> list[Message]:
    if isinstance(answer.get("message"), dict):
        return [_message(answer["message"], "assistant")]
    if isinstance(answer.get("response"), str):
        made = {"content": answer["response"], "thinking": answer.get("thinking")}
        return [_message(made, "assistant")]
    if isinstance(response, str) and response:
        return [{"role": "assistant", "content": [text_part(response)]}]
    if not response or answer.get("error"):
        return []
    return [{"role": "assistant", "content": [unknown_part(response)]}]


def usage_of(answer: dict[str, Any]) -> Usage | None:
    """A prompt that was still in memory is not evaluated again, and then not counted."""
    sent = first_count(answer, "prompt_eval_count")
    received = first_count(answer, "eval_count")
    return None if sent is None and received is None else Usage(sent, received)


def answers(response: Any) -> bool:
    first = mapping(response[0]) if isinstance(response, list) and response else mapping(response)
    spoken = isinstance(first.get("message"), dict) or isinstance(first.get("response"), str)
    return spoken and isinstance(first.get("done"), bool)
