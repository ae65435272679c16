"""What LangChain's PromptLayer callback and models logged with older PromptLayer packages.

`args` are the messages (or a prompt), `kwargs` the model's parameters, and the response a list of
message dicts, one message dict, or {"text", "llm_output"}. Messages that LangChain serialised
itself ({"lc", "kwargs"}, {"type": "human", "data"}) are read as well.
"""

from __future__ import annotations

from typing import Any

from workbench.logs.call import Call, Conversation
from workbench.logs.normalise.openai_chat import usage_of
from workbench.logs.normalise.openai_parts import message
from workbench.logs.normalise.shape import (
    error_of,
    first_count,
    items,
    json_text,
    mapping,
    text,
    text_or_none,
    without,
)
from workbench.messages import Message, Prompt, text_part, unknown_part
from workbench.usage import Usage

NAME = "langchain/1"

_PROMPT_KEYS = frozenset(
    {"messages", "model", "model_name", "tools", "tool_choice", "functions", "function_call"}
)
_ROLES = {
    "human": "user",
    "ai": "assistant",
    "aimessagechunk": "assistant",
    "chat": "user",
    "system": "system",
    "tool": "tool",
    "function": "function",
}


def normalise(call: Call) -> Conversation:
    kwargs = call.kwargs
    answer = mapping(call.response)
    spent = mapping(answer.get("llm_output"))
    requested = text_or_none(kwargs.get("model_name")) or text_or_none(kwargs.get("model"))
    return Conversation(
        prompt=_prompt(call),
        output=_output(call.response),
        normaliser=NAME,
        model=text_or_none(spent.get("model_name")) or requested,
        requested_model=requested,
        parameters=without(kwargs, _PROMPT_KEYS),
        usage=usage_of(mapping(spent.get("token_usage"))) or _usage_in(call.response),
        error=error_of(answer),
    )


def _prompt(call: Call) -> Prompt:
    kwargs = call.kwargs
    given: list[Any] = call.args or items(kwargs.get("messages"))
    # The callback logs the list of messages itself, the models one list within `args`.
    if len(given) == 1 and isinstance(given[0], list):
        given = given[0]
    result: Prompt
    if given and all(isinstance(one, str) for one in given):
        result = {"type": "completion", "content": [text_part(one) for one in given]}
    else:
        result = {"type": "chat", "messages": [_message(one) for one in given]}
    if isinstance(kwargs.get("functions"), list):
        result["functions"] = kwargs["functions"]
    if isinstance(kwargs.get("tools"), list):
        result["tools"] = kwargs["tools"]
    return result


def _message(raw: Any, default_role: str = "user") -> Message:
    """A message dict of OpenAI's shape, or one that LangChain serialised."""
    source = mapping(raw)
    kind = text(source.get("type"))
    fields = mapping(source.get("data"))
    if source.get("lc") is not None and isinstance(source.get("kwargs"), dict):
        fields = source["kwargs"]
        name = next(iter(reversed(items(source.get("id")))), "")
        kind = text(fields.get("type")) or text(name).removesuffix("Message").lower()
    elif kind in _ROLES and not fields:
        fields = source
    if not fields:
        return message(raw, default_role)
    extra = mapping(fields.get("additional_kwargs"))
    calls = [_call(one) for one in items(fields.get("tool_calls"))]
    read = {**extra, "content": fields.get("content"), "role": _ROLES.get(kind.lower(), kind)}
    read |= {k: fields[k] for k in ("name", "tool_call_id") if isinstance(fields.get(k), str)}
    if calls:
        read["tool_calls"] = calls
    return message(read, default_role)


def _call(raw: Any) -> Any:
    """LangChain's {"name", "args", "id"} in OpenAI's shape."""
    if not isinstance(raw, dict) or "function" in raw:
        return raw
    function = {"name": raw.get("name"), "arguments": json_text(raw.get("args"))}
    return {"id": raw.get("id"), "type": "function", "function": function}


def _output(response: Any) -> list[Message]:
    if isinstance(response, list):
        answered = [one for raw in response for one in (raw if isinstance(raw, list) else [raw])]
        return [_generation(one) for one in answered]
    answer = mapping(response)
    if isinstance(answer.get("generations"), list):
        return _output(answer["generations"])
    if "role" in answer or "lc" in answer or "message" in answer or "text" in answer:
        return [_generation(answer)]
    if isinstance(response, str) and response:
        return [_generation(response)]
    if not response or answer.get("error"):
        return []
    return [{"role": "assistant", "content": [unknown_part(response)]}]


def _generation(raw: Any) -> Message:
    source = mapping(raw)
    if isinstance(source.get("message"), dict):
        return _message(source["message"], "assistant")
    if isinstance(source.get("text"), str) and "role" not in source and "lc" not in source:
        return {"role": "assistant", "content": [text_part(source["text"])]}
    return _message(raw, "assistant")


def _usage_in(response: Any) -> Usage | None:
    """Counts that newer message objects carry themselves."""
    for raw in items(response):
        source = mapping(raw)
        counts = mapping(source.get("usage_metadata"))
        counts = counts or mapping(mapping(source.get("kwargs")).get("usage_metadata"))
        sent, received = first_count(counts, "input_tokens"), first_count(counts, "output_tokens")
        if sent is not None or received is not None:
            cached = first_count(mapping(counts.get("input_token_details")), "cache_read")
            return Usage(sent, received, cached)
    return None
