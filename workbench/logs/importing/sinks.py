"""Where an import's rows go: the store itself, or a running server's API."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol

from workbench.logs.importing.reading import Outcome
from workbench.logs.importing.record import Refusal
from workbench.store.bulk import Bulk, Prepared
from workbench.store.errors import Busy, Refused
from workbench.store.store import Store

# Two row groups of the file (`connection.ROW_GROUP_ROWS`); others wait for one such commit at most.
COMMIT_ROWS = 4096
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
        left = self._alone(part.part(0, middle), places[:middle])
        right = self._alone(part.part(middle, len(places)), places[middle:])
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
    def is_full(self) -> bool:
        rows = sum(len(part.keys) for part in self.parts)
        return rows >= COMMIT_ROWS or sum(part.size for part in self.parts) >= COMMIT_BYTES
