"""A line of the text syntax that cannot be read, and the smallest change that makes it readable."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from datetime import UTC, tzinfo

from workbench.filters.completion import place_at
from workbench.filters.errors import FilterError
from workbench.filters.fields import NAMES
from workbench.filters.terms import quote
from workbench.filters.text_reader import parse_text

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_LONGEST = 2_000
_WINDOW = 60


def mended(source: str, error: FilterError, zone: tzinfo = UTC) -> str | None:
    """The line with one mistake mended, or None where no small change makes it a filter."""
    if error.column is None or len(source) > _LONGEST:
        return None
    for candidate in _candidates(source, error.column - 1):
        if candidate != source and not _problem(candidate, zone):
            return candidate
    return None


def marked(source: str, column: int) -> tuple[str, str]:
    """The part of the line around a column (from 1), and a line with a caret under it."""
    first = max(0, column - 1 - _WINDOW)
    last = column - 1 + _WINDOW
    before = "…" if first else ""
    shown = before + source[first:last] + ("…" if last < len(source) else "")
    shown = "".join(letter if letter.isprintable() else " " for letter in shown)
    return shown, " " * (len(before) + column - 1 - first) + "^"


def _problem(source: str, zone: tzinfo) -> bool:
    try:
        parse_text(source, zone)
    except FilterError:
        return True
    return False


def _candidates(source: str, at: int) -> Iterator[str]:
    name = _NAME.match(source, at)
    if name is not None and name[0] not in NAMES:
        for near in difflib.get_close_matches(name[0], NAMES, 2):
            yield source[:at] + near + source[name.end() :]
    tail = source.rstrip()
    yield tail + '"'
    yield tail + ")"
    yield tail + '")'
    for word in (" OR", " AND", " NOT", "-"):
        yield tail.removesuffix(word)
    if source[at : at + 1] in (")", "("):
        yield source[:at] + source[at + 1 :]
    for space in re.finditer(r",\s+", source):
        yield source[: space.start()] + "," + source[space.end() :]
    place = place_at(source, min(at + 1, len(source)))
    word = source[place.token_start : place.token_end]
    before, after = source[: place.token_start], source[place.token_end :]
    if word:
        yield before + quote(word) + after
    yield (before.rstrip() + " " + after.lstrip()).strip()
