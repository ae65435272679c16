"""A call in the dialect of OpenAI's chat completions, which many vendors and servers speak.

Shapes: https://platform.openai.com/docs/api-reference/chat and `openai.types.chat`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from workbench.logs.normalise.openai_chat import usage_of
from workbench.logs.normalise.shape import items, mapping, text, text_or_none
from workbench.messages import Message, Part
from workbench.providers.adapter import Wire
from workbench.providers.call import Call, ResponseFormat
from workbench.providers.content import (
    File,
    Ignored,
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
from workbench.providers.errors import Unsupported
from workbench.providers.events import (
    Event,
    Finished,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    UsageSeen,
)

#: Models that think before they answer take neither sampling settings nor stop sequences
#: (OpenAI's guide to reasoning models). `gpt-5-chat` does not think.
_REASONING = re.compile(r"(?:^|/)(?:o[1-9]\d*|gpt-[5-9](?!-chat))(?:[-.:@]|$)")

_AUDIO_FORMATS = {"audio/mpeg": "mp3", "audio/mp3": "mp3", "audio/wav": "wav", "audio/x-wav": "wav"}


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a speaker of the dialect differs.

    who: its name in sentences.
    own: whether it is OpenAI's own service (or Azure's): checks by model.
    limit: the name of the limit of tokens for models that do not think first.
    """

    who: str
    own: bool = True
    limit: str = "max_completion_tokens"


def to_wire(call: Call, dialect: Dialect) -> Wire:
    """The arguments of `chat.completions.create`."""
    ignored = Ignored(dialect.who)
    kwargs: dict[str, Any] = {
        "model": call.model,
        "messages": [message(one, dialect.who, ignored, dialect.own) for one in call.messages],
    }
    own_tools(call.tools, "openai.chat", dialect.who)
    if call.tools:
        kwargs["tools"] = [
            {"type": "function", "function": function} for function in functions(call.tools)
        ]
        if call.tool_choice:
            kwargs["tool_choice"] = call.tool_choice
        if call.parallel_tool_calls is not None:
            kwargs["parallel_tool_calls"] = call.parallel_tool_calls
    _check_choice(call, dialect.who)
    if call.response_format:
        kwargs["response_format"] = response_format(call.response_format)
    _tune(kwargs, call, dialect, ignored)
    if call.stream:
        kwargs["stream"] = True
        kwargs["stream_options"] = {"include_usage": True}
    return Wire({**kwargs, **call.tuning.extra}, tuple(ignored.sentences))


def _check_choice(call: Call, who: str) -> None:
    name = chosen_function(call.tool_choice)
    if name and name not in {one.get("name") for one in functions(call.tools)}:
        raise Unsupported(f"The tool {name!r} is to be called, but it is not among the tools.")
    if call.tool_choice == "required" and not call.tools:
        raise Unsupported(f"A tool must be called, but {who} was given none.")


def response_format(wanted: ResponseFormat) -> dict[str, Any]:
    if wanted.schema is None:
        return {"type": "json_object"}
    schema = {"name": wanted.name, "schema": dict(wanted.schema), "strict": wanted.strict}
    return {"type": "json_schema", "json_schema": schema}


def _tune(kwargs: dict[str, Any], call: Call, dialect: Dialect, ignored: Ignored) -> None:
    tuning = call.tuning
    sampling: dict[str, Any] = {
        "temperature": tuning.temperature,
        "top_p": tuning.top_p,
        "frequency_penalty": tuning.frequency_penalty,
        "presence_penalty": tuning.presence_penalty,
        "stop": list(tuning.stop) or None,
    }
    thinks = dialect.own and thinks_first(call.model) and tuning.effort != "none"
    for name, value in sampling.items():
        if thinks:
            ignored.note(name, value, f"{call.model} thinks before it answers and takes none")
        elif value is not None:
            kwargs[name] = value
    if tuning.top_k is not None:
        if dialect.own:
            ignored.note("top_k", tuning.top_k)
        else:
            kwargs["top_k"] = tuning.top_k
    if tuning.max_tokens is not None:
        newer = dialect.own and thinks_first(call.model)
        kwargs["max_completion_tokens" if newer else dialect.limit] = tuning.max_tokens
    if tuning.seed is not None:
        kwargs["seed"] = tuning.seed
    if tuning.effort is not None:
        if dialect.own and not thinks_first(call.model):
            ignored.note("effort", tuning.effort, f"{call.model} does not think beforehand")
        else:
            kwargs["reasoning_effort"] = tuning.effort
    ignored.note("thinking_budget", tuning.thinking_budget, "an effort is taken in its place")


def thinks_first(model: str) -> bool:
    """Whether a model of OpenAI's reasons before it answers, by its name."""
    return _REASONING.search(model.lower()) is not None


