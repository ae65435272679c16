"""Exports that repeat: every hour, day or week, with relative times counted from each run."""

from __future__ import annotations

from datetime import UTC, datetime

from workbench.export.sources import check_columns
from workbench.export.spec import Spec
from workbench.store.connection import Connection
from workbench.store.export_schedules import EVERY, Schedule
from workbench.store.export_schedules import listed as _listed
from workbench.store.store import Store

__all__ = ["EVERY", "Schedule", "add", "listed", "pause", "remove"]


def listed(connection: Connection) -> list[Schedule]:
    """By name, then age."""
    return _listed(connection)


def add(store: Store, actor: str, spec: Spec, every: str, at: datetime | None = None) -> int:
    """A new one; its id. every: a key of EVERY. at: when it is due first (aware), else one
    `every` from now. Raises Refused, and FieldError for columns that are not there."""
    check_columns(store.connection, spec)
    first = at or datetime.now(UTC) + EVERY.get(every, EVERY["day"])
    return store.change(
        lambda cursor: store.export_schedules.add(
            cursor, actor, spec.name, spec.to_json(), every, first
        )
    ).result()


def pause(store: Store, actor: str, id_: int, paused: bool) -> None:
    """Raises NotFound."""
    store.change(lambda cursor: store.export_schedules.pause(cursor, actor, id_, paused)).result()


def remove(store: Store, actor: str, id_: int) -> None:
    """Raises NotFound."""
    store.change(lambda cursor: store.export_schedules.remove(cursor, actor, id_)).result()
