"""Which pieces of one sequence are those of another, in order: patience diff, bounded in time.

Pieces that stand once on either side are matched first (Bram Cohen's patience diff), since they are
what a reader recognises; what lies between them is matched by its longest common subsequence
(Hyyrö 2004, bit-parallel). Both are bounded by a count of steps and not by a clock, so that the
same texts always differ in the same way.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

# A gap of 5,000 by 5,000 words takes about a tenth of a second.
_LARGEST_GAP = 25_000_000
_ALL_GAPS = 150_000_000
_STEPS = 3_000_000


@dataclass(slots=True)
class Budget:
    """What is left to be spent on one diff."""

    steps: int = _STEPS
    cells: int = _ALL_GAPS


def matches(
    left: Sequence[int], right: Sequence[int], budget: Budget, *, fill_gaps: bool = True
) -> list[tuple[int, int]]:
    """Places (in left, in right) of what is the same, rising on both sides.

    fill_gaps: also match what has no unique piece around it.
    """
    found: list[tuple[int, int]] = []
    waiting = [(0, len(left), 0, len(right))]
    while waiting:
        start, end, begin, stop = waiting.pop()
        while start < end and begin < stop and left[start] == right[begin]:
            found.append((start, begin))
            start, begin = start + 1, begin + 1
        while start < end and begin < stop and left[end - 1] == right[stop - 1]:
            end, stop = end - 1, stop - 1
            found.append((end, stop))
        if start == end or begin == stop:
            continue
        budget.steps -= end - start + stop - begin
        anchors = _anchors(left, right, start, end, begin, stop) if budget.steps > 0 else []
        if anchors:
            edges = [*anchors, (end, stop)]
            for here, there in edges:
                waiting.append((start, here, begin, there))
                start, begin = here + 1, there + 1
            found += anchors
        elif fill_gaps:
            cells = (end - start) * (stop - begin)
            if cells <= min(_LARGEST_GAP, budget.cells):
                budget.cells -= cells
                pairs = _longest_common(left[start:end], right[begin:stop])
                found += [(start + here, begin + there) for here, there in pairs]
    found.sort()
    return found


def _anchors(
    left: Sequence[int], right: Sequence[int], start: int, end: int, begin: int, stop: int
) -> list[tuple[int, int]]:
    """The longest rising run of what stands exactly once in either range."""
    here = Counter(left[start:end])
    there = Counter(right[begin:stop])
    place = {right[i]: i for i in range(begin, stop)}
    pairs = [
        (i, place[left[i]])
        for i in range(start, end)
        if here[left[i]] == 1 and there.get(left[i]) == 1
    ]
    # Longest rising subsequence: for each length the pair that ends it lowest.
    lowest: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for index, (_, other) in enumerate(pairs):
        length = bisect_left(lowest, other)
        before.append(ends[length - 1] if length else -1)
        if length == len(lowest):
            lowest.append(other)
            ends.append(index)
        else:
            lowest[length] = other
            ends[length] = index
    chosen = []
    index = ends[-1] if ends else -1
    while index >= 0:
        chosen.append(pairs[index])
        index = before[index]
    chosen.reverse()
    return chosen


def _longest_common(left: Sequence[int], right: Sequence[int]) -> list[tuple[int, int]]:
    """A longest common subsequence.

    Row i is a number whose bit j is 0 where one more of `right` makes the best match with left[:i]
    longer by one.
    """
    width = len(right)
    mask = (1 << width) - 1
    where: dict[int, int] = {}
    for place, piece in enumerate(right):
        where[piece] = where.get(piece, 0) | 1 << place
    rows = [mask]
    row = mask
    for piece in left:
        shared = row & where.get(piece, 0)
        row = ((row + shared) | (row - shared)) & mask
        rows.append(row)
    found = []
    i, j = len(left), width
    while i and j:
        if left[i - 1] == right[j - 1]:
            i, j = i - 1, j - 1
            found.append((i, j))
        elif rows[i] >> (j - 1) & 1:
            j -= 1
        else:
            i -= 1
    found.reverse()
    return found
