"""Anthropic's messages, and every endpoint that speaks them, through the package `anthropic`.

Shapes: https://docs.anthropic.com/en/api/messages and `anthropic.types`.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncGenerator, Iterable, Sequence
from typing import Any

from workbench.logs.normalise.anthropic_messages import usage_of
from workbench.logs.normalise.shape import mapping, text, text_or_none
from workbench.messages import Message, Part
from workbench.providers.adapter import Access, Wire
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
from workbench.providers.errors import ProviderError, Unsupported
from workbench.providers.events import (
    Event,
    Finished,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    UsageSeen,
)
from workbench.providers.transport import raw_calls, stainless_failure

WHO = "Anthropic"
#: The API demands a limit; this is taken where the call names none.
DEFAULT_MAX_TOKENS = 4096
#: The least that the API accepts as a thinking budget.
LEAST_BUDGET = 1024

_CHOICES = {"auto": "auto", "required": "any", "none": "none"}


class Anthropic:
    function_name = "anthropic.messages.create"
    stream_name = function_name
    wants_content = False

    def to_wire(self, call: Call) -> Wire:
        ignored = Ignored(WHO)
        system, messages = _conversation(call.messages, ignored)
        kwargs: dict[str, Any] = {"model": call.model, "messages": messages}
        if system:
            kwargs["system"] = system
        tools = [_tool(one) for one in functions(call.tools)]
        tools += own_tools(call.tools, "anthropic", WHO)
        if tools:
            kwargs["tools"] = tools
            choice = _choice(call)
            if choice:
                kwargs["tool_choice"] = choice
        _tune(kwargs, call, ignored)
        if call.stream:
            kwargs["stream"] = True
        return Wire({**kwargs, **call.tuning.extra}, tuple(ignored.sentences))

    def from_wire(self, chunk: Any) -> Iterable[Event]:
        return _events(mapping(chunk))

    def client(self, access: Access) -> Any:
        from anthropic import AsyncAnthropic, Timeout

        from workbench.providers.aiohttp_transport import client_over_aiohttp

        timeout = Timeout(access.read_seconds, connect=access.connect_seconds)
        return AsyncAnthropic(
            api_key=access.key or "none",
            base_url=access.base_url,
            default_headers=dict(access.headers),
            max_retries=0,
            timeout=timeout,
            http_client=client_over_aiohttp(timeout),
        )

    async def close(self, client: Any) -> None:
        await client.close()

    def send(self, client: Any, wire: Wire, stream: bool) -> AsyncGenerator[Any, None]:
        return raw_calls(client.messages, wire.kwargs, stream=stream)

    def failure(self, error: Exception) -> ProviderError | None:
        return stainless_failure(error)

    async def models(self, client: Any) -> list[str]:
        return [model.id async for model in client.models.list(limit=1000)]


def _tune(kwargs: dict[str, Any], call: Call, ignored: Ignored) -> None:
    tuning = call.tuning
    budget = tuning.thinking_budget
    limit = tuning.max_tokens or DEFAULT_MAX_TOKENS
    if budget:
        budget = max(budget, LEAST_BUDGET)
        if limit <= budget:
            if tuning.max_tokens is not None:
                raise Unsupported(
                    f"A thinking budget of {budget} tokens needs a larger limit of tokens: "
                    f"{limit} includes the thinking."
                )
            limit = budget + DEFAULT_MAX_TOKENS
        kwargs["thinking"] = {"type": "enabled", "budget_tokens": budget}
    elif budget == 0:
        kwargs["thinking"] = {"type": "disabled"}
    kwargs["max_tokens"] = limit
    output: dict[str, Any] = {}
    if tuning.effort is not None:
        output["effort"] = tuning.effort
    if call.response_format:
        if call.response_format.schema is None:
            raise Unsupported("Anthropic answers in JSON only by a JSON schema: give one.")
        schema = dict(call.response_format.schema)
        output["format"] = {"type": "json_schema", "schema": schema}
    if output:
        kwargs["output_config"] = output
    for name in ("temperature", "top_p", "top_k"):
        value = getattr(tuning, name)
        if budget and name != "top_p":
            ignored.note(name, value, "it cannot be combined with thinking")
        elif value is not None:
            kwargs[name] = value
    if tuning.stop:
        kwargs["stop_sequences"] = list(tuning.stop)
    for name in ("seed", "frequency_penalty", "presence_penalty"):
        ignored.note(name, getattr(tuning, name))


def _choice(call: Call) -> dict[str, Any] | None:
    name = chosen_function(call.tool_choice)
    choice: dict[str, Any] = {}
    if name:
        choice = {"type": "tool", "name": name}
    elif isinstance(call.tool_choice, str) and call.tool_choice in _CHOICES:
        choice = {"type": _CHOICES[call.tool_choice]}
    if call.parallel_tool_calls is not None and choice.get("type") != "none":
        choice = choice or {"type": "auto"}
        choice["disable_parallel_tool_use"] = not call.parallel_tool_calls
    return choice or None


def _tool(function: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": function.get("name"),
        "description": function.get("description") or "",
        "input_schema": parameters_of(function),
    }


def _conversation(
    messages: Sequence[Message], ignored: Ignored
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """System blocks and turns; tool results join the user's turn that follows them."""
    system: list[dict[str, Any]] = []
    turns: list[dict[str, Any]] = []
    for one in messages:
        role = one["role"]
        if role in ("system", "developer"):
            system += [_text_only(part) for part in one["content"]]
            continue
        if role not in ("user", "assistant", "tool", "function"):
            raise refuse_role(one, WHO)
        said = "assistant" if role == "assistant" else "user"
        blocks = [_result(one)] if role in ("tool", "function") else _blocks(one, ignored)
        if not blocks:
            continue
        if turns and turns[-1]["role"] == said:
            turns[-1]["content"] += blocks
        else:
            turns.append({"role": said, "content": blocks})
    if not turns:
        raise Unsupported("Anthropic needs a message of the user; there is none.")
    return system, turns


