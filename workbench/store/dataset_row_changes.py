"""Changes to the rows of a dataset's draft. A state that an earlier version has is ended, never
changed; one that began with the draft is changed where it stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from workbench.ids import IdMaker
from workbench.store import blob_rows, clock, dataset_duplicates, long_values
from workbench.store.audit import Audit
from workbench.store.connection import ROW_GROUP_ROWS, Cursor
from workbench.store.dataset_names import Names, read_names
from workbench.store.dataset_values import (
    Column,
    NewRow,
    Prepared,
    checked_column,
    checked_split,
    checked_tags,
    columns_text,
    encoded,
    prepare,
    read_columns,
    type_of,
    widened,
)
from workbench.store.errors import NotFound, Refused
from workbench.store.guards import guard
from workbench.store.long_values import DATASETS, LongValue

_VIEW = "incoming_dataset_rows"
_IDS = "(SELECT unnest(?::BIGINT[]))"
_CHOSEN = "chosen_dataset_rows"


@dataclass(frozen=True, slots=True)
class Draft:
    number: int
    columns: tuple[Column, ...]
    names: Names


class RowChanges:
    """All methods need a draft and raise Refused where there is none, NotFound where the dataset
    is not there."""

    def __init__(self, make_id: IdMaker, audit: Audit) -> None:
        self._make_id = make_id
        self._audit = audit

    def add_rows(
        self, cursor: Cursor, actor: str, dataset_id: int, rows: Sequence[NewRow] | Prepared
    ) -> int:
        """Add rows to the draft; the number of the first is returned, the others follow it.

        Some thousands at once are best; `prepare` made ready by the caller spares the writer work.
        Columns that the draft does not have come in at its end. Raises Refused.
        """
        self._required(cursor, dataset_id)
        draft = required_draft(cursor, dataset_id)
        ready = rows if isinstance(rows, Prepared) else prepare(rows)
        first = self._next_row(cursor, dataset_id)
        if not len(ready):
            return first
        ready = ready.under(draft.names)
        _widen(cursor, dataset_id, draft, ready.types, ready.roles)
        _keep_blobs(cursor, dataset_id, ready.blobs)
        names = self._keep_long(cursor, dataset_id, ready.long)
        _insert(cursor, dataset_id, draft.number, first, ready, names)
        cursor.execute(
            "UPDATE datasets SET next_row = ? WHERE id = ?", [first + len(ready), dataset_id]
        )
        self._touch(cursor, actor, dataset_id)
        self._record(
            cursor,
            actor,
            "add_rows",
            dataset_id,
            version=draft.number,
            first=first,
            rows=len(ready),
        )
        return first

    def edit_row(
        self,
        cursor: Cursor,
        actor: str,
        dataset_id: int,
        row_id: int,
        values: Mapping[str, Any],
    ) -> None:
        """Put other values in the place of a row's values. Raises NotFound where it is not in the
        draft."""
        self._required(cursor, dataset_id)
        draft = required_draft(cursor, dataset_id)
        for name in values:
            checked_column(name)
        made = encoded(draft.names.keyed(values))
        row = cursor.execute(
            "SELECT since, digest::VARCHAR FROM dataset_rows "
            "WHERE dataset_id = ? AND id = ? AND until IS NULL",
            [dataset_id, row_id],
        ).fetchone()
        if row is None:
            raise NotFound(f"There is no row {row_id} in the draft.")
        if row[1] == made.digest:
            return
        _widen(cursor, dataset_id, draft, {name: type_of(one) for name, one in values.items()}, {})
        _keep_blobs(cursor, dataset_id, {one.sha256: one.data for one in made.blobs})
        if row[0] < draft.number:
            self._own_states(cursor, dataset_id, draft.number, "id = ?", [row_id])
        cursor.execute(
            "UPDATE dataset_rows SET value = ?, digest = ?::UUID, texts = ?, long_values = ? "
            "WHERE dataset_id = ? AND id = ? AND since = ?",
            [
                *(made.text, made.digest, *self._keep_long(cursor, dataset_id, [made.long])),
                *(made.told, dataset_id, row_id, draft.number),
            ],
        )
        long_values.drop_unused(cursor, DATASETS, dataset_id)
        self._touch(cursor, actor, dataset_id)
        self._record(cursor, actor, "edit_row", dataset_id, version=draft.number, row=row_id)

    def delete_rows(self, cursor: Cursor, actor: str, dataset_id: int, ids: Sequence[int]) -> int:
        """Take rows out of the draft; returns how many were in it."""
        self._required(cursor, dataset_id)
        number = required_draft(cursor, dataset_id).number
        count = self._take_out(cursor, dataset_id, number, _IDS, [list(ids)])
        self._touch(cursor, actor, dataset_id)
        detail = _of_rows(number, ids, count)
        self._record(cursor, actor, "delete_rows", dataset_id, **detail)
        return count

    def set_split(
        self, cursor: Cursor, actor: str, dataset_id: int, ids: Sequence[int], split: str | None
    ) -> int:
        """Put rows of the draft into a split, or into none; returns how many were in another."""
        split = checked_split(split)
        return self._set(
            cursor, actor, dataset_id, ids, "split", "?", [split], "split IS DISTINCT FROM ?"
        )

    def add_tags(
        self, cursor: Cursor, actor: str, dataset_id: int, ids: Sequence[int], tags: Sequence[str]
    ) -> int:
        """Add tags to rows of the draft; returns how many lacked one of them."""
        kept = list(checked_tags(tags))
        return self._set(
            cursor,
            actor,
            dataset_id,
            ids,
            "tags",
            "tags || list_filter(?::VARCHAR[], lambda tag: NOT list_contains(tags, tag))",
            [kept],
            "NOT list_has_all(tags, ?::VARCHAR[])",
        )

    def remove_tags(
        self, cursor: Cursor, actor: str, dataset_id: int, ids: Sequence[int], tags: Sequence[str]
    ) -> int:
        """Take tags from rows of the draft; returns how many had one of them."""
        return self._set(
            cursor,
            actor,
            dataset_id,
            ids,
            "tags",
            "list_filter(tags, lambda tag: NOT list_contains(?::VARCHAR[], tag))",
            [list(checked_tags(tags))],
            "list_has_any(tags, ?::VARCHAR[])",
        )

    def set_tags(
        self, cursor: Cursor, actor: str, dataset_id: int, ids: Sequence[int], tags: Sequence[str]
    ) -> int:
        """Let these be the rows' tags; returns how many had others."""
        kept = list(checked_tags(tags))
        return self._set(
            cursor, actor, dataset_id, ids, "tags", "?::VARCHAR[]", [kept], "tags <> ?::VARCHAR[]"
        )

    def remove_duplicates(
        self,
        cursor: Cursor,
        actor: str,
        dataset_id: int,
        columns: Sequence[str] = (),
    ) -> int:
        """Take out of the draft every row that repeats an earlier one, in all values or in those of
        `columns`; returns how many. `dataset_duplicates.find` tells which they are."""
        self._required(cursor, dataset_id)
        number = required_draft(cursor, dataset_id).number
        key, given = dataset_duplicates.key(cursor, dataset_id, number, columns)
        # The numbers of the rows stay in the engine, however many they are.
        cursor.execute(
            f"CREATE OR REPLACE TEMP TABLE {_CHOSEN} AS SELECT id FROM dataset_rows "
            "WHERE dataset_id = ? AND until IS NULL AND id NOT IN (SELECT min(d.id) "
            f"FROM dataset_rows d WHERE d.dataset_id = ? AND d.until IS NULL GROUP BY {key})",
            [dataset_id, dataset_id, *given],
        )
        count = self._take_out(cursor, dataset_id, number, f"(SELECT id FROM {_CHOSEN})", [])
        cursor.execute(f"DROP TABLE temp.{_CHOSEN}")
        if count:
            self._touch(cursor, actor, dataset_id)
        self._record(
            cursor,
            actor,
            "remove_duplicates",
            dataset_id,
            version=number,
            columns=list(columns),
            rows=count,
        )
        return count

    def _take_out(
        self, cursor: Cursor, dataset_id: int, number: int, ids: str, given: list[Any]
    ) -> int:
        """Take rows out of the draft; how many were in it. ids: SQL of their numbers."""
        where = f"dataset_id = ? AND id IN {ids} AND until IS NULL"
        bound = [dataset_id, *given, number]
        ended = cursor.execute(
            f"UPDATE dataset_rows SET until = ? WHERE {where} AND since < ?", [number, *bound]
        ).fetchone()
        gone = cursor.execute(
            f"DELETE FROM dataset_rows WHERE {where} AND since = ?", bound
        ).fetchone()
        long_values.drop_unused(cursor, DATASETS, dataset_id)
        return sum(int(one[0]) for one in (ended, gone) if one)

    def _set(
        self,
        cursor: Cursor,
        actor: str,
        dataset_id: int,
        ids: Sequence[int],
        column: str,
        value: str,
        given: list[Any],
        differs: str,
    ) -> int:
        """Set a column of rows of the draft to an SQL value where `differs`; each binds `given`."""
        self._required(cursor, dataset_id)
        number = required_draft(cursor, dataset_id).number
        chosen = f"id IN {_IDS} AND {differs}"
        rows = cursor.execute(
            f"SELECT id FROM dataset_rows WHERE dataset_id = ? AND until IS NULL AND {chosen}",
            [dataset_id, list(ids), *given],
        ).fetchall()
        touched = [id_ for (id_,) in rows]
        if touched:
            self._own_states(cursor, dataset_id, number, f"id IN {_IDS}", [touched])
            cursor.execute(
                f"UPDATE dataset_rows SET {column} = {value} "
                f"WHERE dataset_id = ? AND since = ? AND id IN {_IDS}",
                [*given, dataset_id, number, touched],
            )
            self._touch(cursor, actor, dataset_id)
        detail = _of_rows(number, ids, len(touched))
        self._record(cursor, actor, f"set_{column}", dataset_id, value=given[0], **detail)
        return len(touched)

    def _own_states(
        self, cursor: Cursor, dataset_id: int, number: int, which: str, given: list[Any]
    ) -> None:
        """Give these rows a state of the draft's own, equal to the one that they have."""
        where = f"dataset_id = ? AND until IS NULL AND since < ? AND {which}"
        bound = [dataset_id, number, *given]
        cursor.execute(
            "INSERT INTO dataset_rows SELECT dataset_id, id, ?, NULL, value, split, tags, "
            f"source_request, digest, texts, long_values FROM dataset_rows WHERE {where}",
            [number, *bound],
        )
        cursor.execute(f"UPDATE dataset_rows SET until = ? WHERE {where}", [number, *bound])

    def _keep_long(
        self, cursor: Cursor, dataset_id: int, found: Sequence[Sequence[LongValue]]
    ) -> list[int | None]:
        """Keep the long values of rows; under what name, for each row, None where it has none."""
        names = [self._make_id() if each else None for each in found]
        pairs = zip(names, found, strict=True)
        kept = [(dataset_id, name, each) for name, each in pairs if name is not None]
        long_values.insert(cursor, DATASETS, kept)
        return names

    def _required(self, cursor: Cursor, dataset_id: int) -> str:
        """The name of a dataset that is there, and the turn to change it."""
        guard(cursor, "dataset", str(dataset_id))
        row = cursor.execute(
            "SELECT name FROM datasets WHERE id = ? AND deleted_at IS NULL", [dataset_id]
        ).fetchone()
        if row is None:
            raise NotFound(f"There is no dataset {dataset_id}.")
        return str(row[0])

    def _next_row(self, cursor: Cursor, dataset_id: int) -> int:
        row = cursor.execute("SELECT next_row FROM datasets WHERE id = ?", [dataset_id]).fetchone()
        assert row is not None
        return int(row[0])

    def _touch(self, cursor: Cursor, actor: str, dataset_id: int) -> None:
        cursor.execute(
            "UPDATE datasets SET updated_by = ?, updated_at = ? WHERE id = ?",
            [actor, clock.now(), dataset_id],
        )

    def _record(
        self, cursor: Cursor, actor: str, verb: str, dataset_id: int, **detail: Any
    ) -> None:
        self._audit.record(cursor, actor, f"dataset.{verb}", f"dataset/{dataset_id}", detail)


