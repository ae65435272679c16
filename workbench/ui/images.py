"""Images of a conversation: content is drawn, addresses are loaded on a click alone."""

from __future__ import annotations

import base64
import binascii
import re
from urllib.parse import urlsplit

import streamlit as st

from workbench.logs.remote_image import RemoteImageError, fetch_image
from workbench.ui.attachments import draw_attachment
from workbench.ui.hostile import escaped

# Formats that hold pixels and nothing else: an SVG could hold a script.
_PIXELS = re.compile(r"data:image/(png|jpeg|jpg|gif|webp);base64,", re.IGNORECASE)


def is_drawn(url: str) -> bool:
    """Whether `draw_image` draws it or offers to load it."""
    return _PIXELS.match(url) is not None or (bool(url) and not url.startswith("data:"))


def draw_image(url: str, key: str) -> None:
    inline = _PIXELS.match(url)
    if inline:
        _draw_bytes(url[inline.end() :])
    elif url.startswith("data:"):
        draw_attachment("", "", url, key)
    else:
        _draw_remote(url, key)


def _draw_bytes(encoded: str) -> None:
    try:
        data = base64.b64decode(encoded, validate=True)
        st.image(data, width=360)
    except (binascii.Error, OSError, ValueError):
        st.caption("This image cannot be decoded; the raw record holds it as it came.")


def _draw_remote(url: str, key: str) -> None:
    host = urlsplit(url).hostname if url.startswith(("http://", "https://")) else None
    st.html(f'<p class="wb-note wb-mono">{escaped(url[:500])}</p>')
    if host is None:
        return
    if st.button(f"Load image from {host}", key=f"{key}-load", icon=":material/image:"):
        try:
            st.image(fetch_image(url), width=360)
        except (RemoteImageError, OSError) as error:
            st.warning(f"The image was not loaded: {error}", icon=":material/block:")
