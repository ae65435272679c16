"""MinHash signatures of texts: how alike two of them are, without comparing them.

A text is the set of its runs of SHINGLE letters (of any script, case and white space aside). The
share of equal places in two signatures estimates the Jaccard similarity of the sets (Broder, 1997);
its standard error is 0.035 at 0.8. Signatures are cut into bands, and only texts that share a band
are compared (Leskovec, Rajaraman, Ullman: "Mining of Massive Datasets", 3.4).
"""

from __future__ import annotations

from typing import Any

import numpy as np

PLACES = 128
SHINGLE = 9
# Where texts exactly as alike as the threshold are found so often, bands are narrow enough.
_FOUND = 0.98
# More letters add nothing to what a set of so many runs says.
MAX_LETTERS = 20_000
_MIX_A, _MIX_B = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_BASE = 0x100000001B3
_BAND = np.uint64(_BASE)
# The highest bits of a hash are its place, the lowest its value.
_PLACE_BITS = np.uint64(64 - 7)
assert PLACES == 2**7
_NONE = np.uint64(2**32 - 1)
_TRIES = 64


class MinHash:
    """Signatures with the randomness of a seed: the same seed and text, the same signature.

    One hash a run decides both its place and its value, and places that got none borrow from
    others (one permutation hashing with optimal densification: Li, Owen, Zhang, 2012;
    Shrivastava, 2017): ten times quicker than PLACES permutations, with the same estimate.
    """

    def __init__(self, seed: int, threshold: float) -> None:
        rng = np.random.default_rng(seed)
        self._seed = rng.integers(0, 2**63, dtype=np.uint64)
        # Where an empty place looks: for each try, another place for each.
        self._lenders = rng.integers(0, PLACES, (_TRIES, PLACES))
        self.rows = rows_of(threshold)
        self.bands = PLACES // self.rows
        powers = [1]
        for _ in range(SHINGLE - 1):
            powers.append(powers[-1] * _BASE % 2**64)
        self._powers = [np.uint64(power) for power in powers]

    def signature(self, text: str) -> Any:
        """PLACES numbers of 32 bits."""
        hashes = self._hashes(" ".join(text.lower().split())[:MAX_LETTERS])
        best = np.full(PLACES, _NONE, dtype=np.uint64)
        np.minimum.at(best, (hashes >> _PLACE_BITS).astype(np.intp), hashes & _NONE)
        empty = np.flatnonzero(best == _NONE)
        if len(empty):
            filled = best != _NONE
            for lenders in self._lenders:
                lent = lenders[empty]
                good = filled[lent]
                best[empty[good]] = best[lent[good]]
                empty = empty[~good]
                if not len(empty):
                    break
            else:
                best[empty] = best[filled][0]
        return best.astype(np.uint32)

    def _hashes(self, text: str) -> Any:
        letters = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
        letters = letters.astype(np.uint64)
        if len(letters) < SHINGLE:
            letters = np.pad(letters, (0, SHINGLE - len(letters)))
        count = len(letters) - SHINGLE + 1
        total = np.full(count, self._seed, dtype=np.uint64)
        for place, power in enumerate(self._powers):
            total += letters[place : place + count] * power
        # Every bit of the result depends on every bit of the sum (SplitMix64).
        total ^= total >> np.uint64(30)
        total *= _MIX_A
        total ^= total >> np.uint64(27)
        total *= _MIX_B
        total ^= total >> np.uint64(31)
        return total

    def keys(self, signatures: Any) -> Any:
        """A key of 64 bits for each band of each signature: (texts, bands)."""
        cut = signatures[:, : self.bands * self.rows].reshape(-1, self.bands, self.rows)
        keys = np.zeros(cut.shape[:2], dtype=np.uint64)
        for place in range(self.rows):
            keys = (keys ^ cut[:, :, place]) * _BAND
            keys ^= keys >> np.uint64(29)
        return keys


def rows_of(threshold: float) -> int:
    """The most rows a band may have, so that texts as alike as the threshold are still found."""
    for rows in range(PLACES, 1, -1):
        if 1 - (1 - threshold**rows) ** (PLACES // rows) >= _FOUND:
            return min(rows, 16)
    return 1


def short(signatures: Any) -> Any:
    """The lowest byte of each place: enough to compare, a quarter of the room."""
    return (signatures & np.uint32(0xFF)).astype(np.uint8)


def similarity(one: Any, other: Any) -> Any:
    """Estimated Jaccard similarities of rows of `short` signatures."""
    equal = (one == other).mean(axis=1)
    # Bytes of different numbers are equal once in 256.
    return np.clip((equal - 1 / 256) / (1 - 1 / 256), 0, 1)
