"""Embeddings of any vendor: the texts that went in, and how many vectors of what length came back.

The numbers themselves say nothing to a reader; they stay in the raw call.
"""

from __future__ import annotations

from typing import Any

from workbench.logs.call import Call, Conversation
from workbench.logs.normalise.openai_completions import texts
from workbench.logs.normalise.openai_parts import content_parts
from workbench.logs.normalise.shape import (
    error_of,
    first_count,
    items,
    mapping,
    text_or_none,
    without,
)
from workbench.messages import Message, Part, unknown_part
from workbench.usage import Usage

NAME = "embeddings/1"

_ASKED = ("input", "inputs", "texts", "contents", "content", "prompt", "inputText")
_MODELS = ("model", "modelId", "model_id", "engine")


def normalise(call: Call) -> Conversation:
    kwargs, answer = call.kwargs, mapping(call.response)
    key = next((key for key in _ASKED if kwargs.get(key) is not None), None)
    requested = next((m for name in _MODELS if (m := text_or_none(kwargs.get(name)))), None)
    return Conversation(
        prompt={"type": "completion", "content": _asked(kwargs[key]) if key else []},
        output=output(answer),
        normaliser=NAME,
        model=text_or_none(answer.get("model")) or requested,
        requested_model=requested,
        parameters=without(kwargs, frozenset({key or "", *_MODELS})),
        usage=usage_of(answer),
        error=error_of(answer),
    )


def _asked(value: Any) -> list[Part]:
    """Texts, or the `content` of each input where a vendor takes images too."""
    if isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
        return [part for one in value for part in content_parts(one.get("content", one))]
    return texts(value)


def vectors(answer: dict[str, Any]) -> list[Any]:
    """The vectors in an answer, whichever vendor's."""
    if isinstance(answer.get("data"), list):
        return [mapping(one).get("embedding") for one in answer["data"]]
    found = answer.get("embeddings", answer.get("embedding"))
    if isinstance(found, dict):
        # Cohere answers by kind of number, Gemini with {"values": [...]} for a single text.
        found = next((one for one in found.values() if isinstance(one, list)), None)
    rows = items(found)
    if rows and not isinstance(rows[0], list | dict | str):
        return [rows]
    return [one.get("values") if isinstance(one, dict) else one for one in rows]


def output(answer: dict[str, Any]) -> list[Message]:
    rows = vectors(answer)
    if not rows:
        return []
    length = len(rows[0]) if isinstance(rows[0], list) else None
    made = {"embeddings": len(rows), "dimensions": length}
    return [{"role": "assistant", "content": [unknown_part(made)]}]


def usage_of(answer: dict[str, Any]) -> Usage | None:
    """No vendor counts output here: there is no text that could come back."""
    counts = mapping(answer.get("usage"))
    sent = first_count(counts, "prompt_tokens", "input_tokens", "total_tokens")
    if sent is None:
        billed = mapping(mapping(answer.get("meta")).get("billed_units"))
        sent = first_count(billed, "input_tokens")
    if sent is None:
        sent = first_count(answer, "prompt_eval_count", "inputTextTokenCount")
    return None if sent is None else Usage(input_tokens=sent, output_tokens=0)


def answers(response: Any) -> bool:
    answer = mapping(response)
    if isinstance(answer.get("data"), list):
        return bool(answer["data"]) and "embedding" in mapping(answer["data"][0])
    return isinstance(answer.get("embeddings", answer.get("embedding")), list | dict)
