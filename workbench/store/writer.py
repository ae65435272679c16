"""The one writer: a thread that commits whatever is waiting in one transaction.

A caller hands over work and gets a future that completes after the commit, so an answer given then
speaks of something on disk, and a hundred callers share one flush. If a transaction fails, each of
its works runs again alone: one bad row never takes its neighbours with it.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, TypeVar

import duckdb

from workbench.store.connection import Connection
from workbench.store.errors import Busy, Refused, StoreError

Cursor = duckdb.DuckDBPyConnection
T = TypeVar("T")
Row = TypeVar("Row")
Change = Callable[[Cursor], T]
Batch = Callable[[Cursor, Sequence[Any]], Sequence[Any]]

MAX_WAITING_BYTES = 256 * 2**20
MAX_BATCH_ROWS = 1024
MAX_BATCH_BYTES = 64 * 2**20
# On DuckLake another process may have won; each try is a fresh transaction.
ATTEMPTS = 8
log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Work:
    """Either `change`, run by itself, or `row`, run together with its neighbours by `batch`."""

    future: Future[Any]
    size: int
    change: Change[Any] | None = None
    batch: Batch | None = None
    row: Any = None


@dataclass(slots=True)
class _Queue:
    works: deque[_Work] = field(default_factory=deque)
    size: int = 0
    closed: bool = False


class Writer:
    def __init__(self, connection: Connection) -> None:
        self._cursor = connection.new_cursor()
        self._queue = _Queue()
        self._ready = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    def change(self, change: Change[T]) -> Future[T]:
        """Run `change` in a transaction; its result arrives after the commit.

        `change` may run more than once (after a conflict): it must do nothing but SQL.
        """
        return self._put(_Work(Future(), 1000, change=change))

    def add(
        self, batch: Callable[[Cursor, Sequence[Row]], Sequence[T]], row: Row, size: int
    ) -> Future[T]:
        """Run `batch` over this row and its waiting neighbours; `size` is about the row's bytes."""
        return self._put(_Work(Future(), size, batch=batch, row=row))

    def _put(self, work: _Work) -> Future[Any]:
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
        self._cursor.close()

    def _take(self) -> list[_Work]:
        with self._ready:
            while not self._queue.works and not self._queue.closed:
                self._ready.wait()
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
            try:
                results = self._commit(works)
            except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to the callers
                if len(works) == 1:
                    works[0].future.set_exception(error)
                else:
                    self._one_by_one(works)
            else:
                for work, result in zip(works, results, strict=True):
                    work.future.set_result(result)
            works.clear()

    def _one_by_one(self, works: list[_Work]) -> None:
        for work in works:
            try:
                (result,) = self._commit([work])
            except Exception as error:  # noqa: BLE001 - as above
                work.future.set_exception(error)
            else:
                work.future.set_result(result)

    def _commit(self, works: list[_Work]) -> list[Any]:
        for attempt in range(1, ATTEMPTS + 1):
            self._cursor.execute("BEGIN TRANSACTION")
            try:
                results = _perform(self._cursor, works)
                self._cursor.execute("COMMIT")
            except duckdb.TransactionException as error:
                self._roll_back()
                if attempt == ATTEMPTS:
                    raise
                log.info("write conflict, trying again: %s", str(error).splitlines()[0])
            except BaseException as error:
                self._roll_back()
                if not isinstance(error, Refused) and len(works) == 1:
                    log.warning("a change was not written: %s", type(error).__name__)
                raise
            else:
                return results
        raise AssertionError("unreachable")

    def _roll_back(self) -> None:
        try:
            self._cursor.execute("ROLLBACK")
        except duckdb.TransactionException:
            log.debug("nothing to roll back: the failed commit had done it")


def _perform(cursor: Cursor, works: list[_Work]) -> list[Any]:
    """Results in the order of the works; neighbours with the same batch run as one."""
    results: list[Any] = []
    start = 0
    while start < len(works):
        work = works[start]
        if work.change is not None:
            results.append(work.change(cursor))
            start += 1
            continue
        assert work.batch is not None
        stop = start
        while stop < len(works) and works[stop].batch is work.batch:
            stop += 1
        results.extend(work.batch(cursor, [each.row for each in works[start:stop]]))
        start = stop
    return results