def required_draft(cursor: Cursor, dataset_id: int) -> Draft:
    """Raises Refused where there is none."""
    row = cursor.execute(
        "SELECT number, columns FROM dataset_versions WHERE dataset_id = ? "
        "AND published_at IS NULL",
        [dataset_id],
    ).fetchone()
    if row is None:
        raise Refused("Published versions never change: open a draft first.")
    return Draft(int(row[0]), read_columns(row[1]), read_names(row[1]))


def _of_rows(number: int, ids: Sequence[int], count: int) -> dict[str, Any]:
    """What the audit trail tells of a change to many rows: the first ones by number."""
    return {"version": number, "rows": count, "first_rows": list(ids[:20])}


def _widen(
    cursor: Cursor,
    dataset_id: int,
    draft: Draft,
    types: Mapping[str, str],
    roles: Mapping[str, str],
) -> None:
    wide = widened(draft.columns, types, roles)
    if tuple(wide) != draft.columns:
        put_columns(cursor, dataset_id, draft.number, columns_text(wide, draft.names))


def put_columns(cursor: Cursor, dataset_id: int, number: int, text: str) -> None:
    cursor.execute(
        "UPDATE dataset_versions SET columns = ? WHERE dataset_id = ? AND number = ?",
        [text, dataset_id, number],
    )


