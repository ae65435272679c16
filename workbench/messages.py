"""The neutral conversation: messages, content parts, tools and prompt templates.

Shapes are those of the PromptLayer "prompt blueprint", so a conversation leaves the API as it is
kept. They are TypedDicts, not classes: a conversation is JSON from the wire to the store and back,
and converting three thousand bytes twice per request would cost more than the checks bring.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, NotRequired, TypedDict

Role = Literal["system", "developer", "user", "assistant", "function", "tool", "placeholder"]
ROLES: tuple[Role, ...] = (
    "system",
    "developer",
    "user",
    "assistant",
    "function",
    "tool",
    "placeholder",
)
TemplateFormat = Literal["f-string", "jinja2"]


class Part(TypedDict, total=False):
    """One content part; `type` says which of the other keys stand in it.

    ======================== =====================================================
    type                     keys
    ======================== =====================================================
    text                     text, id?, annotations?
    thinking                 thinking, signature?  (redacted thinking: data)
    refusal                  refusal
    image_url                image_url {url, detail?}; base64 as a data: URL
    media                    media {title, type (MIME), url, format?}
    media_variable           name
    output_media             url, mime_type, media_type, provider_metadata
    code                     code
    server_tool_use, …       as the blueprint has them: kept whole
    unknown                  raw: what the vendor sent and we do not know yet
    ======================== =====================================================
    """

    type: str
    text: str
    id: str | None
    annotations: list[Any]
    thinking: str
    signature: str | None
    data: str
    refusal: str
    image_url: dict[str, Any]
    media: dict[str, Any]
    name: str
    url: str
    mime_type: str
    media_type: str
    provider_metadata: Any
    code: str
    raw: Any
    cache_control: Any


class FunctionCall(TypedDict):
    """`arguments` is the JSON text as the model wrote it: it may not parse."""

    name: str
    arguments: str


class ToolCall(TypedDict):
    id: str
    type: str
    function: FunctionCall
    provider_metadata: NotRequired[Any]
    tool_id: NotRequired[str | None]


class Message(TypedDict):
    role: str
    content: list[Part]
    name: NotRequired[str | None]
    function_call: NotRequired[FunctionCall | None]
    tool_calls: NotRequired[list[ToolCall] | None]
    tool_call_id: NotRequired[str | None]
    is_error: NotRequired[bool]
    input_variables: NotRequired[list[str]]
    template_format: NotRequired[str]
    raw_request_display_role: NotRequired[str]


class Prompt(TypedDict):
    """A prompt: `type` "chat" carries messages, "completion" carries content."""

    type: Literal["chat", "completion"]
    messages: NotRequired[list[Message]]
    content: NotRequired[list[Part]]
    input_variables: NotRequired[list[str]]
    template_format: NotRequired[str]
    functions: NotRequired[list[Any]]
    function_call: NotRequired[Any]
    tools: NotRequired[list[Any]]
    tool_choice: NotRequired[Any]


def text_part(text: str) -> Part:
    return {"type": "text", "text": text}


def image_part(url: str, detail: str | None = None) -> Part:
    """An image by address or, as a `data:` URL, by content."""
    image: dict[str, Any] = {"url": url}
    if detail is not None:
        image["detail"] = detail
    return {"type": "image_url", "image_url": image}


def unknown_part(raw: Any) -> Part:
    """What a vendor sent that nothing here understands: kept whole, shown raw."""
    return {"type": "unknown", "raw": raw}


def part_text(part: Mapping[str, Any]) -> str:
    """What a reader would search for in a part; "" for media."""
    for key in ("text", "thinking", "refusal", "code"):
        value = part.get(key)
        if isinstance(value, str):
            return value
    return ""


def message_text(message: Mapping[str, Any]) -> str:
    """All text of a message, tool calls included, one line break between pieces."""
    pieces = [part_text(part) for part in message.get("content") or () if isinstance(part, Mapping)]
    pieces += [f"{call['name']}({call['arguments']})" for call in tool_calls(message)]
    return "\n".join(piece for piece in pieces if piece)


def tool_calls(message: Mapping[str, Any]) -> Iterator[FunctionCall]:
    """Tool calls of a message and the older single `function_call` alike."""
    for call in message.get("tool_calls") or ():
        yield call["function"]
    call = message.get("function_call")
    if call:
        yield call


def conversation_text(messages: Iterable[Mapping[str, Any]]) -> str:
    """The searchable text of several messages, a blank line between them."""
    return "\n\n".join(text for text in map(message_text, messages) if text)


def is_conversation(value: Any) -> bool:
    """Whether it is a list of messages in the neutral shape."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(
            isinstance(one, dict)
            and one.get("role") in ROLES
            and isinstance(one.get("content"), list)
            and all(isinstance(part, dict) for part in one["content"])
            for one in value
        )
    )
