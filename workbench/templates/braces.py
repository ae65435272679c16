"""The braces of a text as its author most likely meant them: a forest that survives errors.

The f-string parser stops at the first brace it cannot read. This scan goes on: it pairs braces
with a stack, takes ``{{`` and ``}}`` as escapes where they pair, and as two single braces where an
open single brace needs closing, so ``{"a": {"b": 1}}`` is two nested objects.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_BRACE = re.compile(r"\{\{|\{|\}")


@dataclass(slots=True)
class Brace:
    """A pair of braces, `end` exclusive; `end` is None where it is never closed. `width` is 1 for
    ``{ }`` and 2 for ``{{ }}``."""

    start: int
    width: int
    parent: int
    index: int
    end: int | None = None
    children: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Forest:
    """`braces` in order of opening, `strays` the offsets of closing braces without an opener."""

    braces: list[Brace]
    strays: list[int]

    def children(self, brace: Brace) -> list[Brace]:
        return [self.braces[index] for index in brace.children]

    def unclosed(self) -> list[Brace]:
        """Single braces that nothing closes; a lone ``{{`` is an escape and needs no partner."""
        return [brace for brace in self.braces if brace.end is None and brace.width == 1]


def scan(text: str) -> Forest:
    braces: list[Brace] = []
    strays: list[int] = []
    stack: list[int] = []
    skip = -1
    for found in _BRACE.finditer(text):
        at = found.start()
        if at < skip:
            continue
        brace = found.group()
        if brace != "}":
            index = len(braces)
            parent = stack[-1] if stack else -1
            braces.append(Brace(at, len(brace), parent, index))
            if parent >= 0:
                braces[parent].children.append(index)
            stack.append(index)
            continue
        double = text[at + 1 : at + 2] == "}"
        if not stack:
            if double:
                skip = at + 2
            else:
                strays.append(at)
            continue
        top = braces[stack[-1]]
        if top.width == 1:
            stack.pop()
            top.end = at + 1
        elif double:
            stack.pop()
            top.end = at + 2
            skip = at + 2
        else:
            # Opened with two braces, closed with one: the parser takes the one for a stray.
            stack.pop()
            strays.append(at)
    return Forest(braces, strays)
