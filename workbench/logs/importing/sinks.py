"""Where an import's rows go: the store itself, or a running server's API."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol

from workbench.logs.importing.reading import Outcome
from workbench.logs.importing.record import Refusal
from workbench.store.bulk import Bulk
from workbench.store.connection import ROW_GROUP_ROWS
from workbench.store.errors import Busy, Refused
from workbench.store.prepared import Prepared
from workbench.store.store import Store

# Whole row groups of the file. Others wait for one such commit at most.
COMMIT_ROWS = 2 * ROW_GROUP_ROWS
COMMIT_BYTES = 48 * 2**20
_PATIENCE_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a block's rows after the commit."""

    stored: int = 0
    duplicates: int = 0
    refused: tuple[Refusal, ...] = ()


class Sink(Protocol):
    """as_rows: it takes rows for the store, else bodies for the API."""

    as_rows: bool

    def put(self, outcome: Outcome) -> Callable[[], Taken]:
        """Hand a block over. What is returned waits for the commit; it raises StoreError."""


class StoreSink:
    """The store of this process. Blocks are gathered: some thousand rows make one commit."""

    as_rows = True

    def __init__(self, store: Store) -> None:
        self._bulk = Bulk(store)
        self._group = _Group()

    def put(self, outcome: Outcome) -> Callable[[], Taken]:
        return self.put_prepared(outcome.prepared, outcome.places)

    def put_prepared(
        self, prepared: Prepared | None, places: tuple[int, ...]
    ) -> Callable[[], Taken]:
        """The same for rows that came another way."""
        if prepared is None:
            return Taken
        room = self._group.room
        if len(places) > room:
            # A row group ends within this block, and a commit may end there.
            first = self._gather(prepared.part(0, room), places[:room])
            rest = self.put_prepared(prepared.part(room, len(places)), places[room:])
            return lambda: _sum(first(), rest())
        return self._gather(prepared, places)

    def _gather(self, prepared: Prepared, places: tuple[int, ...]) -> Callable[[], Taken]:
        group = self._group
        number = len(group.parts)
        group.parts.append(prepared)
        if group.is_full:
            self._send(group)
        return lambda: self._taken(group, number, places)

    def _send(self, group: _Group) -> None:
        if group.sent is None:
            group.sent = self._add(group.parts)
            if self._group is group:
                self._group = _Group()

    def _add(self, parts: Sequence[Prepared]) -> Future[list[int]]:
        while True:
            try:
                return self._bulk.add(parts)
            except Busy:
                time.sleep(_PATIENCE_SECONDS)

    def _taken(self, group: _Group, number: int, places: tuple[int, ...]) -> Taken:
        self._send(group)
        assert group.sent is not None
        try:
            stored = group.sent.result()[number]
        except Refused:
            return self._alone(group.parts[number], places)
        return Taken(stored, len(places) - stored)

    def _alone(self, part: Prepared, places: tuple[int, ...]) -> Taken:
        """A row that the store cannot hold stands alone in the end, and the others are stored."""
        try:
            stored = self._add([part]).result()[0]
        except Refused as error:
            if len(places) == 1:
                return Taken(refused=(Refusal(places[0], str(error)),))
        else:
            return Taken(stored, len(places) - stored)
        middle = len(places) // 2
        return _sum(
            self._alone(part.part(0, middle), places[:middle]),
            self._alone(part.part(middle, len(places)), places[middle:]),
        )


def _sum(left: Taken, right: Taken) -> Taken:
    return Taken(
        left.stored + right.stored,
        left.duplicates + right.duplicates,
        left.refused + right.refused,
    )


class _Group:
    """Blocks of one commit. sent: the rows that were new of each, once it was handed over."""

    def __init__(self) -> None:
        self.parts: list[Prepared] = []
        self.sent: Future[list[int]] | None = None

    @property
    def rows(self) -> int:
        return sum(len(part.keys) for part in self.parts)

    @property
    def room(self) -> int:
        """Rows up to where a row group is whole."""
        return min(COMMIT_ROWS - self.rows, ROW_GROUP_ROWS - self.rows % ROW_GROUP_ROWS)

    @property
    def is_full(self) -> bool:
        rows, size = self.rows, sum(part.size for part in self.parts)
        if rows >= COMMIT_ROWS or size >= COMMIT_BYTES:
            return True
        # Whole so far, and the next row group would not be.
        return rows % ROW_GROUP_ROWS == 0 and size + size * ROW_GROUP_ROWS // rows > COMMIT_BYTES
