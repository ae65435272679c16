"""Inputs and outputs of any shape made into what the neutral schema reads.

A blueprint stays; messages, in OpenAI's shape or as LangChain serialises them, become a chat; an
answer of a vendor gives its messages; text becomes one message; JSON of another shape becomes one
message with that JSON as its text.
"""

from __future__ import annotations

from typing import Any

from workbench.logs.importing import values
from workbench.messages import ROLES, text_part

_ROLES = {
    "human": "user",
    "ai": "assistant",
    "aimessagechunk": "assistant",
    "humanmessagechunk": "user",
    "model": "assistant",
    "bot": "assistant",
}
_PROMPT_KEYS = ("tools", "tool_choice", "functions", "function_call", "input_variables")


def as_input(value: Any) -> dict[str, Any]:
    """What went in, as a blueprint."""
    return _template(values.parsed(value), "user")


def as_output(value: Any) -> dict[str, Any]:
    """What came back, as a blueprint."""
    return _template(values.parsed(value), "assistant")


def _template(value: Any, role: str) -> dict[str, Any]:
    if values.absent(value) or (not value and isinstance(value, dict | list)):
        return _chat([])
    if isinstance(value, dict):
        return _of_object(value, role)
    if isinstance(value, list):
        # LangChain keeps a list of conversations, of which a call has one.
        if len(value) == 1 and isinstance(value[0], list):
            value = value[0]
        if value and all(_is_message(one) for one in value):
            return _chat([_message(one, role) for one in value])
        if value and all(_is_part(one) for one in value):
            return _chat([{"role": role, "content": value}])
    return _chat([_spoken(value, role)])


def _of_object(value: dict[str, Any], role: str) -> dict[str, Any]:
    if isinstance(value.get("prompt_template"), dict):
        value = value["prompt_template"]
    if value.get("type") == "completion" and "content" in value:
        return value
    messages = value.get("messages")
    if isinstance(messages, list):
        if value.get("type") == "chat":
            return value
        result = _template(messages, role) if messages else _chat([])
        system = value.get("system")
        if isinstance(system, str) and system:
            result["messages"].insert(0, _spoken(system, "system"))
        for key in _PROMPT_KEYS:
            if value.get(key) is not None:
                result[key] = value[key]
        return result
    if isinstance(value.get("choices"), list):
        return _chat([_choice(one) for one in value["choices"]])
    if isinstance(value.get("generations"), list):
        return _chat([_generation(one) for one in _flat(value["generations"])])
    if _is_message(value):
        return _chat([_message(value, role)])
    return _chat([_spoken(value, role)])


def _chat(messages: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "chat", "messages": messages}


def _spoken(value: Any, role: str) -> dict[str, Any]:
    said = value if isinstance(value, str) else values.dumped(value)
    return {"role": role, "content": [text_part(said)]}


def _is_message(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    if isinstance(value.get("role"), str) and ("content" in value or _says_something(value)):
        return True
    if value.get("lc") is not None and isinstance(value.get("kwargs"), dict):
        return True
    if not isinstance(value.get("type"), str) or value["type"].lower() not in _LANGCHAIN:
        return False
    return "content" in value or isinstance(value.get("data"), dict)


_LANGCHAIN = frozenset({"human", "ai", "system", "tool", "function", "aimessagechunk", "chat"})


def _says_something(value: dict[str, Any]) -> bool:
    """Whether there is anything but content."""
    return any(key in value for key in ("tool_calls", "function_call", "parts", "refusal"))


def _is_part(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("type"), str) and len(value) > 1


def _message(value: dict[str, Any], role: str) -> dict[str, Any]:
    """A message with a role of ours; a serialised one of LangChain loses its wrapping."""
    fields, kind = value, values.text(value.get("role"))
    if kind in ROLES and isinstance(value.get("content"), str) and not value.get("tool_calls"):
        return value
    if value.get("lc") is not None and isinstance(value.get("kwargs"), dict):
        fields = value["kwargs"]
        path = value.get("id")
        name = values.text(path[-1]) if isinstance(path, list) and path else ""
        kind = values.text(fields.get("type")) or name.removesuffix("Message").lower()
    elif not kind:
        fields = value["data"] if isinstance(value.get("data"), dict) else value
        kind = values.text(value.get("type"))
    kept = ("content", "name", "tool_call_id")
    result: dict[str, Any] = {key: fields[key] for key in kept if key in fields}
    if "content" not in result and isinstance(fields.get("parts"), list):
        result["content"] = fields["parts"]
    result["role"] = _ROLES.get(kind.lower(), kind.lower()) or role
    extra = fields.get("additional_kwargs")
    for source in (extra if isinstance(extra, dict) else {}, fields):
        for key in ("tool_calls", "function_call"):
            if source.get(key):
                result[key] = source[key]
    calls = result.get("tool_calls")
    if isinstance(calls, list):
        result["tool_calls"] = [_call(one) for one in calls]
    if isinstance(result.get("content"), list):
        result["content"] = [one for one in result["content"] if not _repeats_a_call(one, calls)]
    if isinstance(result.get("name"), str | None):
        return result
    return {key: each for key, each in result.items() if key != "name"}


def _repeats_a_call(part: Any, calls: Any) -> bool:
    """LangChain keeps Anthropic's tool_use beside the tool call made of it."""
    return bool(calls) and isinstance(part, dict) and part.get("type") == "tool_use"


def _call(raw: Any) -> Any:
    """LangChain's {"name", "args", "id"} in OpenAI's shape."""
    if not isinstance(raw, dict) or "function" in raw or "args" not in raw:
        return raw
    arguments = raw["args"]
    if not isinstance(arguments, str):
        arguments = values.dumped(arguments)
    function = {"name": values.text(raw.get("name")), "arguments": arguments}
    return {"id": values.text(raw.get("id")), "type": "function", "function": function}


def _choice(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        if isinstance(value.get("message"), dict):
            return _message({"role": "assistant", **value["message"]}, "assistant")
        if "text" in value:
            return _spoken(values.text(value["text"]), "assistant")
    return _spoken(value, "assistant")


def _generation(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        message = value.get("message")
        if isinstance(message, dict) and _is_message(message):
            return _message(message, "assistant")
        if "text" in value:
            return _spoken(values.text(value["text"]), "assistant")
    return _spoken(value, "assistant")


def _flat(value: list[Any]) -> list[Any]:
    return [one for each in value for one in (each if isinstance(each, list) else [each])]
