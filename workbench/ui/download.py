"""A file to take along: a button for a small one, a signed link for a large one."""

from __future__ import annotations

import time
from collections.abc import Callable

import streamlit as st

from workbench.export import links
from workbench.ui import words
from workbench.ui.hostile import escaped

# More is not sent through the page, which would hold it in memory.
BUTTON_BYTES = 5 * 2**20


def draw_download(
    label: str,
    read: Callable[[], bytes],
    size: int,
    name: str,
    path: str,
    *,
    mime: str = "application/octet-stream",
    key: str | None = None,
) -> None:
    """read: makes the bytes of a small file, once it is asked for. path: where the API serves the
    whole of a large one (workbench/api/downloads.py)."""
    if size <= BUTTON_BYTES:
        st.download_button(
            label,
            read,
            file_name=name,
            mime=mime,
            icon=":material/download:",
            on_click="ignore",
            key=key,
        )
        return
    link = links.link(path, name, time.time())
    st.html(
        f'<p class="wb-note"><a href="{escaped(link)}" download="{escaped(name)}">'
        f"{escaped(label)}</a> ({words.size(size)}). The link is good for "
        f"{links.SECONDS // 60} minutes; reload the page for a new one.</p>"
    )
