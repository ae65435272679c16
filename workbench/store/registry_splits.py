"""A/B releases: labels that serve several versions at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from workbench.ids import IdMaker
from workbench.store import clock
from workbench.store import registry_labels as labels
from workbench.store.audit import Audit
from workbench.store.connection import Connection, Cursor
from workbench.store.errors import NotFound
from workbench.store.guards import guard
from workbench.store.registry_labels import Labels
from workbench.store.registry_rows import SplitRow

_COLUMNS = (
    "id, template_id, name, splits, sticky_key, seed, started_at, started_by, ended_at, ended_by"
)


def _from_row(row: Sequence[Any]) -> SplitRow:
    return SplitRow(
        row[0],
        row[1],
        row[2],
        orjson.loads(row[3]),
        row[4],
        row[5],
        clock.from_stored(row[6]),
        row[7],
        clock.from_stored(row[8]) if row[8] else None,
        row[9],
    )


def running(cursor: Cursor, template_id: int, name: str) -> SplitRow | None:
    """The A/B release that a label serves now."""
    row = cursor.execute(
        f"SELECT {_COLUMNS} FROM label_splits WHERE template_id = ? AND name = ? "
        "AND ended_at IS NULL",
        [template_id, name],
    ).fetchone()
    return None if row is None else _from_row(row)


def running_everywhere(cursor: Cursor) -> list[SplitRow]:
    """Every A/B release that runs."""
    rows = cursor.execute(f"SELECT {_COLUMNS} FROM label_splits WHERE ended_at IS NULL").fetchall()
    return [_from_row(row) for row in rows]


def of_template(connection: Connection, template_id: int) -> list[SplitRow]:
    """Every A/B release of a template, running ones first, then the newest."""
    with connection.cursor() as cursor:
        rows = cursor.execute(
            f"SELECT {_COLUMNS} FROM label_splits WHERE template_id = ? "
            "ORDER BY ended_at IS NOT NULL, id DESC LIMIT 1000",
            [template_id],
        ).fetchall()
    return [_from_row(row) for row in rows]


class Splits:
    """Changes to be run by the writer."""

    def __init__(self, make_id: IdMaker, audit: Audit, labels: Labels) -> None:
        self._make_id = make_id
        self._audit = audit
        self._labels = labels

    def start(
        self,
        cursor: Cursor,
        actor: str,
        template_id: int,
        name: str,
        splits: Mapping[str, Any],
    ) -> SplitRow:
        """Let a label serve these splits; what it served before ends.

        splits: `shares` [{version, percent}], `segments`, `sticky_key` and `seed`. The label is
        made, at the version with the largest share, where it is new.
        """
        guard(cursor, "template-label", f"{template_id}/{name}")
        if labels.named(cursor, template_id, name) is None:
            largest = max(splits["shares"], key=lambda share: float(share["percent"]))
            self._labels.move(cursor, actor, template_id, name, largest["version"])
        now = clock.now()
        cursor.execute(
            "UPDATE label_splits SET ended_at = ?, ended_by = ? "
            "WHERE template_id = ? AND name = ? AND ended_at IS NULL",
            [now, actor, template_id, name],
        )
        cursor.execute(
            "INSERT INTO label_splits VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL)",
            [
                self._make_id(),
                template_id,
                name,
                orjson.dumps(dict(splits)).decode(),
                splits["sticky_key"],
                splits["seed"],
                now,
                actor,
            ],
        )
        detail = {"label": name, "splits": dict(splits)}
        self._audit.record(cursor, actor, "label.split", f"template/{template_id}", detail)
        found = running(cursor, template_id, name)
        assert found is not None
        return found

    def end(self, cursor: Cursor, actor: str, template_id: int, name: str) -> None:
        guard(cursor, "template-label", f"{template_id}/{name}")
        found = running(cursor, template_id, name)
        if found is None:
            raise NotFound(f"No A/B release runs on the release label {name!r}.")
        cursor.execute(
            "UPDATE label_splits SET ended_at = ?, ended_by = ? WHERE id = ?",
            [clock.now(), actor, found.id],
        )
        detail = {"label": name, "release": found.id}
        self._audit.record(cursor, actor, "label.unsplit", f"template/{template_id}", detail)
