"""What other systems call a dataset or an evaluation: pairs of a source and an id in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from workbench.ids import IdMaker
from workbench.store import clock
from workbench.store.audit import Audit
from workbench.store.connection import Connection
from workbench.store.errors import NotFound, Refused
from workbench.store.guards import guard
from workbench.store.writer import Cursor

Kind = Literal["dataset", "evaluation"]
DATASET: Final = "dataset"
EVALUATION: Final = "evaluation"
MOST = 100


@dataclass(frozen=True, slots=True)
class ExternalId:
    source: str
    external_id: str


class Taken(Refused):
    """The pair belongs to something else already."""


class ExternalIds:
    """Changes to be run by the writer. A pair names one thing of a kind."""

    def __init__(self, make_id: IdMaker, audit: Audit) -> None:
        self._make_id = make_id
        self._audit = audit

    def attach(
        self, cursor: Cursor, actor: str, kind: Kind, object_id: int, found: ExternalId
    ) -> None:
        """Nothing happens where it has the pair already. Raises Taken, Refused for too many."""
        guard(cursor, f"external.{kind}", f"{found.source}\0{found.external_id}")
        rows = cursor.execute(
            "SELECT object_id FROM external_ids WHERE kind = ? AND source = ? AND external_id = ?",
            [kind, found.source, found.external_id],
        ).fetchall()
        if any(int(owner) != object_id for (owner,) in rows):
            raise Taken(f'"{found.external_id}" of "{found.source}" names another {kind} already.')
        if rows:
            return
        number = cursor.execute(
            "SELECT count(*) FROM external_ids WHERE kind = ? AND object_id = ?", [kind, object_id]
        ).fetchone()
        if number is not None and int(number[0]) >= MOST:
            raise Refused(f"A {kind} has at most {MOST} external ids.")
        cursor.execute(
            "INSERT INTO external_ids VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                *(self._make_id(), kind, object_id, found.source, found.external_id),
                *(clock.now(), actor),
            ],
        )
        self._record(cursor, actor, "attach", kind, object_id, found)

    def detach(
        self, cursor: Cursor, actor: str, kind: Kind, object_id: int, found: ExternalId
    ) -> None:
        """Raises NotFound."""
        gone = cursor.execute(
            "DELETE FROM external_ids WHERE kind = ? AND object_id = ? AND source = ? "
            "AND external_id = ?",
            [kind, object_id, found.source, found.external_id],
        ).fetchone()
        if gone is None or not gone[0]:
            raise NotFound(
                f'The {kind} has no external id "{found.external_id}" of "{found.source}".'
            )
        self._record(cursor, actor, "detach", kind, object_id, found)

    def _record(
        self,
        cursor: Cursor,
        actor: str,
        verb: str,
        kind: Kind,
        object_id: int,
        found: ExternalId,
    ) -> None:
        detail = {"source": found.source, "external_id": found.external_id}
        self._audit.record(cursor, actor, f"external_id.{verb}", f"{kind}/{object_id}", detail)


def of(
    connection: Connection, kind: Kind, object_ids: Sequence[int]
) -> dict[int, list[ExternalId]]:
    """The external ids of some things, the oldest first; without an entry for what has none."""
    with connection.cursor() as cursor:
        rows = cursor.execute(
            "SELECT object_id, source, external_id FROM external_ids WHERE kind = ? "
            "AND object_id IN (SELECT unnest(?::BIGINT[])) ORDER BY id",
            [kind, list(object_ids)],
        ).fetchall()
    found: dict[int, list[ExternalId]] = {}
    for object_id, source, external_id in rows:
        found.setdefault(int(object_id), []).append(ExternalId(source, external_id))
    return found


def owners(
    connection: Connection, kind: Kind, source: str | None, external_id: str | None
) -> list[int]:
    """What carries such an id; without a source, or an id, any of it will do."""
    with connection.cursor() as cursor:
        rows = cursor.execute(
            "SELECT DISTINCT object_id FROM external_ids WHERE kind = ? "
            "AND (?::VARCHAR IS NULL OR source = ?) AND (?::VARCHAR IS NULL OR external_id = ?)",
            [kind, source, source, external_id, external_id],
        ).fetchall()
    return [int(row[0]) for row in rows]
