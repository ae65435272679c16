"""Hits of a search: how many are marked, the way from one to the next, marks inside of Markdown.

Plain text is drawn with its marks. What Markdown draws is the browser's: a script paints the hits
over it (CSS Custom Highlight API), which changes nothing of the page, whatever stands in the text.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from workbench.ui.hostile import escaped

_SCRIPT = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
_NONE = "No hit in what is shown here; the search also looks where it is not drawn."
_NEEDS_PLAIN = "This browser marks hits in plain text only: switch Markdown off to see them."


def apply() -> None:
    """Count, mark and jump. Once a page is enough; it listens once however often it is drawn."""
    with st.container(key="wb-hits-script"):
        st.html(f"<script>{_SCRIPT}</script>", unsafe_allow_javascript=True)


def draw_hits(count: int, in_markdown: Sequence[str] = ()) -> None:
    """How many hits of the search are marked here, with a way from one to the next.

    in_markdown: the terms that the browser is to mark in texts drawn as Markdown; it then says
    how many it found.
    """
    if not count and not in_markdown:
        st.caption(_NONE)
        return
    terms = f' data-wb-terms="{_attribute(in_markdown)}"' if in_markdown else ""
    told = f"{count:,} {'hit' if count == 1 else 'hits'}" if count else _NONE
    note = f'<span class="wb-needs-plain">{_NEEDS_PLAIN}</span>' if in_markdown else ""
    st.html(
        f'<p class="wb-hits"{terms}><span class="wb-count" data-wb-of="{count}">{told}</span>'
        f"{_BUTTONS if count else ''}{note}</p>"
    )


_BUTTONS = (
    '<button type="button" data-wb-jump="-1" title="Previous hit (Shift+n)" '
    'aria-label="Previous hit">↑</button>'
    '<button type="button" data-wb-jump="1" title="Next hit (n)" '
    'aria-label="Next hit">↓</button><span class="wb-at"></span>'
)


def _attribute(terms: Sequence[str]) -> str:
    """The terms as JSON in an attribute. Without angle brackets even as entities: what cleans the
    page's HTML drops an attribute whose value looks like the end of a comment or an element."""
    text = json.dumps(list(terms))
    return escaped(text.replace("<", "\\u003c").replace(">", "\\u003e"))
