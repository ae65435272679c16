"""The host: runs calls on a loop of its own, and does once what no adapter should do.

Time-outs, retries, concurrency, cost, and a log record for every run, whatever became of it. Runs
belong to the host, not to whoever started them: a page may go, and look again later.
"""

from __future__ import annotations

import asyncio
import logging
import random
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar, cast

from workbench import garbage
from workbench.jsontext import mended_text
from workbench.logs.call import Conversation
from workbench.logs.intake import Taken
from workbench.providers.adapter import Adapter
from workbench.providers.call import Call, Origin, Timeouts
from workbench.providers.content import with_ids
from workbench.providers.errors import ProviderError, kind_of
from workbench.providers.events import finish
from workbench.providers.gate import Gate, limit_of
from workbench.providers.inline import with_content
from workbench.providers.listing import Listings
from workbench.providers.performing import Held, attempts
from workbench.providers.reach import Connections, Target, target
from workbench.providers.record import Sink, body_of, cleaned, taken_of
from workbench.providers.run import DONE, FAILED, STOPPED, Answer, Run, unread_answer
from workbench.settings import Settings
from workbench.store import connections
from workbench.store.errors import StoreError
from workbench.store.rows import NewRequest
from workbench.store.store import Store, open_store
from workbench.usage import Cost, Usage

T = TypeVar("T")
#: Runs that have ended and may still be asked for by their id.
KEPT_RUNS = 200
#: How long it is taken that a provider is reached as before: finding out looks for keys in the
#: environment and in files and for endpoints in the store, which each call of thousands did.
_TARGET_SECONDS = 0.5
log = logging.getLogger(__name__)


