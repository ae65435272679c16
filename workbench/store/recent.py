"""Which bodies came within the hour: asked of memory first, since asking the store costs a batch
as much time as it takes to answer one caller in five.

A Bloom filter of 8 MiB: "no" is certain, "perhaps" (all that came before, and one in a thousand
others after an hour of 1,000 requests a second) is then looked up in the store.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np

from workbench.ids import first_id_at
from workbench.store import clock
from workbench.store.connection import Cursor

# The SDK repeats a call without an idempotency key: the same body within this time is one call.
SAME_CALL = timedelta(hours=1)
_BITS = 25
_MASK = (1 << _BITS) - 1
_PROBES = 4


class RecentBodies:
    """For a store with one owner: what another process adds is not seen. Only the writer asks."""

    def __init__(self) -> None:
        # The younger half, and the half before it; each begins where the other is an hour old.
        self._halves: list[bytearray] = []
        self._begun = datetime(1, 1, 1)  # noqa: DTZ001 - stored times have no zone

    def perhaps_known(self, cursor: Cursor, hashes: Sequence[str]) -> list[str]:
        """Those that may have come within the hour; all of them count as come from now on."""
        self._turn(cursor, clock.now())
        young, old = self._halves
        found: list[str] = []
        for text in hashes:
            digest = int(text.replace("-", ""), 16)
            places = [digest >> (_BITS * each) & _MASK for each in range(_PROBES)]
            if _holds(young, places) or _holds(old, places):
                found.append(text)
            for place in places:
                young[place >> 3] |= 1 << (place & 7)
        return found

    def _turn(self, cursor: Cursor, now: datetime) -> None:
        if not self._halves:
            self._halves = [_read(cursor, now), bytearray(1 << (_BITS - 3))]
            self._begun = now
        elif now - self._begun >= SAME_CALL:
            self._halves = [bytearray(1 << (_BITS - 3)), self._halves[0]]
            self._begun = now


def _holds(half: bytearray, places: Sequence[int]) -> bool:
    return all(half[place >> 3] >> (place & 7) & 1 for place in places)


def _read(cursor: Cursor, now: datetime) -> bytearray:
    """The filter of what the store has, for a start in the middle of things."""
    since = first_id_at(clock.from_stored(now) - SAME_CALL)
    halves = cursor.execute(
        "SELECT ('0x' || digits[:16])::UBIGINT AS high, ('0x' || digits[17:])::UBIGINT AS low "
        "FROM (SELECT replace(body_hash::VARCHAR, '-', '') AS digits FROM requests "
        "WHERE id >= ? AND body_hash IS NOT NULL)",
        [since],
    ).fetchnumpy()
    high, low = halves["high"].astype(np.uint64), halves["low"].astype(np.uint64)
    bits = np.zeros(1 << _BITS, dtype=bool)
    for probe in range(_PROBES):
        shift = _BITS * probe
        if shift < 64:
            place = low >> np.uint64(shift)
            if shift + _BITS > 64:
                place |= high << np.uint64(64 - shift)
        else:
            place = high >> np.uint64(shift - 64)
        bits[place & np.uint64(_MASK)] = True
    return bytearray(np.packbits(bits, bitorder="little").tobytes())
