"""Exports in the background: one at a time, listed, cancelled, kept for a set time.

A job that a process did not bring to an end is found at the next start (records.py).
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from workbench.export import output
from workbench.export.bucket import configured
from workbench.export.records import Records
from workbench.export.running import Control, Progress, Stopped, run
from workbench.export.sources import check_columns
from workbench.export.spec import Spec, read_spec
from workbench.jsontext import FieldError
from workbench.store import allocator, exports
from workbench.store.connection import exports_folder
from workbench.store.errors import NotFound, Refused, StoreError
from workbench.store.exports import ExportRow
from workbench.store.per_store import PerStore
from workbench.store.store import Store

MOST_WAITING = 20
# How often exports that repeat, and those whose time is over, are looked for.
_LOOK_SECONDS = 30.0
_CLOSED = "The workbench was closed."
_CLOSING = "The store is closing and takes no more exports."
_UNKNOWN = "Something went wrong; the server's log says what."
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """An export as it is shown: what the store has of it, and how far it is while it runs."""

    row: ExportRow
    progress: Progress | None

    @property
    def files(self) -> list[dict[str, Any]]:
        """name, rows, bytes and sha256 of each; [] until it is done."""
        if self.row.status != exports.DONE or self.row.manifest is None:
            return []
        return list(self.row.manifest["files"])


@dataclass(slots=True)
class _Running:
    id: int
    spec: Spec
    control: Control = field(default_factory=Control)


class Jobs:
    """The exports of one store's process. Made by `jobs_of`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.folder: Path = exports_folder(store.settings)
        self._records = Records(store, self.folder)
        # Those that are on their way into the store: they have an id and are not in the queue yet.
        self._coming: dict[int, _Running] = {}
        self._waiting: deque[_Running] = deque()
        # Ends that the store would not take at the time: (id, status, error).
        self._owed: list[tuple[int, str, str | None]] = []
        self._current: _Running | None = None
        self._ready = threading.Condition()
        self._closed = False
        self._records.recover()
        self._thread = threading.Thread(target=self._work, name="exports", daemon=True)
        self._thread.start()
        store.before_close.append(self.close)

    def start(self, spec: Spec, actor: str, *, schedule_id: int | None = None) -> int:
        """Put an export on the list; its id. Raises FieldError for columns that are not there,
        and Refused where too many are waiting."""
        check_columns(self._store.connection, spec)
        coming = _Running(self._store.make_id(), spec)
        id_ = coming.id
        with self._ready:
            if self._closed:
                raise StoreError(_CLOSING)
            if len(self._waiting) + len(self._coming) >= MOST_WAITING:
                raise Refused(f"{MOST_WAITING} exports are waiting; cancel one or wait.")
            self._coming[id_] = coming
        try:
            self._records.add(id_, spec.name, spec.to_json(), actor, schedule_id)
        except BaseException:
            with self._ready:
                del self._coming[id_]
                self._ready.notify_all()
            raise
        with self._ready:
            del self._coming[id_]
            is_closed, is_cancelled = self.is_closed, coming.control.is_stopped
            if not is_closed and not is_cancelled:
                self._waiting.append(coming)
            self._ready.notify_all()
        if is_closed:
            self._end(id_, exports.INTERRUPTED, _CLOSED)
            raise StoreError(_CLOSING)
        if is_cancelled:
            self._end(id_, exports.CANCELLED)
        return id_

    def again(self, id_: int, actor: str) -> int:
        """Start an export anew as it was asked for; the new one's id. Raises NotFound."""
        return self.start(read_spec(self.get(id_).row.spec), actor)

    def get(self, id_: int) -> Job:
        """Raises NotFound."""
        row = exports.get(self._store.connection, id_)
        if row is None:
            raise NotFound(f"There is no export {id_}.")
        return self._shown(row)

    def listed(self, limit: int = 100) -> list[Job]:
        """The newest first."""
        return [self._shown(row) for row in exports.listed(self._store.connection, limit)]

    def cancel(self, id_: int) -> None:
        """Stop an export that waits or runs; one that has ended stays as it is. Raises NotFound."""
        self.get(id_)
        with self._ready:
            current = self._current
            waiting = next((one for one in self._waiting if one.id == id_), None)
            if waiting is not None:
                self._waiting.remove(waiting)
            coming = self._coming.get(id_)
        if waiting is not None:
            self._end(id_, exports.CANCELLED)
        elif coming is not None:
            coming.control.stop()
        elif current is not None and current.id == id_:
            current.control.stop()

    def remove(self, id_: int, actor: str) -> None:
        """Remove an export and its files. Raises NotFound, and Refused while it runs."""
        row = self.get(id_).row
        if self._is_mine(id_):
            if row.status in exports.UNFINISHED:
                raise Refused("The export is not at its end: cancel it first.")
            # Its end is noted a moment before its thread lets go of it.
            self.wait(id_)
        self._records.remove(id_, actor)

    def file(self, id_: int, name: str) -> Path | None:
        """A file of an export that is done; None where there is none of that name."""
        return output.file_of(self.folder, id_, name)

    def wait(self, id_: int, told: Callable[[Progress], object] | None = None) -> Job:
        """Wait until an export of this process has ended; `told` is called now and then."""
        while self._is_mine(id_):
            with self._ready:
                self._ready.wait(0.1)
                current = self._current
            if told is not None and current is not None and current.id == id_:
                told(current.control.progress)
        return self.get(id_)

    @property
    def is_closed(self) -> bool:
        return self._closed

    def close(self) -> None:
        """Stop what runs; it is marked as interrupted."""
        with self._ready:
            self._closed = True
            left = list(self._waiting)
            self._waiting.clear()
            current = self._current
            self._ready.notify_all()
        if current is not None:
            current.control.stop()
        self._thread.join()
        for each in left:
            self._end(each.id, exports.INTERRUPTED, _CLOSED)

    def look(self, now: datetime) -> None:
        """Start what repeats and is due, and remove what is kept no longer. `now` is aware.

        One that cannot be started keeps no other from it: what cannot be read is listed as failed,
        and what the queue has no room for stays due.
        """
        self._pay()
        self._records.sweep(now)
        for due in self._records.due(now):
            try:
                id_ = self.start(read_spec(due.spec), due.created_by, schedule_id=due.id)
            except (FieldError, NotFound) as error:
                id_ = self._store.make_id()
                self._records.add(id_, due.name, due.spec, due.created_by, due.id)
                self._end(id_, exports.FAILED, f"The repeating export cannot be made: {error}")
            except StoreError:
                self._records.put_back(due)
                continue
            self._records.note(due, id_)

    def _is_mine(self, id_: int) -> bool:
        with self._ready:
            current = self._current
            return (
                id_ in self._coming
                or (current is not None and current.id == id_)
                or any(one.id == id_ for one in self._waiting)
            )

    def _shown(self, row: ExportRow) -> Job:
        current = self._current
        if current is None or current.id != row.id:
            return Job(row, None)
        if row.status == exports.WAITING:
            # That it runs is on its way into the store, and nobody waits for it to arrive.
            row = replace(row, status=exports.RUNNING)
        return Job(row, current.control.progress)

    def _work(self) -> None:
        while True:
            with self._ready:
                if not self._waiting and not self._closed:
                    self._ready.wait(_LOOK_SECONDS)
                if self._closed:
                    return
                current = self._current = self._waiting.popleft() if self._waiting else None
            if current is None:
                self._look_quietly()
                continue
            try:
                self._run_and_let_go(current)
            except Exception:
                # The thread is the only one: whatever it is, the next export must still run.
                log.exception("export %s was left as it was", current.id)

    def _run_and_let_go(self, current: _Running) -> None:
        try:
            self._run(current)
        finally:
            with self._ready:
                self._current = None
                self._ready.notify_all()
            allocator.give_back()

    def _look_quietly(self) -> None:
        try:
            self.look(datetime.now(UTC))
        except Exception:
            log.exception("repeating and old exports could not be looked after")

    def _end(self, id_: int, status: str, error: str | None = None) -> None:
        """Note how it ended; where the store does not take that now, at a later look."""
        try:
            self._records.end(id_, status, error)
        except StoreError:
            log.exception("export %s has ended (%s), which could not be noted", id_, status)
            self._owed.append((id_, status, error))

    def _pay(self) -> None:
        while self._owed:
            self._records.end(*self._owed[0])
            del self._owed[0]

    def _run(self, running: _Running) -> None:
        id_, records = running.id, self._records
        noted: list[Future[None]] = []
        try:
            made = run(
                self._store.connection,
                running.spec,
                output.Output(self.folder, id_),
                id_=id_,
                now=datetime.now(UTC),
                control=running.control,
                begun=lambda snapshot: noted.append(records.begin(id_, snapshot)),
                bucket=configured(self._store.settings),
            )
            try:
                for each in noted:
                    each.result()
                records.finish(id_, running.spec, made)
            except BaseException:
                # Nobody would know of the files, and nobody would remove them.
                output.remove(self.folder, id_)
                raise
        except Stopped as stopped:
            if self._closed:
                self._end(id_, exports.INTERRUPTED, said_of(stopped, _CLOSED))
            else:
                self._end(id_, exports.CANCELLED, said_of(stopped) or None)
        except (StoreError, FieldError, OSError) as error:
            self._end(id_, exports.FAILED, said_of(error, str(error)))
        except Exception as error:
            # Whatever it is, the next export must still run, and this one must say that it failed.
            log.exception("export %s failed", id_)
            self._end(id_, exports.FAILED, said_of(error, _UNKNOWN))


def said_of(error: BaseException, text: str = "") -> str:
    """`text` with what else is noted of an error."""
    return " ".join([*filter(None, [text]), *getattr(error, "__notes__", ())])


#: The exports of a store that is open in this process.
jobs_of = PerStore(Jobs)
