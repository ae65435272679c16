"""Free text: words and "quoted phrases"."""

from __future__ import annotations

import re
import unicodedata

from workbench.filters.errors import FilterError
from workbench.filters.values import MAX_LENGTH, checked_text

MAX_TERMS = 32
_TERM = re.compile(r'"(?P<phrase>(?:[^"\\]|\\.)*)"|(?P<word>\S+)', re.DOTALL)
_ESCAPE = re.compile(r"\\(?:u\{([0-9a-fA-F]{1,6})\}|(.))", re.DOTALL)
_NAMED = {"n": "\n", "r": "\r", "t": "\t"}
_LETTERS = {letter: name for name, letter in _NAMED.items()}
# What may stand bare: no sign of the syntax. Letters of every script may.
_SIGNS = frozenset('"\\(),:<>=~^$!')
_KEYWORDS = frozenset({"OR", "AND", "NOT"})


def unescape(text: str) -> str:
    """What stands between quotes, read: \\" \\\\ \\n \\r \\t \\u{1F600}; else the letter itself."""

    def letter(match: re.Match[str]) -> str:
        if match[1] is None:
            return _NAMED.get(match[2], match[2])
        code = int(match[1], 16)
        if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
            raise FilterError(f"\\u{{{match[1]}}} is no character.")
        return chr(code)

    return _ESCAPE.sub(letter, text)


def quote(text: str) -> str:
    """Text between quotes, on one line, with nothing invisible in it."""
    pieces = []
    for letter in text:
        if letter in '"\\':
            pieces.append("\\" + letter)
        elif letter in _LETTERS:
            pieces.append("\\" + _LETTERS[letter])
        elif is_visible(letter):
            pieces.append(letter)
        else:
            pieces.append(f"\\u{{{ord(letter):x}}}")
    return f'"{"".join(pieces)}"'


def is_visible(letter: str) -> bool:
    """Whether a letter may be shown as it is; the joiners of Persian, Hindi and emoji may."""
    return letter.isprintable() or letter in "\u200c\u200d"


def is_plain(text: str, also: str = "") -> bool:
    """Whether text may stand without quotes. `also`: signs that do no harm in its place."""
    return (
        bool(text)
        and text not in _KEYWORDS
        and text[0] != "-"
        and all(is_visible(letter) and not letter.isspace() for letter in text)
        and not (_SIGNS - set(also)) & set(text)
        and not unicodedata.combining(text[0])
    )


def split(text: str) -> tuple[str, ...]:
    """The words and phrases of free text. A quote that is never closed is an ordinary sign."""
    found = []
    for match in _TERM.finditer(text):
        term = unescape_or_keep(match["phrase"]) if match["word"] is None else match["word"]
        if term:
            found.append(term)
    return tuple(dict.fromkeys(found))


def unescape_or_keep(text: str) -> str:
    try:
        return unescape(text)
    except FilterError:
        return text


def joined(found: tuple[str, ...]) -> str:
    """Terms as the text that `split` reads back."""
    return " ".join(term if is_plain(term) else quote(term) for term in found)


def normalised(text: object) -> str:
    """Free text in its one form, or FilterError."""
    try:
        found = split(checked_text(text, "The text", MAX_LENGTH * 12))
        checked_text(" ".join(found), "The text")
    except FilterError as error:
        raise error.at("q") from None
    if len(found) > MAX_TERMS:
        raise FilterError(f"The text has more than {MAX_TERMS} words; quote a phrase.", "q")
    return joined(found)
