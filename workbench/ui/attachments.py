"""Attachments of a conversation: sound and film to play, any file to take along.

Only what the record holds is drawn. An address is shown as text and asks for nothing.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import mimetypes
import re
import wave
from collections.abc import Mapping
from typing import Any

import streamlit as st

from workbench.export import links
from workbench.ui import words
from workbench.ui.download import draw_download
from workbench.ui.hostile import escaped

_DATA = re.compile(r"data:([^,]{0,200}?);base64,", re.IGNORECASE)
_SOUNDS = frozenset(
    f"audio/{name}"
    for name in ("mpeg", "mp3", "wav", "x-wav", "wave", "ogg", "opus", "mp4", "aac", "flac", "webm")
)
_FILMS = frozenset({"video/mp4", "video/webm", "video/ogg"})
# Samples without a header: 16 bits, one channel, at 24 kHz unless it says otherwise.
_SAMPLES = frozenset({"audio/pcm", "audio/l16"})
_USUAL_RATE = 24_000
_RATE = re.compile(r"rate=(\d{4,6})\b")
_NOT_IN_NAMES = re.compile(r"[\x00-\x1f\x7f/\\]")
_MAX_NAME = 100


def draw_attachment(title: str, kind: str, url: str, key: str) -> None:
    """title: what the record calls it. kind: its MIME type, as far as that is known. url: its
    content as a data: URL, or an address, or \"\"."""
    inline = _DATA.match(url)
    named = (inline[1] if inline else "") or kind or "file"
    data = _decoded(url[inline.end() :]) if inline else None
    if data is None:
        told = f"{title or 'attachment'} · {named}"
        if inline:
            told += " · it cannot be decoded; the raw record holds it as it came"
        _draw_note(told)
        if url and not inline:
            st.html(f'<p class="wb-note wb-mono">{escaped(url[:500])}</p>')
        return
    _draw_note(f"{title or 'attachment'} · {named} · {words.size(len(data))}")
    _draw_player(data, named)
    draw_download(
        "Download",
        lambda: data,
        len(data),
        file_name(title, named),
        links.blob_path(hashlib.sha256(data).hexdigest()),
        key=f"{key}-file",
    )


def media_of(part: Mapping[str, Any]) -> tuple[str, str, str]:
    """Title, MIME type and URL of a part `media` or `output_media`."""
    held = part.get("media")
    media = held if isinstance(held, Mapping) else part
    kind = media.get("mime_type") or (media.get("type") if media is held else "")
    if not kind and media.get("media_type"):
        kind = f"{media['media_type']}/*"
    return str(media.get("title") or ""), str(kind or ""), str(media.get("url") or "")


def playable(data: bytes, kind: str) -> tuple[bytes, str] | None:
    """Bytes and MIME type that a browser plays; None for what is neither sound nor film."""
    plain = kind.partition(";")[0].strip().lower()
    if plain in _SOUNDS or plain in _FILMS:
        return data, plain
    if plain not in _SAMPLES:
        return None
    rate = _RATE.search(kind)
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(int(rate[1]) if rate else _USUAL_RATE)
        file.writeframes(data[: len(data) // 2 * 2])
    return out.getvalue(), "audio/wav"


def file_name(title: str, kind: str) -> str:
    """A name to save it under: the record's own without what leads elsewhere."""
    name = _NOT_IN_NAMES.sub("_", title).strip(". ")[-_MAX_NAME:] or "attachment"
    if "." not in name:
        name += mimetypes.guess_extension(kind.partition(";")[0].strip().lower()) or ".bin"
    return name


def _decoded(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def _draw_note(text: str) -> None:
    st.html(f'<p class="wb-note">{escaped(text)}</p>')


def _draw_player(data: bytes, kind: str) -> None:
    found = playable(data, kind)
    if found is None or not data:
        return
    shown, mime = found
    if mime in _FILMS:
        st.video(shown, format=mime, width=360)
    else:
        st.audio(shown, format=mime, width=360)
