"""A call as Bedrock's Converse takes it, and the events of its stream. Pure functions.

Shapes: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html. Bytes
are base64 text here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import orjson

from workbench.logs.normalise.bedrock_converse import usage_of
from workbench.logs.normalise.shape import mapping, text, text_or_none
from workbench.messages import Message, Part
from workbench.providers.adapter import Wire
from workbench.providers.call import Call
from workbench.providers.content import (
    File,
    Ignored,
    arguments_object,
    call_id_of,
    calls_of,
    chosen_function,
    file_of,
    functions,
    own_tools,
    parameters_of,
    refuse_part,
    refuse_role,
)
from workbench.providers.errors import Unsupported
from workbench.providers.events import (
    Event,
    Finished,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    UsageSeen,
)

WHO = "Bedrock"
_DOCUMENTS = {
    "application/pdf": "pdf",
    "text/csv": "csv",
    "application/msword": "doc",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.ms-excel": "xls",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "text/html": "html",
    "text/plain": "txt",
    "text/markdown": "md",
}


def to_wire(call: Call) -> Wire:
    ignored = Ignored(WHO)
    system, messages = _conversation(call.messages, ignored)
    kwargs: dict[str, Any] = {"modelId": call.model, "messages": messages}
    if system:
        kwargs["system"] = system
    config = _tools(call)
    if config:
        kwargs["toolConfig"] = config
    ignored.note("parallel_tool_calls", call.parallel_tool_calls)
    _tune(kwargs, call, ignored)
    return Wire({**kwargs, **call.tuning.extra}, tuple(ignored.sentences))


def _tune(kwargs: dict[str, Any], call: Call, ignored: Ignored) -> None:
    tuning = call.tuning
    inference = {
        "maxTokens": tuning.max_tokens,
        "temperature": tuning.temperature,
        "topP": tuning.top_p,
        "stopSequences": list(tuning.stop) or None,
    }
    inference = {name: value for name, value in inference.items() if value is not None}
    if inference:
        kwargs["inferenceConfig"] = inference
    more: dict[str, Any] = {}
    if "anthropic." in call.model:
        if tuning.thinking_budget:
            budget = {"type": "enabled", "budget_tokens": tuning.thinking_budget}
            more["thinking"] = budget
        if tuning.top_k is not None:
            more["top_k"] = tuning.top_k
    else:
        ignored.note("thinking_budget", tuning.thinking_budget, f"{call.model} has none on Bedrock")
        ignored.note("top_k", tuning.top_k, "Converse does not take it for this model")
    if more:
        kwargs["additionalModelRequestFields"] = more
    output: dict[str, Any] = {}
    if tuning.effort is not None:
        output["effort"] = tuning.effort
    if call.response_format:
        if call.response_format.schema is None:
            raise Unsupported("Bedrock answers in JSON only by a JSON schema: give one.")
        written = orjson.dumps(dict(call.response_format.schema)).decode()
        schema = {"schema": written, "name": call.response_format.name}
        output["textFormat"] = {"type": "json_schema", "structure": {"jsonSchema": schema}}
    if output:
        kwargs["outputConfig"] = output
    for name in ("seed", "frequency_penalty", "presence_penalty"):
        ignored.note(name, getattr(tuning, name))


def _tools(call: Call) -> dict[str, Any] | None:
    own_tools(call.tools, "bedrock", WHO)
    tools = [_tool(one) for one in functions(call.tools)]
    if not tools:
        return None
    if call.tool_choice == "none":
        if any(calls_of(one) or one["role"] == "tool" for one in call.messages):
            raise Unsupported(
                "Bedrock has no choice of no tool, and it needs the tools that earlier turns used."
            )
        return None
    config: dict[str, Any] = {"tools": tools}
    name = chosen_function(call.tool_choice)
    if name:
        config["toolChoice"] = {"tool": {"name": name}}
    elif call.tool_choice in ("required", "auto"):
        config["toolChoice"] = {"any" if call.tool_choice == "required" else "auto": {}}
    return config


def _tool(function: dict[str, Any]) -> dict[str, Any]:
    spec = {"name": function.get("name"), "inputSchema": {"json": parameters_of(function)}}
    if function.get("description"):
        spec["description"] = function["description"]
    return {"toolSpec": spec}


def _conversation(
    messages: Sequence[Message], ignored: Ignored
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """System blocks and turns that take turns: tool results belong to the user's."""
    system: list[dict[str, Any]] = []
    turns: list[dict[str, Any]] = []
    names = _names()
    for one in messages:
        role = one["role"]
        if role in ("system", "developer"):
            system += [block for part in one["content"] for block in _blocks(part, names)]
            continue
        if role not in ("user", "assistant", "tool", "function"):
            raise refuse_role(one, WHO)
        said = "assistant" if role == "assistant" else "user"
        if role in ("tool", "function"):
            content = [_result(one, names)]
        else:
            content = _content(one, names, ignored)
        if not content:
            continue
        if turns and turns[-1]["role"] == said:
            turns[-1]["content"] += content
        else:
            turns.append({"role": said, "content": content})
    if not turns:
        raise Unsupported("Bedrock needs a message of the user; there is none.")
    return system, turns


