"""Attachments of a conversation: played, taken along, never fetched from elsewhere."""

from __future__ import annotations

import base64
import io
import wave
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.seed import row
from tests.ui.conftest import Open, text_of
from workbench.store.store import Store
from workbench.ui import download
from workbench.ui.attachments import file_name, playable

WAV = b"RIFF\x24\x00\x00\x00WAVEfmt "


def data_url(kind: str, data: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def shown(open_page: Open, store: Store, *parts: dict[str, Any]) -> Any:
    prompt = {"type": "chat", "messages": [{"role": "user", "content": list(parts)}]}
    id_ = store.add(row(1, datetime.now(UTC), prompt=prompt)).result().id
    return open_page("request", request=str(id_))


def media(kind: str, url: str | None, title: str = "a file") -> dict[str, Any]:
    return {"type": "media", "media": {"title": title, "type": kind, "url": url}}


def test_sound_has_a_player_and_can_be_taken_along(open_page: Open, store: Store) -> None:
    app = shown(open_page, store, media("audio/wav", data_url("audio/wav", WAV), "note.wav"))
    assert len(app.get("audio")) == 1
    assert app.get("download_button")[0].proto.label == "Download"
    assert f"note.wav · audio/wav · {len(WAV)}" in text_of(app)


def test_spoken_answers_have_a_player(open_page: Open, store: Store) -> None:
    part = {
        "type": "output_media",
        "url": data_url("audio/mpeg", b"ID3x"),
        "mime_type": "audio/mpeg",
        "media_type": "audio",
        "provider_metadata": None,
    }
    assert len(shown(open_page, store, part).get("audio")) == 1


@pytest.mark.parametrize("kind", ["application/pdf", "text/html", "image/svg+xml", "audio/x-evil"])
def test_another_file_is_only_to_be_taken_along(open_page: Open, store: Store, kind: str) -> None:
    app = shown(open_page, store, media(kind, data_url(kind, b"<script>alert(1)</script>")))
    assert not app.get("audio")
    assert not app.get("imgs")
    assert len(app.get("download_button")) == 1


def test_an_address_is_shown_and_asks_for_nothing(open_page: Open, store: Store) -> None:
    app = shown(open_page, store, media("audio/wav", "https://tracker.test/a.wav"))
    assert not app.get("audio")
    assert not app.get("download_button")
    assert "https://tracker.test/a.wav" in text_of(app)


@pytest.mark.parametrize("url", [None, "", "data:audio/wav;base64,***"])
def test_a_file_without_content_is_named(open_page: Open, store: Store, url: str | None) -> None:
    app = shown(open_page, store, media("audio/wav", url, "<b>call</b>.wav"))
    assert not app.get("audio")
    assert "&lt;b&gt;call&lt;/b&gt;.wav" in text_of(app)


def test_a_large_file_leaves_by_a_link(
    open_page: Open, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "BUTTON_BYTES", 10)
    app = shown(open_page, store, media("audio/wav", data_url("audio/wav", WAV * 9), "a.wav"))
    assert not app.get("download_button")
    assert "/api/workbench/blobs/" in text_of(app)
    assert "signature=" in text_of(app)


def test_samples_without_a_header_get_one() -> None:
    found = playable(b"\0\1" * 50, "audio/L16;rate=16000")
    assert found is not None
    with wave.open(io.BytesIO(found[0])) as file:
        assert (file.getframerate(), file.getnchannels(), file.getnframes()) == (16_000, 1, 50)
    assert found[1] == "audio/wav"
    usual = playable(b"\0\1\2", "audio/pcm")
    assert usual is not None
    with wave.open(io.BytesIO(usual[0])) as file:
        assert (file.getframerate(), file.getnframes()) == (24_000, 1)


@pytest.mark.parametrize(
    ("title", "kind", "name"),
    [
        ("note.wav", "audio/wav", "note.wav"),
        ("../../etc/passwd", "text/plain", "_.._etc_passwd"),
        ("", "application/pdf", "attachment.pdf"),
        ("a\nb", "x/y", "a_b.bin"),
    ],
)
def test_a_file_is_saved_under_a_harmless_name(title: str, kind: str, name: str) -> None:
    assert file_name(title, kind) == name
