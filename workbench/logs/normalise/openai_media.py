"""OpenAI's images and audio: pictures made, speech read and speech spoken.

Shapes: https://platform.openai.com/docs/api-reference (Images, Audio). Files that went in are
known by what the caller logged of them.
"""

from __future__ import annotations

import re
from typing import Any, cast

from workbench.logs.call import Call, Conversation
from workbench.logs.normalise.openai_completions import texts
from workbench.logs.normalise.openai_parts import audio_type, media_part
from workbench.logs.normalise.shape import (
    billing,
    data_url,
    error_of,
    first_count,
    items,
    mapping,
    mime_of,
    text,
    text_or_none,
    without,
)
from workbench.messages import Message, Part, image_part, text_part, unknown_part
from workbench.usage import Usage

NAME = "openai.media/2"

_FILE_KEYS = {
    "name": ("name", "filename", "file_name", "path"),
    "data": ("data", "content", "base64", "file_data", "url", "file_url"),
    "type": ("type", "mime_type", "content_type"),
}
# Base64 of some length: a name or a path has a dot in it.
_BASE64 = re.compile(r"[A-Za-z0-9+/]{16,}={0,2}")
_MAX_PATH = 1024
_PROMPT_KEYS = frozenset({"prompt", "input", "model", "image", "file"})


def normalise(call: Call) -> Conversation:
    kwargs, answer = call.kwargs, mapping(call.response)
    requested = text_or_none(kwargs.get("model"))
    asked = texts(kwargs.get("prompt")) + texts(kwargs.get("input"))
    pictures = kwargs.get("image")
    for one in pictures if isinstance(pictures, list) else [pictures]:
        if isinstance(one, str) and one.startswith(("data:", "http")):
            asked.append(image_part(one))
        elif one:
            asked.append(unknown_part({"image": one}))
    if kwargs.get("file"):
        asked.append(_file(kwargs["file"]))
    return Conversation(
        prompt={"type": "completion", "content": asked},
        output=output(call.response, kwargs),
        normaliser=NAME,
        model=text_or_none(answer.get("model")) or requested,
        requested_model=requested,
        parameters=without(kwargs, _PROMPT_KEYS),
        usage=usage_of(mapping(answer.get("usage"))),
        error=error_of(answer),
    )


def _file(given: Any) -> Part:
    """The file that was read out: its content, its address, or at least its name.

    Callers log it as they like: as text, as `{"name": …, "data": …}`, or as the package takes it:
    `[name, content, type]`.
    """
    if isinstance(given, list):
        said = dict(zip(("name", "data", "type"), given, strict=False))
    else:
        said = {"data": given} if isinstance(given, str) else mapping(given)
    first = {key: _first_text(said, names) for key, names in _FILE_KEYS.items()}
    name, data, kind = first["name"], first["data"], first["type"]
    if data and data.startswith("data:"):
        return media_part(data, mime_of(data), name)
    if data and data.startswith(("http://", "https://")):
        return media_part(data, kind or None, name or data.rpartition("/")[2])
    kind = kind or _type_of(name)
    if data and _BASE64.fullmatch(data):
        return media_part(data_url(data, kind or "application/octet-stream"), kind, name)
    if data and not name and len(data) <= _MAX_PATH and "\n" not in data:
        # A path, as the package takes one.
        name, data = data, ""
        kind = kind or _type_of(name)
    if data or not name:
        return unknown_part({"file": given})
    return media_part(None, kind or None, name)


def _first_text(said: dict[str, Any], names: tuple[str, ...]) -> str:
    return next((said[each] for each in names if isinstance(said.get(each), str)), "")


def _type_of(name: str) -> str:
    """MIME type by the end of a file's name; "" where it has none."""
    _, dot, end = name.rpartition(".")
    return audio_type(end.lower()) if dot and end.isalnum() and len(end) <= 5 else ""


def output(response: Any, kwargs: dict[str, Any]) -> list[Message]:
    answer = mapping(response)
    if isinstance(answer.get("data"), list):
        parts = [_picture(mapping(one), answer, kwargs) for one in answer["data"]]
    elif isinstance(answer.get("text"), str):
        parts = [text_part(answer["text"])]
    elif isinstance(response, str) and response:
        parts = [_words_or_sound(response, kwargs)]
    elif not response or answer.get("error"):
        return []
    else:
        parts = [unknown_part(response)]
    return [{"role": "assistant", "content": parts}]


def _picture(image: dict[str, Any], answer: dict[str, Any], kwargs: dict[str, Any]) -> Part:
    name = text(answer.get("output_format")) or text(kwargs.get("output_format")) or "png"
    mime = f"image/{name}"
    data = text_or_none(image.get("b64_json"))
    url = data_url(data, mime) if data else text_or_none(image.get("url"))
    if url is None:
        return unknown_part(image)
    revised = text_or_none(image.get("revised_prompt"))
    part = {
        "type": "output_media",
        "url": url,
        "mime_type": mime,
        "media_type": "image",
        "provider_metadata": {"revised_prompt": revised} if revised else None,
    }
    return cast(Part, part)


def _words_or_sound(response: str, kwargs: dict[str, Any]) -> Part:
    """A transcript as plain text, or spoken audio that the caller logged as base64."""
    if "voice" not in kwargs:
        return text_part(response)
    mime = audio_type(text(kwargs.get("response_format")) or "mp3")
    sound = {
        "type": "output_media",
        "url": data_url(response, mime),
        "mime_type": mime,
        "media_type": "audio",
        "provider_metadata": None,
    }
    return cast(Part, sound)


def usage_of(counts: dict[str, Any]) -> Usage | None:
    sent = first_count(counts, "input_tokens")
    received = first_count(counts, "output_tokens")
    if sent is None and received is None:
        return None
    asked = mapping(counts.get("input_tokens_details") or counts.get("input_token_details"))
    made = mapping(counts.get("output_tokens_details"))
    return Usage(
        sent,
        received,
        billing=billing(
            input_image_tokens=first_count(asked, "image_tokens"),
            input_audio_tokens=first_count(asked, "audio_tokens"),
            output_image_tokens=first_count(made, "image_tokens"),
        ),
    )


def answers(response: Any) -> bool:
    pictures = [mapping(one) for one in items(mapping(response).get("data"))]
    return bool(pictures) and all("b64_json" in one or "url" in one for one in pictures)
