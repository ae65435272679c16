"""Likeness of two texts by their words and letters, where no embeddings are to be had.

A text becomes counts of its words (weight 2) and of the groups of three letters in each word with
its borders (weight 1), after Unicode's NFKC and folding of case; each count c weighs 1 + ln c.
Likeness is the cosine of the two. It sees shared words and spellings, not meaning.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence

METHOD = "words and groups of three letters"
_WORD = re.compile(r"\w+")
_WORD_WEIGHT = 2.0


def vector(text: str) -> dict[str, float]:
    words = _WORD.findall(unicodedata.normalize("NFKC", text).casefold())
    counts = Counter(words)
    groups: Counter[str] = Counter()
    for word, times in counts.items():
        edged = f" {word} "
        for at in range(len(edged) - 2):
            groups[edged[at : at + 3]] += times
    found = {f"w{word}": _WORD_WEIGHT * (1 + math.log(n)) for word, n in counts.items()}
    found |= {f"g{group}": 1 + math.log(n) for group, n in groups.items()}
    return found


def likeness(left: str, right: str) -> float:
    """0 to 1. Two texts without a word are alike when they are the same."""
    first, second = vector(left), vector(right)
    if not first or not second:
        return float(left == right)
    shared = math.fsum(weight * second[name] for name, weight in first.items() if name in second)
    return min(1.0, shared / math.sqrt(_square(first) * _square(second)))


def _square(found: Mapping[str, float]) -> float:
    return math.fsum(weight * weight for weight in found.values())


def cosine(left: Sequence[float], right: Sequence[float]) -> float:
    """-1 to 1; 0 where a vector is all zeros. Raises ValueError for vectors of two lengths."""
    product = math.fsum(a * b for a, b in zip(left, right, strict=True))
    size = math.hypot(*left) * math.hypot(*right)
    return max(-1.0, min(1.0, product / size)) if size else 0.0
