"""Changes of protected labels: asked for by one person, decided by another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from workbench.ids import IdMaker
from workbench.store import clock
from workbench.store import registry_labels as label_rows
from workbench.store.audit import Audit
from workbench.store.connection import Connection, Cursor
from workbench.store.errors import NotFound, Refused
from workbench.store.guards import guard
from workbench.store.registry_labels import Labels
from workbench.store.registry_rows import LabelRequest
from workbench.store.registry_splits import Splits
from workbench.store.registry_versions import info_numbered

MOVE, REMOVE, SPLIT, UNPROTECT = "move", "remove", "split", "unprotect"
APPROVED, REJECTED, WITHDRAWN = "approved", "rejected", "withdrawn"
_COLUMNS = (
    "id, template_id, name, kind, from_number, to_number, splits, note, requested_at, "
    "requested_by, decision, decided_at, decided_by"
)


def _from_row(row: Sequence[Any]) -> LabelRequest:
    id_, template_id, name, kind, from_number, to_number, splits, *rest = row
    note, asked, asker, decision, decided_at, decided_by = rest
    return LabelRequest(
        id_,
        template_id,
        name,
        kind,
        from_number,
        to_number,
        orjson.loads(splits) if splits else None,
        note,
        clock.from_stored(asked),
        asker,
        decision,
        clock.from_stored(decided_at) if decided_at else None,
        decided_by,
    )


def by_id(cursor: Cursor, request_id: int) -> LabelRequest:
    row = cursor.execute(
        f"SELECT {_COLUMNS} FROM label_requests WHERE id = ?", [request_id]
    ).fetchone()
    if row is None:
        raise NotFound(f"There is no request {request_id} to change a release label.")
    return _from_row(row)


def listed(
    connection: Connection, template_id: int | None = None, *, waiting: bool = True
) -> list[LabelRequest]:
    """Requests of a template (None: of all), the newest first; `waiting`: undecided ones alone."""
    with connection.cursor() as cursor:
        rows = cursor.execute(
            f"SELECT {_COLUMNS} FROM label_requests "
            "WHERE (? IS NULL OR template_id = ?) AND (NOT ? OR decision IS NULL) "
            "ORDER BY id DESC LIMIT 1000",
            [template_id, template_id, waiting],
        ).fetchall()
    return [_from_row(row) for row in rows]


class Approvals:
    """Changes to be run by the writer."""

    def __init__(self, make_id: IdMaker, audit: Audit, labels: Labels, splits: Splits) -> None:
        self._make_id = make_id
        self._audit = audit
        self._labels = labels
        self._splits = splits

    def ask(
        self,
        cursor: Cursor,
        actor: str,
        template_id: int | None,
        name: str,
        kind: str,
        to_number: int | None = None,
        note: str | None = None,
        splits: Mapping[str, Any] | None = None,
    ) -> LabelRequest:
        """Ask for a change; asking for the same again gives the request that waits already."""
        guard(cursor, "label-request", f"{template_id}/{name}")
        before = None
        if template_id is not None:
            if to_number is not None:
                info_numbered(cursor, template_id, to_number)
            before = label_rows.named(cursor, template_id, name)
        if kind == REMOVE and before is None:
            raise NotFound(f"The prompt template has no release label {name!r}.")
        from_number = before.number if before else None
        wanted = None if splits is None else orjson.dumps(dict(splits)).decode()
        row = cursor.execute(
            f"SELECT {_COLUMNS} FROM label_requests WHERE decision IS NULL AND name = ? "
            "AND kind = ? AND template_id IS NOT DISTINCT FROM ? "
            "AND to_number IS NOT DISTINCT FROM ? AND from_number IS NOT DISTINCT FROM ? "
            "AND splits IS NOT DISTINCT FROM ?",
            [name, kind, template_id, to_number, from_number, wanted],
        ).fetchone()
        if row is not None:
            return _from_row(row)
        id_ = self._make_id()
        cursor.execute(
            "INSERT INTO label_requests VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL, NULL)",
            [
                *(id_, template_id, name, kind, from_number, to_number),
                *(wanted, note, clock.now(), actor),
            ],
        )
        asked = by_id(cursor, id_)
        self._record(cursor, actor, "ask", asked)
        return asked

    def decide(self, cursor: Cursor, actor: str, request_id: int, decision: str) -> LabelRequest:
        """Approve (and then make the change), reject or withdraw.

        Raises Refused where the one who approves is the one who asked, where it was decided
        already, or where the label has moved since.
        """
        asked = by_id(cursor, request_id)
        guard(cursor, "label-request", f"{asked.template_id}/{asked.name}")
        asked = by_id(cursor, request_id)
        if asked.decision is not None:
            raise Refused(f"This was {asked.decision} already, by {asked.decided_by}.")
        if decision == APPROVED:
            if actor == asked.requested_by:
                raise Refused(
                    f"{asked.name!r} is protected: somebody other than {actor} has to approve."
                )
            self._carry_out(cursor, actor, asked)
        elif decision == WITHDRAWN and actor != asked.requested_by:
            raise Refused(f"Only {asked.requested_by}, who asked for it, can withdraw this.")
        cursor.execute(
            "UPDATE label_requests SET decision = ?, decided_at = ?, decided_by = ? WHERE id = ?",
            [decision, clock.now(), actor, request_id],
        )
        self._record(cursor, actor, decision, asked)
        return by_id(cursor, request_id)

    def _carry_out(self, cursor: Cursor, actor: str, asked: LabelRequest) -> None:
        by = {"asked_by": asked.requested_by, "request": asked.id}
        if asked.kind == UNPROTECT:
            self._labels.unprotect(cursor, actor, asked.template_id, asked.name)
            return
        assert asked.template_id is not None
        now = label_rows.named(cursor, asked.template_id, asked.name)
        stands = now.number if now else None
        if stands != asked.from_number:
            raise Refused(
                f"{asked.name!r} has moved since this was asked for: it was "
                f"{_place(asked.from_number)} and is {_place(stands)} now. Ask anew."
            )
        if asked.kind == SPLIT:
            assert asked.splits is not None
            self._splits.start(cursor, actor, asked.template_id, asked.name, asked.splits)
        elif asked.to_number is None:
            self._labels.remove(cursor, actor, asked.template_id, asked.name, **by)
        else:
            self._labels.move(cursor, actor, asked.template_id, asked.name, asked.to_number, **by)

    def _record(self, cursor: Cursor, actor: str, verb: str, asked: LabelRequest) -> None:
        place = asked.template_id
        subject = "templates" if place is None else f"template/{place}"
        detail = {"label": asked.name, "request": asked.id, "kind": asked.kind}
        detail |= {"before": asked.from_number, "after": asked.to_number}
        self._audit.record(cursor, actor, f"label.{verb}", subject, detail)


def _place(number: int | None) -> str:
    return "at no version" if number is None else f"at version {number}"