def _keep_blobs(cursor: Cursor, dataset_id: int, found: Mapping[str, bytes]) -> None:
    """Keep images of rows, each once in a dataset."""
    blob_rows.insert_owned(cursor, "dataset_blobs", dataset_id, found)


def _insert(
    cursor: Cursor,
    dataset_id: int,
    number: int,
    first: int,
    ready: Prepared,
    names: Sequence[int | None],
) -> None:
    table = pa.table(
        {
            "id": pa.array(range(first, first + len(ready)), pa.int64()),
            "value": pa.array(ready.texts, pa.string()),
            "split": pa.array(ready.splits, pa.string()),
            "tags": pa.array(ready.tags, pa.list_(pa.string())),
            "source": pa.array(ready.sources, pa.int64()),
            "digest": pa.array(ready.digests, pa.string()),
            "texts": pa.array(names, pa.int64()),
            "told": pa.array(ready.told, pa.string()),
        }
    )
    # In batches of a row group: DuckDB closes a group where a batch ends, be it whole or not.
    batches = table.to_batches(max_chunksize=ROW_GROUP_ROWS)
    cursor.register(_VIEW, pa.Table.from_batches(batches, table.schema))
    try:
        cursor.execute(
            f"INSERT INTO dataset_rows SELECT ?, id, ?, NULL, value, split, tags, source, "
            f"digest::UUID, texts, told FROM {_VIEW}",
            [dataset_id, number],
        )
    finally:
        cursor.unregister(_VIEW)
