"""Bedrock Converse content blocks and messages in the blueprint's shape.

Shapes: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ContentBlock.html.
Bytes are base64 text by the time they are JSON.
"""

from __future__ import annotations

from typing import Any, cast

from workbench.logs.normalise.openai_parts import media_part
from workbench.logs.normalise.shape import data_url, items, json_text, mapping, text, text_or_none
from workbench.messages import Message, Part, ToolCall, image_part, text_part, unknown_part

_DOCUMENT_TYPES = {
    "pdf": "application/pdf",
    "csv": "text/csv",
    "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xls": "application/vnd.ms-excel",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "html": "text/html",
    "txt": "text/plain",
    "md": "text/markdown",
}


def messages(raw_messages: Any) -> list[Message]:
    """Messages of a request; each tool result becomes a `tool` message where it stands."""
    result: list[Message] = []
    for raw in items(raw_messages):
        source = mapping(raw)
        content = source.get("content") if source else raw
        result += assembled(text(source.get("role")) or "user", content)
    return result


def assembled(role: str, content: Any, *, answered: bool = False) -> list[Message]:
    if not isinstance(content, list):
        return [{"role": role, "content": parts(content)}]
    result: list[Message] = []
    current: Message | None = None
    for block in content:
        answer = mapping(block).get("toolResult")
        if isinstance(answer, dict):
            result.append(_tool_result(answer))
            current = None
            continue
        if current is None:
            current = {"role": role, "content": []}
            result.append(current)
        call = mapping(block).get("toolUse")
        if isinstance(call, dict):
            calls = current.setdefault("tool_calls", [])
            cast(list[ToolCall], calls).append(_tool_call(call))
        else:
            _add(current["content"], block, answered=answered)
    return result or [{"role": role, "content": []}]


def _add(content: list[Part], block: Any, *, answered: bool = False) -> None:
    """A cache point is a mark on the part before it; everything else is a part."""
    point = mapping(block).get("cachePoint")
    if isinstance(point, dict) and content:
        content[-1] = {**content[-1], "cache_control": point}
    elif "citationsContent" in mapping(block):
        content += _cited(mapping(block["citationsContent"]))
    else:
        content.append(part(block, answered=answered))


def _tool_call(call: dict[str, Any]) -> ToolCall:
    return {
        "id": text(call.get("toolUseId")),
        "type": "function",
        "function": {"name": text(call.get("name")), "arguments": json_text(call.get("input"))},
    }


def _tool_result(answer: dict[str, Any]) -> Message:
    result: Message = {
        "role": "tool",
        "content": parts(answer.get("content")),
        "tool_call_id": text(answer.get("toolUseId")),
    }
    if answer.get("status") == "error":
        result["is_error"] = True
    return result


def parts(content: Any) -> list[Part]:
    if isinstance(content, str):
        return [text_part(content)] if content else []
    if not isinstance(content, list):
        return [] if content is None else [unknown_part(content)]
    result: list[Part] = []
    for block in content:
        _add(result, block)
    return result


def part(block: Any, *, answered: bool = False) -> Part:
    """One block: an object with a single key that names its kind."""
    if isinstance(block, str):
        return text_part(block)
    source = mapping(block)
    if isinstance(source.get("text"), str):
        return text_part(source["text"])
    if "json" in source:
        return text_part(json_text(source["json"]))
    if isinstance(source.get("reasoningContent"), dict):
        return _reasoning(source["reasoningContent"], block)
    for kind in ("image", "video", "audio", "document"):
        if isinstance(source.get(kind), dict):
            return _file(kind, source[kind], block, answered=answered)
    guarded = mapping(mapping(source.get("guardContent")).get("text")).get("text")
    return text_part(guarded) if isinstance(guarded, str) else unknown_part(block)


def _reasoning(content: dict[str, Any], block: Any) -> Part:
    thought = mapping(content.get("reasoningText"))
    if isinstance(thought.get("text"), str):
        signature = text_or_none(thought.get("signature"))
        return {"type": "thinking", "thinking": thought["text"], "signature": signature}
    if isinstance(content.get("redactedContent"), str):
        return {"type": "thinking", "thinking": "", "data": content["redactedContent"]}
    return unknown_part(block)


def _file(kind: str, file: dict[str, Any], block: Any, *, answered: bool) -> Part:
    name, source = text(file.get("format")), mapping(file.get("source"))
    title = text(file.get("name"))
    mime = _DOCUMENT_TYPES.get(name) if kind == "document" else f"{kind}/{name or 'png'}"
    written = source.get("text")
    if isinstance(written, str):
        return text_part(written)
    data, stored = text_or_none(source.get("bytes")), mapping(source.get("s3Location"))
    url = data_url(data, mime or "application/octet-stream") if data else stored.get("uri")
    if not isinstance(url, str):
        return unknown_part(block)
    if answered:
        made = {"type": "output_media", "url": url, "mime_type": mime, "media_type": kind}
        return cast(Part, {**made, "provider_metadata": None})
    return image_part(url) if kind == "image" else media_part(url, mime, title)


def _cited(cited: dict[str, Any]) -> list[Part]:
    """A text with the places that it cites, which stay as Bedrock has them."""
    said = [text(mapping(one).get("text")) for one in items(cited.get("content"))]
    result = text_part("".join(said))
    if items(cited.get("citations")):
        result["annotations"] = cited["citations"]
    return [result]
