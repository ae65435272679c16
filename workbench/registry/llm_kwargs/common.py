"""What the vendors' forms have in common: messages, parts and tools of a rendered prompt.

Sources: the vendors' API references, and what the package `promptlayer` 1.5.16 passes on to them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import orjson

from workbench.messages import Part, part_text

_DATA_URL = re.compile(r"data:(?P<type>[^;,]*)(?:;[^;,]+)*;base64,(?P<data>.*)\Z", re.DOTALL)
_IMAGE_TYPES = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    "pdf": "application/pdf",
}


@dataclass(slots=True)
class Request:
    """A rendered prompt with its settings, and what could not be said in the vendor's form.

    prompt: a blueprint. model: "" where it is not known. parameters: as the author named them.
    notes: sentences about what was left out.
    """

    prompt: Mapping[str, Any]
    model: str
    parameters: dict[str, Any]
    api_type: str | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def is_chat(self) -> bool:
        return self.prompt.get("type") == "chat"

    @property
    def messages(self) -> list[dict[str, Any]]:
        """Messages; a completion template is one message of the user's."""
        if not self.is_chat:
            return [{"role": "user", "content": self.prompt.get("content") or []}]
        # A placeholder stands for messages that nobody has given.
        return [
            each
            for each in self.prompt.get("messages") or ()
            if isinstance(each, dict) and each.get("role") != "placeholder"
        ]

    def note(self, sentence: str) -> None:
        if sentence not in self.notes:
            self.notes.append(sentence)


@dataclass(frozen=True, slots=True)
class Media:
    """An image or file: by address, or by content as base64."""

    mime: str
    url: str | None = None
    data: str | None = None

    @property
    def is_image(self) -> bool:
        return self.mime.startswith("image/")


def media(part: Mapping[str, Any]) -> Media | None:
    """The image or file of a part; None for parts that are none."""
    kind = part.get("type")
    if kind == "image_url":
        url = part["image_url"]["url"]
        declared = "image/png"
    elif kind == "media" and isinstance(part.get("media"), Mapping):
        url = part["media"].get("url")
        declared = part["media"].get("type") or "application/octet-stream"
    else:
        return None
    if not isinstance(url, str):
        return None
    found = _DATA_URL.match(url)
    if found:
        return Media(found["type"] or declared, data=found["data"])
    ending = url.partition("?")[0].rpartition(".")[2].lower()
    return Media(_IMAGE_TYPES.get(ending, declared), url=url)


def parts(message: Mapping[str, Any]) -> list[Part]:
    found = message.get("content")
    if isinstance(found, str):
        return [{"type": "text", "text": found}]
    # A media variable stands for files that nobody has given.
    return [
        cast(Part, part)
        for part in found or ()
        if isinstance(part, dict) and part.get("type") != "media_variable"
    ]


def text_of(message: Mapping[str, Any]) -> str:
    """The text parts of a message, one after the other."""
    return "".join(part_text(part) for part in parts(message) if part.get("type") == "text")


def tool_calls(message: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """(id, name, arguments as JSON text) of a message's tool calls and of its older one."""
    for call in message.get("tool_calls") or ():
        yield call.get("id") or "", call["function"]["name"], call["function"]["arguments"]
    call = message.get("function_call")
    if isinstance(call, Mapping) and call.get("name"):
        yield str(call["name"]), call["name"], call.get("arguments") or "{}"


def arguments_of(text: str) -> Any:
    """Arguments as a JSON object; text that is none is kept under a key."""
    try:
        found = orjson.loads(text or "{}")
    except orjson.JSONDecodeError:
        return {"arguments": text}
    return found if isinstance(found, dict) else {"arguments": found}


@dataclass(frozen=True, slots=True)
class Function:
    """A function that the model may call; parameters is a JSON Schema."""

    name: str
    description: str | None
    parameters: dict[str, Any]
    strict: Any = None


def functions(request: Request) -> list[Function]:
    """Function tools and the older functions alike."""
    found = [
        tool["function"]
        for tool in request.prompt.get("tools") or ()
        if tool.get("type", "function") == "function" and isinstance(tool.get("function"), Mapping)
    ]
    found += [each for each in request.prompt.get("functions") or () if each.get("name")]
    return [
        Function(
            each["name"],
            each.get("description"),
            each.get("parameters") or {"type": "object", "properties": {}},
            each.get("strict"),
        )
        for each in found
    ]


def other_tools(request: Request, *providers: str) -> list[dict[str, Any]]:
    """The configurations of built-in tools of these providers; others are left out with a note."""
    found: list[dict[str, Any]] = []
    for tool in request.prompt.get("tools") or ():
        kind = tool.get("type", "function")
        if kind in ("function", "variable"):
            continue
        config = tool.get("config")
        if isinstance(config, Mapping) and tool.get("provider") in (*providers, None):
            found.append(dict(config))
        else:
            name = tool.get("name") or kind
            request.note(
                f"The tool {name!r} ({kind}) is left out: it is not one of {providers[0]}."
            )
    return found


def choice(request: Request) -> tuple[str, str | None] | None:
    """("auto" | "none" | "required" | "function", the function's name), or None where not said."""
    said = request.prompt.get("tool_choice")
    if said is None and request.prompt.get("functions"):
        said = request.prompt.get("function_call")
    if isinstance(said, str) and said:
        return ("required", None) if said == "any" else (said, None)
    if isinstance(said, Mapping):
        inner = said.get("function")
        name = inner.get("name") if isinstance(inner, Mapping) else said.get("name")
        if isinstance(name, str):
            return "function", name
    return None


def unknown_part(request: Request, part: Mapping[str, Any], provider: str) -> None:
    request.note(f"Content of the type {part.get('type')!r} is left out: {provider} takes none.")
