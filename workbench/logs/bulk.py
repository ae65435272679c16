"""Changing many requests at once: those that were picked, or all that a filter finds.

The ids are looked up first, so that a change cannot pull the ground from under its own filter; then
they go through the writer in batches, between which requests that come in get their turn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from workbench.filters import Filter, from_json, to_json, to_text
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
from workbench.store.errors import Refused
from workbench.store.store import Store
from workbench.store.watch import UNWATCHED, Watch

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

    def to_json(self) -> dict[str, Any]:
        """As a job keeps it."""
        return {
            "ids": sorted(self.ids),
            "filter": None if self.filter is None else to_json(self.filter),
            "now": None if self.now is None else self.now.isoformat(),
            "up_to": self.up_to,
            "without": sorted(self.without),
        }

    @staticmethod
    def from_json(kept: Mapping[str, Any]) -> Selection:
        """Raises FilterError for a filter that a newer version wrote."""
        return Selection(
            frozenset(kept["ids"]),
            None if kept["filter"] is None else from_json(kept["filter"]),
            None if kept["now"] is None else datetime.fromisoformat(kept["now"]),
            kept["up_to"],
            frozenset(kept["without"]),
        )

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
    store: Store, actor: str, selection: Selection, kind: Kind, watch: Watch = UNWATCHED
) -> Done:
    """Do it, batch by batch; what was done when it is stopped stays, and can be undone. A change
    that goes on stays the same change.

    Raises Refused where it cannot be done, and StoreError where nothing can be written.
    """
    ids = selection.resolved(store.connection)
    before = watch.so_far
    if before:
        made = _made(store, before["id"])
        ids = [id_ for id_ in ids if id_ > before["last"]]
    else:
        made = Made(store.make_id(), actor, clock.now())
    changed, through = before.get("changed", 0), watch.through
    total, done = through + len(ids), 0
    stopped = False
    while ids or not before:
        batch = ids[done : done + BATCH]
        is_first, is_last = done == 0 and not before, done + len(batch) >= len(ids)
        through += len(batch)
        told = {"id": made.id, "last": batch[-1] if batch else 0}

        def step(
            cursor: Cursor,
            batch: list[int] = batch,
            is_first: bool = is_first,
            is_last: bool = is_last,
            through: int = through,
            told: dict[str, int] = told,
            before: int = changed,
        ) -> int:
            if is_first:
                store.bulk_changes.begin(cursor, made, kind, total, selection.scope)
            number = store.bulk_changes.apply(cursor, made, kind, batch) if batch else 0
            if is_last:
                store.bulk_changes.finish(cursor, made, before + number, stopped=False)
            watch.note(cursor, through, total, {**told, "changed": before + number})
            return number

        changed += store.change(step).result()
        done += len(batch)
        watch.tell(through, total, {**told, "changed": changed}, noted=True)
        if is_last:
            break
        if watch.is_stopped:
            stopped = True
            break
    if stopped:
        store.change(
            lambda cursor: store.bulk_changes.finish(cursor, made, changed, stopped=True)
        ).result()
    return Done(made.id, total, changed, stopped)


def _made(store: Store, change_id: int) -> Made:
    """The change that goes on. Raises Refused where it was undone meanwhile."""
    change = bulk_changes.get(store.connection, change_id)
    if change is None or change.undone_at is not None:
        raise Refused("This change was undone meanwhile. To have it after all, make it anew.")
    return Made(change.id, change.actor, clock.to_stored(change.made_at))


def undo(store: Store, actor: str, change_id: int, watch: Watch = UNWATCHED) -> Undone:
    """Put back what a change changed; what was changed again since stays as it is.

    Raises NotFound for a change that is not there. One that was undone already undoes nothing.
    """
    change = bulk_changes.get(store.connection, change_id)
    total = watch.through + (change.kept if change else 0)
    restored, left = watch.so_far.get("restored", 0), watch.so_far.get("left", 0)
    while True:

        def step(cursor: Cursor, restored: int = restored, left: int = left) -> tuple[int, int]:
            back, stay = store.bulk_changes.undo(cursor, actor, change_id, BATCH)
            restored, left = restored + back, left + stay
            told = {"restored": restored, "left": left}
            watch.note(cursor, restored + left, total, told)
            return restored, left

        before = restored + left
        restored, left = store.change(step).result()
        told = {"restored": restored, "left": left}
        watch.tell(restored + left, total, told, noted=True)
        if restored + left == before or restored + left >= total:
            return Undone(restored, left)
        if watch.is_stopped:
            return Undone(restored, left, stopped=True)
