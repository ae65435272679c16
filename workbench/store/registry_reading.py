"""Reading the registry at the rate at which applications fetch prompts.

Versions never change, so their texts are kept for good (as JSON, which every reader parses for
itself). Where names and labels point is kept until something changes: in this process a count says
so at once, and on DuckLake, where other processes change things too, it is read again each second.
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
KEPT_HEADS = 20_000


@dataclass(frozen=True, slots=True)
class Heads:
    """A template that is not deleted, and where its labels point. `newest`: a version's number."""

    template: Template
    newest: int
    labels: Mapping[str, Label]
    splits: Mapping[str, SplitRow]


@dataclass(frozen=True, slots=True)
class _Kept:
    value: Heads | BaseUrl | None
    at: float


class RegistryReader:
    """Usable from any thread. `changed` must be called after each commit that changes anything."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._expires = connection.is_ducklake
        self._lock = threading.Lock()
        self._revision = 0
        self._kept: dict[tuple[str, str | int], _Kept] = {}
        self._rows: OrderedDict[tuple[int, int], tuple[Any, ...]] = OrderedDict()
        self._bytes = 0

    @property
    def revision(self) -> int:
        """Grows with every change that this process makes."""
        return self._revision

    def changed(self) -> None:
        with self._lock:
            self._revision += 1
            self._kept.clear()

    def named(self, name: str) -> Heads | None:
        """The template of that name."""
        key = template_rows.name_key(name)
        found = self._get(("name", key), lambda cursor: template_rows.named(cursor, name))
        assert not isinstance(found, BaseUrl)
        return found

    def numbered(self, template_id: int) -> Heads | None:
        """The template of that id."""
        found = self._get(
            ("id", template_id), lambda cursor: template_rows.numbered(cursor, template_id)
        )
        assert not isinstance(found, BaseUrl)
        return found

    def base_url(self, name: str) -> BaseUrl | None:
        found = self._get(("url", name), lambda cursor: set_rows.base_url(cursor, name))
        assert not isinstance(found, Heads)
        return found

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
            self._keep_row(key, row)
        return version_rows.version_from(row)

    def _keep_row(self, key: tuple[int, int], row: tuple[Any, ...]) -> None:
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

    def _get(self, key: tuple[str, str | int], find: Any) -> Heads | BaseUrl | None:
        now = time.monotonic()
        with self._lock:
            kept = self._kept.get(key)
            revision = self._revision
        if kept is not None and not (self._expires and now - kept.at > FRESH_SECONDS):
            return kept.value
        with self._connection.cursor() as cursor:
            found: Template | BaseUrl | None = find(cursor)
            value = _heads(cursor, found) if isinstance(found, Template) else found
        with self._lock:
            # What was read before a change is not kept after it.
            if value is not None and revision == self._revision:
                if len(self._kept) >= KEPT_HEADS:
                    self._kept.clear()
                self._kept[key] = _Kept(value, now)
        return value


def _heads(cursor: Cursor, template: Template) -> Heads | None:
    if template.deleted_at is not None:
        return None
    labels = label_rows.of_template_in(cursor, template.id)
    return Heads(
        template,
        version_rows.newest_number(cursor, template.id),
        {label.name: label for label in labels},
        {row.name: row for row in split_rows.running_of(cursor, template.id)},
    )


def _size(row: tuple[Any, ...]) -> int:
    return sum(len(value) for value in row if isinstance(value, str)) + 500
