"""One run of a grid: passes over the rows that have something to run, until nothing is left.

Rows flow through the columns in the order of their dependencies, some at a time. They are read in
slices and cells are written in batches, so a million rows are never in memory. Lives on the
runner's loop.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor
from decimal import Decimal
from functools import partial
from typing import TypeVar

from workbench.evals import asking, run_plan
from workbench.evals.asking import LoggedCalls
from workbench.evals.cell_writer import CellWriter
from workbench.evals.purse import Purse
from workbench.evals.run_plan import Contexts, Plan
from workbench.evals.run_rows import Row, RowWork, read_rows
from workbench.providers.run import Answer
from workbench.store import evaluation_calls, evaluation_cells, evaluation_runs, evaluation_sums
from workbench.store.connection import Cursor
from workbench.store.evaluation_runs import Beat, LostRun
from workbench.store.evaluation_values import CANCELLED, PAUSED, RUNNING
from workbench.store.store import Store

T = TypeVar("T")
Change = Callable[[Cursor], T]
#: Rows that are looked at for what is left, and that are read at once.
SPAN, CHUNK = 4000, 200
CLOSING, LOST, FINISHED = "closing", "lost", "finished"
_RATE_SECONDS = 20.0


class GridRun:
    """stopping: why no cell is begun any more: PAUSED, CANCELLED, CLOSING or LOST; None: it goes
    on. running: cells that run now, as (row, column id)."""

    def __init__(
        self,
        store: Store,
        run_id: int,
        actor: str,
        contexts: Contexts,
        reading: Executor,
        *,
        is_first: bool,
        waits: tuple[float, ...],
    ) -> None:
        """is_first: nothing was ever run of it. waits: seconds before a cell is tried again."""
        self.store = store
        self.run_id = run_id
        self.worker = store.settings.process_id
        self.waits = waits
        self.stopping: str | None = None
        self.stopped = asyncio.Event()
        self.running: dict[tuple[int, int], float] = {}
        self.flying: set[asyncio.Task[None]] = set()
        self.logs = LoggedCalls()
        self.made = 0
        self.purse = Purse(None, Decimal(0))
        self._actor = actor
        self._contexts = contexts
        self._reading = reading
        self._is_first = is_first
        self._ended: deque[tuple[float, int]] = deque(maxlen=400)
        self._started = time.monotonic()
        self.plan: Plan
        self.writer: CellWriter

    async def go(self) -> str:
        """Run to the end, or to a stop: FINISHED, or what stopped it. Raises what it cannot handle;
        nothing runs any more then."""
        connection = self.store.connection
        self.writer = CellWriter(self.store, self.run_id, self.worker)
        self.plan = await self.read(
            partial(run_plan.load, connection, self.run_id, self._actor, self._contexts)
        )
        spent = partial(evaluation_sums.spent, connection, self.run_id)
        self.purse.spent = await self.read(spent)
        self.heard(await self.beat())
        used = await run_plan.resolve(self.plan)
        if used:
            await self.change(
                lambda cursor: self.store.evaluations.keep_used(cursor, self.run_id, used)
            )
        while self.stopping is None:
            before = self.made
            if not self._is_first:
                since = self.plan.run.created_at
                found = partial(evaluation_calls.logged, connection, self.run_id, since)
                self.logs = LoggedCalls(await self.read(found))
            self._is_first = False
            await self._pass()
            if self.stopping != LOST:
                await self.writer.drain()
            if self.stopping is None and self.made == before:
                return FINISHED
        return self.stopping

    @property
    def is_stopping(self) -> bool:
        return self.stopping is not None

    def stop(self, why: str) -> None:
        """Begin no cell any more. What runs is finished after a pause, else it is stopped."""
        order = (None, PAUSED, CANCELLED, CLOSING, LOST)
        if order.index(why) > order.index(self.stopping):
            self.stopping = why
        self.stopped.set()
        self.purse.wake()
        if self.stopping != PAUSED:
            for task in tuple(self.flying):
                task.cancel()

    def heard(self, said: Beat) -> None:
        """Do what the store says: commands may come from another process."""
        if self.purse.limit != said.budget:
            self.purse.limit = said.budget
        if said.state != RUNNING:
            self.stop(CANCELLED if said.state == CANCELLED else PAUSED)

    async def beat(self) -> Beat:
        """Say that this process lives. Raises LostRun."""
        return await self.change(
            lambda cursor: evaluation_runs.beat(cursor, self.run_id, self.worker)
        )

    async def read(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._reading, work)

    async def change(self, change: Change[T]) -> T:
        return await asyncio.wrap_future(self.store.change_beside(change))

    async def answer(self, request_id: int) -> Answer | None:
        """Of a call that the logs have."""
        return await self.read(partial(asking.logged_answer, self.store.connection, request_id))

    async def out_of_money(self) -> None:
        """Pause, since the next cell could pass the budget."""
        reason = self.purse.sentence
        if self.stopping is None:
            self.stop(PAUSED)
            await self.change(
                lambda cursor: evaluation_runs.hold_if_running(cursor, self.run_id, reason)
            )

    def ended(self) -> None:
        """A cell is at its end."""
        self.made += 1
        now = time.monotonic()
        if self._ended and now - self._ended[-1][0] < 0.1:
            self._ended[-1] = self._ended[-1][0], self.made
        else:
            self._ended.append((now, self.made))

    @property
    def rate(self) -> float | None:
        """Cells a second over the last seconds; None before there is something to go by."""
        now = time.monotonic()
        since = next(((at, n) for at, n in self._ended if at >= now - _RATE_SECONDS), None)
        if since is None or self.made < 2:
            return None
        at, number = since
        if at == self._ended[0][0]:
            at, number = self._started, 0
        return (self.made - number) / (now - at) if now - at > 0.2 else None

    async def _pass(self) -> None:
        """Once over all rows in which something is left."""
        at_once = self.plan.run.concurrency
        queue: asyncio.Queue[Row | None] = asyncio.Queue(2 * at_once)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._feed(queue, at_once))
            for _ in range(at_once):
                group.create_task(self._work(queue))

    async def _feed(self, queue: asyncio.Queue[Row | None], workers: int) -> None:
        connection, plan = self.store.connection, self.plan
        after: int | None = 0
        while after is not None and self.stopping is None:
            looked = partial(
                evaluation_cells.pending, connection, plan.run, plan.runnable, after, SPAN
            )
            ids, after = await self.read(looked)
            for start in range(0, len(ids), CHUNK):
                chunk = ids[start : start + CHUNK]
                rows = await self.read(partial(read_rows, connection, plan, chunk))
                for row in rows if not self.is_stopping else ():
                    await queue.put(row)
        for _ in range(workers):
            await queue.put(None)

    async def _work(self, queue: asyncio.Queue[Row | None]) -> None:
        """Rows one after the other. Where models are called, a row that has its answers makes room
        for the next while it is logged: the log would else take a tenth of the calls at once."""
        looks_ahead = any(column.kind.asks_at_once for column in self.plan.columns)
        rows = set[asyncio.Task[None]]()
        try:
            while (row := await queue.get()) is not None:
                if self.stopping is not None:
                    continue
                work = RowWork(self, row)
                if looks_ahead:
                    before = tuple(rows)
                    rows.add(task := asyncio.create_task(work.go()))
                    await work.answered
                    for one in (*before, task) if task.done() else before:
                        await one
                        rows.remove(one)
                else:
                    await work.go()
                await self._room()
            for one in rows:
                await one
        finally:
            for one in rows:
                one.cancel()

    async def _room(self) -> None:
        try:
            await self.writer.room()
        except LostRun:
            self.stop(LOST)
        # Quick cells never wait: others get their turn here.
        await asyncio.sleep(0)
