"""Near-duplicates: which examples are so alike that one of them is enough."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa

from workbench.export.tuning.minhash import PLACES, MinHash, short, similarity
from workbench.store import allocator
from workbench.store.export_staging import EDGES, Staging

#: Signatures held before they are written to the staging tables.
HELD = 4_096


class Signatures:
    """Collects signatures into the staging tables."""

    def __init__(self, staging: Staging, seed: int, threshold: float) -> None:
        self.minhash = MinHash(seed, threshold)
        self._staging = staging
        self._rows: list[int] = []
        self._held: list[Any] = []

    def add(self, n: int, text: str) -> None:
        self._rows.append(n)
        self._held.append(self.minhash.signature(text))
        if len(self._rows) >= HELD:
            self.flush()

    def flush(self) -> None:
        if not self._rows:
            return
        signatures = np.stack(self._held)
        keys = self.minhash.keys(signatures)
        ends = np.arange(0, keys.size + 1, self.minhash.bands, dtype=np.int32)
        places = pa.FixedSizeBinaryArray.from_buffers(
            pa.binary(PLACES), len(signatures), [None, pa.py_buffer(short(signatures).tobytes())]
        )
        rows = {
            "n": pa.array(self._rows, pa.int64()),
            "places": places.cast(pa.binary()),
            "keys": pa.ListArray.from_arrays(pa.array(ends), pa.array(keys.ravel())),
        }
        self._staging.insert("signatures", pa.table(rows))
        self._rows.clear()
        self._held.clear()


def find(staging: Staging, minhash: MinHash, threshold: float, tell: Callable[[int], None]) -> None:
    """Put pairs at least as alike as the threshold among the edges; `tell` gets each band.

    Within a band's bucket every text is compared with the first and with the one before: a
    bucket of thousands then costs thousands of comparisons and not millions.
    """
    for band in range(minhash.bands):
        tell(band)
        edges: list[pa.Table] = []
        carried: tuple[Any, Any, Any] | None = None
        for batch in staging.colliding(band):
            keys = np.asarray(batch.column("key"))
            rows = np.asarray(batch.column("n"))
            places = _places(batch.column("places"))
            if carried is not None:
                keys, rows, places = (
                    np.concatenate(pair) for pair in zip(carried, (keys, rows, places), strict=True)
                )
            begins = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]])
            first = np.repeat(begins, np.diff(np.r_[begins, len(keys)]))
            every = np.arange(len(keys))
            edges.append(_alike(rows, places, first, every, threshold))
            before = np.maximum(every - 1, first)
            edges.append(_alike(rows, places, before, every, threshold, but=first))
            last = int(begins[-1])
            keep = [last] if last == len(keys) - 1 else [last, len(keys) - 1]
            carried = keys[keep], rows[keep], places[keep]
        if edges:
            # Not before: the staging tables are being read.
            staging.insert("edges", pa.concat_tables(edges))
            edges.clear()
        # The next band takes as much again.
        allocator.give_back()


def _alike(
    rows: Any, places: Any, one: Any, other: Any, threshold: float, but: Any = None
) -> pa.Table:
    """The edges among pairs of positions; `but`: positions that were compared already."""
    chosen = one != other if but is None else (one != other) & (one != but)
    one, other = one[chosen], other[chosen]
    likeness = similarity(places[one], places[other])
    alike = likeness >= threshold
    low = np.minimum(rows[one[alike]], rows[other[alike]])
    high = np.maximum(rows[one[alike]], rows[other[alike]])
    values = (low, high, likeness[alike].astype(np.float32))
    return pa.table([pa.array(value) for value in values], schema=EDGES)


def _places(column: Any) -> Any:
    _, offsets, data = column.buffers()
    ends = np.frombuffer(offsets, dtype=np.int32)
    start = int(ends[column.offset])
    held = np.frombuffer(data, dtype=np.uint8)[start : start + len(column) * PLACES]
    return held.reshape(len(column), PLACES)


def twins(staging: Staging, rows: int) -> pa.Table:
    """(n, twin, likeness): what is left out, each because of one that stays.

    In the order of arrival: a row goes if one that is kept is like it, so nothing is left out for
    being like something that is left out itself.
    """
    # Twelve bytes a row, however many are left out.
    twin = np.full(rows, -1, dtype=np.int64)
    best = np.zeros(rows, dtype=np.float32)
    for batch in staging.edges():
        columns = (batch.column(name).to_pylist() for name in ("a", "b", "likeness"))
        for a, b, likeness in zip(*columns, strict=True):
            if twin[a] < 0 and likeness > best[b]:
                twin[b], best[b] = a, likeness
    gone = np.flatnonzero(twin >= 0)
    values = (gone, twin[gone], best[gone])
    return pa.table([pa.array(each) for each in values], ["n", "twin", "likeness"])


def edge_keys(staging: Staging, rows: Any) -> tuple[Any, Any]:
    """(place in `rows`, number of a key), as two arrays: the two of each edge share a key of their
    own. rows: sorted; edges to others are none."""
    places: list[Any] = []
    for batch in staging.edges():
        one, other = np.asarray(batch.column("a")), np.asarray(batch.column("b"))
        first, second = np.searchsorted(rows, one), np.searchsorted(rows, other)
        last = len(rows) - 1
        both = (rows[np.minimum(first, last)] == one) & (rows[np.minimum(second, last)] == other)
        places.append(np.stack([first[both], second[both]], axis=1))
    found = np.concatenate(places) if places else np.empty((0, 2), dtype=np.int64)
    return found.ravel(), np.repeat(np.arange(len(found)), 2)
