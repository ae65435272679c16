"""`boto3.client("bedrock-runtime").converse(**kwargs)`."""

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
from workbench.registry.llm_kwargs.parameters import as_list, spelled

_OWN = {
    "max_tokens": "maxTokens",
    "temperature": "temperature",
    "top_p": "topP",
    "stop": "stopSequences",
}
_INFERENCE = ("maxTokens", "temperature", "topP", "stopSequences")
# What converse() takes beside, and what the package takes out for its client.
_BESIDE = {
    "inferenceConfig",
    "additionalModelRequestFields",
    "additionalModelResponseFieldPaths",
    "guardrailConfig",
    "promptVariables",
    "requestMetadata",
    "performanceConfig",
    "serviceTier",
    "toolConfig",
    "messages",
    "system",
    "modelId",
    "aws_access_key",
    "aws_secret_key",
    "aws_region",
}


def build(request: Request) -> dict[str, Any]:
    """Keyword arguments; parameters win over what is derived.

    Settings that converse() does not know go into `additionalModelRequestFields`.
    """
    system: list[dict[str, Any]] = []
    messages: list[dict[str, Any]] = []
    for message in request.messages:
        if message["role"] in ("system", "developer"):
            system += _blocks(request, message)
        else:
            _append(messages, _turn(request, message))
    kwargs: dict[str, Any] = {"messages": messages}
    if request.model:
        kwargs["modelId"] = request.model
    if system:
        kwargs["system"] = system
    tools = [
        {
            "toolSpec": {
                "name": one.name,
                **({"description": one.description} if one.description else {}),
                "inputSchema": {"json": one.parameters},
            }
        }
        for one in functions(request)
    ]
    tools += other_tools(request, "amazon.bedrock")
    if tools:
        kwargs["toolConfig"] = {"tools": tools} | _choice(request)
    return kwargs | _parameters(request)


def _parameters(request: Request) -> dict[str, Any]:
    found = spelled(request.parameters, _OWN)
    kwargs: dict[str, Any] = {key: found.pop(key) for key in list(found) if key in _BESIDE}
    inference = {key: found.pop(key) for key in _INFERENCE if key in found}
    if "stopSequences" in inference:
        inference["stopSequences"] = as_list(inference["stopSequences"])
    if inference:
        kwargs["inferenceConfig"] = inference | dict(kwargs.get("inferenceConfig") or {})
    model = found.pop("model", None)
    if model:
        kwargs["modelId"] = model
    found.pop("stream", None)
    if found.pop("response_format", None) is not None:
        request.note("response_format is left out: Bedrock's Converse has no such setting.")
    if found:
        more = dict(kwargs.get("additionalModelRequestFields") or {})
        kwargs["additionalModelRequestFields"] = found | more
    return kwargs


def _choice(request: Request) -> dict[str, Any]:
    said = choice(request)
    if said is None or said[0] == "none":
        return {}
    kind, name = said
    if kind == "function":
        return {"toolChoice": {"tool": {"name": name}}}
    return {"toolChoice": {"any": {}} if kind == "required" else {"auto": {}}}


def _append(messages: list[dict[str, Any]], turn: dict[str, Any]) -> None:
    """Turns alternate: two of one role become one."""
    if messages and messages[-1]["role"] == turn["role"]:
        messages[-1]["content"] += turn["content"]
    elif turn["content"]:
        messages.append(turn)


def _turn(request: Request, message: dict[str, Any]) -> dict[str, Any]:
    role = message["role"]
    if role in ("tool", "function"):
        result: dict[str, Any] = {
            "toolUseId": message.get("tool_call_id") or message.get("name") or "",
            "content": [{"text": text_of(message)}],
        }
        if message.get("is_error"):
            result["status"] = "error"
        return {"role": "user", "content": [{"toolResult": result}]}
    content = _blocks(request, message)
    content += [
        {"toolUse": {"toolUseId": id_, "name": name, "input": arguments_of(arguments)}}
        for id_, name, arguments in tool_calls(message)
    ]
    return {"role": "assistant" if role == "assistant" else "user", "content": content}


def _blocks(request: Request, message: dict[str, Any]) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    for part in parts(message):
        file = media(part)
        if part.get("type") == "text":
            # The vendor refuses a block without text, which an empty variable would make.
            if part["text"] != "":
                made.append({"text": part["text"]})
        elif file is not None and file.is_image and file.data:
            form = file.mime.partition("/")[2].replace("jpg", "jpeg")
            made.append({"image": {"format": form, "source": {"bytes": file.data}}})
            request.note(
                "Images in llm_kwargs for Bedrock are base64 text, since JSON holds no bytes: "
                "decode `source.bytes` before the call."
            )
        else:
            unknown_part(request, part, "Bedrock's Converse")
    return made
