"""Long work that goes on by itself, whichever page one looks at meanwhile, and outlives its server.

What was asked and how far it came stands in the store (workbench/store/jobs.py). What a process
left behind says where it stopped; it goes on when a person says so. Each area has threads of its
own: "datasets" and "logs".
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from dataclasses import asdict, dataclass, field
from typing import Any, TypeVar

from workbench.jobs.job import Job, Outcome
from workbench.store import jobs as rows
from workbench.store.connection import Cursor
from workbench.store.errors import NotFound, Refused, StoreError
from workbench.store.jobs import KEPT, JobRow, Process
from workbench.store.per_store import PerStore
from workbench.store.store import Store

T = TypeVar("T", bound=Outcome)
#: Seconds: between heartbeats, and until a stop at the end of the process is given up.
BEAT_SECONDS, CLOSE_SECONDS = 3.0, 25.0
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Area:
    """A list of jobs. threads: how many run at once. known: failures whose text is for people.
    kept: the JSON of an outcome."""

    name: str
    threads: int
    known: tuple[type[Exception], ...] = (StoreError,)
    kept: Callable[[Any], Mapping[str, Any]] = asdict


@dataclass(frozen=True, slots=True)
class Asked:
    """What a job is to do. spec: JSON, enough to go on with it; the rest as in `JobRow`."""

    kind: str
    title: str
    actor: str
    subject: int | None = None
    spec: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Shown:
    """A job as pages show it. live: where this process runs it, or ran it."""

    row: JobRow
    live: Job[Any] | None = None

    @property
    def id(self) -> int:
        return self.row.id

    @property
    def is_over(self) -> bool:
        return self.row.is_over if self.live is None else self.live.is_done

    @property
    def is_lost(self) -> bool:
        """Whether it stopped because its process ended."""
        return self.row.state == rows.LOST and (self.live is None or self.live.is_left)

    @property
    def through(self) -> int:
        return self.row.through if self.live is None else self.live.through

    @property
    def of(self) -> int | None:
        return self.row.planned if self.live is None else self.live.of


class Jobs:
    """The jobs of one store as its process sees them. Made by `jobs_of`; for any thread."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._worker = store.settings.process_id
        self._lock = threading.Lock()
        self._live: dict[int, Job[Any]] = {}
        self._pools: dict[str, ThreadPoolExecutor] = {}
        self._closed = threading.Event()
        # A file has one owner: nobody else asks whether it lives, or asks it to stop.
        if store.connection.is_ducklake:
            threading.Thread(target=self._beat, name="jobs-heart", daemon=True).start()
        store.before_close.append(self.close)

    def start(self, area: Area, asked: Asked, work: Callable[[Job[T]], T]) -> Job[T]:
        """Run `work` when it is its turn; it tells the job how far it is and looks at
        `is_stopped`. Raises StoreError where nothing can be written."""
        job = Job[T](self._store, self._store.make_id(), asked.actor, asked.spec)

        def add(cursor: Cursor) -> None:
            rows.add(
                cursor,
                self._process,
                job.id,
                area=area.name,
                kind=asked.kind,
                subject=asked.subject,
                title=asked.title,
                actor=asked.actor,
                spec=asked.spec,
            )

        return self._begin(area, job, work, add)

    def go_on(self, area: Area, row: JobRow, actor: str, work: Callable[[Job[T]], T]) -> Job[T]:
        """Go on with a job that was lost, from where it stopped. Raises Refused, NotFound."""
        job = Job[T](self._store, row.id, row.actor, row.spec, row)

        def take(cursor: Cursor) -> None:
            # This process does not run it yet, though it has it on its list.
            rows.take(cursor, row.id, self._other_than(row.id))
            detail = {"kind": row.kind, "through": row.through}
            self._store.audit.record(cursor, actor, "job.go_on", f"job/{row.id}", detail)

        return self._begin(area, job, work, take)

    def get(self, id_: int) -> Shown | None:
        live = self._live.get(id_)
        row = rows.get(self._store.connection, id_, self._process)
        return None if row is None else Shown(row, live)

    def find(self, id_: int) -> JobRow:
        """Raises NotFound."""
        found = self.get(id_)
        if found is None:
            raise NotFound("It is not on the list any more.")
        return found.row

    def live(self, id_: int) -> Job[Any] | None:
        """The job where this process runs it, or ran it."""
        return self._live.get(id_)

    def listed(self, area: Area, subject: int | None = None) -> list[Shown]:
        """The last one first."""
        found = rows.listed(self._store.connection, area.name, self._process, subject)
        return [Shown(row, self._live.get(row.id)) for row in found]

    def open_ones(self, area: Area) -> list[Shown]:
        """Those that wait or go on, and those that were lost; the first one first."""
        found = rows.open_ones(self._store.connection, area.name, self._process)
        return [Shown(row, self._live.get(row.id)) for row in found]

    def stop(self, id_: int) -> None:
        """Ask it to end after what it is at, whichever process runs it."""
        live = self._live.get(id_)
        if live is not None:
            live.stop()
        else:
            self._store.change_beside(lambda cursor: rows.ask_stop(cursor, id_)).result()

    def forget(self, id_: int) -> None:
        """Take a job off the list that nobody works at."""
        process = self._process
        self._store.change_beside(lambda cursor: rows.remove(cursor, id_, process)).result()
        with self._lock:
            if id_ in self._live and self._live[id_].is_done:
                del self._live[id_]

    def close(self) -> None:
        """Stop what runs; it says where it stopped, and can go on at the next start."""
        with self._lock:
            if self._closed.is_set():
                return
            self._closed.set()
            left = [job for job in self._live.values() if not job.is_done]
            pools = list(self._pools.values())
        for job in left:
            job.leave()
        wait_for([job.future for job in left], timeout=CLOSE_SECONDS)
        for pool in pools:
            pool.shutdown(wait=False)

    @property
    def is_closed(self) -> bool:
        return self._closed.is_set()

    @property
    def _process(self) -> Process:
        return self._other_than(None)

    def _other_than(self, id_: int | None) -> Process:
        with self._lock:
            here = {one.id for one in self._live.values() if not one.is_done and one.id != id_}
        return Process(self._worker, here, is_alone=not self._store.connection.is_ducklake)

    def _begin(
        self, area: Area, job: Job[T], work: Callable[[Job[T]], T], note: Callable[[Cursor], None]
    ) -> Job[T]:
        with self._lock:
            known = self._live.get(job.id)
            if known is not None and not known.is_done:
                raise Refused("It goes on already.")
            self._live[job.id] = job
        try:
            self._store.change_beside(note).result()
            with self._lock:
                pool = self._pools.get(area.name)
                if pool is None:
                    pool = ThreadPoolExecutor(area.threads, thread_name_prefix=area.name)
                    self._pools[area.name] = pool
                if self._closed.is_set():
                    raise StoreError("The store is closing and takes no more changes.")
                job.future = pool.submit(self._run, area, job, work)
        except BaseException as error:
            job.future.set_exception(error)
            with self._lock:
                del self._live[job.id]
                if known is not None:
                    self._live[job.id] = known
            raise
        with self._lock:
            for done in [one for one in self._live.values() if one.is_done][:-KEPT]:
                del self._live[done.id]
        return job

    def _run(self, area: Area, job: Job[T], work: Callable[[Job[T]], T]) -> T:
        job.begin()
        try:
            outcome = work(job)
        except BaseException as error:
            is_known = isinstance(error, area.known)
            if not is_known:
                log.exception("job %s failed", job.id)
            if job.is_left:
                job.end(rows.LOST)
            else:
                job.end(rows.FAILED, error=str(error) if is_known else "")
            raise
        if outcome.stopped and job.is_left:
            job.end(rows.LOST)
        else:
            job.end(rows.STOPPED if outcome.stopped else rows.DONE, area.kept(outcome))
        return outcome

    def _beat(self) -> None:
        while not self._closed.wait(BEAT_SECONDS):
            with self._lock:
                ids = [job.id for job in self._live.values() if not job.is_done]
            if not ids:
                continue
            try:
                asked = self._store.change_beside(
                    lambda cursor, ids=ids: rows.beat(cursor, ids, self._worker)  # type: ignore[misc]
                ).result()
            except Exception:
                log.exception("the heartbeat of jobs could not be written")
                continue
            for id_ in asked:
                self._live[id_].stop()


#: The jobs of a store that is open in this process.
jobs_of = PerStore(Jobs)
