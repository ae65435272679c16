"""Text and figures that a list and a search need of a conversation. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from workbench.logs.call import Conversation
from workbench.messages import Message, part_text, tool_calls

PREVIEW_LIMIT = 200

#: Kinds whose text `workbench.messages.part_text` finds, or that have none.
_SIMPLE = frozenset({"text", "thinking", "refusal", "code", "image_url", "media_variable"})

#: Keys whose values are no words: ids, addresses of blobs, encrypted and encoded content.
_NOT_WORDS = frozenset(
    {
        "type",
        "id",
        "call_id",
        "tool_use_id",
        "tool_call_id",
        "approval_request_id",
        "file_id",
        "container_id",
        "encrypted_content",
        "encrypted_index",
        "signature",
        "thought_signature",
        "cache_control",
        "status",
        "format",
        "mime_type",
        "media_type",
    }
)

#: Longer words without a space that are plain ASCII are encoded data, not text.
_LONGEST_WORD = 512


@dataclass(frozen=True, slots=True)
class OutputKind:
    """What the answer is: a JSON object or array, calls for the application to make, or words."""

    is_json: bool
    is_tool_call: bool
    is_plain_text: bool


def input_text(conversation: Conversation) -> str:
    """The whole searchable text of what went in, in every script, uncut."""
    return searchable_text(input_messages(conversation))


def output_text(conversation: Conversation) -> str:
    """The whole searchable text of what came back."""
    return searchable_text(conversation.output)


def input_messages(conversation: Conversation) -> list[Message]:
    """The messages that went in; a completion prompt counts as one of the user."""
    prompt = conversation.prompt
    if prompt["type"] == "completion":
        return [{"role": "user", "content": prompt.get("content", [])}]
    return prompt.get("messages", [])


def searchable_text(messages: Iterable[Message]) -> str:
    """Like `workbench.messages.conversation_text`, and words within tool results, MCP calls and
    unknown parts too."""
    return "\n\n".join(filter(None, map(_message_text, messages)))


def _only_text(message: Message) -> str | None:
    """The text of a message that is one text part, as most are; None for every other."""
    content = message["content"]
    if len(content) != 1 or content[0].get("type") != "text":
        return None
    text = content[0].get("text")
    return text if isinstance(text, str) else None


def _calls_nothing(message: Message) -> bool:
    return not message.get("tool_calls") and not message.get("function_call")


def _message_text(message: Message) -> str:
    only = _only_text(message)
    if only is not None and _calls_nothing(message):
        return only
    pieces = [_words(part) for part in message["content"]]
    pieces += [f"{call['name']}({call['arguments']})" for call in tool_calls(message)]
    return "\n".join(filter(None, pieces))


def _words(part: Mapping[str, Any]) -> str:
    found = part_text(part)
    if found or part.get("type") in _SIMPLE:
        return found
    return "\n".join(_strings(part))


def _strings(value: Any) -> Iterator[str]:
    """Every string within a JSON value that a reader might search for, in order."""
    waiting = [value]
    while waiting:
        current = waiting.pop()
        if isinstance(current, str):
            if current and not _is_encoded(current):
                yield current
        elif isinstance(current, Mapping):
            waiting += [v for k, v in reversed(list(current.items())) if k not in _NOT_WORDS]
        elif isinstance(current, list):
            waiting += reversed(current)


def _is_encoded(text: str) -> bool:
    if text.startswith("data:"):
        return True
    head = text[: _LONGEST_WORD + 1]
    return len(head) > _LONGEST_WORD and head.isascii() and len(head.split(None, 1)) == 1


def preview(text: str, limit: int = PREVIEW_LIMIT) -> str:
    """One line of at most `limit` characters: white space collapsed, a cut shown as "…"."""
    # Of all white space only U+0020 is printable, so this much is a line already: splitting and
    # joining it took longer than most of what is computed of a call.
    head = text[: limit + 2]
    if head.isprintable() and "  " not in head:
        line = head.strip()
        if len(line) > limit:
            return line[: limit - 1].rstrip() + "…"
        if len(text) == len(head):
            return line
    head = text[: limit * 2]
    line = " ".join(head.split())
    if len(line) <= limit and len(text) > len(head):
        line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def input_preview(conversation: Conversation, limit: int = PREVIEW_LIMIT) -> str:
    """One line of the last user message, else of the last message that says anything."""
    messages = input_messages(conversation)
    for message in reversed(messages):
        if message["role"] == "user":
            line = preview(_visible(message), limit)
            if line:
                return line
    for message in reversed(messages):
        line = preview(_visible(message), limit)
        if line:
            return line
    return ""


def output_preview(conversation: Conversation, limit: int = PREVIEW_LIMIT) -> str:
    """One line of the answer: its words, else its tool calls, else what failed."""
    for message in conversation.output:
        line = preview(_visible(message), limit)
        if line:
            return line
    for message in conversation.output:
        line = preview(_message_text(message), limit)
        if line:
            return line
    return preview(": ".join(conversation.error), limit) if conversation.error else ""


def _visible(message: Message) -> str:
    """Words that a person would read, and a mark for each picture or file; no thinking."""
    only = _only_text(message)
    if only is not None:
        return only
    pieces = []
    for part in message["content"]:
        kind = part.get("type")
        if kind in ("text", "refusal"):
            pieces.append(part_text(part))
        elif _is_image(part):
            pieces.append("[image]")
        elif kind in ("media", "output_media"):
            pieces.append(f"[{part.get('media_type') or 'file'}]")
    return " ".join(filter(None, pieces))


def tool_names(conversation: Conversation) -> list[str]:
    """Names of the tools that the answer calls, each once, in order; the vendor's own included."""
    names: dict[str, None] = {}
    for message in conversation.output:
        if not _calls_nothing(message):
            for call in tool_calls(message):
                names[call["name"]] = None
        for part in message["content"]:
            name = part.get("name")
            if part.get("type") in ("server_tool_use", "mcp_call") and isinstance(name, str):
                names[name] = None
    return [name for name in names if name]


def output_kind(conversation: Conversation) -> OutputKind:
    """Kind of the answer; several choices are judged by the first that says anything."""
    called = not all(map(_calls_nothing, conversation.output))
    said = next(filter(None, map(_said, conversation.output)), "")
    is_json = bool(said) and _is_json(said)
    return OutputKind(is_json, called, bool(said) and not is_json and not called)


def _said(message: Message) -> str:
    only = _only_text(message)
    if only is not None:
        return only.strip()
    return "".join(
        part["text"]
        for part in message["content"]
        if part.get("type") == "text" and isinstance(part.get("text"), str)
    ).strip()


def _is_json(text: str) -> bool:
    if text[0] not in "{[":
        return False
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True


def image_count(conversation: Conversation) -> int:
    """Images that went in and came back, by address or by content."""
    messages = (*input_messages(conversation), *conversation.output)
    return sum(_is_image(part) for message in messages for part in message["content"])


def _is_image(part: Mapping[str, Any]) -> bool:
    kind = part.get("type")
    if kind == "image_url":
        return True
    if kind == "media":
        media = part.get("media")
        mime = media.get("type") if isinstance(media, Mapping) else None
        return isinstance(mime, str) and mime.startswith("image/")
    return kind == "output_media" and part.get("media_type") == "image"
