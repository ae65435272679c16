"""Google Gemini's generateContent, through the package `google-genai`.

Shapes: https://ai.google.dev/api/generate-content and `google.genai.types`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Sequence
from typing import Any

import orjson

from workbench.logs.normalise.gemini import usage_of
from workbench.logs.normalise.gemini_parts import either
from workbench.logs.normalise.shape import items, json_text, mapping, text, text_or_none
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
from workbench.providers.transport import answer_object, http_failure

WHO = "Gemini"
_MODES = {"auto": "AUTO", "required": "ANY", "none": "NONE"}
_LEVELS = frozenset({"minimal", "low", "medium", "high", "xhigh"})


class Gemini:
    function_name = "google.genai.models.generate_content"
    stream_name = "google.genai.models.generate_content_stream"
    wants_content = True

    def to_wire(self, call: Call) -> Wire:
        ignored = Ignored(WHO)
        config: dict[str, Any] = {}
        system, contents = _conversation(call.messages, ignored)
        if system:
            config["system_instruction"] = {"parts": [{"text": one} for one in system]}
        tools = own_tools(call.tools, "google", WHO)
        declared = [_function(one) for one in functions(call.tools)]
        if declared:
            tools.insert(0, {"function_declarations": declared})
        if tools:
            config["tools"] = tools
            config["automatic_function_calling"] = {"disable": True}
        calling = _calling(call.tool_choice)
        if declared and calling:
            config["tool_config"] = {"function_calling_config": calling}
        ignored.note("parallel_tool_calls", call.parallel_tool_calls, "Gemini decides it by itself")
        _tune(config, call, ignored)
        kwargs: dict[str, Any] = {"model": call.model, "contents": contents}
        config |= call.tuning.extra
        if config:
            kwargs["config"] = config
        return Wire(kwargs, tuple(ignored.sentences))

    def from_wire(self, chunk: Any) -> Iterable[Event]:
        return _events(mapping(chunk))

    def client(self, access: Access) -> Any:
        import httpx2
        from google.genai import Client
        from google.genai.types import HttpOptions

        timeout = httpx2.Timeout(access.read_seconds, connect=access.connect_seconds)
        options = HttpOptions(
            base_url=access.base_url,
            # Thinking and JSON schemas are part of the beta version only.
            api_version="v1beta",
            headers=dict(access.headers) or None,
            httpx_async_client=httpx2.AsyncClient(timeout=timeout, follow_redirects=False),
        )
        return Client(api_key=access.key or "none", vertexai=False, http_options=options)

    async def close(self, client: Any) -> None:
        await client.aio.aclose()

    async def send(self, client: Any, wire: Wire, stream: bool) -> AsyncGenerator[Any, None]:
        models = client.aio.models
        if not stream:
            yield _json(await models.generate_content(**wire.kwargs))
            return
        async for chunk in await models.generate_content_stream(**wire.kwargs):
            yield _json(chunk)

    def failure(self, error: Exception) -> ProviderError | None:
        names = {each.__name__ for each in type(error).__mro__}
        if "APIError" in names:
            response = getattr(error, "response", None)
            headers = getattr(response, "headers", None) or {}
            body = getattr(error, "details", None)
            return of_status(getattr(error, "code", 0) or 0, body, headers, str(error))
        if "UnknownApiResponseError" in names or "ValidationError" in names:
            return ProviderError("bad_answer", f"The answer cannot be read: {str(error)[:500]}")
        return http_failure(error)

    async def models(self, client: Any) -> list[str]:
        found = []
        async for model in await client.aio.models.list():
            actions = model.supported_actions
            if actions is None or "generateContent" in actions:
                found.append(str(model.name).removeprefix("models/"))
        return found


def _json(answer: Any) -> Any:
    if hasattr(answer, "model_dump"):
        return answer.model_dump(
            mode="json", exclude_none=True, exclude={"sdk_http_response", "parsed"}, warnings=False
        )
    return answer_object(answer)


def _tune(config: dict[str, Any], call: Call, ignored: Ignored) -> None:
    tuning = call.tuning
    named = {
        "temperature": tuning.temperature,
        "top_p": tuning.top_p,
        "top_k": tuning.top_k,
        "max_output_tokens": tuning.max_tokens,
        "stop_sequences": list(tuning.stop) or None,
        "seed": tuning.seed,
        "frequency_penalty": tuning.frequency_penalty,
        "presence_penalty": tuning.presence_penalty,
    }
    config |= {name: value for name, value in named.items() if value is not None}
    if tuning.thinking_budget is not None:
        shown = tuning.thinking_budget != 0
        thinking = {"thinking_budget": tuning.thinking_budget, "include_thoughts": shown}
        config["thinking_config"] = thinking
        ignored.note("effort", tuning.effort, "a thinking budget is given")
    elif tuning.effort in _LEVELS:
        level = tuning.effort.upper() if tuning.effort else None
        config["thinking_config"] = {"thinking_level": level, "include_thoughts": True}
    else:
        ignored.note("effort", tuning.effort, f"{WHO} takes {', '.join(sorted(_LEVELS))}")
    if call.response_format:
        config["response_mime_type"] = "application/json"
        if call.response_format.schema is not None:
            config["response_json_schema"] = dict(call.response_format.schema)


def _calling(choice: Any) -> dict[str, Any] | None:
    name = chosen_function(choice)
    if name:
        return {"mode": "ANY", "allowed_function_names": [name]}
    return {"mode": _MODES[choice]} if isinstance(choice, str) and choice in _MODES else None


def _function(function: dict[str, Any]) -> dict[str, Any]:
    declared = {
        "name": function.get("name"),
        "description": function.get("description") or "",
    }
    schema = function.get("parameters")
    return {**declared, "parameters_json_schema": schema} if schema else declared


def _conversation(
    messages: Sequence[Message], ignored: Ignored
) -> tuple[list[str], list[dict[str, Any]]]:
    """System texts and turns; a function's response names its function, which its call tells."""
    system: list[str] = []
    turns: list[dict[str, Any]] = []
    names: dict[str, str] = {}
    for one in messages:
        match one["role"]:
            case "system" | "developer":
                system.append(plain_text(one, WHO))
                continue
            case "user":
                role, parts = "user", [_part(part) for part in one["content"]]
            case "assistant":
                names |= {call["id"]: call["name"] for call in calls_of(one)}
                role, parts = "model", _said(one, ignored)
            case "tool" | "function":
                role, parts = "user", [_response(one, names)]
            case _:
                raise refuse_role(one, WHO)
        if not parts:
            continue
        if turns and turns[-1]["role"] == role:
            turns[-1]["parts"] += parts
        else:
            turns.append({"role": role, "parts": parts})
    if not turns:
        raise Unsupported("Gemini needs a message of the user; there is none.")
    return system, turns


