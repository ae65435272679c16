"""`openai.chat.completions.create(**kwargs)`: OpenAI, Azure, OpenRouter and all that speak so."""

from __future__ import annotations

from typing import Any

from workbench.messages import Part
from workbench.registry.llm_kwargs.common import (
    Request,
    choice,
    media,
    other_tools,
    parts,
    text_of,
    unknown_part,
)
from workbench.registry.llm_kwargs.parameters import spelled

_OWN = {
    "top_p": "top_p",
    "stop": "stop",
    "seed": "seed",
    "presence_penalty": "presence_penalty",
    "frequency_penalty": "frequency_penalty",
}
_PLAIN_KEYS = ("max_completion_tokens", "max_tokens")


def build(request: Request) -> dict[str, Any]:
    """Keyword arguments; parameters win over what is derived, as in recorded answers."""
    kwargs: dict[str, Any] = {}
    messages = [_message(request, message) for message in request.messages]
    kwargs["messages"] = messages
    if request.model:
        kwargs["model"] = request.model
    kwargs |= _tools(request)
    return kwargs | parameters_of(request.parameters)


def build_for_kin(request: Request) -> dict[str, Any]:
    """The same without parameters, for vendors whose chat is close to OpenAI's: they know neither
    developer messages nor functions beside tools."""
    kwargs = build(Request(request.prompt, request.model, {}, notes=request.notes))
    for message in kwargs["messages"]:
        if message["role"] == "developer":
            message["role"] = "system"
    older = kwargs.pop("functions", None)
    kwargs.pop("function_call", None)
    if older:
        tools = kwargs.setdefault("tools", [])
        tools += [{"type": "function", "function": each} for each in older]
    return kwargs


def parameters_of(parameters: dict[str, Any]) -> dict[str, Any]:
    """Settings under OpenAI's names. `max_tokens` stays for older models, which know no other."""
    own = dict(_OWN)
    own["max_tokens"] = next((key for key in _PLAIN_KEYS if key in parameters), _PLAIN_KEYS[0])
    found = spelled(parameters, own)
    if "max_tokens" in parameters and "max_completion_tokens" in parameters:
        found.pop("max_tokens", None)
    return found


def _tools(request: Request) -> dict[str, Any]:
    found: dict[str, Any] = {}
    tools = [tool for tool in request.prompt.get("tools") or () if _is_function(tool)]
    built_in = other_tools(request, "openai", "openai.azure", "openrouter")
    if tools or built_in:
        found["tools"] = [
            {"type": "function", "function": tool["function"]} for tool in tools
        ] + built_in
    said = choice(request)
    older = request.prompt.get("functions")
    if older:
        found["functions"] = older
        if request.prompt.get("function_call") is not None:
            found["function_call"] = request.prompt["function_call"]
    if said is not None and "tools" in found:
        kind, name = said
        found["tool_choice"] = (
            {"type": "function", "function": {"name": name}} if kind == "function" else kind
        )
    return found


def _is_function(tool: dict[str, Any]) -> bool:
    return tool.get("type", "function") == "function" and isinstance(tool.get("function"), dict)


def _message(request: Request, message: dict[str, Any]) -> dict[str, Any]:
    role = message["role"]
    made: dict[str, Any] = {"role": role}
    texts = [part for part in parts(message) if part.get("type") == "text"]
    if role == "user":
        made["content"] = _content(request, parts(message))
    elif role in ("tool", "function") or len(texts) <= 1:
        made["content"] = text_of(message)
    else:
        made["content"] = [{"type": "text", "text": part["text"]} for part in texts]
    if message.get("name"):
        made["name"] = message["name"]
    if role == "tool":
        made["tool_call_id"] = message.get("tool_call_id")
    if role == "assistant":
        _add_calls(made, message)
    return made


def _add_calls(made: dict[str, Any], message: dict[str, Any]) -> None:
    if message.get("tool_calls"):
        made["tool_calls"] = [
            {"id": call.get("id"), "type": "function", "function": call["function"]}
            for call in message["tool_calls"]
        ]
    if message.get("function_call"):
        made["function_call"] = message["function_call"]
    if made["content"] == "" and ("tool_calls" in made or "function_call" in made):
        made["content"] = None


def _content(request: Request, found: list[Part]) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    for part in found:
        if part.get("type") == "text":
            made.append({"type": "text", "text": part["text"]})
            continue
        file = media(part)
        if part.get("type") == "image_url":
            made.append({"type": "image_url", "image_url": dict(part["image_url"])})
        elif file is not None and file.is_image:
            url = file.url or f"data:{file.mime};base64,{file.data}"
            made.append({"type": "image_url", "image_url": {"url": url}})
        elif file is not None and file.mime.startswith("audio/") and file.data:
            form = "mp3" if file.mime in ("audio/mpeg", "audio/mp3") else "wav"
            made.append({"type": "input_audio", "input_audio": {"data": file.data, "format": form}})
        elif file is not None and file.data:
            title = part["media"].get("title") or "file"
            data = f"data:{file.mime};base64,{file.data}"
            made.append({"type": "file", "file": {"filename": title, "file_data": data}})
        else:
            unknown_part(request, part, "OpenAI's chat")
    return made
