"""OpenAI's Responses API, through the package `openai`.

Shapes: https://platform.openai.com/docs/api-reference/responses and `openai.types.responses`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from typing import Any

from workbench.logs.normalise.openai_responses import usage_of
from workbench.logs.normalise.shape import items, mapping, text, text_or_none
from workbench.messages import Message, Part
from workbench.providers.adapter import Wire
from workbench.providers.call import Call
from workbench.providers.content import (
    File,
    Ignored,
    call_id_of,
    calls_of,
    chosen_function,
    file_of,
    functions,
    own_tools,
    parameters_of,
    plain_text,
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
from workbench.providers.openai_chat import OpenAIChat
from workbench.providers.openai_wire import thinks_first
from workbench.providers.transport import posted

WHO = "OpenAI's Responses API"
_ENDS = ("response.completed", "response.incomplete", "response.failed")


class OpenAIResponses(OpenAIChat):
    function_name = "openai.responses.create"
    stream_name = function_name

    def to_wire(self, call: Call) -> Wire:
        ignored = Ignored(WHO)
        kwargs: dict[str, Any] = {
            "model": call.model,
            "input": [item for one in call.messages for item in _items(one, ignored)],
            # Nothing stays with the vendor that was not asked to.
            "store": False,
        }
        if call.tools:
            kwargs["tools"] = [_function(one) for one in functions(call.tools)]
            kwargs["tools"] += own_tools(call.tools, "openai", WHO)
            name = chosen_function(call.tool_choice)
            if name or call.tool_choice:
                named = {"type": "function", "name": name}
                kwargs["tool_choice"] = named if name else call.tool_choice
            if call.parallel_tool_calls is not None:
                kwargs["parallel_tool_calls"] = call.parallel_tool_calls
        _tune(kwargs, call, ignored)
        if call.stream:
            kwargs["stream"] = True
        return Wire({**kwargs, **call.tuning.extra}, tuple(ignored.sentences))

    def from_wire(self, chunk: Any) -> Iterable[Event]:
        return _events(mapping(chunk))

    def send(self, client: Any, wire: Wire, stream: bool) -> AsyncGenerator[Any, None]:
        return posted(client, "/responses", wire.kwargs, stream=stream)


def _tune(kwargs: dict[str, Any], call: Call, ignored: Ignored) -> None:
    tuning = call.tuning
    thinks = thinks_first(call.model)
    for name, value in (("temperature", tuning.temperature), ("top_p", tuning.top_p)):
        if thinks and tuning.effort != "none":
            ignored.note(name, value, f"{call.model} thinks before it answers and takes none")
        elif value is not None:
            kwargs[name] = value
    if tuning.max_tokens is not None:
        kwargs["max_output_tokens"] = tuning.max_tokens
    if tuning.effort is not None and thinks:
        kwargs["reasoning"] = {"effort": tuning.effort, "summary": "auto"}
    elif tuning.effort is not None:
        ignored.note("effort", tuning.effort, f"{call.model} does not think beforehand")
    for name in ("top_k", "stop", "seed", "frequency_penalty", "presence_penalty"):
        ignored.note(name, getattr(tuning, name))
    ignored.note("thinking_budget", tuning.thinking_budget, "an effort is taken in its place")
    wanted = call.response_format
    if wanted and wanted.schema is None:
        kwargs["text"] = {"format": {"type": "json_object"}}
    elif wanted:
        schema = {"name": wanted.name, "schema": dict(wanted.schema or {}), "strict": wanted.strict}
        kwargs["text"] = {"format": {"type": "json_schema", **schema}}


def _function(function: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "function",
        "name": function.get("name"),
        "description": function.get("description") or "",
        "parameters": parameters_of(function),
        "strict": bool(function.get("strict")),
    }


def _items(one: Message, ignored: Ignored) -> Iterable[dict[str, Any]]:
    match one["role"]:
        case "system" | "developer" | "user":
            content = [_part(part) for part in one["content"]]
            yield {"type": "message", "role": one["role"], "content": content}
        case "assistant":
            yield from _answered(one, ignored)
        case "tool" | "function":
            answer = {"type": "function_call_output", "call_id": call_id_of(one)}
            if any(part["type"] not in ("text", "refusal", "code") for part in one["content"]):
                yield {**answer, "output": [_part(part) for part in one["content"]]}
            else:
                yield {**answer, "output": plain_text(one, WHO)}
        case _:
            raise refuse_role(one, WHO)


def _answered(one: Message, ignored: Ignored) -> Iterable[dict[str, Any]]:
    content: list[dict[str, Any]] = []
    for part in one["content"]:
        match part["type"]:
            case "text":
                content.append({"type": "output_text", "text": part["text"]})
            case "refusal":
                content.append({"type": "refusal", "refusal": part["refusal"]})
            case "thinking":
                if part.get("data") and part.get("id"):
                    hidden = {"encrypted_content": part["data"], "summary": []}
                    yield {"type": "reasoning", "id": part["id"], **hidden}
                else:
                    ignored.say(f"Thinking of earlier turns is not sent: {WHO} keeps its own.")
            case _:
                raise refuse_part(part, WHO)
    if content:
        yield {"type": "message", "role": "assistant", "content": content}
    for call in calls_of(one):
        answered = {"call_id": call["id"], "name": call["name"]}
        if call["type"] == "custom":
            yield {"type": "custom_tool_call", **answered, "input": call["arguments"]}
        else:
            yield {"type": "function_call", **answered, "arguments": call["arguments"] or "{}"}


def _part(part: Part) -> dict[str, Any]:
    match part["type"]:
        case "text":
            return {"type": "input_text", "text": part["text"]}
        case "image_url" | "media" | "output_media":
            return _file(file_of(part))
    raise refuse_part(part, WHO)


def _file(file: File) -> dict[str, Any]:
    if file.kind == "image":
        image: dict[str, Any] = {"type": "input_image", "detail": file.detail or "auto"}
        if file.file_id:
            return {**image, "file_id": file.file_id}
        return {**image, "image_url": file.url or file.data_url}
    if file.kind in ("audio", "video"):
        raise Unsupported(f"{WHO} takes pictures and documents, no {file.kind}.")
    if file.file_id:
        return {"type": "input_file", "file_id": file.file_id}
    if file.url:
        return {"type": "input_file", "file_url": file.url}
    named = {"type": "input_file", "filename": file.title or "file"}
    return {**named, "file_data": file.data_url}


def _events(event: dict[str, Any]) -> Iterable[Event]:
    kind = text(event.get("type"))
    delta = text(event.get("delta"))
    match kind:
        case "response.output_text.delta" | "response.refusal.delta":
            yield TextDelta(delta)
        case "response.reasoning_summary_text.delta" | "response.reasoning_text.delta":
            yield ThinkingDelta(delta)
        case "response.output_item.added":
            item = mapping(event.get("item"))
            if item.get("type") in ("function_call", "custom_tool_call"):
                call_id, name = text(item.get("call_id")), text(item.get("name"))
                yield ToolCallDelta(_index(event), call_id, name)
        case "response.function_call_arguments.delta" | "response.custom_tool_call_input.delta":
            yield ToolCallDelta(_index(event), arguments=delta)
        case _ if kind in _ENDS:
            answer = mapping(event.get("response"))
            usage = usage_of(answer)
            if usage is not None:
                yield UsageSeen(usage)
            reason = text_or_none(mapping(answer.get("incomplete_details")).get("reason"))
            calls = any(
                "_call" in text(mapping(o).get("type")) for o in items(answer.get("output"))
            )
            done = "tool_calls" if calls and kind == "response.completed" else kind[9:]
            yield Finished(reason or done)


def _index(event: dict[str, Any]) -> int:
    index = event.get("output_index")
    return index if isinstance(index, int) else 0


ADAPTER = OpenAIResponses()
