"""Any vendor's call into one neutral conversation.

`normalise` looks at the shape of the answer first, then at the name of the function and of the
provider, then at the shape of the request, and falls back to `raw/1`. It never raises for JSON.
One file a vendor API, each with a `NAME` that carries its version: rows keep it, so that a better
normaliser can be run over old rows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from workbench.logs.call import Call, Conversation
from workbench.logs.normalise import (
    anthropic_completions,
    anthropic_messages,
    bedrock_converse,
    bedrock_invoke,
    cohere,
    embeddings,
    gemini,
    langchain,
    mistral,
    ollama,
    openai_chat,
    openai_completions,
    openai_media,
    openai_responses,
    raw,
)
from workbench.logs.normalise.blueprint import from_log_request
from workbench.logs.normalise.blueprint_out import prompt_blueprint
from workbench.logs.normalise.providers import provider_name, provider_of
from workbench.logs.normalise.shape import items, mapping

__all__ = ["from_log_request", "normalise", "prompt_blueprint", "provider_name", "provider_of"]

Normaliser = Callable[[Call], Conversation]

#: Who answers like this; the first that says yes. Chat completions are checked before them all.
_BY_ANSWER: tuple[tuple[Callable[[Any], bool], Normaliser], ...] = (
    (anthropic_messages.answers, anthropic_messages.normalise),
    (openai_responses.answers, openai_responses.normalise),
    (gemini.answers, gemini.normalise),
    (bedrock_converse.answers, bedrock_converse.normalise),
    (ollama.answers, ollama.normalise),
    (cohere.answers, cohere.normalise),
    (openai_completions.answers, openai_completions.normalise),
    (anthropic_completions.answers, anthropic_completions.normalise),
    (embeddings.answers, embeddings.normalise),
    (openai_media.answers, openai_media.normalise),
)

#: Parts of a function's dotted name and who it belongs to; the first that stands in it.
_BY_NAME: tuple[tuple[str, Normaliser], ...] = (
    ("chat.completions", openai_chat.normalise),
    ("chatcompletion", openai_chat.normalise),
    ("responses.", openai_responses.normalise),
    ("embed", embeddings.normalise),
    ("images.", openai_media.normalise),
    ("audio.", openai_media.normalise),
    ("speech", openai_media.normalise),
    ("messages.create", anthropic_messages.normalise),
    ("messages.stream", anthropic_messages.normalise),
    ("messages.parse", anthropic_messages.normalise),
    ("anthropic.completions", anthropic_completions.normalise),
    ("anthropic.anthropic.completions", anthropic_completions.normalise),
    ("invoke_model", bedrock_invoke.normalise),
    ("converse", bedrock_converse.normalise),
    ("generate_content", gemini.normalise),
    ("generatecontent", gemini.normalise),
    ("send_message", gemini.normalise),
    ("mistral", mistral.normalise),
    ("cohere", cohere.normalise),
    ("ollama", ollama.normalise),
    ("chat.send", openai_chat.normalise),
    ("completions.", openai_completions.normalise),
    ("completion.create", openai_completions.normalise),
)


def normalise(call: Call) -> Conversation:
    """The conversation of a call; what is not understood is kept whole in `unknown` parts."""
    if call.response in ("", []):
        call = replace(call, response={})
    read = by_answer(call) or by_name(call) or by_request(call) or raw.normalise
    return replace(read(call), provider=provider_of(call))


def by_answer(call: Call) -> Normaliser | None:
    """The normaliser whose vendor answers in this shape."""
    response = call.response
    if call.provider.strip().lower() == "langchain":
        return langchain.normalise
    if "invoke_model" in call.function_name.lower():
        return bedrock_invoke.normalise
    if not isinstance(response, dict | list) or not response:
        return None
    first = mapping(next(iter(items(response)), None)) or mapping(response)
    if isinstance(first.get("data"), dict):
        first = first["data"]
    if isinstance(first.get("choices"), list) and not openai_completions.answers(response):
        spoken = provider_of(call) == "mistral"
        return mistral.normalise if spoken else openai_chat.normalise
    return next((read for answers, read in _BY_ANSWER if answers(response)), None)


def by_name(call: Call) -> Normaliser | None:
    """The normaliser of the function's name; it decides where the answer says nothing."""
    name = call.function_name.lower()
    return next((read for part, read in _BY_NAME if part in name), None)


def by_request(call: Call) -> Normaliser | None:
    """The normaliser of the request's shape, when nothing else tells."""
    kwargs = call.kwargs
    if "contents" in kwargs:
        return gemini.normalise
    if "modelId" in kwargs:
        return bedrock_invoke.normalise if "body" in kwargs else bedrock_converse.normalise
    if not isinstance(kwargs.get("messages"), list):
        return None
    if "system" in kwargs or provider_of(call) == "anthropic":
        return anthropic_messages.normalise
    return openai_chat.normalise if not call.response else None
