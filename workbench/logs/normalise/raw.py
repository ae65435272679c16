"""What is left when no vendor's shape fits: messages, a prompt or a text, wherever one stands."""

from __future__ import annotations

from typing import Any

from workbench.logs.call import Call, Conversation
from workbench.logs.normalise.anthropic_messages import usage_of as anthropic_usage
from workbench.logs.normalise.blueprint import parts, prompt
from workbench.logs.normalise.openai_chat import usage_of
from workbench.logs.normalise.openai_parts import message
from workbench.logs.normalise.shape import (
    error_of,
    items,
    mapping,
    text,
    text_or_none,
    without,
)
from workbench.messages import Message, Part, Prompt, text_part, unknown_part
from workbench.usage import Usage

NAME = "raw/1"

_MESSAGES = ("messages", "chat_history", "history", "conversation", "turns")
_TEXTS = (
    "prompt",
    "input",
    "inputs",
    "query",
    "question",
    "text",
    "message",
    "contents",
    "content",
    "user_prompt",
)
_SYSTEM = ("system", "system_prompt", "instructions", "preamble", "system_instruction")
_ANSWERS = (
    "output_text",
    "text",
    "content",
    "completion",
    "generated_text",
    "response",
    "answer",
    "output",
    "message",
    "result",
    "reply",
    "generation",
)
_MODELS = ("model", "model_name", "modelId", "model_id", "engine", "deployment")
_FINISHES = ("finish_reason", "finishReason", "stop_reason", "stopReason", "done_reason")


def normalise(call: Call) -> Conversation:
    kwargs, answer = call.kwargs, mapping(call.response)
    asked, used = _prompt(call)
    requested = _first_text(kwargs, _MODELS)
    return Conversation(
        prompt=asked,
        output=_output(call.response),
        normaliser=NAME,
        model=_first_text(answer, _MODELS) or requested,
        requested_model=requested,
        parameters=without(kwargs, used),
        usage=_usage(answer),
        finish_reason=_first_text(answer, _FINISHES),
        error=error_of(answer),
    )


def _first_text(source: dict[str, Any], keys: tuple[str, ...]) -> str | None:
    return next((source[key] for key in keys if text_or_none(source.get(key))), None)


def _prompt(call: Call) -> tuple[Prompt, frozenset[str]]:
    """What was asked, and the keyword arguments that it stood in."""
    kwargs = call.kwargs
    used = {key for key in _MODELS if isinstance(kwargs.get(key), str)}
    asked: list[Message] = []
    for key in _SYSTEM:
        if text_or_none(kwargs.get(key)):
            asked.append({"role": "system", "content": [text_part(kwargs[key])]})
            used.add(key)
            break
    for key in _MESSAGES:
        if _is_messages(kwargs.get(key)):
            asked += [message(one) for one in kwargs[key]]
            used.add(key)
            break
    for key in _TEXTS:
        found = _asked(kwargs.get(key))
        if found and not (key == "text" and len(asked) > 1):
            asked += found
            used.add(key)
            break
    if not asked:
        for argument in call.args:
            asked += _asked(argument) or [_unknown("user", argument)]
    tools: dict[str, Any] = {}
    if isinstance(kwargs.get("tools"), list):
        tools["tools"] = kwargs["tools"]
        used.add("tools")
    result: Prompt = {"type": "chat", "messages": asked, **tools}  # type: ignore[typeddict-item]
    return result, frozenset(used)


def _is_messages(value: Any) -> bool:
    return bool(items(value)) and all(
        isinstance(one, dict) and ("role" in one or "content" in one) for one in value
    )


def _asked(value: Any) -> list[Message]:
    """Messages that a value holds, [] when it holds nothing that can be read."""
    if isinstance(value, str):
        return [{"role": "user", "content": [text_part(value)]}] if value else []
    if _is_messages(value):
        return [message(one) for one in value]
    if isinstance(value, list) and value and all(isinstance(one, str) for one in value):
        return [{"role": "user", "content": [text_part(one)]} for one in value]
    source = mapping(value)
    if isinstance(source.get("messages"), list) or isinstance(source.get("role"), str):
        return prompt(source).get("messages", [])
    if isinstance(source.get("text"), str):
        return [{"role": "user", "content": [text_part(source["text"])]}]
    return []


def _output(response: Any) -> list[Message]:
    if response is None or response == {} or response == [] or response == "":
        return []
    if isinstance(response, str):
        return [_assistant([text_part(response)])]
    if _is_messages(response):
        return [message(one, "assistant") for one in response]
    answer = mapping(response)
    if isinstance(answer.get("messages"), list) and _is_messages(answer["messages"]):
        return [message(one, "assistant") for one in answer["messages"]]
    found: list[Part] = []
    for key in _ANSWERS:
        value = answer.get(key)
        if isinstance(value, str) and value:
            found = [text_part(value)]
        elif isinstance(value, dict) and isinstance(value.get("role"), str):
            return [message(value, "assistant")]
        elif isinstance(value, list) and value and all(_is_text(one) for one in value):
            found = parts(value)
        if found:
            return [_assistant(found)]
    if answer.get("error"):
        return []
    return [_unknown("assistant", response)]


def _is_text(value: Any) -> bool:
    return isinstance(value, str) or isinstance(mapping(value).get("text"), str)


def _assistant(content: list[Part]) -> Message:
    return {"role": "assistant", "content": content}


def _unknown(role: str, raw: Any) -> Message:
    return {"role": role, "content": [unknown_part(raw)]}


def _usage(answer: dict[str, Any]) -> Usage | None:
    counts = mapping(answer.get("usage"))
    if "cache_read_input_tokens" in counts or "cache_creation_input_tokens" in counts:
        return anthropic_usage(counts)
    return usage_of(counts, text(answer.get("service_tier")))
