"""Ignoring case as Unicode does: full case folding, and patterns that find it in plain text.

Two texts are the same here when their foldings are: Straße and STRASSE, ΟΔΟΣ and οδος. On top of
Unicode's own table the Turkish letters İ and ı count as i, since nobody who types "istanbul" wants
to miss İstanbul. Accents count.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

_DOT = "\u0307"
# The text lies above this in no script that has capitals.
_LAST_CASED = 0x1F000
# Ligatures that overlap in longer runs than this ("sssssssss") are cut here.
_LONGEST_RUN = 8
Place = Literal["contains", "starts_with", "ends_with"]


@dataclass(frozen=True, slots=True)
class Needle:
    """How to find one text in plain text, in the engine's terms.

    literals: found by a plain substring search, any of them.
    ascii_pattern: a pattern for what is found in texts of ASCII alone; it is quick.
    pattern: a pattern for texts with any other letter in them.
    Patterns are in RE2's syntax and hold every sign of the needle as a literal.
    """

    literals: tuple[str, ...] = ()
    ascii_pattern: str | None = None
    pattern: str | None = None


def fold_letter(letter: str) -> str:
    return "i" if letter in "İı" else letter.casefold()


def fold(text: str) -> str:
    """The text without its case: two texts that fold alike are the same to a search."""
    return text.replace("İ", "i").replace("ı", "i").casefold()


def search_fold(text: str) -> str:
    """The form in which whole texts are kept for searching and in which needles look for them."""
    if text.isascii():
        return text.lower()
    folded = fold(unicodedata.normalize("NFC", text)).replace("i" + _DOT, "i")
    return unicodedata.normalize("NFC", folded)


def spellings(text: str) -> tuple[str, ...]:
    """The foldings to look for: as composed letters, as decomposed ones, and as typed."""
    forms = (unicodedata.normalize("NFC", text), unicodedata.normalize("NFD", text), text)
    return tuple(dict.fromkeys(fold(form) for form in forms))


@lru_cache(maxsize=512)
def needle(text: str, place: Place = "contains") -> Needle:
    """How to find `text`; at the start or the end of a text where `place` says so."""
    literals: list[str] = []
    plain: list[str] = []
    wide: list[str] = []
    for folded in spellings(text):
        pattern = _Pattern(folded, place)
        if place == "contains" and pattern.is_literal:
            literals.append(folded)
            continue
        if folded.isascii():
            plain.append(escaped(folded))
        if not folded.isascii() or not pattern.source.isascii():
            wide.append(pattern.source)
    return Needle(
        tuple(literals),
        _anchored("(?i)", plain, place) if plain else None,
        _anchored("", wide, place) if wide else None,
    )


def escaped(text: str) -> str:
    """RE2's syntax for exactly this text."""
    return "".join(_literal(letter) for letter in text)


def _anchored(flags: str, patterns: Sequence[str], place: Place) -> str:
    source = patterns[0] if len(patterns) == 1 else "|".join(patterns)
    if len(patterns) > 1 and place != "contains":
        source = f"(?:{source})"
    start, end = r"\A" if place == "starts_with" else "", r"\z" if place == "ends_with" else ""
    return f"{flags}{start}{source}{end}"


def _literal(letter: str) -> str:
    if letter.isascii() and not letter.isalnum() and letter != "_":
        return f"\\{letter}" if letter.isprintable() else f"\\x{{{ord(letter):x}}}"
    return letter


@lru_cache(maxsize=1)
def _tables() -> tuple[dict[str, str], dict[str, str]]:
    """Folded letter -> letters that fold to it (itself included); several folded letters -> the
    letters that stand for all of them (ss -> ßẞ)."""
    single: dict[str, str] = {}
    several: dict[str, str] = {}
    for code in range(_LAST_CASED):
        letter = chr(code)
        folded = fold_letter(letter)
        if len(folded) > 1:
            several[folded] = several.get(folded, "") + letter
        elif folded != letter:
            single[folded] = single.get(folded, folded) + letter
    return single, several


class _Pattern:
    """The pattern of one folded text.

    Each place between two folded letters is a node; a letter, or one that stands for two or three,
    is an edge. At both ends a letter may be found in part ("s" in "ß"), as folding has it.
    """

    def __init__(self, folded: str, place: Place) -> None:
        self._folded = folded
        self._place = place
        self._single, self._several = _tables()
        # edges[i][j]: letters that lead from place i to place j.
        self._edges: list[dict[int, str]] = [self._edges_from(i) for i in range(len(folded))]
        if folded:
            self._add_parts()
        self.is_literal = (
            all(
                edges == {i + 1: letter}
                for i, (letter, edges) in enumerate(zip(folded, self._edges, strict=True))
            )
            and "i" not in folded
        )
        self.source = "".join(self._runs())

    def _edges_from(self, start: int) -> dict[int, str]:
        letter = self._folded[start]
        edges = {start + 1: self._single.get(letter, letter)}
        for length in (2, 3):
            part = self._folded[start : start + length]
            if len(part) == length and part in self._several:
                edges[start + length] = self._several[part]
        return edges

    def _add_parts(self) -> None:
        """Letters of which the needle's first or last letters are a part."""
        folded, end = self._folded, len(self._folded)
        for whole, letters in self._several.items():
            if self._place != "starts_with":
                for cut in range(1, len(whole)):
                    part = whole[cut:]
                    if folded.startswith(part):
                        self._add(0, len(part), letters)
            if self._place != "ends_with":
                for length in range(1, len(whole)):
                    part = whole[:length]
                    if folded.endswith(part):
                        self._add(end - length, end, letters)
            if self._place == "contains" and folded in whole[1:-1]:
                self._add(0, end, letters)

    def _add(self, start: int, stop: int, letters: str) -> None:
        self._edges[start][stop] = self._edges[start].get(stop, "") + letters

    def _runs(self) -> list[str]:
        """The pattern cut where no edge passes over."""
        pieces, start, reach = [], 0, 0
        for place in range(len(self._folded)):
            if (place >= reach and place > start) or place - start == _LONGEST_RUN:
                pieces.append(self._run(start, place))
                start = place
            reach = max(reach, *self._edges[place])
        if self._folded:
            pieces.append(self._run(start, len(self._folded)))
        return pieces

    def _run(self, start: int, stop: int) -> str:
        """All ways from one place to another."""
        ways = []
        for end, letters in sorted(self._edges[start].items()):
            if end <= stop:
                here = self._class(letters, self._folded[end - 1])
                ways.append(here + (self._run(end, stop) if end < stop else ""))
        return ways[0] if len(ways) == 1 else f"(?:{'|'.join(ways)})"

    def _class(self, letters: str, last: str) -> str:
        letters = "".join(dict.fromkeys(letters))
        source = _literal(letters) if len(letters) == 1 else f"[{escaped(letters)}]"
        # Turkish text that went through a plain lower-casing: i and a dot above for İ.
        if last == "i" and _DOT not in self._folded:
            source += f"\\x{{{ord(_DOT):x}}}?"
        return source
