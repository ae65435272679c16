"""The one writer: a thread that commits whatever is waiting in one transaction.

A caller hands over work and gets a future that completes after the commit, so an answer given then
speaks of something on disk, and a hundred callers share one flush. If a transaction fails, what
failed is narrowed down and the rest is written without it: one bad row never takes its neighbours
with it, and costs some transactions, not one for each neighbour.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, TypeVar

import duckdb

from workbench.store.connection import Connection
from workbench.store.connection import Cursor as Cursor
from workbench.store.errors import Busy, Refused, StoreError

T = TypeVar("T")
Row = TypeVar("Row")
Change = Callable[[Cursor], T]
Batch = Callable[[Cursor, Sequence[Any]], Sequence[Any]]

MAX_WAITING_BYTES = 256 * 2**20
MAX_BATCH_ROWS = 1024
MAX_BATCH_BYTES = 64 * 2**20
# A batch costs much for being one, so a few wait this long for others: 32 callers then share one
# batch instead of two that take turns (635 requests a second became 862).
GATHER_SECONDS = 0.006
ENOUGH_ROWS = 64
# On DuckLake another process may have won; each try is a fresh transaction, after a wait of random
# length so that the same two do not meet again and again.
ATTEMPTS = 12
LONGEST_WAIT_SECONDS = 0.5
log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Work:
    """Either `change`, run by itself, or `row`, run together with its neighbours by `batch`.

    is_alone: nothing else is in its transaction."""

    future: Future[Any]
    size: int
    change: Change[Any] | None = None
    is_alone: bool = False
    batch: Batch | None = None
    row: Any = None


@dataclass(slots=True)
class _Queue:
    works: deque[_Work] = field(default_factory=deque)
    size: int = 0
    closed: bool = False


class Writer:
    """`cursor` is the one that every change runs on, for what must be set up on it beforehand."""

    def __init__(self, connection: Connection) -> None:
        self.cursor = connection.new_cursor()
        self._is_ducklake = connection.is_ducklake
        self._attempts = ATTEMPTS if connection.is_ducklake else 1
        self._connection = connection
        self._queue = _Queue()
        self._ready = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    def change(self, change: Change[T], *, is_alone: bool = False) -> Future[T]:
        """Run `change` in a transaction; its result arrives after the commit.

        `change` may run more than once (after a conflict): it must do nothing but SQL. is_alone:
        in a transaction of its own.
        """
        return self._put(_Work(Future(), 1000, change=change, is_alone=is_alone))

    def add(
        self, batch: Callable[[Cursor, Sequence[Row]], Sequence[T]], row: Row, size: int
    ) -> Future[T]:
        """Run `batch` over this row and its waiting neighbours; `size` is about the row's bytes."""
        return self._put(_Work(Future(), size, batch=batch, row=row))

    def _put(self, work: _Work) -> Future[Any]:
        # From here on it cannot be cancelled: a caller that goes away leaves what it handed over.
        work.future.set_running_or_notify_cancel()
        with self._ready:
            if self._queue.closed:
                raise StoreError("The store is closing and takes no more changes.")
            if self._queue.works and self._queue.size + work.size > MAX_WAITING_BYTES:
                raise Busy("Too much is waiting to be written; try again in a moment.")
            self._queue.works.append(work)
            self._queue.size += work.size
            self._ready.notify()
        return work.future

    def close(self) -> None:
        """Write what was accepted, then stop."""
        with self._ready:
            self._queue.closed = True
            self._ready.notify()
        self._thread.join()
        self.cursor.close()

    def _take(self) -> list[_Work]:
        with self._ready:
            while not self._queue.works and not self._queue.closed:
                self._ready.wait()
            is_few = len(self._queue.works) < ENOUGH_ROWS and not self._queue.closed
        if is_few:
            time.sleep(GATHER_SECONDS)
        with self._ready:
            taken: list[_Work] = []
            size = 0
            while self._queue.works and len(taken) < MAX_BATCH_ROWS:
                work = self._queue.works[0]
                if taken and size + work.size > MAX_BATCH_BYTES:
                    break
                taken.append(self._queue.works.popleft())
                size += work.size
            self._queue.size -= size
            return taken

    def _run(self) -> None:
        while works := self._take():
            self._write(works)
            # The last batch would be kept in memory until the next one comes.
            works.clear()

    def _write(self, works: list[_Work]) -> None:
        """Write all that can be written, in order, and complete every future."""
        parts = _apart(works)
        while parts:
            part = parts.pop()
            try:
                results = self._commit(part)
            except _Failed as failed:
                if failed.is_of_all or len(part) == 1:
                    for work in part:
                        work.future.set_exception(failed.error)
                else:
                    parts.extend(reversed(_narrowed(part, failed.start, failed.stop)))
            else:
                # Once more, now that readers see it: figures from in between are of before.
                self._connection.changes += any(work.change is not None for work in part)
                for work, result in zip(part, results, strict=True):
                    work.future.set_result(result)

    def _commit(self, works: list[_Work]) -> list[Any]:
        """One transaction; raises _Failed, and then nothing of it was written."""
        for attempt in range(1, self._attempts + 1):
            place = _Place(0, len(works))
            try:
                self.cursor.execute("BEGIN TRANSACTION")
                results = _perform(self.cursor, works, place)
                place.start, place.stop = 0, len(works)
                self.cursor.execute("COMMIT")
            except Exception as error:
                # Whatever it is, it belongs to the callers.
                self._roll_back()
                if attempt == self._attempts or not _is_conflict(error):
                    raise self._failed(error, place, len(works)) from error
                log.info("write conflict, trying again: %s", str(error).splitlines()[0])
                time.sleep(random.uniform(0, LONGEST_WAIT_SECONDS * attempt / self._attempts))  # noqa: S311 - no secret
            else:
                return results
        raise AssertionError("unreachable")

    def _failed(self, error: Exception, place: _Place, works: int) -> _Failed:
        broken: tuple[type[Exception], ...] = (duckdb.IOException, duckdb.FatalException)
        if not self._is_ducklake:
            # A file has one owner, so nothing can conflict: a commit that fails means the disk.
            broken = (*broken, duckdb.TransactionException)
        if isinstance(error, broken) and place.stop - place.start == works:
            log.error("nothing can be written: %s", error)
            sentence = self._connection.explain(error) or StoreError(_cannot_write(error))
            return _Failed(sentence, place, is_of_all=True)
        if not isinstance(error, Refused) and place.stop - place.start == 1:
            log.warning("a change was not written: %s: %s", type(error).__name__, error)
        return _Failed(self._connection.explain(error) or error, place, is_of_all=False)

    def _roll_back(self) -> None:
        try:
            self.cursor.execute("ROLLBACK")
        except duckdb.Error as error:
            log.debug("nothing was rolled back: %s", error)


