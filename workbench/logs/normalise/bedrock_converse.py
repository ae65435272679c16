"""Amazon Bedrock's Converse and ConverseStream.

Shapes: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html. Cached
tokens are counted beside `inputTokens`, not in them (Bedrock user guide, prompt caching).
"""

from __future__ import annotations

from typing import Any, cast

from workbench.logs.call import Call, Conversation
from workbench.logs.normalise.bedrock_blocks import assembled, messages, parts
from workbench.logs.normalise.bedrock_stream import merge_events
from workbench.logs.normalise.shape import (
    billing,
    error_of,
    first_count,
    function_tool,
    items,
    mapping,
    named_choice,
    text,
    text_or_none,
    without,
)
from workbench.messages import Message, Prompt, text_part, unknown_part
from workbench.usage import Usage

NAME = "bedrock.converse/1"

_PROMPT_KEYS = frozenset({"modelId", "messages", "system", "toolConfig", "inferenceConfig"})


def normalise(call: Call) -> Conversation:
    return read(call.kwargs, call.response, NAME)


def read(kwargs: dict[str, Any], response: Any, name: str) -> Conversation:
    """A conversation from a request's fields and its answer."""
    answer = whole_answer(response)
    requested = text_or_none(kwargs.get("modelId"))
    settings = without(kwargs, _PROMPT_KEYS)
    return Conversation(
        prompt=prompt(kwargs),
        output=output(response, answer),
        normaliser=name,
        model=_invoked(answer) or requested,
        requested_model=requested,
        parameters={**mapping(kwargs.get("inferenceConfig")), **settings},
        usage=usage_of(mapping(answer.get("usage"))),
        finish_reason=text_or_none(answer.get("stopReason")),
        error=_error(answer),
    )


def _invoked(answer: dict[str, Any]) -> str | None:
    """The model that a prompt router chose."""
    router = mapping(mapping(answer.get("trace")).get("promptRouter"))
    return text_or_none(router.get("invokedModelId"))


def prompt(kwargs: dict[str, Any]) -> Prompt:
    asked: list[Message] = []
    system = kwargs.get("system")
    if system:
        asked.append({"role": "system", "content": parts(system)})
    result: Prompt = {"type": "chat", "messages": asked + messages(kwargs.get("messages"))}
    config = mapping(kwargs.get("toolConfig"))
    if isinstance(config.get("tools"), list):
        result["tools"] = [
            _tool(raw) for raw in config["tools"] if "cachePoint" not in mapping(raw)
        ]
    choice = mapping(config.get("toolChoice"))
    if isinstance(choice.get("tool"), dict):
        result["tool_choice"] = named_choice(choice["tool"].get("name"))
    elif choice:
        result["tool_choice"] = "required" if "any" in choice else "auto"
    return result


def _tool(raw: Any) -> Any:
    spec = mapping(raw).get("toolSpec")
    if not isinstance(spec, dict):
        return raw
    schema = mapping(spec.get("inputSchema")).get("json") or {}
    return function_tool(spec.get("name"), spec.get("description"), schema)


def whole_answer(response: Any) -> dict[str, Any]:
    """The answer; boto3's stream response holds its events under `stream`."""
    if isinstance(response, list):
        return merge_events(response)
    answer = mapping(response)
    return merge_events(answer["stream"]) if isinstance(answer.get("stream"), list) else answer


def output(response: Any, answer: dict[str, Any]) -> list[Message]:
    said = mapping(answer.get("output")).get("message")
    if isinstance(said, dict):
        return assembled(text(said.get("role")) or "assistant", said.get("content"), answered=True)
    if isinstance(response, str) and response:
        return [{"role": "assistant", "content": [text_part(response)]}]
    if not response or _error(answer):
        return []
    return [{"role": "assistant", "content": [unknown_part(response)]}]


def _error(answer: dict[str, Any]) -> tuple[str, str] | None:
    """boto3's errors are {"Error": {"Code", "Message"}}."""
    error = mapping(answer.get("Error"))
    if text_or_none(error.get("Code")):
        return error["Code"], text(error.get("Message"))
    return error_of(answer)


def usage_of(counts: dict[str, Any]) -> Usage | None:
    sent = first_count(counts, "inputTokens")
    received = first_count(counts, "outputTokens")
    if sent is None and received is None:
        return None
    cached = first_count(counts, "cacheReadInputTokens", "cacheReadInputTokenCount")
    written = first_count(counts, "cacheWriteInputTokens", "cacheWriteInputTokenCount")
    hour = [
        one for one in map(mapping, items(counts.get("cacheDetails"))) if one.get("ttl") == "1h"
    ]
    return Usage(
        input_tokens=None if sent is None else sent + (cached or 0) + (written or 0),
        output_tokens=received,
        cached_tokens=cached,
        cache_write_tokens=written,
        billing=billing(
            cache_write_1h_tokens=first_count(hour[0], "inputTokens") if hour else None
        ),
    )


def answers(response: Any) -> bool:
    if isinstance(response, list):
        seen = {key for event in response[:3] for key in mapping(event)}
        return bool(seen & {"messageStart", "contentBlockStart", "contentBlockDelta"})
    answer = mapping(response)
    if isinstance(answer.get("stream"), list):
        return answers(cast(list[Any], answer["stream"]))
    return isinstance(mapping(answer.get("output")).get("message"), dict)