def _said(one: Message, ignored: Ignored) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = []
    for part in one["content"]:
        if part["type"] == "thinking":
            ignored.say("Thinking of earlier turns is not sent: Gemini keeps to its signatures.")
            continue
        if part.get("text") != "":
            made = _part(part)
            signature = mapping(part).get("thought_signature")
            parts.append({**made, "thought_signature": signature} if signature else made)
    for call in calls_of(one):
        given = arguments_object(call["name"], call["arguments"], WHO)
        called: dict[str, Any] = {"function_call": {"name": call["name"], "args": given}}
        signature = mapping(call["metadata"]).get("thought_signature")
        parts.append({**called, "thought_signature": signature} if signature else called)
    return parts


def _response(one: Message, names: dict[str, str]) -> dict[str, Any]:
    said = plain_text(one, WHO)
    name = one.get("name") or names.get(call_id_of(one))
    if not name:
        raise Unsupported("A tool's result names no call before it, so Gemini cannot place it.")
    try:
        value = orjson.loads(said)
    except orjson.JSONDecodeError:
        value = None
    key = "error" if one.get("is_error") else "result"
    return {
        "function_response": {
            "name": name,
            "response": value if isinstance(value, dict) else {key: said},
        }
    }


def _part(part: Part) -> dict[str, Any]:
    match part["type"]:
        case "text":
            return {"text": part["text"]}
        case "refusal":
            return {"text": part["refusal"]}
        case "image_url" | "media" | "output_media":
            return _file(file_of(part))
    raise refuse_part(part, WHO)


def _file(file: File) -> dict[str, Any]:
    if file.data is not None:
        return {"inline_data": {"mime_type": file.mime, "data": file.data}}
    mime = {} if file.mime.endswith("/*") else {"mime_type": file.mime}
    return {"file_data": {"file_uri": file.url or file.file_id, **mime}}


def _events(chunk: dict[str, Any]) -> Iterable[Event]:
    for candidate in map(mapping, items(chunk.get("candidates"))[:1]):
        for part in map(mapping, items(mapping(candidate.get("content")).get("parts"))):
            words = text(part.get("text"))
            call = mapping(either(part, "function_call"))
            if words and part.get("thought") is True:
                yield ThinkingDelta(words)
            elif words:
                yield TextDelta(words)
            elif call:
                given = json_text(call.get("args") or {})
                yield ToolCallDelta(None, text(call.get("id")), text(call.get("name")), given)
        reason = text_or_none(either(candidate, "finish_reason"))
        if reason:
            yield Finished(reason)
    blocked = text_or_none(either(mapping(either(chunk, "prompt_feedback")), "block_reason"))
    if blocked:
        yield Finished(blocked)
    usage = usage_of(mapping(either(chunk, "usage_metadata")))
    if usage is not None:
        yield UsageSeen(usage)


ADAPTER = Gemini()
