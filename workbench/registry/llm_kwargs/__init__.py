"""A rendered prompt as the keyword arguments of a vendor's own client (`llm_kwargs`).

Where `promptlayer.run()` can call the vendor, the arguments are those that it passes on; Cohere's
are those of its own client. A provider that is not known is taken to speak OpenAI's chat.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from workbench.registry.llm_kwargs import (
    anthropic,
    bedrock,
    cohere,
    gemini,
    mistral,
    openai_chat,
    openai_completions,
    openai_responses,
)
from workbench.registry.llm_kwargs.common import Request
from workbench.registry.llm_kwargs.parameters import moved
from workbench.registry.llm_kwargs.parameters import same_settings as same_settings

Build = Callable[[Request], dict[str, Any]]
_BY_PROVIDER: dict[str, Build] = {
    "anthropic": anthropic.build,
    "anthropic.bedrock": anthropic.build,
    "google": gemini.build,
    "amazon.bedrock": bedrock.build,
    "mistral": mistral.build,
    "cohere": cohere.build,
}
# Providers whose parameters have the same names.
_FAMILIES = {"openai.azure": "openai", "anthropic.bedrock": "anthropic", "vertexai": "google"}


def build(
    prompt: Mapping[str, Any],
    provider: str,
    model: str = "",
    parameters: Mapping[str, Any] | None = None,
    api_type: str | None = None,
) -> tuple[dict[str, Any], list[str]]:
    """The keyword arguments, and a sentence for each thing that they could not carry.

    prompt: a blueprint, rendered or not. provider: as in `metadata.model.provider`. api_type:
    "chat-completions" (the default), "responses", "images" … of OpenAI. Parameters win over what
    is derived: a `messages` or `model` among them replaces it, as the service does.
    """
    request = Request(prompt, model, dict(parameters or {}), api_type)
    return _builder(provider, request)(request), request.notes


def _builder(provider: str, request: Request) -> Build:
    found = _BY_PROVIDER.get(provider)
    if found is not None:
        return found
    if provider == "vertexai":
        return anthropic.build if "claude" in request.model else gemini.build
    if request.api_type == "responses":
        return openai_responses.build
    if request.api_type in ("images", "video", "speech"):
        return openai_completions.build
    # OpenRouter has no other than the chat interface.
    if not request.is_chat and provider != "openrouter":
        return openai_completions.build
    return openai_chat.build


def for_provider(
    parameters: Mapping[str, Any], written_for: str, provider: str
) -> tuple[dict[str, Any], list[str]]:
    """Parameters of a template that is asked for with another provider, and what was left out."""
    if _family(written_for) == _family(provider):
        return dict(parameters), []
    notes: list[str] = []
    return moved(parameters, notes.append, provider), notes


def _family(provider: str) -> str:
    return _FAMILIES.get(provider, provider)
