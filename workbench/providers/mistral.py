"""Mistral's chat, through the package `mistralai`: OpenAI's dialect with parts of its own.

Shapes: https://docs.mistral.ai/api and the models of `mistralai.client`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncGenerator, Iterable
from typing import Any

from workbench.logs.normalise.shape import mapping
from workbench.messages import Message, Part
from workbench.providers import openai_wire
from workbench.providers.adapter import Access, Wire
from workbench.providers.call import Call
from workbench.providers.content import (
    Ignored,
    calls_of,
    chosen_function,
    file_of,
    functions,
    own_tools,
    refuse_part,
)
from workbench.providers.errors import ProviderError, Unsupported, of_status
from workbench.providers.events import Event
from workbench.providers.transport import answer_object, http_failure, jsonable

WHO = "Mistral"
_CALL_ID = re.compile(r"[A-Za-z0-9]{9}")
_CHOICES = {"auto": "auto", "required": "any", "none": "none"}


class Mistral:
    function_name = "mistralai.chat.complete"
    stream_name = "mistralai.chat.stream"
    wants_content = False

    def to_wire(self, call: Call) -> Wire:
        ignored = Ignored(WHO)
        kwargs: dict[str, Any] = {
            "model": call.model,
            "messages": [_message(one, ignored) for one in call.messages],
        }
        own_tools(call.tools, "mistral.chat", WHO)
        if call.tools:
            kwargs["tools"] = [
                {"type": "function", "function": {"parameters": {}, **function}}
                for function in functions(call.tools)
            ]
            named = chosen_function(call.tool_choice)
            if named:
                kwargs["tool_choice"] = call.tool_choice
            elif isinstance(call.tool_choice, str) and call.tool_choice in _CHOICES:
                kwargs["tool_choice"] = _CHOICES[call.tool_choice]
            if call.parallel_tool_calls is not None:
                kwargs["parallel_tool_calls"] = call.parallel_tool_calls
        _tune(kwargs, call, ignored)
        return Wire({**kwargs, **call.tuning.extra}, tuple(ignored.sentences))

    def from_wire(self, chunk: Any) -> Iterable[Event]:
        return openai_wire.from_wire(mapping(chunk).get("data", chunk))

    def client(self, access: Access) -> Any:
        import httpx2
        from mistralai.client import Mistral as Client

        timeout = httpx2.Timeout(access.read_seconds, connect=access.connect_seconds)
        return Client(
            api_key=access.key or "none",
            server_url=access.base_url,
            async_client=httpx2.AsyncClient(timeout=timeout, headers=dict(access.headers)),
        )

    async def close(self, client: Any) -> None:
        await client.sdk_configuration.async_client.aclose()

    async def send(self, client: Any, wire: Wire, stream: bool) -> AsyncGenerator[Any, None]:
        if not stream:
            yield answer_object(await client.chat.complete_async(**wire.kwargs))
            return
        answer = await client.chat.stream_async(**wire.kwargs)
        async with answer:
            async for event in answer:
                yield jsonable(event.data)

    def failure(self, error: Exception) -> ProviderError | None:
        names = {each.__name__ for each in type(error).__mro__}
        status = getattr(error, "status_code", None)
        if "MistralError" in names and isinstance(status, int):
            body = getattr(error, "body", None)
            if status < 400:
                return ProviderError(
                    "bad_answer", f"The answer cannot be read: {str(error)[:500]}", body=body
                )
            headers = getattr(error, "headers", None) or {}
            return of_status(status, body, headers, str(error))
        if names & {"ValidationError", "ResponseValidationError", "JSONDecodeError"}:
            return ProviderError("bad_answer", f"The answer cannot be read: {str(error)[:500]}")
        return http_failure(error)

    async def models(self, client: Any) -> list[str]:
        listed = await client.models.list_async()
        return [model.id for model in listed.data or []]


def _tune(kwargs: dict[str, Any], call: Call, ignored: Ignored) -> None:
    tuning = call.tuning
    named = {
        "temperature": tuning.temperature,
        "top_p": tuning.top_p,
        "top_k": tuning.top_k,
        "max_tokens": tuning.max_tokens,
        "stop": list(tuning.stop) or None,
        "random_seed": tuning.seed,
        "frequency_penalty": tuning.frequency_penalty,
        "presence_penalty": tuning.presence_penalty,
        "reasoning_effort": tuning.effort,
    }
    kwargs |= {name: value for name, value in named.items() if value is not None}
    ignored.note("thinking_budget", tuning.thinking_budget, "an effort is taken in its place")
    if call.response_format:
        kwargs["response_format"] = openai_wire.response_format(call.response_format)


def _message(one: Message, ignored: Ignored) -> dict[str, Any]:
    if one["role"] == "developer":
        one = {**one, "role": "system"}
    if one["role"] == "user":
        content = [_part(part) for part in one["content"]]
        plain = len(content) == 1 and content[0]["type"] == "text"
        return {"role": "user", "content": content[0]["text"] if plain else content}
    if one["role"] == "assistant" and any(
        call["type"] not in ("function", "") for call in calls_of(one)
    ):
        raise Unsupported(f"{WHO} knows only function tools.")
    result = openai_wire.message(one, WHO, ignored)
    result.pop("refusal", None)
    for call in result.get("tool_calls") or ():
        call["id"] = _call_id(call["id"])
    if "tool_call_id" in result:
        result["tool_call_id"] = _call_id(result["tool_call_id"])
    if one["role"] in ("tool", "function") and one.get("name"):
        result["name"] = one["name"]
    elif one["role"] in ("system", "assistant"):
        # These messages have no name at Mistral's.
        result.pop("name", None)
    return result


def _call_id(given: str) -> str:
    """Mistral takes only ids of nine letters and digits; others' become such ones, each its own."""
    if _CALL_ID.fullmatch(given):
        return given
    return hashlib.sha256(given.encode()).hexdigest()[:9]


def _part(part: Part) -> dict[str, Any]:
    match part["type"]:
        case "text":
            return {"type": "text", "text": part["text"]}
        case "image_url" | "media" | "output_media":
            file = file_of(part)
        case _:
            raise refuse_part(part, WHO)
    if file.kind == "image" and not file.file_id:
        image: dict[str, Any] = {"url": file.url or file.data_url}
        if file.detail:
            image["detail"] = file.detail
        return {"type": "image_url", "image_url": image}
    if file.kind == "audio" and (file.data or file.url):
        return {"type": "input_audio", "input_audio": file.data or file.url}
    if file.kind == "video":
        raise Unsupported(f"{WHO} takes no video.")
    if file.file_id:
        return {"type": "file", "file_id": file.file_id}
    document = {"type": "document_url", "document_url": file.url or file.data_url}
    return {**document, "document_name": file.title} if file.title else document


ADAPTER = Mistral()
