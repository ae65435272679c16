"""A place in a line of the text syntax, and the smallest things that can stand there."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NoReturn, TypeVar

from workbench.filters import terms
from workbench.filters.errors import FilterError

_SPACE = re.compile(r"\s*")
_KEY = re.compile(r'[^\s"\\(),:<>=~^$!]+')
_VALUE = re.compile(r'[^\s"(),]+')
_PHRASE = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_WORD = re.compile(r'[^\s"()]+')
T = TypeVar("T")


class Cursor:
    """Moves over the line; every complaint is a FilterError with its column (from 1)."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._at = 0

    def _keyword(self) -> str | None:
        match = _WORD.match(self._source, self._at)
        if match is None or match[0] not in ("OR", "AND", "NOT"):
            return None
        self._at = match.end()
        return match[0]

    def _word(self) -> str:
        start = self._at
        if self._peek() == '"':
            return self._phrase()
        match = _WORD.match(self._source, self._at)
        if match is None:
            self._fail("Something to look for is missing here.")
        self._at = match.end()
        if self._peek() and self._peek() in '"(':
            self._fail(f"A {self._peek()} stands inside a word: put the whole in quotes.", start)
        return match[0]

    def _phrase(self) -> str:
        start = self._at
        match = _PHRASE.match(self._source, start)
        if match is None:
            self._fail("This quote is never closed.", start)
        self._at = match.end()
        return self._placed(start, lambda: terms.unescape(match[1]))

    def _key(self) -> str:
        self._at += 1
        if self._peek() == '"':
            return self._phrase()
        match = _KEY.match(self._source, self._at)
        if match is None:
            return ""
        self._at = match.end()
        return match[0]

    def _values(self) -> list[tuple[str, int]]:
        """Values between commas, each with its place."""
        found = []
        while True:
            at = self._at
            if self._peek() == '"':
                found.append((self._phrase(), at))
            else:
                match = _VALUE.match(self._source, at)
                if match is None:
                    after = "the comma" if found else "the sign"
                    self._fail(f"A value is missing after {after}.", at)
                self._at = match.end()
                found.append((match[0], at))
            if self._peek() != ",":
                break
            self._at += 1
        if self._peek() and self._peek() in '"(':
            self._fail(f"A {self._peek()} stands inside a value: put the whole in quotes.")
        return found

    def _placed(self, at: int, make: Callable[[], T]) -> T:
        """What `make` makes; its complaint gets the column of `at`."""
        try:
            return make()
        except FilterError as error:
            if error.column is not None:
                raise
            raise FilterError(error.sentence, f"column {at + 1}", at + 1) from None

    def _fail(self, sentence: str, at: int | None = None) -> NoReturn:
        column = (self._at if at is None else at) + 1
        raise FilterError(sentence, f"column {column}", column)

    def _peek(self) -> str:
        return self._source[self._at : self._at + 1]

    def _skip(self) -> None:
        match = _SPACE.match(self._source, self._at)
        assert match is not None
        self._at = match.end()
