"""Small coloured marks before the words of a state; the word says the same without its colour."""

from __future__ import annotations

from typing import Any

from workbench.ui.hostile import escaped

#: By the first sign of a state's words.
COLOURS = {
    "●": "#2e9e63",
    "■": "#d9534f",
    "▲": "#c98a06",
    "◐": "#c98a06",
    "◌": "#4c7df0",
    "○": "#8b929a",
}


def style_of(words: Any) -> str:
    """The style of a table's cell, "" for words without a mark."""
    colour = COLOURS.get(str(words)[:1])
    return f"color: {colour}" if colour else ""


def marked(words: str) -> str:
    """HTML with the mark in its colour."""
    colour = COLOURS.get(words[:1])
    if colour is None:
        return escaped(words)
    return f'<span style="color:{colour}">{words[:1]}</span>{escaped(words[1:])}'
