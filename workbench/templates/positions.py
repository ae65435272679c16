"""Offsets to lines and columns.

Offsets count code points of one message part's text from 0; lines and columns count from 1. A line
ends at ``\\n``, ``\\r\\n`` or a lone ``\\r``, as jinja2 and most editors have it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

_LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of text: `start` inclusive, `end` exclusive, and where `start` is."""

    start: int
    end: int
    line: int
    column: int


class Lines:
    """Line starts of one text, for looking up many offsets."""

    __slots__ = ("_starts", "length")

    def __init__(self, text: str) -> None:
        self._starts = [0]
        self._starts.extend(found.end() for found in _LINE_END.finditer(text))
        self.length = len(text)

    def locate(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both from 1."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def start_of(self, line: int) -> int:
        """Offset of the first character of a line; the text's length past the last line."""
        return self._starts[line - 1] if 0 < line <= len(self._starts) else self.length

    def span(self, start: int, end: int) -> Span:
        line, column = self.locate(start)
        return Span(start, end, line, column)
