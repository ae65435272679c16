"""A job in the process that runs it: what its work tells, and what those ask who wait for it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from concurrent.futures import wait as wait_for
from typing import Any, Generic, Protocol, TypeVar

from workbench.store import jobs as rows
from workbench.store.connection import Cursor
from workbench.store.jobs import JobRow, LostJob
from workbench.store.store import Store

#: Seconds between two notes of a progress that no change of the work itself brings along.
TELL_SECONDS = 1.0
log = logging.getLogger(__name__)


class Outcome(Protocol):
    """What became of a job: a dataclass whose fields are JSON."""

    @property
    def stopped(self) -> bool:
        """Before all was through."""


T = TypeVar("T", bound=Outcome)


class Job(Generic[T]):
    """through, of: rows or requests; of: None where it is not known.

    so_far: what its work tells of what is through, so that it can go on; {} at its first start.
    """

    def __init__(
        self,
        store: Store,
        id_: int,
        actor: str,
        spec: Mapping[str, Any],
        before: JobRow | None = None,
    ) -> None:
        """before: where it was lost, and goes on."""
        self.id = id_
        self.actor = actor
        self.spec = spec
        self.through = before.through if before else 0
        self.of = before.planned if before else None
        self.so_far: Mapping[str, Any] = (before.outcome or {}) if before else {}
        self.future: Future[T] = Future()
        self._store = store
        self._worker = store.settings.process_id
        self._stopped = threading.Event()
        self._is_left = False
        self._told_at = time.monotonic()

    @property
    def is_done(self) -> bool:
        return self.future.done()

    @property
    def outcome(self) -> T | None:
        """None while it goes on and where it failed."""
        if not self.future.done() or self.future.exception() is not None:
            return None
        return self.future.result()

    @property
    def error(self) -> BaseException | None:
        """Why it failed."""
        return self.future.exception() if self.future.done() else None

    def wait(self, seconds: float) -> bool:
        """Wait until it is done, not longer than so many seconds; whether it is."""
        wait_for([self.future], timeout=seconds)
        return self.is_done

    def stop(self) -> None:
        """Ask it to end after what it is at; what was done stays."""
        self._stopped.set()

    def leave(self) -> None:
        """The process ends: stop, to go on another time."""
        self._is_left = True
        self._stopped.set()

    @property
    def is_stopped(self) -> bool:
        return self._stopped.is_set()

    @property
    def is_left(self) -> bool:
        """Whether it was stopped because the process ends."""
        return self._is_left

    def note(
        self,
        cursor: Cursor,
        through: int,
        of: int | None,
        so_far: Mapping[str, Any] | None = None,
    ) -> None:
        """How far it is, in the transaction that brings it there: what is told after a kill is
        true. Raises LostJob where another process goes on with it."""
        rows.note(cursor, self.id, self._worker, through, of, so_far)

    def tell(
        self,
        through: int,
        of: int | None = None,
        so_far: Mapping[str, Any] | None = None,
        *,
        noted: bool = False,
    ) -> None:
        """How far it is. noted: it stands in the store by now; else that is done now and then."""
        self.through, self.of = through, of
        if so_far is not None:
            self.so_far = so_far
        now = time.monotonic()
        if noted:
            self._told_at = now
        elif now - self._told_at >= TELL_SECONDS:
            self._told_at = now
            self._write(lambda cursor: self.note(cursor, through, of, so_far))

    def begin(self) -> None:
        """It is its turn. Not waited for: what comes next is written after it."""
        self._write(lambda cursor: rows.begin(cursor, self.id, self._worker))

    def end(
        self, state: str, outcome: Mapping[str, Any] | None = None, error: str | None = None
    ) -> None:
        """Keep how it ended; where the store takes nothing any more, only this process knows."""
        kept = self.so_far or None if outcome is None else outcome
        through, of = self.through, self.of
        future = self._write(
            lambda cursor: rows.end(
                cursor,
                self.id,
                self._worker,
                state=state,
                through=through,
                planned=of,
                outcome=kept,
                error=error,
            )
        )
        if future is not None:
            wait_for([future])

    def _write(self, change: Callable[[Cursor], None]) -> Future[None] | None:
        try:
            future = self._store.change_beside(change)
        except Exception:
            log.exception("job %s could not be kept", self.id)
            return None
        future.add_done_callback(self._written)
        return future

    def _written(self, future: Future[None]) -> None:
        error = future.exception()
        if isinstance(error, LostJob):
            self.stop()
        elif error is not None:
            log.error("job %s could not be kept: %s", self.id, error)
