"""Rows that are brought in or changed by themselves, whichever page one looks at meanwhile.

A job ends with the server; what it wrote until then is in the draft.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from dataclasses import dataclass, field

from workbench.logs.importing.record import Refusal

# What a person may still want to read.
KEPT = 50
#: So many refused rows are listed with their reasons; all are counted.
MAX_LISTED = 10_000


@dataclass(frozen=True, slots=True)
class Brought:
    """What became of the rows. verb: what was done to them.

    known: from requests that the draft had rows of already. listed: the first MAX_LISTED of
    the refused rows. stopped: before all were through.
    """

    rows: int
    refused: int = 0
    listed: tuple[Refusal, ...] = ()
    known: int = 0
    stopped: bool = False
    verb: str = "added"


@dataclass(slots=True)
class Job:
    """Rows under way. through: rows; of: how many there are, None where that is not known."""

    id: int
    title: str
    dataset_id: int
    actor: str
    through: int = 0
    of: int | None = None
    _stopped: threading.Event = field(default_factory=threading.Event)
    _future: Future[Brought] = field(default_factory=Future)

    @property
    def is_done(self) -> bool:
        return self._future.done()

    @property
    def outcome(self) -> Brought | None:
        """None while it goes on and where it failed."""
        if not self._future.done() or self._future.exception() is not None:
            return None
        return self._future.result()

    @property
    def error(self) -> BaseException | None:
        return self._future.exception() if self._future.done() else None

    def wait(self, seconds: float) -> bool:
        """Wait until it is done, not longer than so many seconds; whether it is."""
        wait_for([self._future], timeout=seconds)
        return self.is_done

    def stop(self) -> None:
        """Ask it to end after the rows that it is at; what was added stays in the draft."""
        self._stopped.set()

    @property
    def is_stopped(self) -> bool:
        return self._stopped.is_set()

    def tell(self, through: int, of: int | None = None) -> None:
        self.through, self.of = through, of


_lock = threading.Lock()
_jobs: dict[int, Job] = {}
_numbers = itertools.count(1)
_pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="datasets")


def start(title: str, dataset_id: int, actor: str, work: Callable[[Job], Brought]) -> Job:
    """Run `work` when it is its turn; it tells the job how far it is and looks at `is_stopped`."""
    job = Job(next(_numbers), title, dataset_id, actor)
    with _lock:
        for done in [each for each in _jobs.values() if each.is_done][:-KEPT]:
            del _jobs[done.id]
        _jobs[job.id] = job
    job._future = _pool.submit(work, job)
    return job


def of_dataset(dataset_id: int) -> list[Job]:
    """The jobs of a dataset, the last one first."""
    with _lock:
        return [job for job in reversed(_jobs.values()) if job.dataset_id == dataset_id]


def forget(job_id: int) -> None:
    """Take a job that ended out of the list."""
    with _lock:
        job = _jobs.get(job_id)
        if job is not None and job.is_done:
            del _jobs[job_id]
