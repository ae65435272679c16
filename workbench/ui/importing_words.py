"""What the pages of an import say: states, formats, and text from outside kept plain."""

from __future__ import annotations

import re

from workbench.logs.importing import formats
from workbench.settings import LOCAL_ZONE

STATES = {
    "waiting": "○ waiting",
    "running": "◐ importing",
    "done": "● done",
    "stopped": "▲ stopped",
    "failed": "■ failed",
    "interrupted": "▲ interrupted",
}
ENCODINGS = (
    "utf-8",
    "windows-1252",
    "iso-8859-1",
    "iso-8859-15",
    "windows-1250",
    "windows-1251",
    "koi8-r",
    "shift_jis",
    "euc-jp",
    "gb18030",
    "big5",
    "euc-kr",
    "utf-16",
    "mac-roman",
)
_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")


def plain(text: str) -> str:
    """Text for a place that reads Markdown, where it is to be shown as it is."""
    return _PUNCTUATION.sub(r"\\\1", " ".join(text.split()))


def format_label(name: str) -> str:
    """A format by its name alone: which files it comes in is seen when it is found."""
    if name == formats.MAPPED:
        return "Own columns, mapped here"
    return formats.module_of(name).LABEL.partition(" (")[0]


def zone_label(name: str) -> str:
    return "this server's zone" if name == LOCAL_ZONE else name
