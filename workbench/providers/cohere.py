"""Cohere's chat, version 2, through the package `cohere`.

Shapes: https://docs.cohere.com/reference/chat and `cohere.types`.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Iterable
from typing import Any

from workbench.logs.normalise.cohere import usage_of
from workbench.logs.normalise.shape import mapping, text, text_or_none
from workbench.messages import Message, Part
from workbench.providers.adapter import Access, Wire
from workbench.providers.call import Call
from workbench.providers.content import (
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
from workbench.providers.errors import ProviderError, Unsupported, of_status
from workbench.providers.events import (
    Event,
    Finished,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    UsageSeen,
)
from workbench.providers.transport import answer_object, http_failure, jsonable

WHO = "Cohere"
_CHOICES = {"required": "REQUIRED", "none": "NONE"}


class Cohere:
    function_name = "cohere.v2.chat"
    stream_name = "cohere.v2.chat_stream"
    wants_content = False

    def to_wire(self, call: Call) -> Wire:
        ignored = Ignored(WHO)
        kwargs: dict[str, Any] = {
            "model": call.model,
            "messages": [_message(one, ignored) for one in call.messages],
        }
        own_tools(call.tools, "cohere", WHO)
        tools = functions(call.tools)
        named = chosen_function(call.tool_choice)
        if named:
            # Cohere can only demand a call of any tool: with one left it is the one wanted.
            tools = [one for one in tools if one.get("name") == named]
            if not tools:
                raise Unsupported(f"The tool {named!r} is to be called, but it is not there.")
            ignored.say(f"Only the tool {named!r} is offered: Cohere cannot be told which to call.")
        if tools:
            kwargs["tools"] = [_tool(one) for one in tools]
            choice = "required" if named else call.tool_choice
            if isinstance(choice, str) and choice in _CHOICES:
                kwargs["tool_choice"] = _CHOICES[choice]
        ignored.note("parallel_tool_calls", call.parallel_tool_calls)
        _tune(kwargs, call, ignored)
        return Wire({**kwargs, **call.tuning.extra}, tuple(ignored.sentences))

    def from_wire(self, chunk: Any) -> Iterable[Event]:
        return _events(mapping(chunk))

    def client(self, access: Access) -> Any:
        import httpx
        from cohere import AsyncClientV2

        timeout = httpx.Timeout(access.read_seconds, connect=access.connect_seconds)
        return AsyncClientV2(
            api_key=access.key or "none",
            base_url=access.base_url,
            timeout=access.read_seconds,
            max_retries=0,
            httpx_client=httpx.AsyncClient(timeout=timeout, headers=dict(access.headers)),
        )

    async def close(self, client: Any) -> None:
        await client._client_wrapper.httpx_client.httpx_client.aclose()

    async def send(self, client: Any, wire: Wire, stream: bool) -> AsyncGenerator[Any, None]:
        from cohere.v2.client import AsyncV2Client

        # The client's own methods are wrapped and show no signature.
        known = inspect.signature(AsyncV2Client.chat).parameters
        given = {key: value for key, value in wire.kwargs.items() if key in known}
        unknown = {key: value for key, value in wire.kwargs.items() if key not in known}
        options: dict[str, Any] = {"max_retries": 0}
        if unknown:
            options["additional_body_parameters"] = unknown
        if not stream:
            yield answer_object(await client.chat(**given, request_options=options))
            return
        async for event in client.chat_stream(**given, request_options=options):
            yield jsonable(event)

    def failure(self, error: Exception) -> ProviderError | None:
        names = {each.__name__ for each in type(error).__mro__}
        if "ApiError" in names:
            status = getattr(error, "status_code", None)
            body = getattr(error, "body", None)
            headers = getattr(error, "headers", None) or {}
            if status is None or status < 400:
                shown = str(body)[:300]
                return ProviderError("bad_answer", f"The answer cannot be read: {shown}", body=body)
            return of_status(status, body, headers)
        if names & {"ValidationError", "ParsingError", "JSONDecodeError", "SSEError"}:
            return ProviderError("bad_answer", f"The answer cannot be read: {str(error)[:500]}")
        return http_failure(error)

    async def models(self, client: Any) -> list[str]:
        listed = await client.models.list(endpoint="chat", page_size=1000)
        return [model.name for model in listed.models if model.name]


def _tune(kwargs: dict[str, Any], call: Call, ignored: Ignored) -> None:
    tuning = call.tuning
    named = {
        "temperature": tuning.temperature,
        "p": tuning.top_p,
        "k": tuning.top_k,
        "max_tokens": tuning.max_tokens,
        "stop_sequences": list(tuning.stop) or None,
        "seed": tuning.seed,
        "frequency_penalty": tuning.frequency_penalty,
        "presence_penalty": tuning.presence_penalty,
    }
    kwargs |= {name: value for name, value in named.items() if value is not None}
    if tuning.thinking_budget is not None:
        budget = tuning.thinking_budget
        enabled = {"type": "enabled", "token_budget": budget}
        kwargs["thinking"] = enabled if budget else {"type": "disabled"}
    ignored.note("effort", tuning.effort, "a thinking budget is taken in its place")
    if call.response_format:
        wanted: dict[str, Any] = {"type": "json_object"}
        if call.response_format.schema is not None:
            wanted["json_schema"] = dict(call.response_format.schema)
        kwargs["response_format"] = wanted


def _tool(function: dict[str, Any]) -> dict[str, Any]:
    inner = {
        "name": function.get("name"),
        "description": function.get("description") or "",
        "parameters": parameters_of(function),
    }
    return {"type": "function", "function": inner}


def _message(one: Message, ignored: Ignored) -> dict[str, Any]:
    match one["role"]:
        case "system" | "developer":
            return {"role": "system", "content": plain_text(one, WHO)}
        case "user":
            parts = [_part(part) for part in one["content"]]
            plain = len(parts) == 1 and parts[0]["type"] == "text"
            return {"role": "user", "content": parts[0]["text"] if plain else parts}
        case "assistant":
            return _assistant(one, ignored)
        case "tool" | "function":
            answered = {"role": "tool", "tool_call_id": call_id_of(one)}
            return {**answered, "content": plain_text(one, WHO)}
    raise refuse_role(one, WHO)


def _assistant(one: Message, ignored: Ignored) -> dict[str, Any]:
    said: list[str] = []
    plan = ""
    for part in one["content"]:
        match part["type"]:
            case "text":
                said.append(part["text"])
            case "refusal":
                said.append(part["refusal"])
            case "thinking" if one.get("tool_calls"):
                plan += part["thinking"]
            case "thinking":
                ignored.say(f"Thinking of earlier turns is not sent: {WHO} has no place for it.")
            case _:
                raise refuse_part(part, WHO)
    result: dict[str, Any] = {"role": "assistant"}
    calls = [
        {
            "id": call["id"],
            "type": "function",
            "function": {"name": call["name"], "arguments": call["arguments"] or "{}"},
        }
        for call in calls_of(one)
    ]
    if calls:
        result["tool_calls"] = calls
        if plan:
            result["tool_plan"] = plan
    if said or not calls:
        result["content"] = "".join(said)
    return result


def _part(part: Part) -> dict[str, Any]:
    match part["type"]:
        case "text":
            return {"type": "text", "text": part["text"]}
        case "image_url" | "media" | "output_media":
            file = file_of(part)
            if file.kind != "image" or file.file_id:
                raise Unsupported(f"{WHO} takes pictures and no other files; this is {file.mime}.")
            image: dict[str, Any] = {"url": file.url or file.data_url}
            if file.detail:
                image["detail"] = file.detail
            return {"type": "image_url", "image_url": image}
    raise refuse_part(part, WHO)


def _events(event: dict[str, Any]) -> Iterable[Event]:
    index = event["index"] if isinstance(event.get("index"), int) else 0
    delta = mapping(event.get("delta"))
    said = mapping(delta.get("message"))
    match event.get("type"):
        case "content-start" | "content-delta":
            content = mapping(said.get("content"))
            if text_or_none(content.get("thinking")):
                yield ThinkingDelta(content["thinking"])
            if text_or_none(content.get("text")):
                yield TextDelta(content["text"])
        case "tool-plan-delta":
            yield ThinkingDelta(text(said.get("tool_plan")))
        case "tool-call-start":
            call = mapping(said.get("tool_calls"))
            function = mapping(call.get("function"))
            name, given = text(function.get("name")), text(function.get("arguments"))
            yield ToolCallDelta(index, text(call.get("id")), name, given)
        case "tool-call-delta":
            function = mapping(mapping(said.get("tool_calls")).get("function"))
            yield ToolCallDelta(index, arguments=text(function.get("arguments")))
        case "message-end":
            usage = usage_of(delta)
            if usage is not None:
                yield UsageSeen(usage)
            if text_or_none(delta.get("finish_reason")):
                yield Finished(delta["finish_reason"])


ADAPTER = Cohere()
