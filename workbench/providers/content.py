"""Reading blueprint messages for a vendor's request: files, tool calls, tools. Pure functions."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from workbench.logs.normalise.shape import json_text, mapping, text
from workbench.messages import Message, Part, ToolCall, part_text
from workbench.providers.errors import Unsupported


@dataclass(frozen=True, slots=True)
class File:
    """A picture, document or sound: by content (`data`, base64), by address, or by vendor's id."""

    kind: str
    mime: str
    data: str | None = None
    url: str | None = None
    file_id: str | None = None
    title: str = ""
    detail: str | None = None

    @property
    def data_url(self) -> str:
        return f"data:{self.mime};base64,{self.data}"


def split_data_url(url: str) -> tuple[str, str] | None:
    """(MIME type, base64) of a data: URL; None when it is none.

    Raises Unsupported where its content is not base64.
    """
    if not url.startswith("data:"):
        return None
    head, comma, data = url[5:].partition(",")
    mime, *options = head.split(";")
    if not comma or "base64" not in options:
        raise Unsupported("A picture or file given by content must be base64 in a data: URL.")
    try:
        base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        raise Unsupported("The content of a picture or file is no base64 text.") from None
    return mime or "application/octet-stream", data


def file_of(part: Part) -> File:
    """The file in an `image_url`, `media` or `output_media` part."""
    match part["type"]:
        case "image_url":
            image = mapping(part.get("image_url"))
            return _file(text(image.get("url")), "image/*", "", detail=image.get("detail"))
        case "output_media":
            return _file(text(part.get("url")), text(part.get("mime_type")), "")
    media = mapping(part.get("media"))
    return _file(
        text(media.get("url")),
        text(media.get("type")),
        text(media.get("title")),
        file_id=media.get("file_id"),
    )


def _file(url: str, mime: str, title: str, **more: Any) -> File:
    found = split_data_url(url)
    data = None
    if found is not None:
        mime, data = found[0], found[1]
        url = ""
    if not url and data is None and not more.get("file_id"):
        raise Unsupported("A picture or file has neither content nor an address.")
    kind = (mime or "application/octet-stream").partition("/")[0]
    kind = kind if kind in ("image", "audio", "video") else "document"
    return File(kind, mime or "application/octet-stream", data, url or None, title=title, **more)


def plain_text(message: Message, who: str) -> str:
    """The text of a message that must be text alone."""
    for part in message["content"]:
        if part["type"] not in ("text", "refusal", "code"):
            raise Unsupported(
                f"{who} takes only text in a {message['role']} message; "
                f"this one holds a part of type {part['type']}."
            )
    return "\n".join(part_text(part) for part in message["content"])


def refuse_part(part: Part, who: str) -> Unsupported:
    """The error for a part that a vendor has no form for."""
    kind = part.get("type", "unknown")
    if kind == "media_variable":
        return Unsupported(f'The file for "{part.get("name")}" is missing.')
    return Unsupported(f"{who} takes no message part of type {kind}.")


def refuse_role(message: Message, who: str) -> Unsupported:
    if message["role"] == "placeholder":
        return Unsupported("A placeholder message must be filled before a model is asked.")
    return Unsupported(f"{who} knows no role {message['role']!r}.")


def arguments_object(name: str, arguments: str, who: str) -> dict[str, Any]:
    """Tool arguments as the JSON object that some vendors want; raises Unsupported otherwise."""
    try:
        value = orjson.loads(arguments) if arguments.strip() else {}
    except orjson.JSONDecodeError:
        value = None
    if not isinstance(value, dict):
        raise Unsupported(
            f"The arguments of the call to {name} are no JSON object, which {who} needs."
        )
    return value


def calls_of(message: Message) -> list[dict[str, Any]]:
    """Tool calls with `id`, `name`, `arguments`, `metadata`; the older `function_call` too."""
    found: list[dict[str, Any]] = [
        {
            "id": call["id"],
            "type": call["type"],
            "name": call["function"]["name"],
            "arguments": json_text(call["function"]["arguments"]),
            "metadata": call.get("provider_metadata"),
        }
        for call in message.get("tool_calls") or ()
    ]
    older = message.get("function_call")
    if older:
        name = older["name"]
        given = json_text(older["arguments"])
        call = {"id": f"call_{name}", "type": "function", "name": name, "arguments": given}
        found.append({**call, "metadata": None})
    return found


def with_ids(messages: Sequence[Message]) -> Sequence[Message]:
    """Messages in which each tool call has an id and each result names its call's; the same list
    where there is neither.

    Gemini gives no ids, and most others want them. A result without one answers the first call
    before it that is open and of its name, else the first that is open.
    """
    if not any(one.get("tool_calls") or one["role"] == "tool" for one in messages):
        return messages
    found: list[Message] = []
    waiting: list[ToolCall] = []
    for number, one in enumerate(messages):
        calls = one.get("tool_calls")
        if calls:
            numbered: list[ToolCall] = [
                call if call["id"] else {**call, "id": f"call_{number}_{position}"}
                for position, call in enumerate(calls)
            ]
            waiting = list(numbered)
            one = {**one, "tool_calls": numbered}
        elif one["role"] == "tool" and waiting:
            named = [call for call in waiting if _answers(one, call)]
            answered = named[0] if named else waiting[0]
            waiting.remove(answered)
            one = {**one, "tool_call_id": one.get("tool_call_id") or answered["id"]}
        found.append(one)
    return found


def _answers(result: Message, call: ToolCall) -> bool:
    if result.get("tool_call_id"):
        return result.get("tool_call_id") == call["id"]
    return result.get("name") == call["function"]["name"]


def call_id_of(message: Message) -> str:
    """The id of the call that a tool's or the older function's message answers."""
    return message.get("tool_call_id") or f"call_{message.get('name') or 'function'}"


def functions(tools: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The function tools as {name, description, parameters, strict?}."""
    return [dict(mapping(tool.get("function"))) for tool in tools if is_function(tool)]


def is_function(tool: Mapping[str, Any]) -> bool:
    return isinstance(tool.get("function"), Mapping)


def own_tools(tools: Iterable[Mapping[str, Any]], provider: str, who: str) -> list[dict[str, Any]]:
    """The configurations of the vendor's own tools; another vendor's are refused."""
    found = []
    for tool in tools:
        if is_function(tool):
            continue
        config = tool.get("config")
        if tool.get("provider") != provider or not isinstance(config, Mapping):
            name = tool.get("name") or tool.get("type") or "unknown"
            raise Unsupported(f"{who} does not have the tool {name!r}.")
        found.append(dict(config))
    return found


def chosen_function(choice: Any) -> str | None:
    """The function that a `tool_choice` asks for."""
    return text(mapping(mapping(choice).get("function")).get("name")) or None


def parameters_of(function: Mapping[str, Any]) -> dict[str, Any]:
    """A function's JSON schema; vendors that want one get an empty object's."""
    schema = function.get("parameters")
    return dict(schema) if isinstance(schema, Mapping) and schema else _NO_PARAMETERS.copy()


_NO_PARAMETERS: dict[str, Any] = {"type": "object", "properties": {}}


class Ignored:
    """Collects a sentence for each setting that is left out."""

    def __init__(self, who: str) -> None:
        self._who = who
        self.sentences: list[str] = []

    def note(self, name: str, value: Any, reason: str = "") -> None:
        """Note a setting that was given (not None, not empty) and is left out."""
        if value is None or value in ((), ""):
            return
        self.say(f"{name} is ignored: {reason or f'{self._who} does not take it'}.")

    def say(self, sentence: str) -> None:
        if sentence not in self.sentences:
            self.sentences.append(sentence)
