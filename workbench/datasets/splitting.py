"""Rows put into splits by chance, repeatably."""

from __future__ import annotations

import random
from collections.abc import Sequence


def by_chance(ids: Sequence[int], share: float, seed: int) -> set[int]:
    """A share (0 to 1) of the rows; the same seed gives the same of the same rows."""
    number = round(share * len(ids))
    return set(random.Random(seed).sample(sorted(ids), number))  # noqa: S311 - no secret
