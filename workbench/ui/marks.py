"""Small coloured marks before the words of a state; the word says the same without its colour."""

from __future__ import annotations

from typing import Any

import streamlit as st

from workbench.ui.hostile import escaped

#: By the theme and the first sign of a state's words. Whole words stand in these colours, so each
#: has a contrast of 4.5 to its theme's backgrounds (WCAG 2.2, 1.4.3).
COLOURS = {
    "light": {
        "●": "#1d7a47",
        "■": "#c0392f",
        "▲": "#8a5a00",
        "◐": "#8a5a00",
        "◌": "#2f5bd8",
        "○": "#5f666e",
    },
    "dark": {
        "●": "#3fb87a",
        "■": "#e8716d",
        "▲": "#d79a1e",
        "◐": "#d79a1e",
        "◌": "#7c9bff",
        "○": "#9aa1a9",
    },
}


def _colour(words: str) -> str | None:
    """In the theme that the browser shows; light where it did not say."""
    return COLOURS.get(st.context.theme.type or "", COLOURS["light"]).get(words[:1])


def style_of(words: Any) -> str:
    """The style of a table's cell, "" for words without a mark."""
    colour = _colour(str(words))
    return f"color: {colour}" if colour else ""


def marked(words: str) -> str:
    """HTML with the mark in its colour."""
    colour = _colour(words)
    if colour is None:
        return escaped(words)
    return f'<span style="color:{colour}">{words[:1]}</span>{escaped(words[1:])}'
