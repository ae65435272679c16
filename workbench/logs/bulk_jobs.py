"""Changes of many requests that go on by themselves, whichever page one looks at meanwhile."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from dataclasses import dataclass, field

from workbench.logs import bulk
from workbench.logs.bulk import Done, Progress, Selection, Undone
from workbench.store.bulk_kinds import Kind
from workbench.store.purge import Purged, purge
from workbench.store.store import Store

# What a person may still want to read; the store keeps what can be undone.
KEPT = 50
Outcome = Done | Undone | Purged


@dataclass(slots=True)
class Job:
    """One change under way, or done. through, of: requests; both 0 before it knows them."""

    id: int
    kind: Kind | None
    change_id: int | None
    actor: str
    through: int = 0
    of: int = 0
    _stopped: threading.Event = field(default_factory=threading.Event)
    _future: Future[Outcome] = field(default_factory=Future)

    @property
    def is_done(self) -> bool:
        return self._future.done()

    @property
    def outcome(self) -> Outcome | None:
        """What became of it; None while it goes on and where it failed."""
        if not self._future.done() or self._future.exception() is not None:
            return None
        return self._future.result()

    @property
    def error(self) -> BaseException | None:
        """Why it failed."""
        return self._future.exception() if self._future.done() else None

    def wait(self, seconds: float) -> bool:
        """Wait until it is done, not longer than so many seconds; whether it is."""
        wait_for([self._future], timeout=seconds)
        return self.is_done

    def stop(self) -> None:
        """Ask it to end after the batch that it is at."""
        self._stopped.set()

    def _told(self, through: int, of: int) -> None:
        self.through, self.of = through, of


_lock = threading.Lock()
_jobs: dict[int, Job] = {}
_numbers = itertools.count(1)
# One at a time: they would only take turns at the writer.
_pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="bulk")
Work = Callable[[Progress, Callable[[], bool]], Outcome]


def start(store: Store, actor: str, selection: Selection, kind: Kind) -> Job:
    """Do something to a selection (workbench.logs.bulk.run)."""
    return _start(
        Job(next(_numbers), kind, None, actor),
        lambda told, stop: bulk.run(store, actor, selection, kind, progress=told, stop=stop),
    )


def start_undo(store: Store, actor: str, change_id: int) -> Job:
    """Undo a change (workbench.logs.bulk.undo)."""
    return _start(
        Job(next(_numbers), None, change_id, actor),
        lambda told, stop: bulk.undo(store, actor, change_id, progress=told, stop=stop),
    )


def start_purge(store: Store, actor: str) -> Job:
    """Remove what deleted requests hold (workbench.store.purge)."""
    return _start(
        Job(next(_numbers), None, None, actor),
        lambda told, stop: purge(store, actor, progress=told, stop=stop),
    )


def find(job_id: int) -> Job | None:
    with _lock:
        return _jobs.get(job_id)


def running() -> list[Job]:
    """Those that go on or wait for their turn, the first one first."""
    with _lock:
        return [job for job in _jobs.values() if not job.is_done]


def _start(job: Job, work: Work) -> Job:
    with _lock:
        for done in [each for each in _jobs.values() if each.is_done][:-KEPT]:
            del _jobs[done.id]
        _jobs[job.id] = job
    job._future = _pool.submit(work, job._told, job._stopped.is_set)
    return job
