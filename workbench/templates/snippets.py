"""Snippets: completion templates that other prompts take in by name.

``@@@name@@@`` is the latest version, ``@@@name@version_number:3@@@`` one version,
``@@@name@label:prod@@@`` what a release label points at. They are replaced when a prompt is
fetched, before any parser sees the text, so a value that looks like a reference stays a value.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from workbench.templates.limits import MAX_TEXT
from workbench.templates.positions import Lines
from workbench.templates.problems import Problem

_REFERENCE = re.compile(
    r"@@@(?P<name>[^@\n]+)(?:@version_number:(?P<version>\d{1,15})|@label:(?P<label>[^@\n]+))?@@@"
)
MAX_DEPTH = 20


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference to a snippet; at most one of `version_number` and `label` is set."""

    name: str
    version_number: int | None
    label: str | None
    start: int
    end: int

    def __str__(self) -> str:
        if self.version_number is not None:
            return f"{self.name} version {self.version_number}"
        return f"{self.name} label {self.label}" if self.label is not None else self.name


Resolve = Callable[[str, int | None, str | None], Mapping[str, Any] | str | None]
"""Gets a name, a version number and a label; gives the snippet's prompt template, or its text, or
None where there is none."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of an expanded text. `path` are the snippets it came through, outermost first;
    `origin` is where it starts in the innermost one, or in the host text when `path` is empty, and
    `host` where the outermost reference stands in the host text."""

    start: int
    path: tuple[str, ...]
    origin: int
    host: int
    host_end: int


@dataclass(slots=True)
class Expanded:
    """A text with its snippets in place, and where each part of it came from."""

    text: str
    segments: list[Segment] = field(default_factory=list)
    used: list[Reference] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    formats: dict[str, str] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)

    def locate(self, offset: int) -> tuple[Segment | None, int]:
        """The segment of an offset in the expanded text, and the offset in what it came from."""
        if not self.segments:
            return None, offset
        index = bisect_right(self.segments, offset, key=lambda one: one.start) - 1
        segment = self.segments[max(index, 0)]
        return segment, segment.origin + offset - segment.start


def references(text: str) -> list[Reference]:
    """References in a text, in order."""
    if "@@@" not in text:
        return []
    return [_reference(found) for found in _REFERENCE.finditer(text)]


def _reference(found: re.Match[str]) -> Reference:
    version = found.group("version")
    number = int(version) if version else None
    return Reference(found.group("name"), number, found.group("label"), *found.span())


def expand(text: str, resolve: Resolve | None) -> Expanded:
    """Replace references by what `resolve` gives; without it the text stays as it is.

    A snippet may hold snippets, twenty levels deep. What is missing, circular or not a completion
    template stays in the text as written and becomes a problem that names the path to it.
    """
    if resolve is None or "@@@" not in text:
        return Expanded(text)
    expanded = Expanded("")
    _Expansion(resolve, expanded, text).run()
    return expanded


class _Expansion:
    def __init__(self, resolve: Resolve, expanded: Expanded, text: str) -> None:
        self.resolve = resolve
        self.expanded = expanded
        self.text = text
        self.lines = Lines(text)
        self.pieces: list[str] = []
        self.length = 0
        self.known: dict[str, str | None] = {}

    def run(self) -> None:
        self._write(self.text, (), 0, 0)
        self.expanded.text = "".join(self.pieces)

    def _add(self, text: str, path: tuple[str, ...], origin: int, host: tuple[int, int]) -> None:
        if text:
            self.expanded.segments.append(Segment(self.length, path, origin, *host))
            self.pieces.append(text)
            self.length += len(text)

    def _write(self, text: str, path: tuple[str, ...], host: int, host_end: int) -> None:
        position = 0
        for one in references(text):
            here = (host, host_end) if path else (one.start, one.end)
            self._add(text[position : one.start], path, position, here if path else (0, 0))
            position = one.end
            inner = self._fetch(one, path, here)
            if inner is None:
                self._add(text[one.start : one.end], path, one.start, here if path else (0, 0))
            else:
                self._write(inner, (*path, str(one)), *here)
        self._add(text[position:], path, position, (host, host_end))

    def _fetch(self, one: Reference, path: tuple[str, ...], here: tuple[int, int]) -> str | None:
        name = str(one)
        way = " → ".join((*path, name))
        if name in path:
            self._problem(f"the snippet {name!r} takes itself in: {way}", here)
            return None
        if len(path) >= MAX_DEPTH:
            self._problem(f"snippets are nested more than {MAX_DEPTH} deep: {way}", here)
            return None
        if name not in self.known:
            self.known[name] = self._text_of(one, way, here)
            if self.known[name] is not None:
                self.expanded.used.append(one)
                self.expanded.sources[name] = self.known[name] or ""
        text = self.known[name]
        if text is not None and self.length + len(text) > MAX_TEXT:
            self._problem(f"with its snippets the text has more than {MAX_TEXT:,} characters", here)
            return None
        return text

    def _text_of(self, one: Reference, way: str, here: tuple[int, int]) -> str | None:
        found = self.resolve(one.name, one.version_number, one.label)
        if found is None:
            via = f", reached through {way}" if " → " in way else ""
            self._problem(f"there is no snippet {str(one)!r}{via}", here)
            return None
        if isinstance(found, str):
            return found
        if found.get("type") != "completion":
            self._problem(f"{str(one)!r} is not a completion template: {way}", here)
            return None
        self.expanded.formats[str(one)] = found.get("template_format") or "f-string"
        parts = found.get("content") or []
        return "".join(part.get("text") or "" for part in parts if part.get("type") == "text")

    def _problem(self, reason: str, here: tuple[int, int]) -> None:
        line, column = self.lines.locate(here[0])
        self.expanded.problems.append(Problem("snippet", reason, *here, line, column))
