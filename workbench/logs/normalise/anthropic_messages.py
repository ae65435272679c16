"""Anthropic messages, whole or streamed; also through Bedrock's and Vertex' clients.

Shapes: https://docs.anthropic.com/en/api/messages and `anthropic.types`.
"""

from __future__ import annotations

from typing import Any

from workbench.logs.call import Call, Conversation
from workbench.logs.normalise.anthropic_blocks import messages, parts, turn
from workbench.logs.normalise.anthropic_stream import EVENTS, merge_events
from workbench.logs.normalise.shape import (
    billing,
    built_in_tool,
    error_of,
    first_count,
    function_tool,
    mapping,
    named_choice,
    text,
    text_or_none,
    without,
)
from workbench.messages import Message, Prompt, text_part, unknown_part
from workbench.usage import Usage

NAME = "anthropic.messages/1"

_PROMPT_KEYS = frozenset({"messages", "model", "system", "tools", "tool_choice"})

#: Anthropic's own tools carry a date in their type: the blueprint's names for them.
_BUILT_IN = {
    "web_search": "web_search",
    "web_fetch": "url_context",
    "code_execution": "code_interpreter",
    "bash": "bash",
    "text_editor": "text_editor",
}

_CHOICES = {"auto": "auto", "any": "required", "none": "none"}


def normalise(call: Call) -> Conversation:
    return read(call.kwargs, call.response, NAME)


def read(kwargs: dict[str, Any], response: Any, name: str) -> Conversation:
    """A conversation from a request's fields and its answer."""
    answer = whole_answer(response)
    requested = text_or_none(kwargs.get("model"))
    return Conversation(
        prompt=prompt(kwargs),
        output=output(response, answer),
        normaliser=name,
        model=text_or_none(answer.get("model")) or requested,
        requested_model=requested,
        parameters=_parameters(kwargs),
        usage=usage_of(mapping(answer.get("usage"))),
        finish_reason=text_or_none(answer.get("stop_reason")),
        error=error_of(answer),
    )


def prompt(kwargs: dict[str, Any]) -> Prompt:
    """The system prompt, as text or blocks, becomes the first message."""
    asked: list[Message] = []
    system = parts(kwargs.get("system"))
    if system:
        asked.append({"role": "system", "content": system})
    result: Prompt = {"type": "chat", "messages": asked + messages(kwargs.get("messages"))}
    if isinstance(kwargs.get("tools"), list):
        result["tools"] = [tool(raw) for raw in kwargs["tools"]]
    if kwargs.get("tool_choice"):
        result["tool_choice"] = _tool_choice(kwargs["tool_choice"])
    return result


def tool(raw: Any) -> Any:
    """A tool in the blueprint's shape; one that is not understood is kept as it is."""
    if not isinstance(raw, dict):
        return raw
    if "input_schema" in raw:
        rest = without(raw, frozenset({"name", "description", "input_schema", "type"}))
        schema = raw["input_schema"]
        return {**rest, **function_tool(raw.get("name"), raw.get("description"), schema)}
    kind, _, dated = text(raw.get("type")).rpartition("_")
    if dated.isdigit() and kind in _BUILT_IN:
        return built_in_tool(_BUILT_IN[kind], text(raw.get("name")), "anthropic", raw)
    return raw


def _tool_choice(choice: Any) -> Any:
    kind = mapping(choice).get("type")
    if kind == "tool":
        return named_choice(choice.get("name"))
    return _CHOICES.get(kind, choice) if isinstance(kind, str) else choice


def _parameters(kwargs: dict[str, Any]) -> dict[str, Any]:
    parameters = without(kwargs, _PROMPT_KEYS)
    choice = mapping(kwargs.get("tool_choice"))
    if "disable_parallel_tool_use" in choice:
        parameters["disable_parallel_tool_use"] = choice["disable_parallel_tool_use"]
    return parameters


def whole_answer(response: Any) -> dict[str, Any]:
    """The answer as one message, also from a list of stream events or from one event."""
    if isinstance(response, list):
        return merge_events(response)
    answer = mapping(response)
    return merge_events([answer]) if text(answer.get("type")) in EVENTS else answer


def output(response: Any, answer: dict[str, Any]) -> list[Message]:
    """The assistant's message; an answer of another shape is kept as it is."""
    if "content" in answer and not (answer.get("error") and not answer["content"]):
        said = turn(text(answer.get("role")) or "assistant", answer["content"])
        refusal = mapping(answer.get("stop_details")).get("explanation")
        if isinstance(refusal, str) and refusal and answer.get("stop_reason") == "refusal":
            said[-1]["content"].append({"type": "refusal", "refusal": refusal})
        return said
    if isinstance(response, str) and response:
        return [{"role": "assistant", "content": [text_part(response)]}]
    if not response or answer.get("error"):
        return []
    return [{"role": "assistant", "content": [unknown_part(response)]}]


def usage_of(counts: dict[str, Any]) -> Usage | None:
    """Anthropic's `input_tokens` excludes cached and cache-write tokens; ours includes them."""
    sent = first_count(counts, "input_tokens")
    received = first_count(counts, "output_tokens")
    if sent is None and received is None:
        return None
    cached = first_count(counts, "cache_read_input_tokens")
    written = first_count(counts, "cache_creation_input_tokens")
    by_lifetime = mapping(counts.get("cache_creation"))
    details = mapping(counts.get("output_tokens_details"))
    used = mapping(counts.get("server_tool_use"))
    tier = text_or_none(counts.get("service_tier"))
    return Usage(
        input_tokens=None if sent is None else sent + (cached or 0) + (written or 0),
        output_tokens=received,
        cached_tokens=cached,
        cache_write_tokens=written,
        reasoning_tokens=first_count(details, "thinking_tokens"),
        billing=billing(
            cache_write_1h_tokens=first_count(by_lifetime, "ephemeral_1h_input_tokens"),
            web_searches=first_count(used, "web_search_requests"),
            service_tier=tier,
            processing="batch" if tier == "batch" else None,
            speed=text_or_none(counts.get("speed")),
        ),
    )


def answers(response: Any) -> bool:
    """Whether a response looks like a message or its stream."""
    if isinstance(response, list):
        return any(text(mapping(event).get("type")) in EVENTS for event in response[:3])
    answer = mapping(response)
    if text(answer.get("type")) in EVENTS:
        return True
    return answer.get("type") == "message" and isinstance(answer.get("content"), list)
