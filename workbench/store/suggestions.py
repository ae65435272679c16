"""Values that a field has, with how many requests carry each: what search boxes offer.

Counts of narrow columns are exact over everything that the filter finds. Offering words is not
worth reading gigabytes, so metadata is looked at in the last MANY requests, and what stands in
bodies (outputs, input variables, and any filter that searches texts) in the last FEW that the
other conditions find. The answer says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from workbench.filters import Filter
from workbench.store.connection import Connection, Cursor
from workbench.store.errors import Refused
from workbench.store.filter_json import input_variable_values, output_values
from workbench.store.filter_parts import Part
from workbench.store.filter_pieces import without_cut
from workbench.store.filter_sql import Compiled, compile_in_two
from workbench.store.metadata import THERE, VALUE

FEW = 2_000
MANY = 100_000
MAX_LIMIT = 200
# A value that is longer than this is no help in a list.
LONGEST = 300


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A value as text, and how many of the requests looked at carry it."""

    value: str
    requests: int


@dataclass(frozen=True, slots=True)
class Suggestions:
    """The most frequent first. sampled: how many of the last requests were looked at; None: all."""

    values: list[Suggestion]
    sampled: int | None = None


@dataclass(frozen=True, slots=True)
class _Source:
    """SQL of the values of one request: a scalar, or a list to be unnested."""

    sql: str
    params: tuple[Any, ...] = ()
    is_list: bool = False
    reads_bodies: bool = False
    is_slow: bool = False


_COLUMNS = {
    "engine": "r.model",
    "provider_type": "r.provider",
    "status": "r.status",
    "error_type": "r.error_type",
    "finish_reason": "r.finish_reason",
    "prompt": "r.prompt_name",
    "prompt_name": "r.prompt_name",
    "prompt_id": "r.prompt_id",
    "prompt_label": "r.prompt_label",
    "prompt_version_number": "r.prompt_version",
    "function_name": "r.function_name",
    "group_id": "r.group_id",
    "source": "r.source",
    "origin": "r.origin",
}
_LISTS = {"tags": "r.tags", "tool_names": "r.tool_names"}
_INPUT_KEYS = without_cut(
    "input_variables",
    "CASE WHEN json_type(b.input_variables) = 'OBJECT' THEN json_keys(b.input_variables) END",
)


def _metadata_keys(_key: str) -> _Source:
    own = f"list_filter(r.metadata_index, lambda e: ends_with(e, '{THERE}'))"
    return _Source(f"list_transform({own}, lambda e: e[:-2])", is_list=True, is_slow=True)


def _metadata_values(key: str) -> _Source:
    prefix = key + VALUE
    own = "list_filter(r.metadata_index, lambda e: starts_with(e, ?))"
    sql = f"list_transform({own}, lambda e: substr(e, ?))"
    return _Source(sql, (prefix, len(prefix) + 1), is_list=True, is_slow=True)


def _output_keys(_key: str) -> _Source:
    objects = output_values(None)
    kinds = (
        f"list_transform({objects.sql}, lambda o: CASE WHEN json_type(o, '$.function') = 'OBJECT' "
        "THEN ['tool_calls', 'tool_calls.function.name', 'tool_calls.function.arguments'] "
        "ELSE json_keys(o) END)"
    )
    sql = without_cut("output", f"list_distinct(flatten({kinds}))")
    return _Source(sql, objects.params, is_list=True, reads_bodies=True)


def _output_values(key: str) -> _Source:
    found = output_values(key)
    return _Source(
        without_cut("output", found.texts), found.params, is_list=True, reads_bodies=True
    )


def _variable_values(key: str) -> _Source:
    found = input_variable_values(key)
    return _Source(
        without_cut("input_variables", found.texts), found.params, is_list=True, reads_bodies=True
    )


_SPECIAL: dict[str, Callable[[str], _Source]] = {
    "metadata_keys": _metadata_keys,
    "metadata_values": _metadata_values,
    "output_keys": _output_keys,
    "output_values": _output_values,
    "input_variable_keys": lambda _: _Source(_INPUT_KEYS, is_list=True, reads_bodies=True),
    "input_variable_values": _variable_values,
    "score_names": lambda _: _Source("s.name"),
}
# Every field that can be asked for, and those that need the name of a key.
FIELDS = (*_COLUMNS, *_LISTS, *_SPECIAL)
KEYED = ("metadata_values", "output_values", "input_variable_values")


