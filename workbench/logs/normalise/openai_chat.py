"""OpenAI chat completions, whole or streamed, and everyone who speaks their dialect.

Shapes: https://platform.openai.com/docs/api-reference/chat and `openai.types.chat`.
"""

from __future__ import annotations

from typing import Any

from workbench.logs.call import Call, Conversation
from workbench.logs.normalise.openai_parts import message
from workbench.logs.normalise.openai_stream import merge_chunks
from workbench.logs.normalise.shape import (
    billing,
    error_of,
    first_count,
    items,
    mapping,
    text_or_none,
    without,
)
from workbench.messages import Message, Prompt, text_part, unknown_part
from workbench.usage import Usage

NAME = "openai.chat/1"

_PROMPT_KEYS = frozenset(
    {"messages", "model", "tools", "tool_choice", "functions", "function_call"}
)


def normalise(call: Call) -> Conversation:
    return read(call, NAME)


def read(call: Call, name: str) -> Conversation:
    """A conversation in this dialect, under the name of whoever speaks it."""
    answer = whole_answer(call.response)
    first = mapping(next(iter(items(answer.get("choices"))), None))
    requested = text_or_none(call.kwargs.get("model"))
    return Conversation(
        prompt=prompt(call),
        output=output(call, answer),
        normaliser=name,
        model=text_or_none(answer.get("model")) or requested,
        requested_model=requested,
        parameters=without(call.kwargs, _PROMPT_KEYS),
        usage=usage_of(mapping(answer.get("usage")), text_or_none(answer.get("service_tier"))),
        finish_reason=text_or_none(first.get("finish_reason")),
        error=error_of(answer),
    )


def prompt(call: Call) -> Prompt:
    """Messages and tools; the messages may be the first positional argument."""
    kwargs = call.kwargs
    asked = kwargs.get("messages")
    if asked is None and call.args:
        asked = call.args[0]
    if isinstance(asked, str | dict):
        asked = [asked]
    result: Prompt = {"type": "chat", "messages": [message(raw) for raw in items(asked)]}
    if isinstance(kwargs.get("tools"), list):
        result["tools"] = kwargs["tools"]
    if isinstance(kwargs.get("functions"), list):
        result["functions"] = kwargs["functions"]
    if kwargs.get("tool_choice"):
        result["tool_choice"] = kwargs["tool_choice"]
    if kwargs.get("function_call"):
        result["function_call"] = kwargs["function_call"]
    return result


def whole_answer(response: Any) -> dict[str, Any]:
    """The answer as one `chat.completion`, whichever way it was logged."""
    if isinstance(response, list):
        return merge_chunks(response)
    answer = mapping(response)
    choices = items(answer.get("choices"))
    if choices and not all(isinstance(mapping(one).get("message"), dict) for one in choices):
        return merge_chunks([answer])
    return answer


def output(call: Call, answer: dict[str, Any]) -> list[Message]:
    """One assistant message a choice; an answer of another shape is kept as it is."""
    response, choices = call.response, items(answer.get("choices"))
    if choices:
        said = [mapping(choice).get("message") for choice in choices]
        sound = text_or_none(mapping(call.kwargs.get("audio")).get("format"))
        return [message(_with_format(one, sound), "assistant") for one in said]
    if isinstance(response, str) and response:
        return [{"role": "assistant", "content": [text_part(response)]}]
    if not response or answer.get("error") or "choices" in mapping(response):
        return []
    return [{"role": "assistant", "content": [unknown_part(response)]}]


def _with_format(raw: Any, sound: str | None) -> Any:
    """A message whose audio names its format, which only the request says."""
    if sound is None or not isinstance(mapping(raw).get("audio"), dict):
        return raw
    return {**raw, "audio": {"format": sound, **raw["audio"]}}


def usage_of(counts: dict[str, Any], service_tier: str | None = None) -> Usage | None:
    """Usage in chat completions' terms: `prompt_tokens` includes cached tokens."""
    sent = first_count(counts, "prompt_tokens", "input_tokens")
    received = first_count(counts, "completion_tokens", "output_tokens")
    if sent is None and received is None:
        return None
    details = mapping(counts.get("prompt_tokens_details"))
    answered = mapping(counts.get("completion_tokens_details"))
    reasoning = first_count(answered, "reasoning_tokens")
    # xAI counts reasoning beside the completion, so that only the total shows it.
    total = first_count(counts, "total_tokens")
    if reasoning and received is not None and total == (sent or 0) + received + reasoning:
        received += reasoning
    cached = first_count(details, "cached_tokens")
    if cached is None:
        cached = first_count(counts, "prompt_cache_hit_tokens")
    return Usage(
        input_tokens=sent,
        output_tokens=received,
        cached_tokens=cached,
        cache_write_tokens=first_count(details, "cache_write_tokens"),
        reasoning_tokens=reasoning,
        billing=billing(
            input_audio_tokens=first_count(details, "audio_tokens"),
            output_audio_tokens=first_count(answered, "audio_tokens"),
            service_tier=service_tier,
        ),
    )
