"""Changing many requests at once: those that were picked, or all that a filter finds.

The ids are looked up first, so that a change cannot pull the ground from under its own filter; then
they go through the writer in batches, between which requests that come in get their turn.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from workbench.filters import Filter, to_text
from workbench.store import bulk_changes, clock, search
from workbench.store.bulk_kinds import (
    Deleting,
    Grouping,
    Kind,
    Made,
    MetadataChange,
    Scoring,
    Starring,
    Tagging,
)
from workbench.store.connection import Connection, Cursor
from workbench.store.store import Store

__all__ = [
    "Deleting",
    "Done",
    "Grouping",
    "Kind",
    "MetadataChange",
    "Scoring",
    "Selection",
    "Starring",
    "Tagging",
    "Undone",
    "run",
    "undo",
]
# A batch holds up what else is to be written for as long as it takes: a few tenths of a second.
BATCH = 2_000
Progress = Callable[[int, int], object]


@dataclass(frozen=True, slots=True)
class Selection:
    """Requests: `ids`; or, with a filter, all that it found as of `up_to` and `now`, but `without`.

    up_to: the newest id that was known; what arrived later is not meant.
    """

    ids: frozenset[int] = frozenset()
    filter: Filter | None = None
    now: datetime | None = None
    up_to: int | None = None
    without: frozenset[int] = frozenset()

    def resolved(self, connection: Connection, limit: int | None = None) -> list[int]:
        """The ids, in the order of their arrival; with `limit` the first of them."""
        if self.filter is None:
            return sorted(self.ids)[:limit]
        now = self.now or clock.from_stored(clock.now())
        wanted = None if limit is None else limit + len(self.without)
        found = search.ids(connection, self.filter, now=now, up_to=self.up_to, limit=wanted)
        return [id_ for id_ in found if id_ not in self.without][:limit]

    @property
    def scope(self) -> str:
        """Which requests they are, for the audit trail."""
        if self.filter is None:
            return "picked"
        return f"all that match: {to_text(self.filter) or 'everything'}"


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a change. planned: requests it was asked for; changed: those that differ now
    (the others had it already, or are not there any more). stopped: before it was through."""

    id: int
    planned: int
    changed: int
    stopped: bool = False


@dataclass(frozen=True, slots=True)
class Undone:
    """restored: put back as they were; left: changed again since, and left as they are."""

    restored: int
    left: int
    stopped: bool = False


def run(
    store: Store,
    actor: str,
    selection: Selection,
    kind: Kind,
    *,
    progress: Progress | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> Done:
    """Do it, batch by batch; what was done when it is stopped stays, and can be undone.

    progress: is told how many of how many are through. Raises Refused where it cannot be done, and
    StoreError where nothing can be written.
    """
    ids = selection.resolved(store.connection)
    made = Made(store.make_id(), actor, clock.now())
    changed = done = 0
    stopped = False
    while True:
        batch = ids[done : done + BATCH]
        is_first, is_last = done == 0, done + len(batch) >= len(ids)

        def step(
            cursor: Cursor,
            batch: list[int] = batch,
            is_first: bool = is_first,
            is_last: bool = is_last,
            before: int = changed,
        ) -> int:
            if is_first:
                store.bulk_changes.begin(cursor, made, kind, len(ids), selection.scope)
            number = store.bulk_changes.apply(cursor, made, kind, batch) if batch else 0
            if is_last:
                store.bulk_changes.finish(cursor, made, before + number, stopped=False)
            return number

        changed += store.change(step).result()
        done += len(batch)
        if progress is not None:
            progress(done, len(ids))
        if is_last:
            break
        if stop():
            stopped = True
            break
    if stopped:
        store.change(
            lambda cursor: store.bulk_changes.finish(cursor, made, changed, stopped=True)
        ).result()
    return Done(made.id, len(ids), changed, stopped)


def undo(
    store: Store,
    actor: str,
    change_id: int,
    *,
    progress: Progress | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> Undone:
    """Put back what a change changed; what was changed again since stays as it is.

    Raises NotFound for a change that is not there. One that was undone already undoes nothing.
    """
    change = bulk_changes.get(store.connection, change_id)
    kept = change.kept if change else 0
    restored = left = 0
    while True:
        back, stay = store.change(
            lambda cursor: store.bulk_changes.undo(cursor, actor, change_id, BATCH)
        ).result()
        restored, left = restored + back, left + stay
        if progress is not None:
            progress(restored + left, kept)
        if back + stay == 0 or restored + left >= kept:
            return Undone(restored, left)
        if stop():
            return Undone(restored, left, stopped=True)