def suggestions(
    connection: Connection,
    field: str,
    filter_: Filter,
    *,
    now: datetime,
    key: str | None = None,
    prefix: str = "",
    anywhere: bool = False,
    near: str = "",
    limit: int = 50,
) -> Suggestions:
    """Values of `field` in the requests that `filter_` finds.

    field: one of FIELDS; those in KEYED need `key`. prefix: only values that begin with it,
    capitals aside; with `anywhere` also those that have it inside, after the others. near: values
    that hold this come first, then those whose letters are most like it.
    Raises Refused for an unknown field and where the key is missing.
    """
    source = _source(field, key)
    narrow, wide = compile_in_two(filter_, now)
    wanted = prefix.lower()
    test = "contains" if anywhere else "starts_with"
    where = f" AND {test}(lower(value), ?)" if wanted else ""
    first, ordered_by = "", []
    if wanted and anywhere:
        first, ordered_by = "starts_with(lower(value), ?) DESC, ", [wanted]
    if near:
        first += "contains(lower(value), ?) DESC, jaro_winkler_similarity(lower(value), ?) DESC, "
        ordered_by += [near.lower()[:LONGEST]] * 2
    with connection.cursor() as cursor:
        scope, sampled = _scope(cursor, source, narrow, wide)
        together = f"SELECT {source.sql} AS value, count(*) AS n FROM {scope.sql} GROUP BY ALL"
        if field == "score_names":
            together = (
                "SELECT s.name AS value, count(DISTINCT s.request_id) AS n FROM scores s "
                f"WHERE s.request_id IN (SELECT r.id FROM {scope.sql}) GROUP BY ALL"
            )
        each = "unnest(list_distinct(value))" if source.is_list else "value"
        # Equal lists are many, and taken apart once.
        rows = cursor.execute(
            f"WITH together AS ({together}), "
            f"apart AS (SELECT {each} AS value, n FROM together), "
            "counted AS (SELECT value::VARCHAR AS value, sum(n)::BIGINT AS requests FROM apart "
            "WHERE value IS NOT NULL GROUP BY ALL) "
            f"SELECT value, requests FROM counted WHERE length(value) BETWEEN 1 AND {LONGEST}"
            f"{where} ORDER BY {first}requests DESC, value LIMIT ?",
            [
                *source.params,
                *scope.params,
                *([wanted] if wanted else ()),
                *ordered_by,
                min(limit, MAX_LIMIT),
            ],
        ).fetchall()
    return Suggestions([Suggestion(value, requests) for value, requests in rows], sampled)


def _scope(
    cursor: Cursor, source: _Source, narrow: Compiled, wide: Compiled
) -> tuple[Part, int | None]:
    """FROM and WHERE of the requests to look at, and their number where it is not all of them."""
    where = f"r.deleted_at IS NULL AND ({narrow.sql})"
    plain = Part(f"requests r WHERE {where}", tuple(narrow.params))
    reads_bodies = source.reads_bodies or wide.needs_bodies
    if not reads_bodies and not source.is_slow:
        return plain, None
    row = cursor.execute(f"SELECT count(*) FROM {plain.sql}", plain.params).fetchone()
    number = int(row[0]) if row else 0
    if reads_bodies:
        last = f"(SELECT * FROM {plain.sql} ORDER BY r.id DESC LIMIT {FEW}) r"
        sql = f"{last} JOIN bodies b ON b.request_id = r.id WHERE {wide.sql}"
        return Part(sql, (*plain.params, *wide.params)), FEW if number > FEW else None
    if number <= MANY:
        return plain, None
    # Rows are numbered as they arrived.
    last = f"(SELECT max(rowid) - {MANY} FROM requests)"
    return Part(f"{plain.sql} AND r.rowid > {last}", plain.params), MANY


def _source(field: str, key: str | None) -> _Source:
    if field in _COLUMNS:
        return _Source(_COLUMNS[field])
    if field in _LISTS:
        return _Source(_LISTS[field], is_list=True)
    if field not in _SPECIAL:
        raise Refused(
            f"There are no suggestions for {field[:60]!r}. There are {', '.join(FIELDS)}."
        )
    if field in KEYED and not key:
        raise Refused(f"{field} needs the name of a key.")
    return _SPECIAL[field](key or "")