@dataclass(slots=True)
class _Place:
    """Which works are being performed."""

    start: int
    stop: int


class _Failed(Exception):
    """A transaction failed while the works [start, stop) were performed, or at its commit.

    is_of_all: the store itself fails, so the neighbours would fare no better alone.
    """

    def __init__(self, error: Exception, place: _Place, *, is_of_all: bool) -> None:
        super().__init__(str(error))
        self.error = error
        self.start = place.start
        self.stop = place.stop
        self.is_of_all = is_of_all


def _is_conflict(error: Exception) -> bool:
    return isinstance(error, duckdb.TransactionException) and "conflict" in str(error).lower()


def _cannot_write(error: Exception) -> str:
    reason = str(error).splitlines()[0]
    if isinstance(error, duckdb.FatalException):
        return f"The store has failed and must be opened anew: restart the workbench. ({reason})"
    return f"The store cannot be written to: {reason}"


def _apart(works: list[_Work]) -> list[list[_Work]]:
    """What is one transaction each, the first one last."""
    parts: list[list[_Work]] = []
    for work in works:
        if parts and not work.is_alone and not parts[-1][0].is_alone:
            parts[-1].append(work)
        else:
            parts.append([work])
    return parts[::-1]


def _narrowed(works: list[_Work], start: int, stop: int) -> list[list[_Work]]:
    """The works in order, cut so that what failed stands alone or, if it is several, is halved."""
    middle = (start + stop) // 2 if stop - start > 1 else stop
    cuts = sorted({0, start, middle, stop, len(works)})
    return [works[left:right] for left, right in pairwise(cuts)]


def _perform(cursor: Cursor, works: list[_Work], place: _Place) -> list[Any]:
    """Results in the order of the works; neighbours with the same batch run as one."""
    results: list[Any] = []
    start = 0
    while start < len(works):
        work = works[start]
        stop = start + 1
        if work.change is not None:
            place.start, place.stop = start, stop
            results.append(work.change(cursor))
        else:
            while stop < len(works) and works[stop].batch is work.batch:
                stop += 1
            place.start, place.stop = start, stop
            assert work.batch is not None
            results.extend(work.batch(cursor, [each.row for each in works[start:stop]]))
        start = stop
    return results
