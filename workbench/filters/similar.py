"""Which known values a mistyped one may have meant."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher

from workbench.filters.folding import search_fold

MOST = 3
# Comparing longer texts letter by letter takes long and finds nothing that a person mistyped.
_COMPARED = 100
# Fewer letters stand inside of nearly everything.
_INSIDE = 3
# The share of letters in common from which two values are alike; what difflib itself takes.
_ALIKE = 0.6


def similar(value: str, known: Sequence[str], most: int = MOST) -> list[str]:
    """The values of `known` that `value` may have meant, the likeliest first.

    Capitals and what stands between letters and digits are passed over ("GPT4o" is "gpt-4o"); then
    come values of which the one begins with the other, has it inside, or differs by a few letters.
    Of values equally near, the earlier ones in `known` come first.
    """
    asked = _bare(value)
    ranked = []
    for place, other in enumerate(dict.fromkeys(known)):
        bare = _bare(other)
        ratio = SequenceMatcher(None, asked, bare, autojunk=False).ratio()
        rank = _rank(asked, bare, ratio)
        if rank is not None and other != value:
            ranked.append((rank, -ratio, place, other))
    return [other for *_, other in sorted(ranked)[:most]]


def _bare(text: str) -> str:
    """The letters and digits alone; the text as it is where it has none."""
    folded = search_fold(text[:_COMPARED])
    return "".join(filter(str.isalnum, folded)) or folded


def _rank(asked: str, other: str, ratio: float) -> int | None:
    if asked == other:
        return 0
    shorter, longer = sorted((asked, other), key=len)
    if longer.startswith(shorter) and len(shorter) > 1:
        return 1
    if shorter in longer and len(shorter) >= _INSIDE:
        return 2
    return 3 if ratio >= _ALIKE else None
