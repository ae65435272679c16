"""Lists of prompt templates, as a page or a caller goes through them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from workbench.registry import folders
from workbench.store import registry_listing as rows
from workbench.store import registry_usage as usage_rows
from workbench.store.connection import Connection
from workbench.store.registry_listing import ANY_FOLDER as ANY_FOLDER
from workbench.store.registry_listing import Query as Query
from workbench.store.registry_rows import Label, Template, Version, VersionInfo

USE_DAYS = 7
MAX_PAGE = 500


@dataclass(frozen=True, slots=True)
class Item:
    """A template in a list. version: the newest, or the one that the label asked for points at.

    folder: names from the root down. requests: how many were logged in the last days.
    """

    template: Template
    version: VersionInfo
    versions: int
    labels: tuple[Label, ...]
    folder: tuple[str, ...]
    requests: int


@dataclass(frozen=True, slots=True)
class Page:
    items: tuple[Item, ...]
    total: int


def search(
    connection: Connection,
    query: Query,
    *,
    now: datetime,
    limit: int = 50,
    offset: int = 0,
    use_days: int = USE_DAYS,
) -> Page:
    """Templates that a query finds, and how many there are in all. `now` is aware."""
    limit = min(limit, MAX_PAGE)
    found = rows.page(connection, query, limit, offset)
    ids = [one.template.id for one in found]
    labels = rows.labels_of(connection, ids)
    paths = folders.paths(connection)
    since = now - timedelta(days=use_days)
    named = [(one.template.id, one.template.name) for one in found]
    used = usage_rows.requests_since(connection, since, named) if named else {}
    items = tuple(
        Item(
            one.template,
            one.version,
            one.newest_number,
            tuple(labels.get(one.template.id, ())),
            paths.get(one.template.folder_id, ()),
            used.get(one.template.id, 0),
        )
        for one in found
    )
    return Page(items, rows.count(connection, query))


def whole(
    connection: Connection, query: Query, *, limit: int, offset: int = 0
) -> tuple[list[tuple[Template, Version]], int]:
    """The same with the versions' texts, and how many there are in all."""
    return rows.whole_page(connection, query, limit, offset), rows.count(connection, query)


def tags(connection: Connection) -> list[str]:
    """Every tag of a template, for a choice."""
    return rows.all_tags(connection)
