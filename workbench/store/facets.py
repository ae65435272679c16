"""Facets: what values a filter finds, each with its count, for lists beside a table.

The counts of a facet leave out the filter's own conditions on it, so that another value can be
chosen and not only the present one narrowed down. Facets without such a condition share one pass
over the requests. A filter that searches texts is taken whole, and as far as its search has come:
another search for each facet would keep a person waiting.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from workbench.filters import Filter
from workbench.filters.facet_values import chosen
from workbench.store import text_search
from workbench.store.connection import Connection, Cursor
from workbench.store.metadata import VALUE
from workbench.store.search_finder import where_of

# Facet: the column, in the order in which they are shown.
COLUMNS = {
    "status": "r.status",
    "engine": "r.model",
    "provider_type": "r.provider",
    "prompt_name": "r.prompt_name",
    "finish_reason": "r.finish_reason",
    "error_type": "r.error_type",
    "source": "r.source",
}
TAGS = "tags"
METADATA = "metadata"
MAX_VALUES = 200


@dataclass(frozen=True, slots=True)
class Name:
    """A facet: a field of the filter, and the key inside it where it is metadata."""

    field: str
    key: str | None = None

    def __post_init__(self) -> None:
        if self.field == METADATA and not self.key:
            raise ValueError("metadata needs the name of a key")
        if self.field not in COLUMNS and self.field not in (TAGS, METADATA):
            raise ValueError(f"there is no facet {self.field!r}")


@dataclass(frozen=True, slots=True)
class Value:
    """A value and how many requests carry it. `value` None: it is missing in so many."""

    value: str | None
    requests: int


@dataclass(frozen=True, slots=True)
class Facet:
    """The most frequent values first; `distinct`: how many different ones there are in all."""

    name: Name
    values: tuple[Value, ...]
    distinct: int


def facets(
    connection: Connection,
    filter_: Filter,
    names: Sequence[Name],
    *,
    now: datetime,
    up_to: int | None = None,
    limit: int = 10,
) -> list[Facet]:
    """A Facet for each name, in their order, with at most `limit` values, and beside them what is
    missing and the values that the filter itself speaks of.

    up_to: leave out what arrived after this id.
    """
    limit = min(limit, MAX_VALUES)
    found: dict[Name, Facet] = {}
    is_text = text_search.reads_texts(filter_, now)
    groups = [(filter_, list(names))] if is_text else _by_filter(filter_, names)
    with connection.cursor() as cursor:
        for rest, together in groups:
            where = where_of(rest, now, up_to, connection, so_far=is_text)
            scope = _Scope(cursor, where, limit, filter_)
            columns = [name for name in together if name.field in COLUMNS]
            if columns:
                found.update(scope.of_columns(columns))
            for name in together:
                if name.field == TAGS:
                    found[name] = scope.of_list(name, "r.tags")
                elif name.field == METADATA:
                    found[name] = scope.of_metadata(name)
    return [found[name] for name in names]


def _by_filter(filter_: Filter, names: Iterable[Name]) -> list[tuple[Filter, list[Name]]]:
    groups: dict[Filter, list[Name]] = {}
    for name in dict.fromkeys(names):
        groups.setdefault(filter_.without_field(name.field, name.key), []).append(name)
    return list(groups.items())


class _Scope:
    """The requests of one filter."""

    def __init__(
        self, cursor: Cursor, found: tuple[str, str, list[Any]], limit: int, filter_: Filter
    ) -> None:
        self._cursor = cursor
        self._source, self._where, self._params = found
        self._limit = limit
        self._filter = filter_

    def _spoken_of(self, names: Sequence[Name]) -> list[str]:
        picked = [chosen(self._filter, name.field, name.key) for name in names]
        values = [value for each in picked for value in (*each.asked, *each.left_out)]
        return [value for value in values if value is not None]

    def of_columns(self, names: Sequence[Name]) -> dict[Name, Facet]:
        """All of them in one pass."""
        columns = [COLUMNS[name.field] for name in names]
        listed, sets = ", ".join(columns), ", ".join(f"({column})" for column in columns)
        # Of the columns all but the one that is grouped by are NULL.
        value = f"coalesce({listed}, NULL)"
        rows = self._cursor.execute(
            f"WITH counted AS (SELECT grouping({listed}) AS g, {value} AS value, count(*) AS n "
            f"FROM {self._source} WHERE {self._where} GROUP BY GROUPING SETS ({sets})) "
            "SELECT g, value, n, count(value) OVER (PARTITION BY g) FROM counted "
            "QUALIFY value IS NULL OR row_number() OVER "
            "(PARTITION BY g, value IS NULL ORDER BY n DESC, value) <= ? "
            "OR value IN (SELECT unnest(?::VARCHAR[])) ORDER BY n DESC, value",
            [*self._params, self._limit, self._spoken_of(names)],
        ).fetchall()
        # The bits say which columns are not grouped by, the first column's is the highest.
        every = 2 ** len(names) - 1
        found: dict[int, list[tuple[str | None, int, int]]] = {}
        for group, *row in rows:
            found.setdefault(every - group, []).append((row[0], row[1], row[2]))
        return {
            name: _facet(name, found.get(2 ** (len(names) - 1 - place), []))
            for place, name in enumerate(names)
        }

    def of_list(self, name: Name, column: str) -> Facet:
        return self._counted(name, column, [], 0)

    def of_metadata(self, name: Name) -> Facet:
        """A key's values as the filter compares them: of a list each of its values."""
        prefix = f"{name.key}{VALUE}"
        own = "list_filter(r.metadata_index, lambda e: starts_with(e, ?))"
        return self._counted(name, own, [prefix], len(prefix))

    def _counted(self, name: Name, own: str, params: list[Any], prefix: int) -> Facet:
        """own: the list of a request's values, each behind so many characters.

        Requests with equal lists are counted together first, since a list is cheaper to hash than
        to take apart (a quarter of a second became a tenth at a million requests).
        """
        rows = self._cursor.execute(
            f"WITH lists AS MATERIALIZED (SELECT coalesce({own}, []) AS own, count(*) AS n "
            f"FROM {self._source} WHERE {self._where} GROUP BY own), "
            "counted AS (SELECT substr(each, ?) AS value, sum(n)::BIGINT AS n "
            "FROM (SELECT unnest(own) AS each, n FROM lists) GROUP BY each "
            "UNION ALL SELECT NULL, sum(n)::BIGINT FROM lists WHERE len(own) = 0 "
            "HAVING sum(n) > 0) "
            "SELECT value, n, count(value) OVER () FROM counted QUALIFY value IS NULL "
            "OR row_number() OVER (PARTITION BY value IS NULL ORDER BY n DESC, value) <= ? "
            "OR value IN (SELECT unnest(?::VARCHAR[])) ORDER BY n DESC, value",
            [*params, *self._params, prefix + 1, self._limit, self._spoken_of([name])],
        ).fetchall()
        return _facet(name, rows)


def _facet(name: Name, rows: Sequence[tuple[str | None, int, int]]) -> Facet:
    values = sorted((Value(value, n) for value, n, _ in rows), key=lambda each: each.value is None)
    return Facet(name, tuple(values), rows[0][2] if rows else 0)
