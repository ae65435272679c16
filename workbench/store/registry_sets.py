"""Input-variable sets and the addresses of providers: small named things of the registry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from workbench.ids import IdMaker
from workbench.store import clock
from workbench.store.audit import Audit
from workbench.store.connection import Connection, Cursor
from workbench.store.errors import NotFound
from workbench.store.guards import guard
from workbench.store.registry_rows import BaseUrl, VariableSet
from workbench.store.registry_templates import required

_SET_COLUMNS = "id, template_id, name, values_json, source, updated_at, updated_by"
_URL_COLUMNS = "id, name, provider, url, updated_at, updated_by"


def _set_from(row: Sequence[Any]) -> VariableSet:
    id_, template_id, name, values, source, at, by = row
    return VariableSet(
        id_, template_id, name, orjson.loads(values), source, clock.from_stored(at), by
    )


def _url_from(row: Sequence[Any]) -> BaseUrl:
    id_, name, provider, url, at, by = row
    return BaseUrl(id_, name, provider, url, clock.from_stored(at), by)


def sets_of(connection: Connection, template_id: int) -> list[VariableSet]:
    """The variable sets of a template, by name."""
    with connection.cursor() as cursor:
        rows = cursor.execute(
            f"SELECT {_SET_COLUMNS} FROM variable_sets WHERE template_id = ? ORDER BY name",
            [template_id],
        ).fetchall()
    return [_set_from(row) for row in rows]


def base_urls(connection: Connection) -> list[BaseUrl]:
    with connection.cursor() as cursor:
        return base_urls_in(cursor)


def base_urls_in(cursor: Cursor) -> list[BaseUrl]:
    """Every address, by name."""
    rows = cursor.execute(f"SELECT {_URL_COLUMNS} FROM provider_base_urls ORDER BY name").fetchall()
    return [_url_from(row) for row in rows]


def base_url(cursor: Cursor, name: str) -> BaseUrl | None:
    row = cursor.execute(
        f"SELECT {_URL_COLUMNS} FROM provider_base_urls WHERE name = ?", [name]
    ).fetchone()
    return None if row is None else _url_from(row)


class VariableSets:
    """Changes to be run by the writer."""

    def __init__(self, make_id: IdMaker, audit: Audit) -> None:
        self._make_id = make_id
        self._audit = audit

    def put(
        self,
        cursor: Cursor,
        actor: str,
        template_id: int,
        name: str,
        values: Mapping[str, Any],
        source: str | None,
    ) -> VariableSet:
        """Save a set; one of the same name is replaced and keeps its id."""
        guard(cursor, "variable-set", f"{template_id}/{name}")
        required(cursor, template_id)
        where = [template_id, name]
        row = cursor.execute(
            "SELECT id FROM variable_sets WHERE template_id = ? AND name = ?", where
        ).fetchone()
        id_ = int(row[0]) if row else self._make_id()
        cursor.execute("DELETE FROM variable_sets WHERE template_id = ? AND name = ?", where)
        text = orjson.dumps(dict(values)).decode()
        cursor.execute(
            "INSERT INTO variable_sets VALUES (?, ?, ?, ?, ?, ?, ?)",
            [id_, template_id, name, text, source, clock.now(), actor],
        )
        self._record(cursor, actor, "save", template_id, name)
        found = cursor.execute(
            f"SELECT {_SET_COLUMNS} FROM variable_sets WHERE id = ?", [id_]
        ).fetchone()
        assert found is not None
        return _set_from(found)

    def remove(self, cursor: Cursor, actor: str, set_id: int) -> None:
        row = cursor.execute(
            "SELECT template_id, name FROM variable_sets WHERE id = ?", [set_id]
        ).fetchone()
        if row is None:
            raise NotFound(f"There is no variable set {set_id}.")
        cursor.execute("DELETE FROM variable_sets WHERE id = ?", [set_id])
        self._record(cursor, actor, "remove", row[0], row[1])

    def _record(self, cursor: Cursor, actor: str, verb: str, template_id: int, name: str) -> None:
        subject = f"template/{template_id}"
        self._audit.record(cursor, actor, f"variable_set.{verb}", subject, {"name": name})


class BaseUrls:
    """Changes to be run by the writer."""

    def __init__(self, make_id: IdMaker, audit: Audit) -> None:
        self._make_id = make_id
        self._audit = audit

    def put(self, cursor: Cursor, actor: str, name: str, provider: str, url: str) -> BaseUrl:
        """Save an address; one of the same name is replaced and keeps its id."""
        guard(cursor, "base-url", name)
        before = base_url(cursor, name)
        id_ = before.id if before else self._make_id()
        cursor.execute("DELETE FROM provider_base_urls WHERE name = ?", [name])
        cursor.execute(
            "INSERT INTO provider_base_urls VALUES (?, ?, ?, ?, ?, ?)",
            [id_, name, provider, url, clock.now(), actor],
        )
        detail = {"provider": provider, "url": url}
        self._audit.record(cursor, actor, "base_url.save", f"base_url/{name}", detail)
        found = base_url(cursor, name)
        assert found is not None
        return found

    def remove(self, cursor: Cursor, actor: str, name: str) -> None:
        guard(cursor, "base-url", name)
        if base_url(cursor, name) is None:
            raise NotFound(f"There is no provider base URL {name!r}.")
        cursor.execute("DELETE FROM provider_base_urls WHERE name = ?", [name])
        self._audit.record(cursor, actor, "base_url.remove", f"base_url/{name}", {})
