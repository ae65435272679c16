"""Rows on their way into a dataset's draft, some thousand at a time and in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.store import datasets
from workbench.store.connection import Cursor
from workbench.store.dataset_values import EXPECTED, INPUT, Column, NewRow, Preparing
from workbench.store.errors import NotFound
from workbench.store.store import Store

# So much is written at once; others wait for one such commit at most.
BATCH_ROWS = 4_096
BATCH_BYTES = 16 * 2**20


@dataclass(frozen=True, slots=True)
class Target:
    """Where rows go: a dataset that is there, or a new one of this name."""

    dataset_id: int | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Opened:
    """The draft that rows go into."""

    dataset_id: int
    number: int


def open_target(store: Store, actor: str, target: Target) -> Opened:
    """Open the draft of the target, making the dataset where it is a new one.

    Raises NotFound for a dataset that is not there, Refused for a name that is taken or is none.
    """

    def change(cursor: Cursor) -> Opened:
        id_ = target.dataset_id
        if id_ is None:
            id_ = store.datasets.create(cursor, actor, target.name)
        return Opened(id_, store.datasets.open_draft(cursor, actor, id_))

    return store.change(change).result()


def make(
    store: Store, actor: str, name: str, *, description: str = "", columns: Sequence[str] = ()
) -> Opened:
    """A new dataset with an open draft of these columns. Raises Refused."""
    made = [Column(one, role=EXPECTED if one == "output" else INPUT) for one in columns]

    def change(cursor: Cursor) -> Opened:
        id_ = store.datasets.create(cursor, actor, name, description=description, columns=made)
        return Opened(id_, store.datasets.open_draft(cursor, actor, id_))

    return store.change(change).result()


class Adder:
    """Adds rows to an open draft. `close` writes the last ones."""

    def __init__(
        self,
        store: Store,
        actor: str,
        dataset_id: int,
        roles: Mapping[str, str] | None = None,
        note: Callable[[Cursor, int], None] | None = None,
    ) -> None:
        """note: what is kept with each batch; it is told how many rows are written with it."""
        self._store = store
        self._actor = actor
        self._dataset_id = dataset_id
        self._roles = dict(roles or {})
        self._next = Preparing(self._roles)
        self._note = note
        #: How many were written.
        self.rows = 0

    def add(self, row: NewRow) -> None:
        """Raises Refused for a row that cannot be kept; the others are not touched by that.

        StoreError where nothing can be written, Refused also where the draft is gone.
        """
        self._next.add(row)
        if len(self._next) >= BATCH_ROWS or self._next.size >= BATCH_BYTES:
            self.flush()

    def flush(self) -> None:
        """Write what waits."""
        if not len(self._next):
            return
        ready, self._next = self._next.ready(), Preparing(self._roles)
        store, rows = self._store, self.rows + len(ready)

        def change(cursor: Cursor) -> None:
            store.datasets.add_rows(cursor, self._actor, self._dataset_id, ready)
            if self._note is not None:
                self._note(cursor, rows)

        store.change(change).result()
        self.rows = rows

    @property
    def waiting(self) -> int:
        """How many were not written yet."""
        return len(self._next)

    def close(self, source: Mapping[str, Any], before: int = 0) -> None:
        """Write the last rows, and keep with the draft where they all came from. before: how many
        came from there until it was stopped."""
        self.flush()
        store, actor, id_ = self._store, self._actor, self._dataset_id
        told = {**source, "rows": before + self.rows, "by": actor}
        store.change(lambda cursor: store.datasets.note_source(cursor, actor, id_, told)).result()


def add_by_hand(
    store: Store, actor: str, target: Target, rows: list[NewRow], kind: str = "hand"
) -> Opened:
    """Add some rows in one change. Raises Refused, and then nothing was added."""

    def change(cursor: Cursor) -> Opened:
        id_ = target.dataset_id
        if id_ is None:
            id_ = store.datasets.create(cursor, actor, target.name)
        number = store.datasets.open_draft(cursor, actor, id_)
        store.datasets.add_rows(cursor, actor, id_, rows)
        told = {"kind": kind, "rows": len(rows), "by": actor}
        store.datasets.note_source(cursor, actor, id_, told)
        return Opened(id_, number)

    return store.change(change).result()


def required(store: Store, dataset_id: int) -> datasets.Dataset:
    """Raises NotFound."""
    found = datasets.get(store.connection, dataset_id)
    if found is None:
        raise NotFound(f"There is no dataset {dataset_id}.")
    return found
