"""Evaluations, their runs and columns, as they are listed and found."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import orjson

from workbench.store import clock
from workbench.store.connection import Connection, Cursor
from workbench.store.dataset_names import names_in
from workbench.store.dataset_values import read_columns
from workbench.store.evaluation_values import ColumnRow, Evaluation, RunInfo

EVALUATION = (
    "e.id, e.name, e.description, e.author, e.created_at, e.updated_by, e.updated_at, "
    "e.deleted_at, e.deleted_by, e.tags"
)
_WIDTH = EVALUATION.count(",") + 1
RUN = (
    "r.id, r.evaluation_id, r.number, r.name, r.dataset_id, r.dataset_version, r.judge, r.score, "
    "r.budget, r.concurrency, r.state, r.reason, r.worker, r.heartbeat_at, r.author, "
    "r.created_at, r.started_at, r.ended_at"
)
COLUMN = "c.id, c.position, c.name, c.type, c.spec, c.used, c.edited_by, c.edited_at"
_NEWEST = (
    "r.number = (SELECT max(number) FROM evaluation_runs o WHERE o.evaluation_id = r.evaluation_id)"
)


def get(connection: Connection, id_: int, *, deleted: bool = False) -> Evaluation | None:
    """An evaluation; None where there is none or, unless `deleted`, it was removed."""
    where = "e.id = ?" if deleted else "e.id = ? AND e.deleted_at IS NULL"
    with connection.cursor() as cursor:
        row = cursor.execute(
            f"SELECT {EVALUATION} FROM evaluations e WHERE {where}", [id_]
        ).fetchone()
    return None if row is None else evaluation_from(row)


def listed(
    connection: Connection,
    text: str,
    *,
    deleted: bool,
    limit: int,
    offset: int,
    in_tags: bool = False,
) -> list[tuple[Evaluation, RunInfo]]:
    """With the newest run of each, the last changed first. text: part of the name; in_tags: or of
    a tag."""
    where, given = _chosen(text, deleted, in_tags)
    with connection.cursor() as cursor:
        rows = cursor.execute(
            f"SELECT {EVALUATION}, {RUN} FROM evaluations e "
            f"JOIN evaluation_runs r ON r.evaluation_id = e.id AND {_NEWEST} WHERE {where} "
            "ORDER BY e.updated_at DESC, e.id DESC LIMIT ? OFFSET ?",
            [*given, limit, offset],
        ).fetchall()
    return [(evaluation_from(row[:_WIDTH]), run_from(row[_WIDTH:])) for row in rows]


def counted(connection: Connection, text: str, *, deleted: bool, in_tags: bool = False) -> int:
    where, given = _chosen(text, deleted, in_tags)
    with connection.cursor() as cursor:
        row = cursor.execute(f"SELECT count(*) FROM evaluations e WHERE {where}", given).fetchone()
    return int(row[0]) if row else 0


def _chosen(text: str, deleted: bool, in_tags: bool) -> tuple[str, list[Any]]:
    there = "IS NOT NULL" if deleted else "IS NULL"
    looked_at = "e.name"
    if in_tags:
        # What is looked for is one line, so it is found within a tag and not across two.
        looked_at = "concat(e.name, chr(10), array_to_string(e.tags, chr(10)))"
    return f"e.deleted_at {there} AND contains(lower({looked_at}), lower(?))", [text.strip()]


def run(connection: Connection, run_id: int) -> RunInfo | None:
    with connection.cursor() as cursor:
        return run_in(cursor, run_id)


def state(connection: Connection, run_id: int) -> str | None:
    """Of a run."""
    found = run(connection, run_id)
    return None if found is None else found.state


def run_in(cursor: Cursor, run_id: int) -> RunInfo | None:
    row = cursor.execute(f"SELECT {RUN} FROM evaluation_runs r WHERE r.id = ?", [run_id]).fetchone()
    return None if row is None else run_from(row)


def runs(connection: Connection, evaluation_id: int) -> list[RunInfo]:
    """The newest first."""
    with connection.cursor() as cursor:
        rows = cursor.execute(
            f"SELECT {RUN} FROM evaluation_runs r WHERE r.evaluation_id = ? ORDER BY r.number DESC",
            [evaluation_id],
        ).fetchall()
    return [run_from(row) for row in rows]


def newest_in(cursor: Cursor, evaluation_id: int) -> RunInfo | None:
    row = cursor.execute(
        f"SELECT {RUN} FROM evaluation_runs r WHERE r.evaluation_id = ? "
        "ORDER BY r.number DESC LIMIT 1",
        [evaluation_id],
    ).fetchone()
    return None if row is None else run_from(row)


def columns(connection: Connection, run_id: int) -> list[ColumnRow]:
    """From left to right."""
    with connection.cursor() as cursor:
        return columns_in(cursor, run_id)


def columns_in(cursor: Cursor, run_id: int) -> list[ColumnRow]:
    rows = cursor.execute(
        f"SELECT {COLUMN} FROM evaluation_columns c WHERE c.run_id = ? ORDER BY c.position, c.id",
        [run_id],
    ).fetchall()
    return [column_from(row) for row in rows]


def run_of_column(connection: Connection, column_id: int) -> int | None:
    """The run that a column stands in; None where there is no such column."""
    with connection.cursor() as cursor:
        row = cursor.execute(
            "SELECT run_id FROM evaluation_columns WHERE id = ?", [column_id]
        ).fetchone()
    return None if row is None else int(row[0])


def columns_of_runs(connection: Connection, run_ids: Sequence[int]) -> dict[int, list[ColumnRow]]:
    """The columns of several runs, from left to right."""
    found: dict[int, list[ColumnRow]] = {id_: [] for id_ in run_ids}
    with connection.cursor() as cursor:
        rows = cursor.execute(
            f"SELECT {COLUMN}, c.run_id FROM evaluation_columns c "
            "WHERE c.run_id IN (SELECT unnest(?::BIGINT[])) ORDER BY c.position, c.id",
            [list(run_ids)],
        ).fetchall()
    for row in rows:
        found[row[-1]].append(column_from(row))
    return found


def inputs(connection: Connection, dataset_id: int | None, number: int | None) -> tuple[str, ...]:
    """The columns of a version of a dataset, from left to right."""
    with connection.cursor() as cursor:
        return inputs_in(cursor, dataset_id, number)


def inputs_in(cursor: Cursor, dataset_id: int | None, number: int | None) -> tuple[str, ...]:
    row = cursor.execute(
        "SELECT columns FROM dataset_versions WHERE dataset_id = ? AND number = ?",
        [dataset_id, number],
    ).fetchone()
    return tuple(one.name for one in read_columns(row[0])) if row else ()


def renamed_in(
    cursor: Cursor, before: tuple[int, int | None], after: tuple[int, int | None]
) -> list[tuple[str, str]]:
    """Columns of a version of a dataset that another version calls otherwise: (name, that)."""
    old, new = names_in(cursor, *before), names_in(cursor, *after)
    there = inputs_in(cursor, *after)
    pairs = [(name, new.name(old.key(name))) for name in inputs_in(cursor, *before)]
    return [(name, to) for name, to in pairs if name != to and to in there]


def dataset_in(cursor: Cursor, dataset_id: int | None) -> tuple[str, int | None] | None:
    """The name of a dataset that is not removed, and its newest published version."""
    row = cursor.execute(
        "SELECT name, (SELECT max(number) FROM dataset_versions v WHERE v.dataset_id = d.id "
        "AND v.published_at IS NOT NULL) FROM datasets d WHERE d.id = ? AND d.deleted_at IS NULL",
        [dataset_id],
    ).fetchone()
    return None if row is None else (str(row[0]), None if row[1] is None else int(row[1]))


def is_published_in(cursor: Cursor, dataset_id: int, number: int) -> bool:
    found = cursor.execute(
        "SELECT 1 FROM dataset_versions WHERE dataset_id = ? AND number = ? "
        "AND published_at IS NOT NULL",
        [dataset_id, number],
    ).fetchone()
    return found is not None


def has_cells_in(cursor: Cursor, run_id: int) -> bool:
    found = cursor.execute(
        "SELECT 1 FROM evaluation_cells WHERE run_id = ? LIMIT 1", [run_id]
    ).fetchone()
    return found is not None


def evaluation_from(row: Sequence[Any]) -> Evaluation:
    return Evaluation(
        id=int(row[0]),
        name=str(row[1]),
        description=str(row[2]),
        author=str(row[3]),
        created_at=clock.from_stored(row[4]),
        updated_by=str(row[5]),
        updated_at=clock.from_stored(row[6]),
        deleted_at=None if row[7] is None else clock.from_stored(row[7]),
        deleted_by=row[8],
        tags=tuple(row[9] or ()),
    )


def run_from(row: Sequence[Any]) -> RunInfo:
    """A run from the values of RUN."""
    heartbeat, created, started, ended = row[13], row[15], row[16], row[17]
    return RunInfo(
        id=int(row[0]),
        evaluation_id=int(row[1]),
        number=int(row[2]),
        name=str(row[3]),
        dataset_id=row[4],
        dataset_version=row[5],
        judge=None if row[6] is None else orjson.loads(row[6]),
        score=None if row[7] is None else orjson.loads(row[7]),
        budget=None if row[8] is None else Decimal(row[8]),
        concurrency=int(row[9]),
        state=str(row[10]),
        reason=row[11],
        worker=row[12],
        heartbeat_at=None if heartbeat is None else clock.from_stored(heartbeat),
        author=str(row[14]),
        created_at=clock.from_stored(created),
        started_at=None if started is None else clock.from_stored(started),
        ended_at=None if ended is None else clock.from_stored(ended),
    )


def column_from(row: Sequence[Any]) -> ColumnRow:
    """A column from the values of COLUMN."""
    return ColumnRow(
        id=int(row[0]),
        position=int(row[1]),
        name=str(row[2]),
        type=str(row[3]),
        spec=str(row[4]),
        used=None if row[5] is None else orjson.loads(row[5]),
        edited_by=str(row[6]),
        edited_at=clock.from_stored(row[7]),
    )
