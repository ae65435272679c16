"""Changes of evaluations, their runs and columns; run by the writer, under a guard each.

What a column's configuration means is not known here: the callers (workbench/evals) check it inside
of the same change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import orjson

from workbench.ids import IdMaker
from workbench.store import clock, evaluation_cells
from workbench.store import evaluations as reading
from workbench.store.audit import Audit
from workbench.store.dataset_values import checked_tags
from workbench.store.errors import NotFound, Refused
from workbench.store.evaluation_values import MAX_NAME, NEW, RUNNING, ColumnRow, RunInfo
from workbench.store.guards import guard
from workbench.store.writer import Cursor

MAX_DESCRIPTION = 20_000
MAX_JSON = 1_000_000


class Evaluations:
    """Changes to be run by the writer. Each raises NotFound for what is not there."""

    def __init__(self, make_id: IdMaker, audit: Audit) -> None:
        self._make_id = make_id
        self._audit = audit

    def create(self, cursor: Cursor, actor: str, name: str, description: str) -> int:
        """A new evaluation without a run; its id."""
        name, description = checked_name(name), _checked(description, MAX_DESCRIPTION)
        id_, now = self._make_id(), clock.now()
        cursor.execute(
            "INSERT INTO evaluations VALUES (?, ?, ?, ?, ?, ?, ?, NULL, NULL, NULL)",
            [id_, name, description, actor, now, actor, now],
        )
        self._record(cursor, actor, "create", id_, {"name": name})
        return id_

    def rename(self, cursor: Cursor, actor: str, id_: int, name: str, description: str) -> None:
        name, description = checked_name(name), _checked(description, MAX_DESCRIPTION)
        self.touch(cursor, actor, id_)
        cursor.execute(
            "UPDATE evaluations SET name = ?, description = ? WHERE id = ?",
            [name, description, id_],
        )
        self._record(cursor, actor, "rename", id_, {"name": name})

    def set_tags(self, cursor: Cursor, actor: str, id_: int, tags: Sequence[str]) -> None:
        """In place of those that were there."""
        kept = checked_tags(tags)
        self.touch(cursor, actor, id_)
        cursor.execute("UPDATE evaluations SET tags = ? WHERE id = ?", [list(kept), id_])
        self._record(cursor, actor, "tags", id_, {"tags": list(kept)})

    def remove(self, cursor: Cursor, actor: str, id_: int) -> None:
        """Hide an evaluation; `restore` brings it back. Refused while a run goes on."""
        self.touch(cursor, actor, id_)
        row = cursor.execute(
            "SELECT count(*) FROM evaluation_runs WHERE evaluation_id = ? AND state = ?",
            [id_, RUNNING],
        ).fetchone()
        if row and row[0]:
            raise Refused("This evaluation is running: pause or cancel it first.")
        cursor.execute(
            "UPDATE evaluations SET deleted_at = ?, deleted_by = ? WHERE id = ?",
            [clock.now(), actor, id_],
        )
        self._record(cursor, actor, "remove", id_, {})

    def restore(self, cursor: Cursor, actor: str, id_: int) -> None:
        guard(cursor, "evaluation", str(id_))
        found = cursor.execute(
            "SELECT 1 FROM evaluations WHERE id = ? AND deleted_at IS NOT NULL", [id_]
        ).fetchone()
        if found is None:
            raise NotFound(f"There is no removed evaluation {id_}.")
        cursor.execute(
            "UPDATE evaluations SET deleted_at = NULL, deleted_by = NULL WHERE id = ?", [id_]
        )
        self._record(cursor, actor, "restore", id_, {})

    def touch(self, cursor: Cursor, actor: str, id_: int) -> None:
        """Take the turn to change an evaluation, and note who changed it."""
        guard(cursor, "evaluation", str(id_))
        found = cursor.execute(
            "SELECT 1 FROM evaluations WHERE id = ? AND deleted_at IS NULL", [id_]
        ).fetchone()
        if found is None:
            raise NotFound(f"There is no evaluation {id_}.")
        cursor.execute(
            "UPDATE evaluations SET updated_by = ?, updated_at = ? WHERE id = ?",
            [actor, clock.now(), id_],
        )

    def add_run(
        self,
        cursor: Cursor,
        actor: str,
        evaluation_id: int,
        *,
        name: str = "",
        dataset: tuple[int, int] | None = None,
        judge: Mapping[str, Any] | None = None,
        score: Mapping[str, Any] | None = None,
        budget: Decimal | None = None,
        concurrency: int,
        columns: Sequence[ColumnRow],
    ) -> int:
        """A run after the newest one; its id. Columns get ids of their own."""
        self.touch(cursor, actor, evaluation_id)
        last = reading.newest_in(cursor, evaluation_id)
        number = 1 if last is None else last.number + 1
        dataset_id, version = dataset or (None, None)
        id_ = self._make_id()
        cursor.execute(
            "INSERT INTO evaluation_runs VALUES "
            "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL, NULL, ?, ?, NULL, NULL)",
            [
                *(id_, evaluation_id, number, _checked(name, MAX_NAME), dataset_id, version),
                *(_json(judge), _json(score), budget, concurrency, NEW, actor, clock.now()),
            ],
        )
        for at, column in enumerate(columns):
            self._insert(cursor, actor, id_, column, at, self._make_id())
        self._record(cursor, actor, "run", evaluation_id, {"run": id_, "number": number})
        return id_

    def editable(self, cursor: Cursor, actor: str, run_id: int, *, idle: bool = True) -> RunInfo:
        """The run, its turn taken. Raises Refused for one that is not the newest and, with `idle`,
        for one that goes on."""
        info = reading.run_in(cursor, run_id)
        if info is None:
            raise NotFound(f"There is no run {run_id}.")
        self.touch(cursor, actor, info.evaluation_id)
        info = reading.run_in(cursor, run_id)
        assert info is not None
        newest = reading.newest_in(cursor, info.evaluation_id)
        if newest is not None and newest.id != run_id:
            raise Refused(f"Run {info.number} stays as it was: run {newest.number} is edited.")
        if idle and info.state == RUNNING:
            raise Refused("The run goes on: pause or cancel it first.")
        if idle and info.worker is not None:
            raise Refused("The cells that were begun are being finished: try again in a moment.")
        return info

    def set_up(self, cursor: Cursor, actor: str, info: RunInfo, changes: Mapping[str, Any]) -> None:
        """Change columns of the run's row: name, dataset_id, dataset_version, judge, score,
        budget, concurrency, reason."""
        for name, value in changes.items():
            written = _json(value) if name in ("judge", "score") else value
            cursor.execute(
                f"UPDATE evaluation_runs SET {name} = ? WHERE id = ?", [written, info.id]
            )
        shown = {name: str(value) for name, value in changes.items()}
        self._record(cursor, actor, "set_up", info.evaluation_id, {"run": info.id, **shown})

    def put_columns(
        self,
        cursor: Cursor,
        actor: str,
        info: RunInfo,
        columns: Sequence[ColumnRow],
        stale: Sequence[int],
        action: str,
        detail: Mapping[str, Any],
    ) -> None:
        """Bring a run's columns to this list: its order, names and configurations. Those that are
        not in it go, with their cells. stale: ids of columns whose cells no longer hold."""
        before = {one.id: one for one in reading.columns_in(cursor, info.id)}
        for at, column in enumerate(columns):
            old = before.pop(column.id, None)
            if old is None:
                self._insert(cursor, actor, info.id, column, at, column.id)
                continue
            if (old.name, old.type, old.spec) != (column.name, column.type, column.spec):
                used = column.used if old.spec == column.spec else None
                cursor.execute(
                    "UPDATE evaluation_columns SET name = ?, type = ?, spec = ?, used = ?, "
                    "edited_by = ?, edited_at = ? WHERE id = ? AND run_id = ?",
                    [
                        *(column.name, column.type, column.spec, _json(used), actor),
                        *(clock.now(), column.id, info.id),
                    ],
                )
            if old.position != at:
                cursor.execute(
                    "UPDATE evaluation_columns SET position = ? WHERE id = ? AND run_id = ?",
                    [at, column.id, info.id],
                )
        for gone in before:
            given = [info.id, gone]
            cursor.execute("DELETE FROM evaluation_columns WHERE run_id = ? AND id = ?", given)
            cursor.execute("DELETE FROM evaluation_cells WHERE run_id = ? AND column_id = ?", given)
        evaluation_cells.mark_columns(cursor, info.id, stale)
        self._record(cursor, actor, action, info.evaluation_id, {"run": info.id, **detail})

    def record(
        self, cursor: Cursor, actor: str, action: str, info: RunInfo, detail: Mapping[str, Any]
    ) -> None:
        """Note what was done to a run in the audit trail."""
        self._record(cursor, actor, action, info.evaluation_id, {"run": info.id, **detail})

    def keep_used(self, cursor: Cursor, run_id: int, used: Mapping[int, Mapping[str, Any]]) -> None:
        """Which version of a prompt columns use in this run, by the columns' ids."""
        for column_id, value in used.items():
            cursor.execute(
                "UPDATE evaluation_columns SET used = ? WHERE run_id = ? AND id = ?",
                [_json(value), run_id, column_id],
            )

    def forget_used(self, cursor: Cursor, run_id: int, columns: Sequence[int]) -> None:
        """Labels and "latest" are looked up anew for these columns at the next start."""
        cursor.execute(
            "UPDATE evaluation_columns SET used = NULL WHERE run_id = ? "
            "AND id IN (SELECT unnest(?::BIGINT[]))",
            [run_id, list(columns)],
        )

    def _insert(
        self, cursor: Cursor, actor: str, run_id: int, column: ColumnRow, at: int, id_: int
    ) -> None:
        cursor.execute(
            "INSERT INTO evaluation_columns VALUES (?, ?, ?, ?, ?, ?, NULL, ?, ?)",
            [id_, run_id, at, column.name, column.type, column.spec, actor, clock.now()],
        )

    def _record(
        self, cursor: Cursor, actor: str, verb: str, id_: int, detail: Mapping[str, Any]
    ) -> None:
        self._audit.record(cursor, actor, f"evaluation.{verb}", f"evaluation/{id_}", dict(detail))


def checked_name(name: str) -> str:
    """A name without outer space; raises Refused for none, and for one that is too long."""
    name = " ".join(name.split())
    if not name:
        raise Refused("A name is needed.")
    return _checked(name, MAX_NAME)


def _checked(text: str, most: int) -> str:
    if len(text) > most:
        raise Refused(f"At most {most:,} characters are kept; this has {len(text):,}.")
    return text


def _json(value: Mapping[str, Any] | None) -> str | None:
    if not value:
        return None
    text = orjson.dumps(dict(value)).decode()
    if len(text) > MAX_JSON:
        raise Refused("These settings are too long.")
    return text
