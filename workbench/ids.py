"""Ids: whole numbers below 2^53, ordered by arrival.

40 bits of milliseconds since 2025-01-01, 5 of process, 8 of sequence. The SDK demands integers and
JavaScript rounds larger ones. When the 256 of a millisecond are spent the next one is borrowed.
"""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta

EPOCH = datetime(2025, 1, 1, tzinfo=UTC)
_EPOCH_MS = int(EPOCH.timestamp() * 1000)
MAX_ID = 2**53 - 1


class IdMaker:
    """Gives ever larger ids; safe to call from any thread."""

    def __init__(self, process: int = 0, after: int = 0) -> None:
        """`after`: the largest id known, so that a clock set back makes no id twice."""
        if not 0 <= process < 32:
            raise ValueError("process must be from 0 to 31")
        self._process = process
        self._ms = after >> 13
        self._sequence = 0xFF if after else 0
        self._lock = threading.Lock()

    def __call__(self) -> int:
        with self._lock:
            now = time.time_ns() // 1_000_000 - _EPOCH_MS
            if now > self._ms:
                self._ms, self._sequence = now, 0
            elif self._sequence < 0xFF:
                self._sequence += 1
            else:
                self._ms, self._sequence = self._ms + 1, 0
            return self._ms << 13 | self._process << 8 | self._sequence


def first_id_at(moment: datetime) -> int:
    """The smallest id that an arrival at `moment` (aware) can have."""
    return max(0, (moment - EPOCH) // timedelta(milliseconds=1)) << 13
