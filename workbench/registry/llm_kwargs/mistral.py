"""`mistral.chat.complete(**kwargs)`: close to OpenAI's chat, with settings of its own."""

from __future__ import annotations

from typing import Any

from workbench.registry.llm_kwargs import openai_chat
from workbench.registry.llm_kwargs.common import Request
from workbench.registry.llm_kwargs.parameters import spelled

_OWN = {
    "max_tokens": "max_tokens",
    "temperature": "temperature",
    "top_p": "top_p",
    "stop": "stop",
    "seed": "random_seed",
}


def build(request: Request) -> dict[str, Any]:
    """Keyword arguments; parameters win over what is derived."""
    kwargs = openai_chat.build_for_kin(request)
    for message in kwargs["messages"]:
        if message["role"] == "function":
            message["role"] = "tool"
        if isinstance(message["content"], list):
            message["content"] = [_part(part) for part in message["content"]]
    if kwargs.get("tool_choice") == "required":
        kwargs["tool_choice"] = "any"
    return kwargs | spelled(request.parameters, _OWN)


def _part(part: dict[str, Any]) -> dict[str, Any]:
    """Mistral takes an image's address as plain text."""
    if part["type"] == "image_url":
        return {"type": "image_url", "image_url": part["image_url"]["url"]}
    return part
