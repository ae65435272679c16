"""Cohere's chat: v2 messages, whole or streamed, and the older v1 with its one `message`.

Shapes: https://docs.cohere.com/reference/chat. `billed_units` are what is paid for; `tokens` also
count what Cohere adds to a prompt and does not bill.
"""

from __future__ import annotations

from typing import Any

from workbench.logs.call import Call, Conversation
from workbench.logs.normalise.cohere_stream import EVENTS, merge_events
from workbench.logs.normalise.openai_parts import message
from workbench.logs.normalise.shape import (
    error_of,
    first_count,
    function_tool,
    items,
    json_text,
    mapping,
    text,
    text_or_none,
    without,
)
from workbench.messages import Message, Prompt, ToolCall, text_part, unknown_part
from workbench.usage import Usage

NAME = "cohere.chat/1"

_PROMPT_KEYS = frozenset(
    {"messages", "model", "tools", "message", "chat_history", "preamble", "tool_choice"}
)
_ROLES = {"USER": "user", "CHATBOT": "assistant", "SYSTEM": "system", "TOOL": "tool"}
_CHOICES = {"REQUIRED": "required", "NONE": "none"}


def normalise(call: Call) -> Conversation:
    kwargs = call.kwargs
    answer = whole_answer(call.response)
    requested = text_or_none(kwargs.get("model"))
    return Conversation(
        prompt=prompt(kwargs),
        output=output(call.response, answer),
        normaliser=NAME,
        model=text_or_none(answer.get("model")) or requested,
        requested_model=requested,
        parameters=without(kwargs, _PROMPT_KEYS),
        usage=usage_of(answer),
        finish_reason=text_or_none(answer.get("finish_reason")),
        error=_error(answer),
    )


def prompt(kwargs: dict[str, Any]) -> Prompt:
    """v2's messages; or v1's preamble, history and message as messages."""
    asked: list[Message] = []
    if text_or_none(kwargs.get("preamble")):
        asked.append({"role": "system", "content": [text_part(kwargs["preamble"])]})
    asked += [_message(raw) for raw in items(kwargs.get("chat_history"))]
    asked += [_message(raw) for raw in items(kwargs.get("messages"))]
    if text_or_none(kwargs.get("message")):
        asked.append({"role": "user", "content": [text_part(kwargs["message"])]})
    result: Prompt = {"type": "chat", "messages": asked}
    if isinstance(kwargs.get("tools"), list):
        result["tools"] = [_tool(raw) for raw in kwargs["tools"]]
    choice = kwargs.get("tool_choice")
    if choice:
        result["tool_choice"] = _CHOICES.get(choice, choice) if isinstance(choice, str) else choice
    return result


def _tool(raw: Any) -> Any:
    """v1 wrote {name, description, parameter_definitions}; v2 writes OpenAI's shape."""
    if "parameter_definitions" not in mapping(raw):
        return raw
    return function_tool(raw.get("name"), raw.get("description"), raw["parameter_definitions"])


def _message(raw: Any, default_role: str = "user") -> Message:
    source = mapping(raw)
    if isinstance(source.get("message"), str):
        role = text(source.get("role"))
        found: Message = {
            "role": _ROLES.get(role, role.lower()) or default_role,
            "content": [text_part(source["message"])],
        }
        _add_v1_calls(found, source)
        return found
    found = message(raw, default_role)
    plan = source.get("tool_plan")
    if isinstance(plan, str) and plan:
        found["content"].insert(0, {"type": "thinking", "thinking": plan})
    citations = items(source.get("citations"))
    for part in found["content"]:
        if part["type"] == "unknown" and mapping(part.get("raw")).get("type") == "document":
            document = mapping(part["raw"].get("document"))
            words = mapping(document.get("data")).get("text", document.get("data"))
            if isinstance(words, str):
                part |= text_part(words)
                del part["raw"]
        elif part["type"] == "text" and citations:
            part["annotations"] = citations
            citations = []
    return found


def _add_v1_calls(found: Message, source: dict[str, Any]) -> None:
    """v1's tool calls have a name and `parameters`, and no id."""
    calls: list[ToolCall] = [
        {
            "id": text(one.get("id")),
            "type": "function",
            "function": {
                "name": text(one.get("name")),
                "arguments": json_text(one.get("parameters")),
            },
        }
        for one in items(source.get("tool_calls"))
        if isinstance(one, dict) and "function" not in one
    ]
    if calls:
        found["tool_calls"] = calls


def whole_answer(response: Any) -> dict[str, Any]:
    return merge_events(response) if isinstance(response, list) else mapping(response)


def output(response: Any, answer: dict[str, Any]) -> list[Message]:
    said = answer.get("message")
    if isinstance(said, dict):
        return [_message(said, "assistant")]
    if isinstance(answer.get("text"), str):
        v1 = {"role": "CHATBOT", "message": answer["text"], "tool_calls": answer.get("tool_calls")}
        return [_message(v1)]
    if isinstance(response, str) and response:
        return [{"role": "assistant", "content": [text_part(response)]}]
    if not response or _error(answer):
        return []
    return [{"role": "assistant", "content": [unknown_part(response)]}]


def _error(answer: dict[str, Any]) -> tuple[str, str] | None:
    """An error answer is {"message": text}, and nothing else of an answer."""
    said = answer.get("message")
    if isinstance(said, str) and "finish_reason" not in answer:
        return "error", said
    return error_of(answer)


def usage_of(answer: dict[str, Any]) -> Usage | None:
    counts = mapping(answer.get("usage") or answer.get("meta"))
    billed, whole = mapping(counts.get("billed_units")), mapping(counts.get("tokens"))
    sent = first_count(billed, "input_tokens")
    received = first_count(billed, "output_tokens")
    cached = None
    if sent is None and received is None:
        sent, received = first_count(whole, "input_tokens"), first_count(whole, "output_tokens")
        cached = first_count(counts, "cached_tokens")
    if sent is None and received is None:
        return None
    return Usage(sent, received, cached)


def answers(response: Any) -> bool:
    if isinstance(response, list):
        return any(text(mapping(event).get("type")) in EVENTS for event in response[:3])
    answer = mapping(response)
    said = answer.get("message")
    if isinstance(said, dict):
        counts = mapping(answer.get("usage"))
        return "billed_units" in counts or "tokens" in counts or "tool_plan" in said
    return "generation_id" in answer and isinstance(answer.get("text"), str)
