"""The difference of two texts as a reader would mark it: whole words, no crumbs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from workbench.diff.matching import Budget, matches
from workbench.diff.tokens import lines, tokens

Kind = Literal["same", "removed", "added"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text that is on both sides, only on the left, or only on the right."""

    kind: Kind
    text: str


def text_diff(left: str, right: str) -> list[Piece]:
    """What stands in both texts and what in one of them, in order.

    The pieces that are not "added", joined, are `left`; those not "removed" are `right`. Between
    two pieces that are the same there is at most one removed and one added piece, in this order.
    Lines are compared first, then words (characters, in scripts without spaces between words); two
    changes with little between them become one. The same texts always give the same pieces. Time is
    bounded: texts of 100 KB that share nothing take well under a second; where the bound is reached
    the rest is one change.
    """
    if left == right:
        return [Piece("same", left)] if left else []
    return _pieces(_tidied(_changes(left, right)))


def is_same(pieces: Sequence[Piece]) -> bool:
    return all(piece.kind == "same" for piece in pieces)


@dataclass(slots=True)
class _Change:
    """What was taken out and put in, and the text after it that is the same."""

    removed: str
    added: str
    same: str

    @property
    def size(self) -> int:
        return max(len(self.removed), len(self.added))


def _changes(left: str, right: str) -> list[_Change]:
    """The first change may be empty: the texts then begin alike."""
    budget = Budget()
    old, new = lines(left), lines(right)
    numbers: dict[str, int] = {}
    paired = matches(_numbered(old, numbers), _numbered(new, numbers), budget, fill_gaps=False)
    found: list[_Change] = [_Change("", "", "")]
    here = there = 0
    for i, j in [*paired, (len(old), len(new))]:
        if here < i or there < j:
            _add_words(found, "".join(old[here:i]), "".join(new[there:j]), budget)
        if i < len(old):
            found[-1].same += old[i]
        here, there = i + 1, j + 1
    return found


def _add_words(found: list[_Change], left: str, right: str, budget: Budget) -> None:
    old, new = tokens(left), tokens(right)
    numbers: dict[str, int] = {}
    here = there = 0
    pairs = matches(_numbered(old, numbers), _numbered(new, numbers), budget)
    for i, j in [*pairs, (len(old), len(new))]:
        if here < i or there < j:
            found.append(_Change("".join(old[here:i]), "".join(new[there:j]), ""))
        if i < len(old):
            found[-1].same += old[i]
        here, there = i + 1, j + 1


def _numbered(pieces: Iterable[str], numbers: dict[str, int]) -> list[int]:
    return [numbers.setdefault(piece, len(numbers)) for piece in pieces]


def _tidied(changes: list[_Change]) -> list[_Change]:
    """Two changes become one where what they share between them is smaller than either.

    The rule is that of diff-match-patch's semantic clean-up (Neil Fraser).
    """
    kept: list[_Change] = []
    for change in changes:
        kept.append(change)
        while len(kept) > 1 and _is_crumb(kept[-2], kept[-1]):
            after = kept.pop()
            before = kept[-1]
            before.removed += before.same + after.removed
            before.added += before.same + after.added
            before.same = after.same
    return kept


def _is_crumb(before: _Change, after: _Change) -> bool:
    between = len(before.same)
    if not between:
        # Nothing lies between them: one change in two steps.
        return True
    return bool(before.size and after.size) and between <= min(before.size, after.size)


def _pieces(changes: list[_Change]) -> list[Piece]:
    found: list[Piece] = []
    for change in changes:
        if change.removed:
            found.append(Piece("removed", change.removed))
        if change.added:
            found.append(Piece("added", change.added))
        if change.same:
            found.append(Piece("same", change.same))
    return found
