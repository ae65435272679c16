"""Reading the registry at the rate at which applications fetch prompts.

Versions never change, so their texts are kept for good (as JSON, which every reader parses for
itself). Where names and labels point is read as a whole and kept until something changes: in this
process a count says so at once, and on DuckLake, where other processes change things too, it is
read again after a second.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workbench.store import registry_labels as label_rows
from workbench.store import registry_sets as set_rows
from workbench.store import registry_splits as split_rows
from workbench.store import registry_templates as template_rows
from workbench.store import registry_versions as version_rows
from workbench.store.connection import Connection, Cursor
from workbench.store.registry_rows import BaseUrl, Label, SplitRow, Template, Version

FRESH_SECONDS = 1.0
# Of JSON text; a parsed value is some five times that, and only one is alive at a time.
KEPT_BYTES = 16 * 2**20


@dataclass(frozen=True, slots=True)
class Heads:
    """A template that is not deleted, and where its labels point. `newest`: a version's number."""

    template: Template
    newest: int
    labels: Mapping[str, Label]
    splits: Mapping[str, SplitRow]


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """Everything but the versions, as of one revision."""

    revision: int
    read_at: float
    by_key: Mapping[str, Heads]
    by_id: Mapping[int, Heads]
    base_urls: Mapping[str, BaseUrl]


class RegistryReader:
    """Usable from any thread. `changed` must be called after each commit that changes anything."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._expires = connection.is_ducklake
        self._revision = 0
        self._snapshot: _Snapshot | None = None
        self._reading = threading.Lock()
        self._rows: OrderedDict[tuple[int, int], tuple[Any, ...]] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    @property
    def revision(self) -> int:
        """Grows with every change that this process makes."""
        return self._revision

    def changed(self) -> None:
        with self._lock:
            self._revision += 1

    def named(self, name: str) -> Heads | None:
        """The template of that name."""
        return self._current().by_key.get(template_rows.name_key(name))

    def numbered(self, template_id: int) -> Heads | None:
        """The template of that id."""
        return self._current().by_id.get(template_id)

    def base_url(self, name: str) -> BaseUrl | None:
        return self._current().base_urls.get(name)

    def version(self, template_id: int, number: int) -> Version | None:
        """A version whose JSON values are the caller's own."""
        key = (template_id, number)
        with self._lock:
            row = self._rows.get(key)
            if row is not None:
                self._rows.move_to_end(key)
        if row is None:
            with self._connection.cursor() as cursor:
                row = version_rows.row_numbered(cursor, template_id, number)
            if row is None:
                return None
            self._keep(key, row)
        return version_rows.version_from(row)

    def _keep(self, key: tuple[int, int], row: tuple[Any, ...]) -> None:
        size = _size(row)
        if size > KEPT_BYTES // 16:
            return
        with self._lock:
            if key in self._rows:
                return
            self._rows[key] = row
            self._bytes += size
            while self._bytes > KEPT_BYTES:
                self._bytes -= _size(self._rows.popitem(last=False)[1])

    def _current(self) -> _Snapshot:
        snapshot = self._snapshot
        if snapshot is not None and self._is_fresh(snapshot):
            return snapshot
        # One reads for all that wait.
        with self._reading:
            snapshot = self._snapshot
            if snapshot is None or not self._is_fresh(snapshot):
                # The count first: what changes while this is read is noticed afterwards.
                revision, now = self._revision, time.monotonic()
                with self._connection.cursor() as cursor:
                    snapshot = self._snapshot = _read(cursor, revision, now)
            return snapshot

    def _is_fresh(self, snapshot: _Snapshot) -> bool:
        if snapshot.revision != self._revision:
            return False
        return not self._expires or time.monotonic() - snapshot.read_at <= FRESH_SECONDS


def _read(cursor: Cursor, revision: int, now: float) -> _Snapshot:
    labels: dict[int, dict[str, Label]] = {}
    for label in label_rows.everywhere(cursor):
        labels.setdefault(label.template_id, {})[label.name] = label
    splits: dict[int, dict[str, SplitRow]] = {}
    for split in split_rows.running_everywhere(cursor):
        splits.setdefault(split.template_id, {})[split.name] = split
    newest = version_rows.newest_numbers(cursor)
    found = [
        Heads(one, newest.get(one.id, 0), labels.get(one.id, {}), splits.get(one.id, {}))
        for one in template_rows.alive(cursor)
    ]
    return _Snapshot(
        revision,
        now,
        {template_rows.name_key(one.template.name): one for one in found},
        {one.template.id: one for one in found},
        {one.name: one for one in set_rows.base_urls_in(cursor)},
    )


def _size(row: tuple[Any, ...]) -> int:
    return sum(len(value) for value in row if isinstance(value, str)) + 500
