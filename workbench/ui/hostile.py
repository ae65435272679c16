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
_OPENING = re.compile(r" {0,3}(`{3,}(?=[^`]*$)|~{3,})")
_CLOSING = re.compile(r" {0,3}(`{3,}|~{3,})[ \t]*")
_DIRECTIVE = re.compile(r":([\w/-]+)([\[:])")


def escaped(text: str) -> str:
    """Text for HTML. Characters that would steer the reading direction of the page are shown."""
    return html.escape(text).replace("\x00", "␀")


def markdown_of(text: str) -> str:
    """Markdown without raw HTML, images, hidden link targets, formulas or Streamlit's directives.

    Headings, lists, tables, emphasis and code stay; a link shows where it leads. Fenced code stays
    as it is: since every other "<" is escaped, no HTML block can make a fence mean something else
    (CommonMark 0.31, sections 4.5 and 4.6).
    """
    shown: list[str] = []
    fence = ""
    # Only these end a line in CommonMark; `splitlines` knows more and would see other fences.
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        if fence:
            shown.append(line)
            closing = _CLOSING.fullmatch(line)
            if closing and closing[1][0] == fence[0] and len(closing[1]) >= len(fence):
                fence = ""
        elif opening := _OPENING.match(line):
            fence = opening[1]
            shown.append(line)
        else:
            shown.append(_without_actions(line))
    return "\n".join(shown)


def _without_actions(line: str) -> str:
    line = line.replace("<", "\\<").replace("$", "\\$")
    line = _IMAGE.sub(r"!\\[", line)
    line = _TARGET.sub(r"]\\(", line)
    line = _REFERENCE.sub(r"]\\[", line)
    line = _DEFINITION.sub(r"\1\\[", line)
    return _DIRECTIVE.sub(r":\1\\\2", line)


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
