"""A template's text with what the parser sees: variables tinted, problems underlined."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from workbench.templates import Diagnosis, PromptAnalysis, Variable
from workbench.ui.hostile import escaped

# More than this of one text is not drawn again beside it.
SHOWN = 60_000


@dataclass(frozen=True, slots=True)
class Mark:
    """Characters from `start` up to `end` with a class of the style and a sentence on hover."""

    start: int
    end: int
    kind: str
    title: str


def marks_of(analysis: PromptAnalysis, message: int | None, part: int) -> list[Mark]:
    """What is to be marked in one text part of a prompt."""
    here = (message, part)
    found = [
        Mark(one.tag_start, one.tag_end, _kind(variable), variable.name)
        for variable in analysis.variables
        for one in variable.occurrences
        if (one.message, one.part) == here and one.tag_end > one.tag_start
    ]
    found += [
        Mark(start, end, f"wb-{one.severity}", one.reason)
        for one in analysis.diagnoses
        if (one.message, one.part) == here
        for start, end in _spans(one)
    ]
    return found


def _kind(variable: Variable) -> str:
    return "wb-var wb-doubt" if variable.suspicious else "wb-var"


def _spans(one: Diagnosis) -> Iterable[tuple[int, int]]:
    return one.spans or ((one.start, one.end),)


def marked_html(text: str, marks: Sequence[Mark]) -> str:
    """Escaped HTML of the text; marks may overlap, each character carries all of its classes."""
    shown = text[:SHOWN]
    edges = {0, len(shown)}
    opening: dict[int, list[Mark]] = {}
    closing: dict[int, list[Mark]] = {}
    for mark in marks:
        start, end = max(0, mark.start), min(mark.end, len(shown))
        if start < end:
            edges |= {start, end}
            opening.setdefault(start, []).append(mark)
            closing.setdefault(end, []).append(mark)
    pieces: list[str] = []
    active: list[Mark] = []
    places = sorted(edges)
    for start, end in pairwise(places):
        for mark in closing.get(start, ()):
            active.remove(mark)
        active += opening.get(start, ())
        piece = escaped(shown[start:end])
        if active:
            kinds = " ".join(dict.fromkeys(mark.kind for mark in active))
            title = "\n".join(dict.fromkeys(mark.title for mark in active))
            piece = f'<span class="{kinds}" title="{escaped(title)}">{piece}</span>'
        pieces.append(piece)
    if len(text) > SHOWN:
        pieces.append(f'\n<span class="wb-note">… {len(text) - SHOWN:,} more characters</span>')
    return f'<div class="wb-text wb-template" dir="auto">{"".join(pieces)}</div>'