def message(one: Message, who: str, ignored: Ignored, own: bool = True) -> dict[str, Any]:
    """One message; thinking of earlier turns is not sent, since the dialect has no place for it.

    own: whether the developer's role is known, which only OpenAI itself has.
    """
    role = one["role"]
    match role:
        case "system" | "developer":
            spoken = role if own else "system"
            result: dict[str, Any] = {"role": spoken, "content": plain_text(one, who)}
        case "user":
            result = {"role": role, "content": _content(one, who)}
        case "assistant":
            result = _assistant(one, who, ignored)
        case "tool" | "function":
            answered = {"role": "tool", "tool_call_id": call_id_of(one)}
            return {**answered, "content": plain_text(one, who)}
        case _:
            raise refuse_role(one, who)
    if one.get("name"):
        result["name"] = one["name"]
    return result


def _assistant(one: Message, who: str, ignored: Ignored) -> dict[str, Any]:
    said: list[str] = []
    refused: list[str] = []
    for part in one["content"]:
        match part["type"]:
            case "text":
                said.append(part["text"])
            case "refusal":
                refused.append(part["refusal"])
            case "thinking":
                ignored.say(f"Thinking of earlier turns is not sent: {who} has no place for it.")
            case _:
                raise refuse_part(part, who)
    result: dict[str, Any] = {"role": "assistant", "content": "".join(said) or None}
    if refused:
        result["refusal"] = "".join(refused)
    calls = [_call(each) for each in calls_of(one)]
    if calls:
        result["tool_calls"] = calls
    elif result["content"] is None and not refused:
        result["content"] = ""
    return result


def _call(call: dict[str, Any]) -> dict[str, Any]:
    if call["type"] == "custom":
        inner = {"name": call["name"], "input": call["arguments"]}
        return {"id": call["id"], "type": "custom", "custom": inner}
    function = {"name": call["name"], "arguments": call["arguments"] or "{}"}
    return {"id": call["id"], "type": "function", "function": function}


def _content(one: Message, who: str) -> str | list[dict[str, Any]]:
    parts = one["content"]
    if len(parts) == 1 and parts[0]["type"] == "text":
        return parts[0]["text"]
    return [_part(part, who) for part in parts]


def _part(part: Part, who: str) -> dict[str, Any]:
    match part["type"]:
        case "text":
            return {"type": "text", "text": part["text"]}
        case "image_url" | "media" | "output_media":
            return _file(file_of(part), who)
    raise refuse_part(part, who)


def _file(file: File, who: str) -> dict[str, Any]:
    if file.kind == "image" and not file.file_id:
        image: dict[str, Any] = {"url": file.url or file.data_url}
        if file.detail:
            image["detail"] = file.detail
        return {"type": "image_url", "image_url": image}
    if file.kind == "audio":
        form = _AUDIO_FORMATS.get(file.mime)
        if file.data is None or form is None:
            raise Unsupported(f"{who} takes sound as MP3 or WAV by content; this is {file.mime}.")
        return {"type": "input_audio", "input_audio": {"data": file.data, "format": form}}
    if file.file_id:
        return {"type": "file", "file": {"file_id": file.file_id}}
    if file.data is None or file.kind == "video":
        raise Unsupported(f"{who} takes files by content, not by address, and no video.")
    return {
        "type": "file",
        "file": {"filename": file.title or "file", "file_data": file.data_url},
    }


def from_wire(chunk: Any) -> Iterable[Event]:
    """The events of a `chat.completion.chunk`."""
    piece = mapping(chunk)
    for choice in map(mapping, items(piece.get("choices"))[:1]):
        yield from delta_events(mapping(choice.get("delta")))
        if text_or_none(choice.get("finish_reason")):
            yield Finished(choice["finish_reason"])
    usage = usage_of(mapping(piece.get("usage")))
    if usage is not None:
        yield UsageSeen(usage)


def delta_events(delta: dict[str, Any]) -> Iterable[Event]:
    for key in ("reasoning_content", "reasoning"):
        if text_or_none(delta.get(key)):
            yield ThinkingDelta(delta[key])
            break
    content = delta.get("content")
    if isinstance(content, str) and content:
        yield TextDelta(content)
    for part in map(mapping, items(content)):
        yield from _part_events(part)
    if text_or_none(delta.get("refusal")):
        yield TextDelta(delta["refusal"])
    for position, call in enumerate(map(mapping, items(delta.get("tool_calls")))):
        function = mapping(call.get("function"))
        index = call.get("index")
        yield ToolCallDelta(
            index if isinstance(index, int) else position,
            text(call.get("id")),
            text(function.get("name")),
            text(function.get("arguments")),
        )


def _part_events(part: dict[str, Any]) -> Iterable[Event]:
    """Mistral streams thinking as parts."""
    if part.get("type") == "text" and text_or_none(part.get("text")):
        yield TextDelta(part["text"])
    elif part.get("type") == "thinking":
        thought = part.get("thinking")
        if isinstance(thought, list):
            thought = "".join(text(mapping(inner).get("text")) for inner in thought)
        if isinstance(thought, str) and thought:
            yield ThinkingDelta(thought)
