"""What a job notes in the store, and what a start finds of the jobs before it."""

from __future__ import annotations

from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from workbench.export import output
from workbench.export.running import Finished
from workbench.export.sources import AnySnapshot
from workbench.export.spec import Spec, read_spec
from workbench.store import exports
from workbench.store.export_schedules import Schedule
from workbench.store.store import Store


class Records:
    """Changes to the rows of this process's exports; each returns after its commit, but `begin`."""

    def __init__(self, store: Store, folder: Path) -> None:
        self._store = store
        self._folder = folder
        self._process = store.settings.process_id

    def add(
        self, id_: int, name: str, spec: dict[str, Any], actor: str, schedule_id: int | None
    ) -> None:
        store = self._store
        store.change(
            lambda cursor: store.exports.add(
                cursor,
                id_,
                actor=actor,
                name=name,
                spec=spec,
                process=self._process,
                schedule_id=schedule_id,
            )
        ).result()

    def begin(self, id_: int, snapshot: AnySnapshot) -> Future[None]:
        """Done after its commit: an export need not wait for it before it reads."""
        store = self._store
        as_of, at, rows = snapshot.as_of, snapshot.taken_at, snapshot.rows
        return store.change(
            lambda cursor: store.exports.begin(cursor, id_, as_of=as_of, at=at, rows=rows)
        )

    def finish(self, id_: int, spec: Spec, made: Finished) -> None:
        expires = datetime.now(UTC) + timedelta(days=spec.keep_days)
        store = self._store
        store.change(
            lambda cursor: store.exports.finish(
                cursor,
                id_,
                manifest=made.manifest,
                rows=made.rows,
                size=made.size,
                expires_at=expires,
            )
        ).result()

    def end(self, id_: int, status: str, error: str | None = None) -> None:
        store = self._store
        store.change(lambda cursor: store.exports.end(cursor, id_, status, error)).result()

    def remove(self, id_: int, actor: str) -> None:
        """The files, then the row. Raises NotFound."""
        store = self._store
        output.remove(self._folder, id_)
        store.change(lambda cursor: store.exports.remove(cursor, actor, id_)).result()

    def sweep(self, now: datetime) -> None:
        """Remove the files of exports whose time is over. `now` is aware."""
        store = self._store
        for id_ in exports.overdue(store.connection, self._process, now):
            output.remove(self._folder, id_)
            store.change(lambda cursor, id_=id_: store.exports.expire(cursor, id_)).result()  # type: ignore[misc]

    def due(self, now: datetime) -> list[Schedule]:
        """What repeats and is due, moved on to its next time. `now` is aware."""
        store = self._store
        return store.change(lambda cursor: store.export_schedules.take(cursor, now)).result()

    def note(self, due: Schedule, id_: int) -> None:
        """Which export came of it."""
        store = self._store
        store.change(lambda cursor: store.export_schedules.note(cursor, due.id, id_)).result()

    def put_back(self, due: Schedule) -> None:
        """It could not be started: it is due still."""
        store = self._store
        store.change(
            lambda cursor: store.export_schedules.put_back(cursor, due.id, due.next_at)
        ).result()

    def recover(self) -> None:
        """End what the process before left: complete files make an export done, anything else
        makes it interrupted, and half-written files go."""
        for row in exports.unfinished(self._store.connection, self._process):
            manifest = output.read_manifest(self._folder, row.id)
            if manifest is None:
                self.end(row.id, exports.INTERRUPTED, "The workbench ended while it ran.")
                continue
            size = sum(each["bytes"] for each in manifest["files"])
            made = Finished(manifest, manifest["rows"]["written"], size)
            self.finish(row.id, read_spec(row.spec), made)
        output.remove_partial(self._folder)
        for id_ in exports.without_files(self._store.connection, self._process):
            output.remove(self._folder, id_)
        self.sweep(datetime.now(UTC))
