"""Imports that the server runs by itself, one after the other, whoever looks at them.

Each has a folder of its own below `imports/jobs`: what was asked and how it stands (`job.json`),
how far it came (`state.json`) and what was refused. So a job is there after a restart, and goes on
where it stopped.
"""

from __future__ import annotations

import logging
import secrets
import shutil
import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from workbench.logs.importing.background_job import (
    DONE,
    FAILED,
    INTERRUPTED,
    RESUMABLE,
    RUNNING,
    STOPPED,
    UNFINISHED,
    WAITING,
    Asked,
    Job,
    read_job,
    write_job,
    zone_named,
)
from workbench.logs.importing.incoming import JOBS, discard, find, imports_folder, sweep
from workbench.logs.importing.job import Options, Progress, import_file
from workbench.logs.importing.record import Counts, ImportFailed
from workbench.settings import Settings
from workbench.store.errors import StoreError
from workbench.store.store import Store

# So many are remembered; older ones that ended are forgotten with their refused rows.
KEPT = 50
_END_SECONDS = 20
_REFUSED = "refused.csv"
log = logging.getLogger(__name__)


class Jobs:
    """The imports of one store. Every method may be called from any thread."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._jobs: dict[str, Job] = {}
        self._waiting: list[tuple[str, Store]] = []
        self._stop: set[str] = set()
        self._thread: threading.Thread | None = None
        self._closing = False
        self._read()

    def start(self, asked: Asked, store: Store, actor: str) -> Job:
        """Begin an import, or put it behind those that run. Raises ImportFailed without a file."""
        if find(self.folder, asked.file) is None:
            raise ImportFailed(f"{asked.name} is not there any more: choose the file again.")
        job = Job(secrets.token_hex(8), asked, actor, datetime.now(UTC))
        with self._lock:
            self._put(job)
            self._enqueue(job.id, store)
            self._forget_old()
            needed = [token for one in self._jobs.values() for token in one.tokens]
        sweep(self.folder, needed)
        return job

    def get(self, job_id: str) -> Job | None:
        with self._lock:
            return self._jobs.get(job_id)

    def listed(self) -> list[Job]:
        """All of them, the newest first."""
        with self._lock:
            return sorted(self._jobs.values(), key=lambda job: job.created_at, reverse=True)

    def refused_file(self, job_id: str) -> Path | None:
        """The rows that a job refused, with their reasons, as CSV; None where there are none."""
        path = self._place(job_id) / _REFUSED
        return path if self.get(job_id) is not None and path.is_file() else None

    def stop(self, job_id: str) -> None:
        """Stop after what is under way. A job that waits does not begin."""
        with self._lock:
            job = self._jobs.get(job_id)
            if job is None or job.state not in UNFINISHED:
                return
            self._stop.add(job_id)
            if job.state == WAITING:
                self._waiting = [one for one in self._waiting if one[0] != job_id]
                self._put(replace(job, state=STOPPED))

    def is_stopping(self, job_id: str) -> bool:
        with self._lock:
            return job_id in self._stop and self._jobs[job_id].state == RUNNING

    def resume(self, job_id: str, store: Store) -> None:
        """Go on where a job stopped."""
        with self._lock:
            job = self._jobs.get(job_id)
            if job is not None and job.state in RESUMABLE:
                self._put(replace(job, state=WAITING, problem=None, ended_at=None))
                self._enqueue(job_id, store)

    def remove(self, job_id: str) -> None:
        """Forget a job that does not run, with its refused rows. What it stored stays."""
        with self._lock:
            job = self._jobs.get(job_id)
            if job is not None and job.state not in UNFINISHED:
                self._forget(job)

    def close(self) -> None:
        """Stop what runs, and wait for it: afterwards the store may be closed."""
        with self._lock:
            self._closing = True
            self._waiting.clear()
            thread = self._thread
        if thread is not None:
            thread.join(_END_SECONDS)

    def _enqueue(self, job_id: str, store: Store) -> None:
        self._stop.discard(job_id)
        self._waiting.append((job_id, store))
        if self._thread is None and not self._closing:
            self._thread = threading.Thread(target=self._work, name="import", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._thread = None
                    return
                job_id, store = self._waiting.pop(0)
                job = replace(self._jobs[job_id], state=RUNNING)
                self._put(job)
            ended = self._run(job, store)
            with self._lock:
                self._put(replace(ended, rate=0.0, ended_at=datetime.now(UTC)))
            if ended.state == DONE:
                for token in ended.tokens:
                    discard(self.folder, token)

    def _run(self, job: Job, store: Store) -> Job:
        try:
            counts = self._import(job, store)
        except (ImportFailed, StoreError) as error:
            return self._ended(job.id, INTERRUPTED if self._closing else FAILED, str(error))
        except OSError as error:
            said = f"A file of the import cannot be used: {error.strerror or error}."
            return self._ended(job.id, FAILED, said)
        except Exception:
            log.exception("the import %s failed", job.id)
            said = "Something went wrong in the workbench; its log says what."
            return self._ended(job.id, FAILED, said)
        if counts.finished:
            return replace(self._now(job.id), state=DONE, counts=counts, fraction=1.0)
        stopped = INTERRUPTED if self._closing else STOPPED
        return replace(self._now(job.id), state=stopped, counts=counts)

    def _ended(self, job_id: str, state: str, problem: str) -> Job:
        return replace(self._now(job_id), state=state, problem=problem)

    def _now(self, job_id: str) -> Job:
        with self._lock:
            return self._jobs[job_id]

    def _import(self, job: Job, store: Store) -> Counts:
        asked = job.asked
        file = find(self.folder, asked.file)
        other = find(self.folder, asked.companion) if asked.companion else None
        if file is None or (asked.companion and other is None):
            raise ImportFailed(f"The file of {asked.name} is not there any more.")
        place = self._place(job.id)
        options = Options(
            name=asked.name,
            mapping=asked.mapping,
            provider=asked.provider,
            companion=other.path if other else None,
            encoding=asked.encoding,
            zone=zone_named(asked.zone),
            refused=place / _REFUSED,
            state=place / "state.json",
        )
        return import_file(
            store,
            file.path,
            asked.format,
            options,
            actor=job.actor,
            progress=lambda progress: self._reached(job.id, progress),
            stop=lambda: self._closing or job.id in self._stop,
        )

    def _reached(self, job_id: str, progress: Progress) -> None:
        with self._lock:
            job = replace(
                self._jobs[job_id],
                counts=progress.counts,
                rate=progress.rate,
                fraction=progress.fraction,
            )
            self._put(job)

    def _put(self, job: Job) -> None:
        self._jobs[job.id] = job
        try:
            write_job(self._place(job.id), job)
        except OSError as error:
            # It goes on in memory; after a restart the older state is read.
            log.warning("the import %s cannot be noted: %s", job.id, error)

    def _place(self, job_id: str) -> Path:
        return self.folder / JOBS / job_id

    def _forget_old(self) -> None:
        ended = [job for job in self._jobs.values() if job.state not in UNFINISHED]
        # Those that could go on are worth more.
        ended.sort(key=lambda job: (job.state in RESUMABLE, job.created_at))
        for job in ended[: max(0, len(self._jobs) - KEPT)]:
            self._forget(job)

    def _forget(self, job: Job) -> None:
        del self._jobs[job.id]
        shutil.rmtree(self._place(job.id), ignore_errors=True)
        for token in job.tokens:
            discard(self.folder, token)

    def _read(self) -> None:
        """The jobs of earlier runs of the server. One that cannot be read is left alone."""
        for path in (self.folder / JOBS).glob("*/job.json"):
            try:
                job = read_job(path.parent)
            except (OSError, ValueError, KeyError, TypeError) as error:
                log.warning("the import %s cannot be read: %s", path.parent.name, error)
            else:
                self._jobs[job.id] = job


_open: dict[Path, Jobs] = {}
_opening = threading.Lock()


def jobs(settings: Settings) -> Jobs:
    """The imports of the store that the settings name: one object for all that ask."""
    folder = imports_folder(settings)
    with _opening:
        if folder not in _open:
            _open[folder] = Jobs(folder)
        return _open[folder]


def close_jobs() -> None:
    """Stop all imports and wait for them; to be called before the store is closed."""
    with _opening:
        while _open:
            _open.popitem()[1].close()
