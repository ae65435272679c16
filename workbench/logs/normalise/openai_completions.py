"""Text completions: OpenAI's legacy API and who speaks it, whole or streamed.

Shapes: https://platform.openai.com/docs/api-reference/completions and `openai.types.completion`.
"""

from __future__ import annotations

from typing import Any

from workbench.logs.call import Call, Conversation
from workbench.logs.normalise.openai_chat import usage_of
from workbench.logs.normalise.shape import (
    error_of,
    items,
    mapping,
    text,
    text_or_none,
    without,
)
from workbench.messages import Message, Part, Prompt, text_part, unknown_part

NAME = "openai.completions/1"

_PROMPT_KEYS = frozenset({"prompt", "model"})


def normalise(call: Call) -> Conversation:
    answer = whole_answer(call.response)
    first = mapping(next(iter(items(answer.get("choices"))), None))
    requested = text_or_none(call.kwargs.get("model") or call.kwargs.get("engine"))
    asked = call.kwargs.get("prompt")
    if asked is None and call.args:
        asked = call.args[0]
    return Conversation(
        prompt=prompt(asked),
        output=output(answer),
        normaliser=NAME,
        model=text_or_none(answer.get("model")) or requested,
        requested_model=requested,
        parameters=without(call.kwargs, _PROMPT_KEYS),
        usage=usage_of(mapping(answer.get("usage"))),
        finish_reason=text_or_none(first.get("finish_reason")),
        error=error_of(answer),
    )


def prompt(asked: Any) -> Prompt:
    """One text, several, or token numbers, which nobody can read and so are unknown."""
    return {"type": "completion", "content": texts(asked)}


def texts(asked: Any) -> list[Part]:
    if asked is None or asked == []:
        return []
    if isinstance(asked, str):
        return [text_part(asked)]
    if isinstance(asked, list) and all(isinstance(one, str) for one in asked):
        return [text_part(one) for one in asked]
    return [unknown_part(asked)]


def whole_answer(response: Any) -> dict[str, Any]:
    if isinstance(response, str):
        return {"choices": [{"text": response}]}
    return merge_chunks(response) if isinstance(response, list) else mapping(response)


def merge_chunks(chunks: list[Any]) -> dict[str, Any]:
    """One completion from a stream of them, each with the next piece of text."""
    merged: dict[str, Any] = {}
    pieces: dict[int, list[str]] = {}
    reasons: dict[int, Any] = {}
    for raw in chunks:
        chunk = mapping(raw)
        merged |= {k: chunk[k] for k in ("id", "model", "usage", "error") if chunk.get(k)}
        for choice in map(mapping, items(chunk.get("choices"))):
            index = choice["index"] if isinstance(choice.get("index"), int) else 0
            pieces.setdefault(index, []).append(text(choice.get("text")))
            reasons[index] = choice.get("finish_reason") or reasons.get(index)
    merged["choices"] = [
        {"index": index, "text": "".join(pieces[index]), "finish_reason": reasons[index]}
        for index in sorted(pieces)
    ]
    return merged


def output(answer: dict[str, Any]) -> list[Message]:
    result: list[Message] = []
    for choice in items(answer.get("choices")):
        said = mapping(choice).get("text")
        content = [text_part(said)] if isinstance(said, str) else [unknown_part(choice)]
        result.append({"role": "assistant", "content": content})
    return result


def answers(response: Any) -> bool:
    first = mapping(response[0]) if isinstance(response, list) and response else mapping(response)
    if first.get("object") == "text_completion":
        return True
    choices = items(first.get("choices"))
    return bool(choices) and all(isinstance(mapping(one).get("text"), str) for one in choices)