def _names() -> Iterator[str]:
    """Converse wants a name for each document, each different."""
    number = 1
    while True:
        yield f"document {number}"
        number += 1


def _content(one: Message, names: Iterator[str], ignored: Ignored) -> list[dict[str, Any]]:
    content: list[dict[str, Any]] = []
    for part in one["content"]:
        if part["type"] == "thinking" and not part.get("signature") and not part.get("data"):
            ignored.say("Thinking that its model has not signed is not sent.")
        elif part.get("text") != "":
            content += _blocks(part, names)
    for call in calls_of(one):
        given = arguments_object(call["name"], call["arguments"], WHO)
        use = {"toolUseId": call["id"], "name": call["name"], "input": given}
        content.append({"toolUse": use})
    return content


def _result(one: Message, names: Iterator[str]) -> dict[str, Any]:
    content = [block for part in one["content"] for block in _blocks(part, names)]
    result: dict[str, Any] = {"toolUseId": call_id_of(one), "content": content}
    if one.get("is_error"):
        result["status"] = "error"
    return {"toolResult": result}


def _blocks(part: Part, names: Iterator[str]) -> list[dict[str, Any]]:
    match part["type"]:
        case "text":
            block: dict[str, Any] = {"text": part["text"]}
        case "refusal":
            block = {"text": part["refusal"]}
        case "thinking" if part.get("data"):
            block = {"reasoningContent": {"redactedContent": part["data"]}}
        case "thinking":
            signed = {"text": part["thinking"], "signature": part.get("signature")}
            block = {"reasoningContent": {"reasoningText": signed}}
        case "image_url" | "media" | "output_media":
            block = _file(file_of(part), names)
        case _:
            raise refuse_part(part, WHO)
    point = part.get("cache_control")
    return [block, {"cachePoint": {"type": "default"}}] if point else [block]


def _file(file: File, names: Iterator[str]) -> dict[str, Any]:
    if file.data is not None:
        source: dict[str, Any] = {"bytes": file.data}
    elif (file.url or "").startswith("s3://"):
        source = {"s3Location": {"uri": file.url}}
    else:
        raise Unsupported(f"{WHO} takes files by content or from S3, not by another address.")
    if file.kind == "document":
        form = _DOCUMENTS.get(file.mime)
        if form is None:
            raise Unsupported(f"{WHO} takes no document of type {file.mime}.")
        # Names may hold letters, digits, single spaces, hyphens, parentheses and brackets.
        title = re.sub(r"[^A-Za-z0-9()\[\]-]+", " ", file.title).strip()
        return {"document": {"format": form, "name": title or next(names), "source": source}}
    if file.kind == "audio" and file.mime == "audio/mpeg":
        return {"audio": {"format": "mp3", "source": source}}
    form = file.mime.partition("/")[2]
    if form == "*":
        form = (file.url or "").rpartition(".")[2].lower().replace("jpg", "jpeg")
    return {file.kind: {"format": form, "source": source}}


def from_wire(chunk: Any) -> Iterable[Event]:
    event = mapping(chunk)
    start = mapping(event.get("contentBlockStart"))
    use = mapping(mapping(start.get("start")).get("toolUse"))
    if use:
        yield ToolCallDelta(_index(start), text(use.get("toolUseId")), text(use.get("name")))
    piece = mapping(event.get("contentBlockDelta"))
    delta = mapping(piece.get("delta"))
    if text_or_none(delta.get("text")):
        yield TextDelta(delta["text"])
    if text_or_none(mapping(delta.get("reasoningContent")).get("text")):
        yield ThinkingDelta(delta["reasoningContent"]["text"])
    if text_or_none(mapping(delta.get("toolUse")).get("input")):
        yield ToolCallDelta(_index(piece), arguments=delta["toolUse"]["input"])
    reason = text_or_none(mapping(event.get("messageStop")).get("stopReason"))
    if reason:
        yield Finished(reason)
    usage = usage_of(mapping(mapping(event.get("metadata")).get("usage")))
    if usage is not None:
        yield UsageSeen(usage)


def _index(event: dict[str, Any]) -> int:
    index = event.get("contentBlockIndex")
    return index if isinstance(index, int) else 0
