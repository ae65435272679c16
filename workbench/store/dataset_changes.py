"""Changes to datasets and their versions, to be run by the writer (`store.datasets`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from workbench.store import clock, datasets
from workbench.store.connection import Cursor
from workbench.store.dataset_pages import types_there
from workbench.store.dataset_purge import drop_unused
from workbench.store.dataset_reading import bare_value
from workbench.store.dataset_row_changes import (
    RowChanges,
    put_columns,
    required_draft,
)
from workbench.store.dataset_values import (
    EMPTY,
    Column,
    checked_column,
    checked_columns,
    checked_name,
    columns_text,
)
from workbench.store.errors import NotFound, Refused
from workbench.store.guards import guard
from workbench.store.long_values import pointer

MAX_DESCRIPTION = 10_000
MAX_NOTE = 2_000
# What is told of older sources goes first.
_MAX_SOURCES = 200


class Datasets(RowChanges):
    """Names are unique among datasets that are not removed, capitals aside.

    A version is a draft until it is published; then nothing changes it any more, but a purge of
    requests that rows came from. All methods raise NotFound where the dataset is not there.
    """

    def create(
        self,
        cursor: Cursor,
        actor: str,
        name: str,
        *,
        description: str = "",
        columns: Sequence[Column] = (),
    ) -> int:
        """A dataset without a version; returns its id. With columns a draft of them is opened.

        Raises Refused where the name is taken.
        """
        name = checked_name(name)
        _require_free(cursor, name)
        id_, now = self._make_id(), clock.now()
        cursor.execute(
            "INSERT INTO datasets VALUES (?, ?, ?, 1, ?, ?, ?, ?, NULL, NULL)",
            [id_, name, _checked_description(description), actor, now, actor, now],
        )
        self._record(cursor, actor, "create", id_, name=name)
        if columns:
            self.open_draft(cursor, actor, id_)
            self.set_columns(cursor, actor, id_, columns)
        return id_

    def rename(self, cursor: Cursor, actor: str, dataset_id: int, name: str) -> None:
        """Raises Refused where the name is taken."""
        name = checked_name(name)
        old = self._required(cursor, dataset_id)
        if name == old:
            return
        _require_free(cursor, name, beside=dataset_id)
        cursor.execute("UPDATE datasets SET name = ? WHERE id = ?", [name, dataset_id])
        self._touch(cursor, actor, dataset_id)
        self._record(cursor, actor, "rename", dataset_id, before=old, after=name)

    def describe(self, cursor: Cursor, actor: str, dataset_id: int, description: str) -> None:
        self._required(cursor, dataset_id)
        cursor.execute(
            "UPDATE datasets SET description = ? WHERE id = ?",
            [_checked_description(description), dataset_id],
        )
        self._touch(cursor, actor, dataset_id)
        self._record(cursor, actor, "describe", dataset_id, description=description)

    def remove(self, cursor: Cursor, actor: str, dataset_id: int) -> None:
        """Hide a dataset; `restore` brings it back, until a purge takes it away for good."""
        name = self._required(cursor, dataset_id)
        cursor.execute(
            "UPDATE datasets SET deleted_at = ?, deleted_by = ? WHERE id = ?",
            [clock.now(), actor, dataset_id],
        )
        self._record(cursor, actor, "remove", dataset_id, name=name)

    def restore(self, cursor: Cursor, actor: str, dataset_id: int) -> None:
        """Undo `remove`. Raises Refused where its name is taken by now."""
        guard(cursor, "dataset", str(dataset_id))
        row = cursor.execute(
            "SELECT name FROM datasets WHERE id = ? AND deleted_at IS NOT NULL", [dataset_id]
        ).fetchone()
        if row is None:
            raise NotFound(f"There is no removed dataset {dataset_id}.")
        _require_free(cursor, row[0], beside=dataset_id)
        cursor.execute(
            "UPDATE datasets SET deleted_at = NULL, deleted_by = NULL WHERE id = ?", [dataset_id]
        )
        self._record(cursor, actor, "restore", dataset_id, name=row[0])

    def open_draft(self, cursor: Cursor, actor: str, dataset_id: int) -> int:
        """Open a draft with the rows of the newest version; returns its number.

        Where one is open already, it is that one.
        """
        self._required(cursor, dataset_id)
        row = cursor.execute(
            "SELECT number, columns, published_at FROM dataset_versions WHERE dataset_id = ? "
            "ORDER BY number DESC LIMIT 1",
            [dataset_id],
        ).fetchone()
        number, columns = 1, "[]"
        if row is not None:
            if row[2] is None:
                return int(row[0])
            number, columns = int(row[0]) + 1, str(row[1])
        cursor.execute(
            "INSERT INTO dataset_versions VALUES (?, ?, ?, ?, '', NULL, NULL, ?, ?, NULL)",
            [self._make_id(), dataset_id, number, columns, actor, clock.now()],
        )
        self._touch(cursor, actor, dataset_id)
        self._record(cursor, actor, "open_draft", dataset_id, version=number)
        return number

    def publish(self, cursor: Cursor, actor: str, dataset_id: int, note: str = "") -> int:
        """Make the draft a version that never changes; returns its number. Raises Refused where
        there is no draft."""
        self._required(cursor, dataset_id)
        number = required_draft(cursor, dataset_id).number
        note = note.strip()
        if len(note) > MAX_NOTE:
            raise Refused(f"A note is at most {MAX_NOTE:,} characters.")
        cursor.execute(
            "UPDATE dataset_versions SET note = ?, published_at = ?, row_count = (SELECT count(*) "
            "FROM dataset_rows r WHERE r.dataset_id = ? AND r.until IS NULL) "
            "WHERE dataset_id = ? AND number = ?",
            [note, clock.now(), dataset_id, dataset_id, number],
        )
        self._touch(cursor, actor, dataset_id)
        self._record(cursor, actor, "publish", dataset_id, version=number, note=note)
        return number

    def discard(self, cursor: Cursor, actor: str, dataset_id: int) -> None:
        """Take the draft away with all that was changed in it. Raises Refused without one."""
        self._required(cursor, dataset_id)
        number = required_draft(cursor, dataset_id).number
        self._undo_draft(cursor, dataset_id, number)
        cursor.execute(
            "DELETE FROM dataset_versions WHERE dataset_id = ? AND number = ?",
            [dataset_id, number],
        )
        drop_unused(cursor, [dataset_id])
        self._touch(cursor, actor, dataset_id)
        self._record(cursor, actor, "discard", dataset_id, version=number)

    def restore_version(self, cursor: Cursor, actor: str, dataset_id: int, number: int) -> int:
        """Let the draft hold what a published version holds; returns the draft's number.

        A draft is opened where there is none; what was changed in it is lost.
        """
        self._required(cursor, dataset_id)
        row = cursor.execute(
            "SELECT columns FROM dataset_versions WHERE dataset_id = ? AND number = ? "
            "AND published_at IS NOT NULL",
            [dataset_id, number],
        ).fetchone()
        if row is None:
            raise NotFound(f"Dataset {dataset_id} has no published version {number}.")
        draft = self.open_draft(cursor, actor, dataset_id)
        self._undo_draft(cursor, dataset_id, draft)
        # States that came after the version end with the draft; those that it had come back.
        cursor.execute(
            "UPDATE dataset_rows SET until = ? WHERE dataset_id = ? AND until IS NULL "
            "AND since > ?",
            [draft, dataset_id, number],
        )
        cursor.execute(
            "INSERT INTO dataset_rows SELECT dataset_id, id, ?, NULL, value, split, tags, "
            "source_request, digest, texts, long_values FROM dataset_rows WHERE dataset_id = ? "
            "AND since <= ? AND until > ?",
            [draft, dataset_id, number, number],
        )
        drop_unused(cursor, [dataset_id])
        cursor.execute(
            "UPDATE dataset_versions SET columns = ? WHERE dataset_id = ? AND number = ?",
            [row[0], dataset_id, draft],
        )
        self._touch(cursor, actor, dataset_id)
        self._record(cursor, actor, "restore_version", dataset_id, version=number, draft=draft)
        return draft

    def clear(self, cursor: Cursor, actor: str, dataset_id: int) -> int:
        """Let the draft, opened where there is none, hold no row and no column; its number."""
        draft = self.open_draft(cursor, actor, dataset_id)
        self._undo_draft(cursor, dataset_id, draft)
        cursor.execute(
            "UPDATE dataset_rows SET until = ? WHERE dataset_id = ? AND until IS NULL",
            [draft, dataset_id],
        )
        cursor.execute(
            "UPDATE dataset_versions SET columns = '[]', source = NULL "
            "WHERE dataset_id = ? AND number = ?",
            [dataset_id, draft],
        )
        drop_unused(cursor, [dataset_id])
        self._touch(cursor, actor, dataset_id)
        self._record(cursor, actor, "clear", dataset_id, version=draft)
        return draft

    def set_columns(
        self, cursor: Cursor, actor: str, dataset_id: int, columns: Sequence[Column]
    ) -> None:
        """Put the draft's columns in order, with their roles; new ones may come in.

        A column that is left out is hidden: its values stay in the rows. Types are those of the
        values that are there; of a column without any it is the given one. Raises Refused.
        """
        self._required(cursor, dataset_id)
        draft = required_draft(cursor, dataset_id)
        kept = checked_columns(columns)
        there = {column.name: column.type for column in draft.columns}
        unknown = [one.name for one in kept if there.get(one.name, EMPTY) == EMPTY]
        there |= types_there(cursor, dataset_id, draft.number, unknown)
        typed = [
            Column(one.name, there[one.name], one.role)
            if there.get(one.name, EMPTY) != EMPTY
            else one
            for one in kept
        ]
        text = columns_text(typed, draft.names)
        put_columns(cursor, dataset_id, draft.number, text)
        self._touch(cursor, actor, dataset_id)
        self._record(cursor, actor, "columns", dataset_id, columns=orjson.loads(text))

    def rename_column(
        self, cursor: Cursor, actor: str, dataset_id: int, name: str, to: str
    ) -> None:
        """Give a column of the draft another name. Its values stay where they are
        (`dataset_names`), and versions before keep the old name. Raises Refused."""
        self._required(cursor, dataset_id)
        draft = required_draft(cursor, dataset_id)
        there = [column.name for column in draft.columns]
        if name not in there:
            raise Refused(f'The draft has no column "{name[:60]}".')
        to = checked_column(to.strip())
        if to == name:
            return
        if to in there:
            raise Refused(f'There is a column "{to}" already: choose another name.')
        if to in draft.names.by_key.values() or (
            to not in draft.names.by_key and _holds(cursor, dataset_id, to)
        ):
            raise Refused(
                f'A hidden column is named "{to}": choose another name, or show that one again '
                "and rename it first."
            )
        named = [
            Column(to, one.type, one.role) if one.name == name else one for one in draft.columns
        ]
        text = columns_text(named, draft.names.renamed(name, to))
        put_columns(cursor, dataset_id, draft.number, text)
        self._touch(cursor, actor, dataset_id)
        detail = {"version": draft.number, "before": name, "after": to}
        self._record(cursor, actor, "rename_column", dataset_id, **detail)

    def note_source(
        self, cursor: Cursor, actor: str, dataset_id: int, source: Mapping[str, Any]
    ) -> None:
        """Keep with the draft where rows of it came from, such as {"kind": "file", "name": …}."""
        self._required(cursor, dataset_id)
        draft = required_draft(cursor, dataset_id)
        row = cursor.execute(
            "SELECT source FROM dataset_versions WHERE dataset_id = ? AND number = ?",
            [dataset_id, draft.number],
        ).fetchone()
        before = orjson.loads(row[0]) if row and row[0] else []
        kept = [*before, dict(source)][-_MAX_SOURCES:]
        cursor.execute(
            "UPDATE dataset_versions SET source = ? WHERE dataset_id = ? AND number = ?",
            [orjson.dumps(kept).decode(), dataset_id, draft.number],
        )
        self._record(cursor, actor, "source", dataset_id, source=dict(source))

    def _undo_draft(self, cursor: Cursor, dataset_id: int, number: int) -> None:
        given = [dataset_id, number]
        cursor.execute("DELETE FROM dataset_rows WHERE dataset_id = ? AND since = ?", given)
        cursor.execute(
            "UPDATE dataset_rows SET until = NULL WHERE dataset_id = ? AND until = ?", given
        )


def _holds(cursor: Cursor, dataset_id: int, key: str) -> bool:
    """Whether rows of the draft have values under a key."""
    found = cursor.execute(
        f"SELECT 1 FROM dataset_rows d WHERE d.dataset_id = ? AND d.until IS NULL "
        f"AND json_exists({bare_value(cursor, dataset_id)}, ?) LIMIT 1",
        [dataset_id, pointer(key)],
    ).fetchone()
    return found is not None


def _checked_description(description: str) -> str:
    if len(description) > MAX_DESCRIPTION:
        raise Refused(f"A description is at most {MAX_DESCRIPTION:,} characters.")
    return description.strip()


def _require_free(cursor: Cursor, name: str, beside: int | None = None) -> None:
    # One guard for all names: which letters count as the same is decided in one place.
    guard(cursor, "dataset", "name")
    there = datasets.id_named(cursor, name)
    if there is not None and there != beside:
        raise Refused(f'There is a dataset "{name}" already: choose another name, or add to it.')