def _text_only(part: Part) -> dict[str, Any]:
    if part["type"] != "text":
        raise Unsupported(f"{WHO} takes only text in a system message, no {part['type']}.")
    return _block(part)


def _blocks(one: Message, ignored: Ignored) -> list[dict[str, Any]]:
    """Blocks of a turn; empty texts, which the API refuses, say nothing and are left out."""
    blocks = []
    for part in one["content"]:
        if part["type"] == "thinking" and not part.get("signature") and not part.get("data"):
            ignored.say(f"Thinking that {WHO} has not signed is not sent.")
        elif part.get("text") != "":
            blocks.append(_block(part))
    for call in calls_of(one):
        given = arguments_object(call["name"], call["arguments"], WHO)
        blocks.append({"type": "tool_use", "id": call["id"], "name": call["name"], "input": given})
    return blocks


def _result(one: Message) -> dict[str, Any]:
    content = [_block(part) for part in one["content"]]
    block = {"type": "tool_result", "tool_use_id": call_id_of(one), "content": content}
    return {**block, "is_error": True} if one.get("is_error") else block


def _block(part: Part) -> dict[str, Any]:
    match part["type"]:
        case "text":
            block: dict[str, Any] = {"type": "text", "text": part["text"]}
        case "refusal":
            block = {"type": "text", "text": part["refusal"]}
        case "thinking":
            return _thinking(part)
        case "image_url" | "media" | "output_media":
            block = _file(file_of(part))
        case _:
            raise refuse_part(part, WHO)
    if part.get("cache_control"):
        block["cache_control"] = part["cache_control"]
    return block


def _thinking(part: Part) -> dict[str, Any]:
    if part.get("data"):
        return {"type": "redacted_thinking", "data": part["data"]}
    signed = {"thinking": part["thinking"], "signature": part.get("signature")}
    return {"type": "thinking", **signed}


def _file(file: File) -> dict[str, Any]:
    if file.kind in ("audio", "video"):
        raise Unsupported(f"{WHO} takes pictures and documents, no {file.kind}.")
    kind = "image" if file.kind == "image" else "document"
    if file.file_id:
        source: dict[str, Any] = {"type": "file", "file_id": file.file_id}
    elif file.url:
        source = {"type": "url", "url": file.url}
    elif file.mime.startswith("text/"):
        words = base64.b64decode(file.data or "").decode("utf-8", "replace")
        source = {"type": "text", "media_type": "text/plain", "data": words}
    elif kind == "document" and file.mime != "application/pdf":
        raise Unsupported(f"{WHO} takes documents as PDF or text; this is {file.mime}.")
    else:
        source = {"type": "base64", "media_type": file.mime, "data": file.data}
    block = {"type": kind, "source": source}
    return {**block, "title": file.title} if kind == "document" and file.title else block


def _events(event: dict[str, Any]) -> Iterable[Event]:
    index = event.get("index")
    at = index if isinstance(index, int) else 0
    match event.get("type"):
        case "message_start":
            usage = usage_of(mapping(mapping(event.get("message")).get("usage")))
            if usage is not None:
                yield UsageSeen(usage)
        case "content_block_start":
            block = mapping(event.get("content_block"))
            if block.get("type") == "tool_use":
                yield ToolCallDelta(at, text(block.get("id")), text(block.get("name")))
            elif text_or_none(block.get("text")):
                yield TextDelta(block["text"])
        case "content_block_delta":
            delta = mapping(event.get("delta"))
            match delta.get("type"):
                case "text_delta":
                    yield TextDelta(text(delta.get("text")))
                case "thinking_delta":
                    yield ThinkingDelta(text(delta.get("thinking")))
                case "input_json_delta":
                    yield ToolCallDelta(at, arguments=text(delta.get("partial_json")))
        case "message_delta":
            usage = usage_of(mapping(event.get("usage")))
            if usage is not None:
                yield UsageSeen(usage)
            reason = text_or_none(mapping(event.get("delta")).get("stop_reason"))
            if reason:
                yield Finished(reason)


ADAPTER = Anthropic()
