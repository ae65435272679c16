"""`openai.responses.create(**kwargs)`."""

from __future__ import annotations

from typing import Any

from workbench.registry.llm_kwargs.common import (
    Request,
    choice,
    functions,
    media,
    other_tools,
    parts,
    text_of,
    tool_calls,
    unknown_part,
)
from workbench.registry.llm_kwargs.parameters import response_schema, spelled


def build(request: Request) -> dict[str, Any]:
    """Keyword arguments; parameters win over what is derived."""
    items: list[dict[str, Any]] = []
    for message in request.messages:
        items += _items(request, message)
    kwargs: dict[str, Any] = {"input": items}
    if request.model:
        kwargs["model"] = request.model
    tools = [
        {
            "type": "function",
            "name": one.name,
            "description": one.description,
            "parameters": one.parameters,
            # The interface makes tools strict where nothing is said, which most schemas are not.
            "strict": bool(one.strict),
        }
        for one in functions(request)
    ]
    tools += other_tools(request, "openai", "openai.azure")
    if tools:
        kwargs["tools"] = tools
        said = choice(request)
        if said is not None:
            kind, name = said
            kwargs["tool_choice"] = {"type": kind, "name": name} if kind == "function" else kind
    return kwargs | _parameters(request.parameters)


def _parameters(parameters: dict[str, Any]) -> dict[str, Any]:
    found = spelled(parameters, {"max_tokens": "max_output_tokens", "top_p": "top_p"})
    schema = response_schema(parameters)
    form = found.pop("response_format", None)
    text = dict(found.get("text") or {})
    if schema is not None:
        name, value = schema
        strict = bool(form["json_schema"].get("strict")) if form else False
        text.setdefault(
            "format", {"type": "json_schema", "name": name, "schema": value, "strict": strict}
        )
    elif isinstance(form, dict) and form.get("type"):
        text.setdefault("format", form)
    if text:
        found["text"] = text
    if "reasoning_effort" in found:
        found["reasoning"] = {"effort": found.pop("reasoning_effort")} | dict(
            found.get("reasoning") or {}
        )
    return found


def _items(request: Request, message: dict[str, Any]) -> list[dict[str, Any]]:
    role = message["role"]
    if role in ("tool", "function"):
        call_id = message.get("tool_call_id") or message.get("name") or ""
        output = text_of(message)
        return [{"type": "function_call_output", "call_id": call_id, "output": output}]
    found: list[dict[str, Any]] = []
    if role == "assistant":
        # Parts of an answer carry ids that only the interface can give; plain text needs none.
        _note_others(request, message)
        if text_of(message):
            found.append({"type": "message", "role": role, "content": text_of(message)})
    else:
        content = _content(request, message)
        found.append({"type": "message", "role": role, "content": content})
    for id_, name, arguments in tool_calls(message):
        found.append(
            {"type": "function_call", "call_id": id_, "name": name, "arguments": arguments}
        )
    return found


def _note_others(request: Request, message: dict[str, Any]) -> None:
    for part in parts(message):
        if part.get("type") != "text":
            unknown_part(request, part, "an earlier answer in OpenAI's Responses")


def _content(request: Request, message: dict[str, Any]) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    for part in parts(message):
        if part.get("type") == "text":
            made.append({"type": "input_text", "text": part["text"]})
            continue
        file = media(part)
        if file is not None and file.is_image:
            url = file.url or f"data:{file.mime};base64,{file.data}"
            made.append({"type": "input_image", "image_url": url, "detail": "auto"})
        elif file is not None and file.data:
            data = f"data:{file.mime};base64,{file.data}"
            name = part["media"].get("title") or "file"
            made.append({"type": "input_file", "filename": name, "file_data": data})
        elif file is not None and file.url:
            made.append({"type": "input_file", "file_url": file.url})
        else:
            unknown_part(request, part, "OpenAI's Responses")
    return made
