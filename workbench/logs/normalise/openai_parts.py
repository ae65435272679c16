"""OpenAI content parts, tool calls and messages in the blueprint's shape.

Mistral, OpenRouter, DeepSeek, vLLM and many more speak this dialect with small additions, which
are read here too. Rules from the OpenAI API reference and `openai.types.chat`.
"""

from __future__ import annotations

from typing import Any, cast

from workbench.logs.normalise.shape import (
    data_url,
    items,
    json_text,
    mapping,
    mime_of,
    text,
    text_or_none,
)
from workbench.messages import (
    FunctionCall,
    Message,
    Part,
    ToolCall,
    image_part,
    text_part,
    unknown_part,
)

AUDIO_TYPES = {
    "mp3": "audio/mpeg",
    "pcm": "audio/pcm",
    "pcm16": "audio/pcm",
    "ogg": "audio/ogg",
    "m4a": "audio/mp4",
}


def audio_type(name: str) -> str:
    """MIME type of an audio format's short name."""
    return AUDIO_TYPES.get(name, f"audio/{name or 'wav'}")


def media_part(
    url: str | None, mime: str | None, title: str = "", *, file_id: str | None = None
) -> Part:
    """A file by address, by content (a `data:` URL) or only by the vendor's id of it."""
    media: dict[str, Any] = {"title": title or file_id or "", "type": mime, "url": url}
    media["format"] = "neither" if not url else "base64" if url.startswith("data:") else "url"
    if file_id:
        media["file_id"] = file_id
    return {"type": "media", "media": media}


def content_parts(content: Any) -> list[Part]:
    """Parts of a `content` that is text, a list of parts, or anything."""
    if isinstance(content, str):
        return [text_part(content)] if content else []
    if isinstance(content, list):
        return [content_part(part) for part in content]
    return [] if content is None else [unknown_part(content)]


def content_part(part: Any) -> Part:
    """One part; what is not understood is kept whole as `unknown`."""
    if isinstance(part, str):
        return text_part(part)
    if not isinstance(part, dict):
        return unknown_part(part)
    match part.get("type"):
        case "text" | "input_text" | "output_text" if isinstance(part.get("text"), str):
            return _text(part)
        case "image_url":
            return _image(part.get("image_url"), part)
        case "input_image" if isinstance(part.get("image_url"), str):
            return image_part(part["image_url"], text_or_none(part.get("detail")))
        case "input_image" if isinstance(part.get("file_id"), str):
            return media_part(None, None, file_id=part["file_id"])
        case "input_audio":
            return _audio(mapping(part.get("input_audio")), part)
        case "file":
            return file_part(mapping(part.get("file")), part)
        case "input_file":
            return file_part(part, part)
        case "refusal" if isinstance(part.get("refusal"), str):
            return {"type": "refusal", "refusal": part["refusal"]}
        case "document_url" if isinstance(part.get("document_url"), str):
            return media_part(
                part["document_url"], "application/pdf", text(part.get("document_name"))
            )
        case "thinking":
            return _thinking(part)
    return unknown_part(part)


def _text(part: dict[str, Any]) -> Part:
    result = text_part(part["text"])
    notes = citations(part.get("annotations"))
    if notes:
        result["annotations"] = notes
    if part.get("cache_control"):
        result["cache_control"] = part["cache_control"]
    return result


def _image(image: Any, part: dict[str, Any]) -> Part:
    if isinstance(image, str):
        return image_part(image)
    url = mapping(image).get("url")
    if not isinstance(url, str):
        return unknown_part(part)
    return image_part(url, text_or_none(image.get("detail")))


def _audio(audio: dict[str, Any], part: dict[str, Any]) -> Part:
    data = audio.get("data")
    if not isinstance(data, str):
        return unknown_part(part)
    mime = audio_type(text(audio.get("format")))
    url = data_url(data, mime)
    return media_part(url, mime_of(url), f"audio.{text(audio.get('format')) or 'wav'}")


def file_part(file: dict[str, Any], part: dict[str, Any]) -> Part:
    """A file of the chat or Responses API: by content, by address or by id."""
    title = text(file.get("filename"))
    data, url, file_id = (
        text_or_none(file.get(key)) for key in ("file_data", "file_url", "file_id")
    )
    if data:
        whole = data_url(data, "application/pdf")
        return media_part(whole, mime_of(whole), title, file_id=file_id)
    if url or file_id:
        return media_part(url, None, title or (url or "").rpartition("/")[2], file_id=file_id)
    return unknown_part(part)


