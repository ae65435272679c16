"""Logged requests and the templates that made them: names for ids, ids for names."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from workbench.registry import finding
from workbench.store import registry_labels as label_rows
from workbench.store import registry_splits as split_rows
from workbench.store import registry_templates as template_rows
from workbench.store import registry_versions as version_rows
from workbench.store.errors import NotFound
from workbench.store.rows import NewRequest
from workbench.store.store import Store

# On DuckLake another process may have made or renamed a template: names are read again after this
# many seconds, and after few of them where a request names what is not known.
FRESH_SECONDS = 2.0
UNKNOWN_SECONDS = 0.2
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Names:
    store: Store
    by_id: dict[int, str]
    by_key: dict[str, int]
    revision: int
    read_at: float


class Links:
    """Adds to requests that are about to be kept what the registry knows of their template.

    Names are kept until something changes, so that a thousand requests a second cost nothing.
    """

    def __init__(self) -> None:
        self._names: _Names | None = None
        self._lock = threading.Lock()

    def linked(self, store: Store, row: NewRequest) -> NewRequest:
        """The row with both name and id of its template, where one of them is known.

        What the registry does not know stays as the caller sent it.
        """
        if row.prompt_id is None and row.prompt_name is None:
            return row
        if row.prompt_name is None:
            name = self._known(store, lambda names: names.by_id.get(row.prompt_id or 0))
            return row if name is None else replace(row, prompt_name=name)
        if row.prompt_id is None:
            key = template_rows.name_key(row.prompt_name)
            id_ = self._known(store, lambda names: names.by_key.get(key))
            return row if id_ is None else replace(row, prompt_id=id_)
        return row

    def _known(self, store: Store, look: Callable[[_Names], T | None]) -> T | None:
        found = look(self._read(store, FRESH_SECONDS))
        if found is None and store.connection.is_ducklake:
            found = look(self._read(store, UNKNOWN_SECONDS))
        return found

    def _read(self, store: Store, fresh: float) -> _Names:
        now, revision = time.monotonic(), store.registry_reader.revision
        with self._lock:
            names = self._names
            expired = (
                names is None
                or names.store is not store
                or names.revision != revision
                or (store.connection.is_ducklake and now - names.read_at > fresh)
            )
            if names is None or expired:
                known = template_rows.names(store.connection)
                by_key = {template_rows.name_key(name): id_ for id_, name in known}
                names = self._names = _Names(store, dict(known), by_key, revision, now)
            return names


links = Links()


@dataclass(frozen=True, slots=True)
class Link:
    """What a request is linked to; `template_id` is None for a name that the registry lacks."""

    template_id: int | None
    name: str
    version: int | None
    label: str | None


def link_of(store: Store, name: str, version: int | None, label: str | None) -> Link:
    """The template, version and label that somebody names for a request.

    A label gives the version that it points at now, unless an A/B release runs on it, where only
    the caller knows which version was served; neither gives the newest. A template, version or
    label that is not in the registry is kept as it was named.
    """
    with store.connection.cursor() as cursor:
        try:
            template = finding.template_in(cursor, name)
        except NotFound:
            return Link(None, name, version, label)
        if version is None and label is not None:
            found = label_rows.named(cursor, template.id, label)
            is_split = split_rows.running(cursor, template.id, label) is not None
            if found is not None and not is_split:
                version = found.number
        elif version is None:
            version = version_rows.newest_number(cursor, template.id) or None
        return Link(template.id, template.name, version, label)
