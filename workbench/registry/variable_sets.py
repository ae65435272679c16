"""Input-variable sets: named values to try a template with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from workbench.jsontext import FieldError, read_object
from workbench.registry import finding
from workbench.registry.names import check_set
from workbench.store import registry_sets as rows
from workbench.store import requests
from workbench.store.connection import Connection
from workbench.store.errors import NotFound
from workbench.store.registry_rows import VariableSet
from workbench.store.store import Store

MAX_BYTES = 4 * 2**20


def listed(connection: Connection, identifier: str | int) -> list[VariableSet]:
    """The sets of a template, by name."""
    return rows.sets_of(connection, finding.template(connection, identifier).id)


def save(
    store: Store,
    actor: str,
    identifier: str | int,
    name: str,
    values: Mapping[str, Any],
    source: str | None = None,
) -> VariableSet:
    """Save a set under its name; one of the same name is replaced.

    Raises FieldError for a name that cannot be one and for values beyond 4 MiB of JSON.
    """
    check_set(name)
    _check_size(values)
    template = finding.template(store.connection, identifier)
    return store.change_registry(
        lambda cursor: store.registry.variable_sets.put(
            cursor, actor, template.id, name, values, source
        )
    )


def remove(store: Store, actor: str, set_id: int) -> None:
    store.change_registry(lambda cursor: store.registry.variable_sets.remove(cursor, actor, set_id))


def values_of_request(connection: Connection, request_id: int) -> dict[str, Any]:
    """The input variables that a request was logged with; raises NotFound where it has none."""
    found = requests.get(connection, request_id)
    if found is None:
        raise NotFound(f"There is no request {request_id}.")
    if not found.input_variables:
        raise NotFound(f"Request {request_id} was logged without input variables.")
    return found.input_variables


def from_request(
    store: Store, actor: str, identifier: str | int, name: str, request_id: int
) -> VariableSet:
    """Save the input variables of a logged request as a set."""
    values = values_of_request(store.connection, request_id)
    return save(store, actor, identifier, name, values, f"request/{request_id}")


def values_of_file(data: bytes) -> dict[str, Any]:
    """The values in a JSON file: one object, variable names to values.

    Raises FieldError (with line and column) for anything else.
    """
    if len(data) > MAX_BYTES:
        raise FieldError("", f"{MAX_BYTES} bytes are the limit, the file has {len(data)}")
    return read_object(data.removeprefix(b"\xef\xbb\xbf"))


def _check_size(values: Mapping[str, Any]) -> None:
    size = len(orjson.dumps(dict(values)))
    if size > MAX_BYTES:
        raise FieldError("values", f"{MAX_BYTES} bytes of JSON are the limit, {size} came")
