"""The echo: shows a call as a model would receive it. Deterministic, free, and always there.

It speaks OpenAI's dialect, so a template is checked with what it would send.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Iterable, Mapping
from typing import Any

import orjson

from workbench.logs.normalise.openai_parts import message as read_message
from workbench.messages import part_text
from workbench.providers import openai_wire
from workbench.providers.adapter import Access, Wire
from workbench.providers.call import Call
from workbench.providers.content import chosen_function
from workbench.providers.errors import ProviderError
from workbench.providers.estimate import tokens_of, tokens_of_call, tokens_of_message
from workbench.providers.events import Event
from workbench.providers.openai_wire import Dialect
from workbench.providers.sample_json import sample_of

MODELS = ("echo", "echo-slow")
_SLOW_SECONDS = 0.05
_NOT_SHOWN = ("model", "messages", "tools", "stream", "stream_options")


class Echo:
    function_name = "workbench.echo.chat.completions.create"
    stream_name = function_name
    wants_content = False

    def to_wire(self, call: Call) -> Wire:
        return openai_wire.to_wire(call, Dialect("The echo", own=False, limit="max_tokens"))

    def from_wire(self, chunk: Any) -> Iterable[Event]:
        return openai_wire.from_wire(chunk)

    def client(self, access: Access) -> Any:
        del access
        return None

    async def close(self, client: Any) -> None:
        del client

    async def send(self, client: Any, wire: Wire, stream: bool) -> AsyncGenerator[Any, None]:
        del client
        kwargs = wire.kwargs
        message, reason, usage = answer(kwargs)
        head = {"id": "echo", "model": kwargs["model"], "created": 0}
        if not stream:
            choice = {"index": 0, "message": message, "finish_reason": reason}
            yield {**head, "object": "chat.completion", "choices": [choice], "usage": usage}
            return
        head["object"] = "chat.completion.chunk"
        for delta in _deltas(message):
            await asyncio.sleep(_SLOW_SECONDS if kwargs["model"] == "echo-slow" else 0)
            yield {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
        end = {"index": 0, "delta": {}, "finish_reason": reason}
        yield {**head, "choices": [end], "usage": usage}

    def failure(self, error: Exception) -> ProviderError | None:
        del error
        return None

    async def models(self, client: Any) -> list[str]:
        del client
        return list(MODELS)


def answer(kwargs: Mapping[str, Any]) -> tuple[dict[str, Any], str, dict[str, int]]:
    """The message, the finish reason and the usage that the echo answers a request with."""
    messages = [read_message(raw) for raw in kwargs["messages"]]
    tools = kwargs.get("tools") or []
    message: dict[str, Any] = {"role": "assistant", "content": None}
    reason = "stop"
    wanted = _wanted_tool(kwargs)
    schema = kwargs.get("response_format")
    if wanted is not None:
        given = orjson.dumps(sample_of(wanted.get("parameters") or {})).decode()
        function = {"name": wanted.get("name"), "arguments": given}
        message["tool_calls"] = [{"id": "call_echo", "type": "function", "function": function}]
        reason = "tool_calls"
    elif schema:
        inner = (schema.get("json_schema") or {}).get("schema") or {"type": "object"}
        message["content"] = orjson.dumps(sample_of(inner)).decode()
    else:
        message["content"] = shown(kwargs)
    sent = tokens_of_call(messages, tools)
    received = tokens_of(message["content"] or "") or tokens_of(str(message.get("tool_calls")))
    limit = kwargs.get("max_tokens")
    if limit is not None and received > limit and message["content"]:
        message["content"], reason = _cut(message["content"], limit), "length"
        received = limit
    usage = {"prompt_tokens": sent, "completion_tokens": received}
    return message, reason, {**usage, "total_tokens": sent + received}


def shown(kwargs: Mapping[str, Any]) -> str:
    """The request in words: each message under its role, then tools and settings."""
    pieces = []
    messages = [read_message(raw) for raw in kwargs["messages"]]
    for raw, one in zip(kwargs["messages"], messages, strict=True):
        head = f"[{one['role']} · about {tokens_of_message(one)} tokens]"
        lines = [_part(part) for part in one["content"]]
        lines += [
            f"calls {call['function']['name']}({call['function']['arguments']})"
            for call in one.get("tool_calls") or ()
        ]
        if raw.get("tool_call_id"):
            head = f"{head[:-1]} · answers {raw['tool_call_id']}]"
        pieces.append("\n".join([head, *lines]))
    tools = kwargs.get("tools") or []
    if tools:
        named = ", ".join(str(tool["function"].get("name")) for tool in tools)
        pieces.append(f"[tools] {named}")
    settings = {key: value for key, value in kwargs.items() if key not in _NOT_SHOWN}
    if settings:
        pieces.append(f"[settings] {orjson.dumps(settings).decode()}")
    total = tokens_of_call(messages, tools)
    number = "1 message" if len(messages) == 1 else f"{len(messages)} messages"
    pieces.append(f"[about {total} tokens in {number}; pictures are not counted]")
    return "\n\n".join(pieces)


def _part(part: Mapping[str, Any]) -> str:
    words = part_text(part)
    if words:
        return words
    url = (part.get("image_url") or part.get("media") or {}).get("url") or ""
    if url.startswith("data:"):
        mime = url[5:].partition(";")[0]
        return f"<{mime}, {len(url) * 3 // 4 // 1000 + 1} KB>"
    return f"<{url}>" if url else ""


def _wanted_tool(kwargs: Mapping[str, Any]) -> dict[str, Any] | None:
    """The tool that must be called."""
    functions = [tool["function"] for tool in kwargs.get("tools") or []]
    name = chosen_function(kwargs.get("tool_choice"))
    if name:
        return next((one for one in functions if one.get("name") == name), None)
    forced = kwargs.get("tool_choice") == "required"
    return functions[0] if forced and functions else None


def _deltas(message: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    yield {"role": "assistant"}
    for number, call in enumerate(message.get("tool_calls") or ()):
        yield {"tool_calls": [{"index": number, **call}]}
    for piece in re.findall(r"\s*\S+|\s+", message["content"] or ""):
        yield {"content": piece}


def _cut(text: str, limit: int) -> str:
    """The longest start of a text, by words, that has about `limit` tokens."""
    kept: list[str] = []
    count = 0
    for piece in re.findall(r"\s*\S+|\s+", text):
        count += tokens_of(piece)
        if count > limit:
            break
        kept.append(piece)
    return "".join(kept)


ADAPTER = Echo()
