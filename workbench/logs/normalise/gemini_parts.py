"""Gemini content parts and turns in the blueprint's shape, in snake and in camel case.

Shapes: https://ai.google.dev/api/caching#Part and the types of `google-genai` and
`google-generativeai`.
"""

from __future__ import annotations

from typing import Any, cast

from workbench.logs.normalise.openai_parts import media_part
from workbench.logs.normalise.shape import data_url, items, json_text, mapping, text, text_or_none
from workbench.messages import Message, Part, ToolCall, image_part, text_part, unknown_part

_ROLES = {"model": "assistant", "function": "tool"}

#: `google-genai` writes bytes as URL-safe base64.
_STANDARD_BASE64 = str.maketrans("-_", "+/")


def either(source: Any, snake: str) -> Any:
    """A value under its snake_case or its camelCase name."""
    holder = mapping(source)
    if holder.get(snake) is not None:
        return holder[snake]
    first, *rest = snake.split("_")
    return holder.get(first + "".join(word.capitalize() for word in rest))


def messages(contents: Any, default_role: str = "user") -> list[Message]:
    """Messages from `contents`: text, one content, a list of contents or a list of parts."""
    if contents is None or contents == "":
        return []
    if not isinstance(contents, list):
        return turn(contents, default_role)
    if any("parts" in mapping(one) or "role" in mapping(one) for one in contents):
        return [message for one in contents for message in turn(one, default_role)]
    return assembled(default_role, contents)


def turn(content: Any, default_role: str = "user") -> list[Message]:
    """One content: a message, with a `tool` message for each function's response in it."""
    source = mapping(content)
    role = text(source.get("role")) or default_role
    parts = source.get("parts")
    if isinstance(parts, str | dict):
        parts = [parts]
    if not isinstance(parts, list):
        parts = [] if "role" in source else [content]
    return assembled(_ROLES.get(role, role), parts)


def assembled(role: str, raw_parts: list[Any]) -> list[Message]:
    result: list[Message] = []
    current: Message | None = None
    for raw in raw_parts:
        answered = either(raw, "function_response")
        if isinstance(answered, dict):
            result.append(_function_response(answered))
            current = None
            continue
        if current is None:
            # What stands beside a function's response in its turn is the user's.
            current = {"role": "user" if role == "tool" else role, "content": []}
            result.append(current)
        call = either(raw, "function_call")
        if isinstance(call, dict):
            calls = current.setdefault("tool_calls", [])
            cast(list[ToolCall], calls).append(_function_call(call, raw))
        else:
            current["content"].append(part(raw, answered=role == "assistant"))
    if not result:
        result.append({"role": role, "content": []})
    return result


def _function_call(call: dict[str, Any], raw: Any) -> ToolCall:
    result: ToolCall = {
        "id": text(call.get("id")),
        "type": "function",
        "function": {
            "name": text(call.get("name")),
            "arguments": json_text(call.get("args") or {}),
        },
    }
    signature = text_or_none(either(raw, "thought_signature"))
    if signature:
        result["provider_metadata"] = {"thought_signature": signature}
    return result


def _function_response(answered: dict[str, Any]) -> Message:
    name = text(answered.get("name"))
    said = json_text(answered.get("response"))
    return {
        "role": "tool",
        "content": [text_part(said)] if said else [],
        "name": name,
        "tool_call_id": text(answered.get("id")),
    }


def part(raw: Any, *, answered: bool = False) -> Part:
    """One part; pictures that the model made are `output_media`."""
    if isinstance(raw, str):
        return text_part(raw)
    source = mapping(raw)
    signature = text_or_none(either(raw, "thought_signature"))
    if isinstance(source.get("text"), str):
        if source.get("thought") is True:
            return {"type": "thinking", "thinking": source["text"], "signature": signature}
        result: dict[str, Any] = {"type": "text", "text": source["text"]}
        if signature:
            result["thought_signature"] = signature
        return cast(Part, result)
    inline, file = either(raw, "inline_data"), either(raw, "file_data")
    code, ran = either(raw, "executable_code"), either(raw, "code_execution_result")
    if isinstance(inline, dict) and isinstance(inline.get("data"), str):
        return _inline(inline, signature, answered=answered)
    if isinstance(file, dict) and text_or_none(either(file, "file_uri")):
        return _file(file)
    if isinstance(code, dict) and isinstance(code.get("code"), str):
        language = text_or_none(code.get("language"))
        return cast(Part, {"type": "code", "code": code["code"], "language": language})
    if isinstance(ran, dict):
        outcome = text(ran.get("outcome")) or "OUTCOME_OK"
        made = {"type": "code_execution_result", "output": text(ran.get("output"))}
        return cast(Part, {**made, "outcome": outcome})
    return unknown_part(raw)


def _inline(inline: dict[str, Any], signature: str | None, *, answered: bool) -> Part:
    mime = text(either(inline, "mime_type")) or "image/png"
    url = data_url(inline["data"].translate(_STANDARD_BASE64), mime)
    if not answered:
        return image_part(url) if mime.startswith("image/") else media_part(url, mime)
    made = {
        "type": "output_media",
        "url": url,
        "mime_type": mime,
        "media_type": mime.partition("/")[0],
        "provider_metadata": {"thought_signature": signature} if signature else None,
    }
    return cast(Part, made)


def _file(file: dict[str, Any]) -> Part:
    url, mime = either(file, "file_uri"), text_or_none(either(file, "mime_type"))
    if (mime or "").startswith("image/"):
        return image_part(url)
    title = text_or_none(either(file, "display_name")) or url.rpartition("/")[2]
    return media_part(url, mime, title)


def citations(grounding: Any) -> list[dict[str, Any]]:
    """Where an answer rests on the web or on a file: each support's chunks, with its span."""
    chunks = items(either(grounding, "grounding_chunks"))
    return [
        _note(mapping(chunks[index]), mapping(mapping(support).get("segment")))
        for support in items(either(grounding, "grounding_supports"))
        for index in items(either(support, "grounding_chunk_indices"))
        if isinstance(index, int) and 0 <= index < len(chunks)
    ]


def _note(chunk: dict[str, Any], segment: dict[str, Any]) -> dict[str, Any]:
    start, end = either(segment, "start_index") or 0, either(segment, "end_index") or 0
    span = {"start_index": start, "end_index": end, "cited_text": segment.get("text")}
    place = chunk.get("maps")
    if isinstance(place, dict):
        where = {"place_id": either(place, "place_id")}
        return {"type": "map_citation", **_source(place), **where, **span}
    file = either(chunk, "retrieved_context")
    if isinstance(file, dict):
        return {"type": "file_citation", **_source(file), **span}
    return {"type": "url_citation", **_source(mapping(chunk.get("web"))), **span}


def _source(source: dict[str, Any]) -> dict[str, Any]:
    return {"title": text(source.get("title")), "url": text(source.get("uri"))}