def _thinking(part: dict[str, Any]) -> Part:
    # Mistral sends a list of text parts, the blueprint plain text.
    thought = part.get("thinking")
    if isinstance(thought, list):
        thought = "".join(text(mapping(piece).get("text")) for piece in thought)
    if not isinstance(thought, str):
        return unknown_part(part)
    result: Part = {"type": "thinking", "thinking": thought}
    if isinstance(part.get("signature"), str):
        result["signature"] = part["signature"]
    return result


def citations(value: Any) -> list[Any]:
    """Citations in the blueprint's flat form; other kinds are kept whole."""
    result = []
    for note in items(value):
        inner = mapping(note).get("url_citation")
        result.append({"type": "url_citation", **inner} if isinstance(inner, dict) else note)
    return result


def tool_call(call: Any) -> ToolCall | None:
    """A function or custom tool call; None when it is neither."""
    if not isinstance(call, dict):
        return None
    function = call.get("function")
    kind = text(call.get("type")) or "function"
    if not isinstance(function, dict):
        function = call.get(kind)
    if not isinstance(function, dict):
        return None
    arguments = function.get("arguments", function.get("input"))
    result: ToolCall = {
        "id": text(call.get("id")),
        "type": kind,
        "function": {"name": text(function.get("name")), "arguments": json_text(arguments)},
    }
    return result


def function_call(call: Any) -> FunctionCall | None:
    """The older single `function_call`."""
    if not isinstance(call, dict) or not call:
        return None
    return {"name": text(call.get("name")), "arguments": json_text(call.get("arguments"))}


def message(raw: Any, default_role: str = "user") -> Message:
    """A chat message, asked or answered."""
    if not isinstance(raw, dict):
        return {"role": default_role, "content": content_parts(raw)}
    parts = _reasoning(raw)
    parts += content_parts(raw.get("content"))
    notes = citations(raw.get("annotations"))
    if notes:
        _annotate(parts, notes)
    refusal = raw.get("refusal")
    if isinstance(refusal, str) and refusal:
        parts.append({"type": "refusal", "refusal": refusal})
    if isinstance(raw.get("images"), list):
        parts += [content_part(image) for image in raw["images"]]
    if isinstance(raw.get("audio"), dict):
        parts += _spoken(raw["audio"])
    result: Message = {"role": text(raw.get("role")) or default_role, "content": parts}
    if isinstance(raw.get("name"), str):
        result["name"] = raw["name"]
    _add_calls(result, raw)
    if isinstance(raw.get("tool_call_id"), str):
        result["tool_call_id"] = raw["tool_call_id"]
    return result


def _add_calls(result: Message, raw: dict[str, Any]) -> None:
    called = function_call(raw.get("function_call"))
    if called:
        result["function_call"] = called
    calls: list[ToolCall] = []
    for raw_call in items(raw.get("tool_calls")):
        call = tool_call(raw_call)
        if call:
            calls.append(call)
        else:
            result["content"].append(unknown_part(raw_call))
    if calls:
        result["tool_calls"] = calls


def _reasoning(raw: dict[str, Any]) -> list[Part]:
    # DeepSeek and Qwen say `reasoning_content`, OpenRouter and vLLM `reasoning`; OpenRouter's
    # `reasoning_details` repeat that text with its signature.
    for key in ("reasoning_content", "reasoning"):
        thought = raw.get(key)
        if isinstance(thought, str) and thought:
            return [{"type": "thinking", "thinking": thought}]
    parts: list[Part] = []
    for detail in items(raw.get("reasoning_details")):
        thought = mapping(detail).get("text") or mapping(detail).get("summary")
        if isinstance(thought, str):
            signature = text_or_none(detail.get("signature"))
            parts.append({"type": "thinking", "thinking": thought, "signature": signature})
    return parts


def _annotate(parts: list[Part], notes: list[Any]) -> None:
    for part in parts:
        if part["type"] == "text":
            part["annotations"] = [*(part.get("annotations") or []), *notes]
            return
    parts.append({"type": "text", "text": "", "annotations": notes})


def _spoken(audio: dict[str, Any]) -> list[Part]:
    """An audio answer: its transcript as text, so that a search finds it, and the sound."""
    parts: list[Part] = []
    if isinstance(audio.get("transcript"), str) and audio["transcript"]:
        parts.append(text_part(audio["transcript"]))
    said = {key: audio[key] for key in ("id", "expires_at") if audio.get(key) is not None}
    if isinstance(audio.get("data"), str) and audio["data"]:
        mime = audio_type(text(audio.get("format")))
        sound = {
            "type": "output_media",
            "url": data_url(audio["data"], mime),
            "mime_type": mime,
            "media_type": "audio",
            "provider_metadata": said or None,
        }
        parts.append(cast(Part, sound))
    elif said and not parts:
        parts.append(unknown_part({"audio": audio}))
    return parts
