"""Training and validation: what belongs together lies on one side, decided by a seed."""

from __future__ import annotations

from typing import Any

import numpy as np

TRAIN, VALIDATION = 0, 1
_MIX_A, _MIX_B = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


def components(count: int, rows: Any, keys: Any) -> Any:
    """For each of `count` rows the lowest row that it hangs together with.

    rows, keys: row rows[i] has the key keys[i]; rows with a key in common hang together, and so
    do rows that are joined by others.
    """
    labels = np.arange(count)
    if not len(rows):
        return labels
    lowest = np.empty(int(keys.max()) + 1, dtype=np.int64)
    while True:
        lowest.fill(count)
        np.minimum.at(lowest, keys, labels[rows])
        joined = labels.copy()
        np.minimum.at(joined, rows, lowest[keys])
        # Straight to the end of a chain instead of one step at a time.
        joined = np.minimum(joined, joined[joined])
        if bool(np.array_equal(joined, labels)):
            return labels
        labels = joined


def sides(labels: Any, ids: Any, share: float, seed: int) -> Any:
    """TRAIN or VALIDATION for each row; validation gets at most `share` of all rows.

    labels: of `components`. ids: of the requests; a component is drawn by the id of its first
    request, so that the same data and seed give the same sides.
    """
    found = np.full(len(labels), TRAIN, dtype=np.int64)
    left = int(len(labels) * share)
    if not left:
        return found
    heads, sizes = np.unique(labels, return_counts=True)
    drawn = np.argsort(_mixed(ids[heads].astype(np.uint64), seed), kind="stable")
    chosen = np.zeros(len(labels), dtype=bool)
    for at in drawn:
        if sizes[at] <= left:
            chosen[heads[at]] = True
            left -= int(sizes[at])
            if not left:
                break
    found[chosen[labels]] = VALIDATION
    return found


def _mixed(values: Any, seed: int) -> Any:
    """Numbers without an order, the same for the same seed (SplitMix64)."""
    mixed = values + np.uint64(seed * 0x9E3779B97F4A7C15 % 2**64)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * _MIX_A
    mixed = (mixed ^ (mixed >> np.uint64(27))) * _MIX_B
    return mixed ^ (mixed >> np.uint64(31))
