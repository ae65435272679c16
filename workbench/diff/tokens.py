"""Cutting a text into what a reader sees as its smallest pieces: words, signs, spaces."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

# Scripts that write words without spaces between them: Thai, Lao, Tibetan, Burmese, Khmer, and the
# Han characters with kana. There each character, with its marks, is a piece of its own.
_UNSPACED = (
    "\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029"
    "\u3031-\u3035\u3038-\u303b\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\ua9e0-\ua9ff\uaa60-\uaa7f\uf900-\ufaff\U00020000-\U0003ffff"
)
_JOINER = "\u200d"
# Marks stand below this in every script; above are only variation selectors.
_LAST_MARK = 0x1F000


def tokens(text: str) -> list[str]:
    """The pieces of a text in order; joined they are the text again.

    A word of a spaced script is one piece (with its accents and vowel signs), so is a character of
    an unspaced script, an emoji with what is joined to it, a line break, a run of blanks, and any
    other sign.
    """
    return _pattern().findall(text)


def lines(text: str) -> list[str]:
    """The lines of a text, each with its line feed; joined they are the text again."""
    found = text.split("\n")
    last = found.pop()
    return [*(line + "\n" for line in found), *([last] if last else [])]


@lru_cache(maxsize=1)
def _pattern() -> re.Pattern[str]:
    marks = f"[{_marks()}\ufe00-\ufe0f\U0001f3fb-\U0001f3ff\U000e0020-\U000e01ef]"
    letter = rf"(?:(?![{_UNSPACED}])\w{marks}*+(?:[\u200c{_JOINER}](?=\w))?)"
    return re.compile(
        r"\r?\n|[^\S\n\r]+|\r"
        rf"|{letter}+"
        rf"|.{marks}*(?:{_JOINER}.{marks}*)*",
        re.DOTALL,
    )


def _marks() -> str:
    """All combining marks, as the inside of a character class."""
    ranges: list[list[int]] = []
    for code in range(0x300, _LAST_MARK):
        if unicodedata.category(chr(code))[0] == "M":
            if ranges and ranges[-1][1] == code - 1:
                ranges[-1][1] = code
            else:
                ranges.append([code, code])
    return "".join(f"{chr(start)}-{chr(end)}" for start, end in ranges)
