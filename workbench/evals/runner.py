"""The runner: runs evaluations in the background of this process, on a loop of its own.

What it runs stands in the store under the number of its process, with a heartbeat. What a process
left behind when it ended, killed or not, is taken up again: by itself at its next start, or by
another one on the same store.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, cast

from workbench.evals.asking import Patient
from workbench.evals.context import Context
from workbench.evals.grid_run import CLOSING, FINISHED, LOST, Change, GridRun, T
from workbench.evals.live import live_context
from workbench.evals.run_plan import Contexts
from workbench.providers.call import Origin
from workbench.providers.host import open_host
from workbench.store import evaluation_runs, evaluations
from workbench.store.evaluation_runs import LostRun
from workbench.store.evaluation_values import CANCELLED, PAUSED, RUNNING
from workbench.store.store import Store

#: Seconds: between heartbeats, between looks for runs that nobody has, until a stop at the end of
#: the process is given up.
BEAT_SECONDS, LOOK_SECONDS, CLOSE_SECONDS = 3.0, 5.0, 25.0
#: Before the second and the third try of a cell whose failure may pass.
WAITS = (2.0, 8.0)
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Live:
    """What only the process knows that runs it. running: (row, column id). rate: cells a second.
    made: cells since the start."""

    running: frozenset[tuple[int, int]]
    rate: float | None
    made: int


@dataclass(slots=True)
class _Active:
    """again: it was asked for once more while it was coming to its end."""

    actor: str
    is_first: bool
    run: GridRun | None = None
    again: bool = False


class Runner:
    """The evaluations that this process runs. Made by `runner_of`; safe to use from any thread.

    contexts: makes what columns run with; waits: seconds before a cell is tried again.
    """

    def __init__(
        self, store: Store, contexts: Contexts | None = None, waits: tuple[float, ...] = WAITS
    ) -> None:
        self._store = store
        self._contexts = contexts or live_contexts(store)
        self._waits = waits
        self._worker = store.settings.process_id
        self._active: dict[int, _Active] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._lock = threading.Lock()
        self._reading = ThreadPoolExecutor(2, "evaluations-read")
        self._closed = False
        self._loop = _new_loop()
        self._thread = threading.Thread(target=self._serve, name="evaluations", daemon=True)
        self._thread.start()
        store.before_close.append(self.close)

    def launch(self, run_id: int, actor: str, *, is_first: bool = False) -> None:
        """Run a run that this process has taken. is_first: nothing was ever run of it."""
        with self._lock:
            if self._closed:
                return
            known = self._active.get(run_id)
            if known is not None:
                known.again = True
                return
            self._active[run_id] = _Active(actor, is_first)
        self._loop.call_soon_threadsafe(self._begin, run_id)

    def tell(self, run_id: int, why: str | None = None) -> None:
        """The store says something else about a run than before: look at once. why: PAUSED or
        CANCELLED, where that is it."""
        self._loop.call_soon_threadsafe(self._told, run_id, why)

    def live(self, run_id: int) -> Live | None:
        """None where this process does not run it."""
        with self._lock:
            active = self._active.get(run_id)
        if active is None:
            return None
        run = active.run
        if run is None:
            return Live(frozenset(), None, 0)
        # Copied in one step, so that the loop cannot change it meanwhile.
        return Live(frozenset(tuple(run.running)), run.rate, run.made)

    @property
    def is_closed(self) -> bool:
        return self._closed

    def close(self) -> None:
        """Stop what runs and keep what is finished; the runs go on at the next start."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(CLOSE_SECONDS + 5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._reading.shutdown()

    async def _close(self) -> None:
        for active in tuple(self._active.values()):
            if active.run is not None:
                active.run.stop(CLOSING)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=CLOSE_SECONDS)

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        watch = self._loop.create_task(self._watch())
        try:
            self._loop.run_forever()
        finally:
            watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                self._loop.run_until_complete(watch)

    def _told(self, run_id: int, why: str | None) -> None:
        active = self._active.get(run_id)
        run = active.run if active is not None else None
        if run is None:
            return
        if why is not None:
            run.stop(why)
        else:
            self._keep(self._loop.create_task(self._beat(run)))

    def _begin(self, run_id: int) -> None:
        self._keep(self._loop.create_task(self._drive(run_id)))

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # -- taking over what nobody has --

    async def _watch(self) -> None:
        while not self._closed:
            try:
                await self._take_over()
            except Exception:
                log.exception("runs that nobody has could not be looked for")
            await asyncio.sleep(LOOK_SECONDS)

    async def _take_over(self) -> None:
        find = partial(evaluation_runs.free_runs, self._store.connection, self._worker)
        for run_id in await self._read(find):
            if run_id in self._active or self._closed:
                continue
            taken = await self._change(
                lambda cursor, run_id=run_id: evaluation_runs.take_over(  # type: ignore[misc]
                    cursor, run_id, self._worker
                )
            )
            info = await self._read(partial(evaluations.run, self._store.connection, run_id))
            if taken and info is not None:
                log.info("evaluation run %s goes on", run_id)
                self.launch(run_id, info.author)

    # -- one run --

    async def _drive(self, run_id: int) -> None:
        """A run from its start until it is let go of; it never stays "running" without running."""
        active = self._active[run_id]
        while True:
            try:
                goes_on = await self._once(run_id, active)
            except LostRun:
                goes_on = False
            except Exception as error:
                # Whatever it is, the run says so and can be started again.
                log.exception("evaluation run %s failed", run_id)
                await self._give_up(run_id, error)
                goes_on = False
            with self._lock:
                if not goes_on and not active.again:
                    del self._active[run_id]
                    return
            if not goes_on and not await self._is_to_run(run_id):
                with self._lock:
                    del self._active[run_id]
                return
            active.again, active.is_first = False, False

    async def _once(self, run_id: int, active: _Active) -> bool:
        """True where it was started again while it was held."""
        run = GridRun(
            self._store,
            run_id,
            active.actor,
            self._contexts,
            self._reading,
            is_first=active.is_first,
            waits=self._waits,
        )
        active.run = run
        beating = self._loop.create_task(self._beats(run))
        try:
            if self._closed:
                run.stop(CLOSING)
            outcome = await run.go()
        finally:
            beating.cancel()
            active.run = None
        worker = self._worker
        if outcome == FINISHED:
            await self._change(lambda cursor: evaluation_runs.end(cursor, run_id, worker))
        elif outcome in (PAUSED, CANCELLED):
            let_go = await self._change(
                lambda cursor: evaluation_runs.let_go(cursor, run_id, worker)
            )
            return not let_go
        elif outcome == CLOSING:
            await self._change(lambda cursor: evaluation_runs.leave(cursor, run_id, worker))
        else:
            assert outcome == LOST
            log.info("evaluation run %s is run by another process", run_id)
        return False

    async def _is_to_run(self, run_id: int) -> bool:
        if self._closed:
            return False
        info = await self._read(partial(evaluations.run, self._store.connection, run_id))
        return info is not None and info.state == RUNNING and info.worker == self._worker

    async def _give_up(self, run_id: int, error: Exception) -> None:
        first = _first(error)
        reason = (
            f"The workbench failed ({type(first).__name__}: {first}); the server's log has the "
            "details. Go on starts it again."
        )[:1000]
        try:
            await self._change(
                lambda cursor: evaluation_runs.give_up(cursor, run_id, self._worker, reason)
            )
        except Exception:
            # The store itself fails: the run is found, and goes on, once it can be written again.
            log.exception("evaluation run %s could not be paused", run_id)

    async def _beats(self, run: GridRun) -> None:
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            await self._beat(run)

    async def _beat(self, run: GridRun) -> None:
        try:
            run.heard(await run.beat())
        except LostRun:
            run.stop(LOST)
        except Exception:
            log.exception("the heartbeat of an evaluation could not be written")

    async def _read(self, work: Any) -> Any:
        return await self._loop.run_in_executor(self._reading, work)

    async def _change(self, change: Change[T]) -> T:
        return await asyncio.wrap_future(self._store.change_beside(change))


