"""Anthropic's legacy text completions, whole or streamed (`anthropic.types.Completion`)."""

from __future__ import annotations

from typing import Any

from workbench.logs.call import Call, Conversation
from workbench.logs.normalise.openai_completions import prompt
from workbench.logs.normalise.shape import error_of, mapping, text, text_or_none, without
from workbench.messages import text_part

NAME = "anthropic.completions/1"

_PROMPT_KEYS = frozenset({"prompt", "model"})


def normalise(call: Call) -> Conversation:
    answer = whole_answer(call.response)
    said = answer.get("completion")
    requested = text_or_none(call.kwargs.get("model"))
    return Conversation(
        prompt=prompt(call.kwargs.get("prompt")),
        output=[{"role": "assistant", "content": [text_part(said)]}]
        if isinstance(said, str)
        else [],
        normaliser=NAME,
        model=text_or_none(answer.get("model")) or requested,
        requested_model=requested,
        parameters=without(call.kwargs, _PROMPT_KEYS),
        finish_reason=text_or_none(answer.get("stop_reason")),
        error=error_of(answer),
    )


def whole_answer(response: Any) -> dict[str, Any]:
    if isinstance(response, str):
        return {"completion": response}
    if not isinstance(response, list):
        return mapping(response)
    merged: dict[str, Any] = {}
    for event in map(mapping, response):
        merged |= {k: v for k, v in event.items() if v is not None}
    pieces = [text(mapping(event).get("completion")) for event in response]
    return merged | {"completion": "".join(pieces)}


def answers(response: Any) -> bool:
    first = mapping(response[0]) if isinstance(response, list) and response else mapping(response)
    return first.get("type") == "completion" and isinstance(first.get("completion"), str)
