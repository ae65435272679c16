"""Logged text is hostile: it is drawn as text, or as Markdown that can load and run nothing."""

from __future__ import annotations

import html
import re

import streamlit as st

# A 5 MB line would freeze the browser; the rest is one click away.
SHOWN = 12_000
SHOWN_AT_MOST = 400_000

_IMAGE = re.compile(r"!\[")
_TARGET = re.compile(r"\]\(")
_REFERENCE = re.compile(r"\]\[")
_DEFINITION = re.compile(r"(?m)^( {0,3})\[")
_DIRECTIVE = re.compile(r":([\w/-]+)([\[:])")


def escaped(text: str) -> str:
    """Text for HTML. Characters that would steer the reading direction of the page are shown."""
    return html.escape(text).replace("\x00", "␀")


def markdown_of(text: str) -> str:
    """Markdown without raw HTML, images, hidden link targets, formulas or Streamlit's directives.

    Headings, lists, tables, emphasis and code stay; a link shows where it leads.
    """
    text = text.replace("<", "\\<").replace("$", "\\$")
    text = _IMAGE.sub(r"!\\[", text)
    text = _TARGET.sub(r"]\\(", text)
    text = _REFERENCE.sub(r"]\\[", text)
    text = _DEFINITION.sub(r"\1\\[", text)
    return _DIRECTIVE.sub(r":\1\\\2", text)


def draw_text(text: str, key: str, *, markdown: bool = False) -> None:
    """A text of any length and script; a long one is cut with a button that shows the rest."""
    limit = SHOWN
    if len(text) > SHOWN and st.session_state.get(f"{key}-all"):
        limit = SHOWN_AT_MOST
    shown = text[:limit]
    if markdown:
        st.markdown(markdown_of(shown))
    else:
        st.html(f'<div class="wb-text" dir="auto">{escaped(shown)}</div>')
    if len(text) > limit:
        if limit == SHOWN:
            st.button(f"Show more of {len(text):,} characters", key=f"{key}-all", type="tertiary")
        else:
            st.caption(f"{len(text) - limit:,} more characters stand in the raw record.")
