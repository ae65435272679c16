"""Finished cells on their way into the store: gathered, written, and never too many at once."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future

from workbench.store import clock
from workbench.store.errors import StoreError
from workbench.store.evaluation_cells import Finished
from workbench.store.evaluation_values import CellRow
from workbench.store.store import Store

#: Cells that are written together at most, and how long the first of them waits.
AT_ONCE = 256
WAIT_SECONDS = 0.05
#: Batches that may be on their way; beyond, whoever makes cells waits.
MOST = 4


class CellWriter:
    """Of one run, on the runner's loop. error: why cells could not be written; then nothing is
    written any more, and `room` raises it."""

    def __init__(self, store: Store, run_id: int, worker: int) -> None:
        self._store = store
        self._run_id, self._worker = run_id, worker
        self._loop = asyncio.get_running_loop()
        self._waiting: list[CellRow] = []
        self._timer: asyncio.TimerHandle | None = None
        self._away = 0
        self._moved = asyncio.Event()
        self.error: BaseException | None = None

    def put(self, cell: CellRow) -> None:
        self._waiting.append(cell)
        if len(self._waiting) >= AT_ONCE:
            self._send()
        elif self._timer is None:
            self._timer = self._loop.call_later(WAIT_SECONDS, self._send)

    async def room(self) -> None:
        """Wait until the store keeps up; raises why it does not."""
        while self._away >= MOST and self.error is None:
            await self._moved.wait()
        if self.error is not None:
            raise self.error

    async def drain(self) -> None:
        """Everything is written when this returns; raises why it is not."""
        self._send()
        while self._away and self.error is None:
            await self._moved.wait()
        if self.error is not None:
            raise self.error

    def _send(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._waiting or self.error is not None:
            return
        cells, self._waiting = self._waiting, []
        try:
            future = self._store.add_cells(Finished(self._run_id, self._worker, cells, clock.now()))
        except StoreError as error:
            # The store is closing, or too much waits for it.
            self._fail(error)
            return
        self._away += 1
        future.add_done_callback(lambda done: self._tell(done))

    def _tell(self, done: Future[None]) -> None:
        """Called in the store's thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._written, done)

    def _written(self, done: Future[None]) -> None:
        self._away -= 1
        error = done.exception()
        if error is not None:
            self._fail(error)
        self._wake()

    def _fail(self, error: BaseException) -> None:
        self.error = self.error or error
        self._wake()

    def _wake(self) -> None:
        self._moved.set()
        self._moved = asyncio.Event()
