"""Marking what a search found in the text as it was logged, by the search's own folding."""

from __future__ import annotations

import html
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache

from workbench.filters import Condition, Filter
from workbench.filters.folding import search_fold

_IN_TEXTS = {"text", "input_text", "output_text"}
_FINDING = {"contains", "starts_with", "ends_with"}
# Above this no character folds to several, and none joins the one before it.
_LAST = 0x20000


def terms_of(filter_: Filter) -> tuple[str, ...]:
    """The words and phrases that a filter looks for in texts."""
    asked = [
        condition.value
        for condition in filter_.items
        if isinstance(condition, Condition)
        and condition.field in _IN_TEXTS
        and condition.operator in _FINDING
    ]
    return tuple(dict.fromkeys([*filter_.terms, *asked]))


def spans(text: str, terms: Sequence[str]) -> list[tuple[int, int]]:
    """Where any of the terms stands in the text: (start, end), rising, without overlaps.

    A term is found where `search_fold` of it stands in `search_fold` of the text, which is how the
    store searches. A letter of which only a part was found (the first s of ß) is marked whole.
    """
    needles = [folded for folded in map(search_fold, terms) if folded]
    if not needles:
        return []
    folded = _Folded(text)
    found = []
    for needle in needles:
        place = folded.text.find(needle)
        while place >= 0:
            end = place + len(needle)
            found.append((folded.start_of(place), folded.end_of(end)))
            place = folded.text.find(needle, end)
    found.sort()
    merged: list[tuple[int, int]] = []
    for start, end in found:
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def marked(text: str, terms: Sequence[str] = ()) -> str:
    """The text as escaped HTML, each hit in a <mark>."""
    pieces = []
    done = 0
    for start, end in spans(text, terms) if terms else ():
        hit = html.escape(text[start:end])
        pieces += [html.escape(text[done:start]), f'<mark class="wb-hit">{hit}</mark>']
        done = end
    pieces.append(html.escape(text[done:]))
    return "".join(pieces).replace("\x00", "␀")


def hits(texts: Sequence[str], terms: Sequence[str]) -> int:
    """How often the terms stand in some texts."""
    return sum(len(spans(text, terms)) for text in texts) if terms else 0


class _Folded:
    """A text folded as a whole, and the way back to its own places.

    Most characters fold to one. The places of the others are kept: of each a start and an end, in
    the folded text and in the text itself.
    """

    def __init__(self, text: str) -> None:
        self._places = [0]
        self._own = [0]
        if text.isascii():
            self.text = text.lower()
            self._widths: list[int] = [1]
            return
        pieces: list[str] = []
        self._widths = [1]
        done = length = 0
        for match in _uneven().finditer(text):
            start, end = match.span()
            plain = search_fold(text[done:start])
            folded = search_fold(match[0])
            length += len(plain)
            pieces += [plain, folded]
            self._add(length, start, 0)
            length += len(folded)
            self._add(length, end, 1)
            done = end
        self.text = "".join((*pieces, search_fold(text[done:])))

    def _add(self, place: int, own: int, width: int) -> None:
        self._places.append(place)
        self._own.append(own)
        self._widths.append(width)

    def start_of(self, place: int) -> int:
        run = bisect_right(self._places, place) - 1
        return self._own[run] + (place - self._places[run]) * self._widths[run]

    def end_of(self, place: int) -> int:
        """The end of what folds to the letters before `place`."""
        run = bisect_right(self._places, place - 1) - 1
        if not self._widths[run]:
            return self._own[run + 1]
        return self._own[run] + place - self._places[run]


@lru_cache(maxsize=1)
def _uneven() -> re.Pattern[str]:
    """Characters that do not fold to one of their own: with marks, or to several."""
    joining, several = set(), set()
    for code in range(0x80, _LAST):
        letter = chr(code)
        if unicodedata.combining(letter):
            joining.add(code)
        parts = unicodedata.decomposition(letter)
        if parts and "<" not in parts:
            joining.update(int(part, 16) for part in parts.split()[1:])
        if len(search_fold(letter)) != 1:
            several.add(code)
    # The vowels and final consonants of Hangul syllables, which are composed by rule.
    joining.update(range(0x1161, 0x1176), range(0x11A8, 0x11C3))
    marks = f"[{_ranges(joining)}]"
    return re.compile(f"[{_ranges(several)}]{marks}*|.{marks}+", re.DOTALL)


def _ranges(codes: set[int]) -> str:
    """Code points as the inside of a character class."""
    pieces: list[list[int]] = []
    for code in sorted(codes):
        if pieces and pieces[-1][1] == code - 1:
            pieces[-1][1] = code
        else:
            pieces.append([code, code])
    return "".join(f"\\U{start:08x}-\\U{end:08x}" for start, end in pieces)
