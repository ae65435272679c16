"""`anthropic.messages.create(**kwargs)`, and the older `anthropic.completions.create`."""

from __future__ import annotations

from typing import Any

from workbench.registry.llm_kwargs.common import (
    Request,
    arguments_of,
    choice,
    functions,
    media,
    other_tools,
    parts,
    text_of,
    tool_calls,
    unknown_part,
)
from workbench.registry.llm_kwargs.parameters import as_list, response_schema, spelled

# The interface demands one, and the author may not have thought of it.
MAX_TOKENS = 4096
_OWN = {"max_tokens": "max_tokens", "top_p": "top_p", "top_k": "top_k", "stop": "stop_sequences"}
_KEPT = {
    "thinking",
    "redacted_thinking",
    "server_tool_use",
    "web_search_tool_result",
    "bash_code_execution_tool_result",
    "text_editor_code_execution_tool_result",
}


def build(request: Request) -> dict[str, Any]:
    """Keyword arguments; parameters win over what is derived."""
    if not request.is_chat:
        return _completion(request)
    system: list[dict[str, Any]] = []
    messages: list[dict[str, Any]] = []
    for message in request.messages:
        if message["role"] in ("system", "developer"):
            system += _content(request, message)
        else:
            _append(messages, _turn(request, message))
    kwargs: dict[str, Any] = {"messages": messages}
    if request.model:
        kwargs["model"] = request.model
    if system:
        kwargs["system"] = system
    tools = [_tool(one.name, one.description, one.parameters) for one in functions(request)]
    tools += other_tools(request, "anthropic", "anthropic.bedrock")
    if tools:
        kwargs["tools"] = tools
        kwargs |= _choice(request)
    found = spelled(request.parameters, _OWN)
    if "stop_sequences" in found:
        found["stop_sequences"] = as_list(found["stop_sequences"])
    schema = response_schema(found)
    if schema is not None:
        output = {"format": {"type": "json_schema", "schema": schema[1]}}
        found.setdefault("output_config", output)
    form = found.pop("response_format", None)
    if form is not None and schema is None and form != {"type": "text"}:
        request.note("response_format is left out: Anthropic takes a JSON Schema or none.")
    for name in ("seed", "presence_penalty", "frequency_penalty"):
        if name in found:
            del found[name]
            request.note(f"{name} is left out: Anthropic has no such setting.")
    return {"max_tokens": MAX_TOKENS} | kwargs | found


def _completion(request: Request) -> dict[str, Any]:
    text = "\n\n".join(map(text_of, request.messages))
    kwargs: dict[str, Any] = {
        "prompt": f"\n\nHuman: {text}\n\nAssistant:",
        "max_tokens_to_sample": MAX_TOKENS,
    }
    if request.model:
        kwargs["model"] = request.model
    return kwargs | spelled(request.parameters, {**_OWN, "max_tokens": "max_tokens_to_sample"})


def _tool(name: str, description: str | None, schema: dict[str, Any]) -> dict[str, Any]:
    tool: dict[str, Any] = {"name": name, "input_schema": schema}
    if description:
        tool["description"] = description
    return tool


def _choice(request: Request) -> dict[str, Any]:
    said = choice(request)
    if said is None:
        return {}
    kind, name = said
    if kind == "function":
        return {"tool_choice": {"type": "tool", "name": name}}
    return {"tool_choice": {"type": "any" if kind == "required" else kind}}


def _turn(request: Request, message: dict[str, Any]) -> dict[str, Any]:
    role = message["role"]
    if role in ("tool", "function"):
        result: dict[str, Any] = {
            "type": "tool_result",
            "tool_use_id": message.get("tool_call_id") or message.get("name") or "",
            "content": _content(request, message),
        }
        if message.get("is_error"):
            result["is_error"] = True
        return {"role": "user", "content": [result]}
    content = _content(request, message)
    content += [
        {"type": "tool_use", "id": id_, "name": name, "input": arguments_of(arguments)}
        for id_, name, arguments in tool_calls(message)
    ]
    return {"role": "assistant" if role == "assistant" else "user", "content": content}


def _append(messages: list[dict[str, Any]], turn: dict[str, Any]) -> None:
    """Results of several tools belong into one turn of the user's."""
    last = messages[-1] if messages else None
    both = [block for each in (last, turn) if each for block in each["content"]]
    if last and turn["role"] == last["role"] == "user" and _all_results(both):
        last["content"] = both
    else:
        messages.append(turn)


def _all_results(blocks: list[dict[str, Any]]) -> bool:
    return all(block["type"] == "tool_result" for block in blocks)


def _content(request: Request, message: dict[str, Any]) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    for part in parts(message):
        kind = part.get("type")
        file = media(part)
        block: dict[str, Any] | None = None
        if kind == "text":
            # The vendor refuses a block without text, which an empty variable would make.
            if part["text"] == "":
                continue
            block = {"type": "text", "text": part["text"]}
        elif file is not None and (file.is_image or file.mime == "application/pdf"):
            source = (
                {"type": "url", "url": file.url}
                if file.url
                else {"type": "base64", "media_type": file.mime, "data": file.data}
            )
            block = {"type": "image" if file.is_image else "document", "source": source}
        elif kind in _KEPT:
            block = {key: value for key, value in part.items() if value is not None}
        if block is None:
            unknown_part(request, part, "Anthropic")
            continue
        if part.get("cache_control"):
            block["cache_control"] = part["cache_control"]
        made.append(block)
    return made
