"""Applying a unified diff to a text: exactly where it says, or where its context stands alone.

The format is that of `diff -u` and of Python's difflib (POSIX diff, "Diff Unified Context").
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

_HEAD = re.compile(r"@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@")
_NO_NEWLINE = "\\"


class PatchError(ValueError):
    """The diff cannot be read or does not fit; the text is a sentence that says where."""


@dataclass(slots=True)
class Hunk:
    """start: line of the old text, from 1 (0 where it has none). old, new: lines with their line
    ends."""

    start: int
    old: list[str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)


def read(diff: str) -> list[Hunk]:
    """The hunks of a diff of one text; raises PatchError."""
    lines = diff.splitlines(keepends=True) if "\r" not in diff else _lines(diff)
    hunks: list[Hunk] = []
    at = 0
    files = 0
    while at < len(lines):
        head = _HEAD.match(lines[at])
        if head is None:
            is_file = lines[at].startswith("--- ") and "".join(lines[at + 1 : at + 2]).startswith(
                "+++ "
            )
            files += is_file
            if files > 1:
                raise PatchError("The diff changes several files; one text can be changed.")
            at += 2 if is_file else 1
            continue
        at = _hunk(lines, at, head, hunks)
    if not hunks and diff.strip():
        raise PatchError('This is no unified diff: no line begins with "@@ -".')
    return hunks


def _lines(text: str) -> list[str]:
    """Lines as diff sees them: ended by a line feed alone."""
    found = text.split("\n")
    return [f"{line}\n" for line in found[:-1]] + ([found[-1]] if found[-1] else [])


def _hunk(lines: Sequence[str], at: int, head: re.Match[str], hunks: list[Hunk]) -> int:
    """Read the hunk that begins at a line; the line after it."""
    hunk = Hunk(int(head[1]))
    old, new = int(head[2] or 1), int(head[4] or 1)
    number = at + 1
    at += 1
    touched: list[list[str]] = []
    while at < len(lines) and (len(hunk.old) < old or len(hunk.new) < new):
        line = lines[at]
        at += 1
        sign, text = line[:1], line[1:]
        if sign == _NO_NEWLINE:
            _without_newline(touched)
        elif sign == "-":
            hunk.old.append(text)
            touched = [hunk.old]
        elif sign == "+":
            hunk.new.append(text)
            touched = [hunk.new]
        elif sign == " " or line in {"\n", "\r\n"}:
            # Editors and models drop the blank that marks an empty line of context.
            kept = text if sign == " " else line
            hunk.old.append(kept)
            hunk.new.append(kept)
            touched = [hunk.old, hunk.new]
        else:
            raise PatchError(f"Line {at} of the diff begins with neither a blank, - nor +.")
    if at < len(lines) and lines[at].startswith(_NO_NEWLINE):
        _without_newline(touched)
        at += 1
    if len(hunk.old) != old or len(hunk.new) != new:
        raise PatchError(
            f"The hunk at line {number} of the diff names {old} old and {new} new lines, and has "
            f"{len(hunk.old)} and {len(hunk.new)}."
        )
    hunks.append(hunk)
    return at


def _without_newline(sides: Sequence[list[str]]) -> None:
    for side in sides:
        if side:
            side[-1] = side[-1].removesuffix("\n")


def apply(text: str, diff: str) -> str:
    """The text with the diff applied; raises PatchError where it does not fit.

    A hunk goes where its line number says; if its lines do not stand there, to the one place after
    the hunk before it where they do.
    """
    lines = _lines(text)
    made: list[str] = []
    done = 0
    for number, hunk in enumerate(read(diff), start=1):
        place = _place(lines, hunk, done, number)
        made += lines[done:place]
        made += hunk.new
        done = place + len(hunk.old)
    return "".join([*made, *lines[done:]])


def _place(lines: Sequence[str], hunk: Hunk, done: int, number: int) -> int:
    size = len(hunk.old)
    # A hunk without old lines goes after the line that it names.
    stated = hunk.start if size == 0 else hunk.start - 1
    if done <= stated <= len(lines) and _stands(lines, hunk.old, stated):
        return stated
    if size == 0:
        raise PatchError(f"Hunk {number} goes after line {hunk.start}, which is not there.")
    found = list(_places(lines, hunk.old, done))
    if len(found) == 1:
        return found[0]
    why = "do not stand in the text" if not found else "stand in the text at several places"
    raise PatchError(f"Hunk {number} (line {hunk.start}) does not fit: its lines {why}.")


def _places(lines: Sequence[str], old: Sequence[str], start: int) -> Iterator[int]:
    for at in range(start, len(lines) - len(old) + 1):
        if _stands(lines, old, at):
            yield at


def _stands(lines: Sequence[str], old: Sequence[str], at: int) -> bool:
    """Whether lines stand at a place; the last one of the text may lack its line end in either."""
    there = lines[at : at + len(old)]
    if len(there) != len(old):
        return False
    return list(there) == list(old) or (
        at + len(old) == len(lines)
        and list(there[:-1]) == list(old[:-1])
        and there[-1].removesuffix("\n") == old[-1].removesuffix("\n")
    )
