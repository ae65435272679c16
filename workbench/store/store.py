"""The store as the rest of the house uses it: one object that owns the file."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from workbench.ids import IdMaker
from workbench.settings import Settings, settings
from workbench.store import clock, keys
from workbench.store.adding import RequestBatch
from workbench.store.annotations import Annotations
from workbench.store.audit import Audit
from workbench.store.bulk_changes import BulkChanges
from workbench.store.connection import Connection
from workbench.store.connections import Connections
from workbench.store.dataset_changes import Datasets
from workbench.store.evaluation_cells import CellBatch, Finished
from workbench.store.evaluation_changes import Evaluations
from workbench.store.export_schedules import ExportSchedules
from workbench.store.exports import Exports
from workbench.store.external_ids import ExternalIds
from workbench.store.migrate import migrate
from workbench.store.playground import Playground
from workbench.store.playground_votes import PlaygroundVotes
from workbench.store.preferences import Preferences
from workbench.store.registry import RegistryChanges
from workbench.store.registry_reading import RegistryReader
from workbench.store.rows import Added, NewRequest
from workbench.store.saved_views import SavedViews
from workbench.store.stars import Stars
from workbench.store.tags import Tags
from workbench.store.writer import Change, Cursor, T, Writer

# On DuckLake another process may have revoked a key: it is noticed within this many seconds.
KEYS_FRESH_SECONDS = 5.0
SETTINGS_KEY_ACTOR = "key:settings"


@dataclass(frozen=True, slots=True)
class _KnownKeys:
    digests: dict[str, tuple[int, str]]
    read_at: float


class Store:
    """Opens (and migrates) the store that the settings name; raises StoreError where it cannot.

    Changes return futures that complete after the commit. `changes.*` objects (`keys`, `tags`,
    `annotations`, `preferences`, `saved_views`) are run through `change`.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.connection = Connection(settings)
        try:
            migrate(self.connection)
            self.make_id = IdMaker(settings.process_id, _largest_id(self.connection))
        except BaseException:
            self.connection.close()
            raise
        self.writer = Writer(self.connection)
        self.audit = Audit(self.make_id)
        self.keys = keys.Keys(self.make_id, self.audit)
        self.tags = Tags(self.audit)
        self.annotations = Annotations(self.audit)
        self.stars = Stars(self.audit)
        self.bulk_changes = BulkChanges(self.audit)
        self.preferences = Preferences(self.audit)
        self.exports = Exports(self.audit)
        self.export_schedules = ExportSchedules(self.make_id, self.audit)
        #: Called before the file is let go of: whoever runs something in the background ends it.
        self.before_close: list[Callable[[], None]] = []
        self.connections = Connections(self.audit)
        self.registry = RegistryChanges(self.make_id, self.audit)
        self.registry_reader = RegistryReader(self.connection)
        self.saved_views = SavedViews(self.audit)
        self.playground = Playground(self.make_id, self.audit)
        self.datasets = Datasets(self.make_id, self.audit)
        self.evaluations = Evaluations(self.make_id, self.audit)
        self.external_ids = ExternalIds(self.make_id, self.audit)
        self._cells = CellBatch(self.connection, self.writer.cursor, self.make_id)
        self.playground_votes = PlaygroundVotes(self.make_id, self.audit)
        self._add = RequestBatch(self.connection, self.writer.cursor, self.make_id)
        self._known: _KnownKeys | None = None
        # Without it, keys that were read before a revocation could be put in place after it.
        self._known_lock = threading.Lock()

    def add(self, row: NewRequest) -> Future[Added]:
        """Keep a request, or find the one that this repeats."""
        return self.writer.add(self._add, row, 1000 + 3 * len(row.raw))

    def add_cells(self, finished: Finished) -> Future[None]:
        """Keep cells of an evaluation. The future raises LostRun where another process has it."""
        return self.writer.add(self._cells, finished, finished.size)

    def change(self, change: Change[T], *, is_alone: bool = False) -> Future[T]:
        """Run a change in a transaction of the writer; it may run more than once. is_alone: not
        in one with others."""
        # Before and after: a search that began in between has seen what was there before.
        self._has_changed()
        future = self.writer.change(change, is_alone=is_alone)
        future.add_done_callback(self._has_changed)
        return future

    def change_beside(self, change: Change[T]) -> Future[T]:
        """The same for what nothing hangs on that is found in the logs: it says to nobody that what
        was found may not hold. Heartbeats come all the time."""
        return self.writer.add(_changed, change, 1000)

    def _has_changed(self, _: object = None) -> None:
        self.connection.changes += 1

    def change_registry(self, change: Change[T]) -> T:
        """Run a change of the prompt registry; when this returns, every fetch sees it."""
        try:
            return self.change(change).result()
        finally:
            self.registry_reader.changed()

    def new_group(self, actor: str) -> Future[int]:
        def make(cursor: Cursor) -> int:
            id_ = self.make_id()
            self.add_groups([id_], actor, cursor)
            return id_

        return self.change(make)

    def add_groups(self, ids: Sequence[int], actor: str, cursor: Cursor) -> None:
        """Make groups whose ids were taken from `make_id`."""
        cursor.execute(
            "INSERT INTO groups SELECT unnest(?::BIGINT[]), ?, ?", [list(ids), clock.now(), actor]
        )

    def make_key(self, actor: str, name: str) -> str:
        """A new API key in the clear: the only time that it is to be had."""
        key = self.change(lambda cursor: self.keys.make(cursor, actor, name)).result()
        self._forget_keys()
        return key

    def revoke_key(self, actor: str, key_id: int) -> None:
        self.change(lambda cursor: self.keys.revoke(cursor, actor, key_id)).result()
        self._forget_keys()

    def _forget_keys(self) -> None:
        with self._known_lock:
            self._known = None

    def actor_of(self, key: str, now: float) -> str | None:
        """Who a key speaks for ("key:NAME"), or None. `now`: seconds of a monotonic clock."""
        if self.settings.api_key and keys.same(key, self.settings.api_key):
            return SETTINGS_KEY_ACTOR
        with self._known_lock:
            known = self._known
            if known is None or (
                self.connection.is_ducklake and now - known.read_at > KEYS_FRESH_SECONDS
            ):
                known = self._known = _KnownKeys(keys.valid_digests(self.connection), now)
        found = known.digests.get(keys.digest(key))
        return None if found is None else f"key:{found[1]}"

    def close(self) -> None:
        """Write what was accepted, then let go of the file."""
        for end in self.before_close:
            end()
        self.writer.close()
        self.connection.close()


def _changed(cursor: Cursor, changes: Sequence[Change[Any]]) -> list[Any]:
    return [change(cursor) for change in changes]


def _largest_id(connection: Connection) -> int:
    with connection.cursor() as cursor:
        row = cursor.execute(
            "SELECT greatest((SELECT coalesce(max(id), 0) FROM requests), "
            "(SELECT coalesce(max(id), 0) FROM audit), "
            "(SELECT coalesce(max(id), 0) FROM exports), "
            "(SELECT coalesce(max(id), 0) FROM jobs), "
            "(SELECT coalesce(max(id), 0) FROM groups))"
        ).fetchone()
    return int(row[0]) if row else 0


_lock = threading.Lock()
_store: Store | None = None


def open_store() -> Store:
    """The store of this process, opened at the first call. Pages and API share it."""
    global _store
    with _lock:
        if _store is None:
            _store = Store(settings())
        return _store


def store_failure() -> str | None:
    """Why this process's store takes and gives nothing any more; None while it does."""
    failed = None if _store is None else _store.connection.failed
    return None if failed is None else str(failed)


def close_store() -> None:
    """Write what was accepted and close. A later `open_store` opens it anew."""
    global _store
    with _lock:
        if _store is not None:
            _store.close()
            _store = None