def _first(error: BaseException) -> BaseException:
    """What went wrong first, out of a group."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def live_contexts(store: Store) -> Contexts:
    """What columns run with in a server. The host is opened when it is first needed."""

    def made(origin: Origin, judge: Mapping[str, Any] | None) -> Context:
        host = open_host()
        context = live_context(store, host, store.settings, origin, judge)
        return replace(context, ask=Patient(host))

    return made


def _new_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return cast(asyncio.AbstractEventLoop, uvloop.new_event_loop())


_lock = threading.Lock()
_runners: dict[int, tuple[Store, Runner]] = {}


def runner_of(
    store: Store, contexts: Contexts | None = None, waits: tuple[float, ...] = WAITS
) -> Runner:
    """The runner of a store that is open in this process, made at the first call."""
    with _lock:
        known = _runners.get(id(store))
        if known is None or known[0] is not store or known[1].is_closed:
            for key in [key for key, (_, one) in _runners.items() if one.is_closed]:
                del _runners[key]
            known = _runners[id(store)] = (store, Runner(store, contexts, waits))
        return known[1]


def running_here(store: Store) -> Runner | None:
    """The runner where there is one: nothing is started by looking."""
    with _lock:
        known = _runners.get(id(store))
    return known[1] if known is not None and known[0] is store else None


def close_runners() -> None:
    """Stop what runs, before the host of the models is closed."""
    with _lock:
        found = [one for _, one in _runners.values()]
    for one in found:
        one.close()