class Host:
    """sink: keeps log records. connections: reads the endpoints that users connected."""

    def __init__(self, settings: Settings, sink: Sink, connections: Connections) -> None:
        self.settings = settings
        self.connections = connections
        self.timeouts = Timeouts(
            connect=settings.model_connect_seconds,
            first_token=settings.model_first_token_seconds,
            total=settings.model_total_seconds,
        )
        self._sink = sink
        self._gates: dict[str, Gate] = {}
        self._targets: dict[tuple[str, Timeouts], tuple[float, Target]] = {}
        self._clients: dict[Any, tuple[Adapter, Any]] = {}
        self._runs: OrderedDict[str, Run] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()
        self._lock = threading.Lock()
        self._making = asyncio.Lock()
        self._random = random.Random()  # noqa: S311 - spreads retries and names runs: no secret
        self._loop = _new_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="models", daemon=True)
        self._thread.start()
        self.listings = Listings(self)

    def start(
        self, call: Call, origin: Origin, on_answer: Callable[[], object] | None = None
    ) -> Run:
        """Begin a run and return its handle at once. From any thread.

        on_answer: called in the host's thread when the answer is whole, before it is logged.
        """
        # Not by the system's random numbers: asking for them lets other threads go first.
        run = Run(f"{self._random.getrandbits(128):032x}", call, origin, time.monotonic)
        run.on_answer = on_answer
        with self._lock:
            self._runs[run.id] = run
            if len(self._runs) > 2 * KEPT_RUNS:
                # Now and then: looking through them for each call took as long as starting it.
                ended = [key for key, one in self._runs.items() if one.future.done()]
                for old in ended[:-KEPT_RUNS]:
                    del self._runs[old]
        self._loop.call_soon_threadsafe(self._begin, run)
        return run

    def run(self, id_: str) -> Run | None:
        """A run by its id: of those that go on, and of the last ones that have ended."""
        with self._lock:
            return self._runs.get(id_)

    def runs(self) -> list[Run]:
        """Those that have not ended, in the order in which they began."""
        with self._lock:
            return [run for run in self._runs.values() if not run.future.done()]

    async def ask(self, call: Call, origin: Origin) -> Answer:
        """Run a call to its end, from any loop. Cancelling the caller stops the run."""
        run = self.start(call, origin)
        try:
            return await asyncio.wrap_future(run.future)
        except asyncio.CancelledError:
            run.stop()
            raise

    def submit(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Run a coroutine on the host's loop, for listing models and testing keys."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    async def client(self, target: Target) -> Any:
        """The package's client, shared by all calls that reach a provider in the same way."""
        key = (id(target.adapter), target.access.identity)
        if key not in self._clients:
            async with self._making:
                if key not in self._clients:
                    # Importing a vendor's package takes up to a second: streams go on meanwhile.
                    made = await asyncio.to_thread(_made, target)
                    self._clients[key] = target.adapter, made
        return self._clients[key][1]

    def target(self, provider: str, timeouts: Timeouts | None = None) -> Target:
        """How a provider is reached; raises ProviderError saying what is missing."""
        return target(provider, self.connections, timeouts or self.timeouts)

    def close(self) -> None:
        """Stop every run, wait until each has its log record, and let go of the connections."""
        for run in self.runs():
            run.stop()
        self.listings.close()
        self.submit(self._close()).result(30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _close(self) -> None:
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=20)
        for adapter, client in self._clients.values():
            await adapter.close(client)
        self._clients.clear()

    def _begin(self, run: Run) -> None:
        task = self._loop.create_task(self._perform(run))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _perform(self, run: Run) -> None:
        """A run from its beginning to its log record; its future always gets an answer."""
        held = Held()
        work = self._loop.create_task(self._attempts(run, held))
        run.on_stop(lambda: self._loop.call_soon_threadsafe(work.cancel))
        status, error = DONE, None
        try:
            await work
        except asyncio.CancelledError:
            status = STOPPED
        except ProviderError as failure:
            status, error = FAILED, failure
        except Exception as failure:
            # Whatever it is, the run must end and say so.
            log.exception("a run failed for a reason of its own")
            told = f"{type(failure).__name__}: {failure}"
            status, error = FAILED, ProviderError("internal", told)
        run.progress.ended, run.progress.ended_at = time.monotonic(), datetime.now(UTC)
        try:
            answer = await self._answer(run, held, status, error)
        except Exception as failure:
            # Without an answer the run would go on for ever for everybody who looks.
            log.exception("the end of a run could not be read or logged")
            answer = unread_answer(run, status, error, failure)
        run.future.set_result(answer)

    async def _attempts(self, run: Run, held: Held) -> None:
        timeouts = run.call.timeouts or self.timeouts
        call = run.call
        if (messages := with_ids(call.messages)) is not call.messages:
            call = replace(call, messages=messages)
        held.target = self._target(call.provider, timeouts)
        adapter = held.target.adapter
        if adapter.wants_content:
            call = await with_content(call)
        held.wire = adapter.to_wire(call)
        run.progress.ignored = held.wire.ignored
        client = await self.client(held.target)
        retries, gate = self.settings.model_retries, self._gate(held.target.name)
        await attempts(run, held, held.target, client, gate, timeouts, retries, self._random)

    def _target(self, provider: str, timeouts: Timeouts) -> Target:
        """As `target`, or as it was found a moment ago."""
        key, now = (provider, timeouts), time.monotonic()
        known = self._targets.get(key)
        if known is None or now - known[0] > _TARGET_SECONDS:
            known = self._targets[key] = now, self.target(provider, timeouts)
        return known[1]

    def _gate(self, provider: str) -> Gate:
        if provider not in self._gates:
            at_once = limit_of(self.settings.model_concurrency, provider)
            self._gates[provider] = Gate(at_once, limit_of(self.settings.model_rate, provider))
        return self._gates[provider]

    async def _answer(
        self, run: Run, held: Held, status: str, error: ProviderError | None
    ) -> Answer:
        """The end of a run, its record kept."""
        response = held.response(run.call.stream)
        if error is not None:
            secrets = held.target.access.secrets.values() if held.target is not None else ()
            error.message = mended_text(cleaned(error.message, secrets))
        body = body_of(run, held.target, held.wire.kwargs, response, status, error)
        taken = taken_of(body, run.origin, held.target)
        if status == DONE and taken.conversation.error is not None:
            # The answer came, and says itself that it is none.
            code, message = taken.conversation.error
            status = FAILED
            error = ProviderError(kind_of(None, code, message, None), message, None, code)
            body = body_of(run, held.target, held.wire.kwargs, response, status, error)
            taken = taken_of(body, run.origin, held.target)
        if status == DONE and run.on_answer is not None:
            run.on_answer()
        request_id, problem = await self._kept(taken, body)
        conversation, row = taken.conversation, taken.row
        return Answer(
            status=status,
            messages=conversation.output,
            usage=conversation.usage or run.progress.usage or Usage(),
            cost=_cost(row),
            model=conversation.model,
            finish_reason=conversation.finish_reason or run.progress.reason,
            finish=_finish(conversation, run.progress.reason),
            error=error,
            raw=row.raw,
            request_id=request_id,
            log_problem=problem,
        )

    async def _kept(self, taken: Taken, body: dict[str, Any]) -> tuple[int | None, str | None]:
        try:
            return await self._sink(taken.row, body), None
        except StoreError as error:
            log.error("a run could not be logged: %s", error)
            return None, str(error)
        except Exception as error:
            # The answer is there and is shown, whatever keeps the log from taking it.
            log.exception("a run could not be logged")
            return None, f"{type(error).__name__}: {error}"


def _made(target: Target) -> Any:
    """The package's client; most packages are loaded for it."""
    made = target.adapter.client(target.access)
    garbage.loaded()
    return made


def _cost(row: NewRequest) -> Cost | None:
    if row.cost is None or row.cost_source is None:
        return None
    return Cost(row.cost, row.cost_source, row.cost_formula)


def _finish(conversation: Conversation, streamed: str | None) -> str | None:
    """Why the answer ended; calls count as such even where the vendor's word is only "stop"."""
    found = finish(conversation.finish_reason or streamed)
    called = any(one.get("tool_calls") for one in conversation.output)
    return "tool_calls" if called and found == "stop" else found


def store_sink(store: Store) -> Sink:
    """Keeps records in a store."""

    async def keep(row: NewRequest, _body: Mapping[str, Any]) -> int:
        return (await asyncio.wrap_future(store.add(row))).id

    return keep


def _new_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return cast(asyncio.AbstractEventLoop, uvloop.new_event_loop())


_host_lock = threading.Lock()
_host: Host | None = None


def open_host() -> Host:
    """The host of this process, made at the first call. Pages and API share it."""
    global _host
    with _host_lock:
        if _host is None:
            store = open_store()
            _host = Host(
                store.settings, store_sink(store), lambda: connections.listed(store.connection)
            )
        return _host


def close_host() -> None:
    """Stop what runs and log it. To be called before the store is closed."""
    global _host
    with _host_lock:
        if _host is not None:
            _host.close()
            _host = None
