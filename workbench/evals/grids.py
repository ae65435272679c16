"""Evaluations as pages and the API use them: made, edited, listed, run again.

An evaluation has runs. A run is a grid of its own: a version of a dataset, columns, cells. The
newest run is the one that is edited; the older ones stay as they were. Running is in `running.py`,
reading cells in `grid_reading.py`, ratings in `rating.py`.

Functions take the store and whoever acts ("user:anna", "key:ci"). They raise Refused with a
sentence for what cannot be done (NotFound for what is not there), FieldError for a configuration
that cannot be read, and change nothing then. Edits are refused while the run goes on, until the
cells that it began are at their end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from workbench.evals import grid_edits, scoring
from workbench.evals import grid_parts as parts
from workbench.evals.columns import AllLeft, Problem, column_type
from workbench.evals.grid_values import Column as Column
from workbench.evals.grid_values import Grid as Grid
from workbench.evals.grid_values import Listed as Listed
from workbench.evals.grid_values import NewColumn as NewColumn
from workbench.evals.run_progress import total
from workbench.store import evaluation_sums, evaluations
from workbench.store.connection import Cursor
from workbench.store.errors import NotFound, Refused
from workbench.store.evaluation_values import (
    DEFAULT_CONCURRENCY,
    ColumnRow,
    Evaluation,
    RunInfo,
)
from workbench.store.store import Store

# -- evaluations -----------------------------------------------------------------------------------


def create(
    store: Store,
    actor: str,
    name: str,
    *,
    description: str = "",
    dataset_id: int | None = None,
    version: int | None = None,
    columns: Sequence[NewColumn] = (),
    judge: Mapping[str, Any] | None = None,
    score: Mapping[str, Any] | None = None,
    budget: Decimal | None = None,
    concurrency: int = DEFAULT_CONCURRENCY,
) -> tuple[int, int]:
    """A new evaluation with its first run; the ids of both. version: of the dataset, published;
    without it the newest. The name need not be free: evaluations are told apart by id."""
    checked = parts.checked_settings(judge=judge, score=score, concurrency=concurrency)
    limit = parts.checked_budget(budget)

    def change(cursor: Cursor) -> tuple[int, int]:
        chosen = None if dataset_id is None else parts.version_in(cursor, dataset_id, version)
        inputs = evaluations.inputs_in(cursor, *(chosen or (None, None)))
        made = parts.new_columns(store, columns, inputs)
        grid_edits.checked_order(inputs, made)
        id_ = store.evaluations.create(cursor, actor, name, description)
        run_id = store.evaluations.add_run(
            cursor, actor, id_, dataset=chosen, budget=limit, columns=made, **checked
        )
        return id_, run_id

    return store.change(change).result()


def rename(
    store: Store,
    actor: str,
    evaluation_id: int,
    name: str,
    description: str,
    *,
    tags: Sequence[str] | None = None,
) -> None:
    """tags: in place of those that it has; None leaves them."""

    def change(cursor: Cursor) -> None:
        store.evaluations.rename(cursor, actor, evaluation_id, name, description)
        if tags is not None:
            store.evaluations.set_tags(cursor, actor, evaluation_id, tags)

    store.change(change).result()


def remove(store: Store, actor: str, evaluation_id: int) -> None:
    """Hide an evaluation; `restore` brings it back. Refused while it runs."""
    store.change(lambda cursor: store.evaluations.remove(cursor, actor, evaluation_id)).result()


def restore(store: Store, actor: str, evaluation_id: int) -> None:
    store.change(lambda cursor: store.evaluations.restore(cursor, actor, evaluation_id)).result()


def listed(
    store: Store,
    text: str = "",
    *,
    deleted: bool = False,
    limit: int = 50,
    offset: int = 0,
    in_tags: bool = False,
) -> list[Listed]:
    """Evaluations, the last changed first. text: part of the name; in_tags: or of a tag. deleted:
    the removed ones."""
    connection = store.connection
    found = evaluations.listed(
        connection, text, deleted=deleted, limit=limit, offset=offset, in_tags=in_tags
    )
    columns = evaluations.columns_of_runs(connection, [run.id for _, run in found])
    rows = evaluation_sums.rows_of_runs(connection, [run.id for _, run in found])
    pairs = [(run, one.id) for run, each in columns.items() for one in each]
    counts = evaluation_sums.counts_of_runs(connection, pairs, rows)
    wanted = {run.id: scoring.chosen(run, columns[run.id]) for _, run in found}
    needed = [
        (run.id, one.id)
        for _, run in found
        for one in columns[run.id]
        if one.name in wanted[run.id]
    ]
    sums = evaluation_sums.sums(connection, needed)
    return [
        Listed(
            evaluation,
            run,
            total(counts[run.id].values()),
            scoring.score_of(run, columns[run.id], sums, rows[run.id]),
        )
        for evaluation, run in found
    ]


def counted(store: Store, text: str = "", *, deleted: bool = False, in_tags: bool = False) -> int:
    return evaluations.counted(store.connection, text, deleted=deleted, in_tags=in_tags)


def get(store: Store, evaluation_id: int) -> Evaluation | None:
    """None where there is none, or it was removed."""
    return evaluations.get(store.connection, evaluation_id)


def runs(store: Store, evaluation_id: int) -> list[RunInfo]:
    """The newest first."""
    return evaluations.runs(store.connection, evaluation_id)


def grid(store: Store, run_id: int) -> Grid:
    """A run with its columns. Raises NotFound."""
    with store.connection.cursor() as cursor:
        info = evaluations.run_in(cursor, run_id)
        if info is None:
            raise NotFound(f"There is no run {run_id}.")
        rows = evaluations.columns_in(cursor, run_id)
        inputs = evaluations.inputs_in(cursor, info.dataset_id, info.dataset_version)
        dataset = evaluations.dataset_in(cursor, info.dataset_id)
        newest_run = evaluations.newest_in(cursor, info.evaluation_id)
    evaluation = evaluations.get(store.connection, info.evaluation_id)
    if evaluation is None:
        raise NotFound("This evaluation was removed.")
    columns, left = [], list(inputs)
    for row in rows:
        columns.append(parts.column(store, row, left))
        left.append(row.name)
    return Grid(
        evaluation=evaluation,
        run=info,
        inputs=inputs,
        columns=tuple(columns),
        order=grid_edits.order_of(inputs, rows),
        dataset=dataset[0] if dataset else None,
        newest_version=dataset[1] if dataset else None,
        is_newest=newest_run is None or newest_run.id == run_id,
    )


def newest(store: Store, evaluation_id: int) -> Grid:
    """The run that is edited. Raises NotFound."""
    with store.connection.cursor() as cursor:
        info = evaluations.newest_in(cursor, evaluation_id)
    if info is None:
        raise NotFound(f"There is no evaluation {evaluation_id}.")
    return grid(store, info.id)


# -- the newest run --------------------------------------------------------------------------------


def again(
    store: Store, actor: str, evaluation_id: int, *, version: int | None = None, name: str = ""
) -> int:
    """A new run with the columns and settings of the newest one and no cells; its id. version: of
    the dataset; without it the newest published one. Labels and "latest" are looked up anew, and
    a column that reads one of the dataset that was renamed reads it under its new name."""

    def change(cursor: Cursor) -> int:
        store.evaluations.touch(cursor, actor, evaluation_id)
        last = evaluations.newest_in(cursor, evaluation_id)
        if last is None:
            raise NotFound(f"Evaluation {evaluation_id} has no run.")
        columns = evaluations.columns_in(cursor, last.id)
        chosen = None
        if last.dataset_id is not None:
            chosen = parts.version_in(cursor, last.dataset_id, version)
            before = last.dataset_id, last.dataset_version
            pairs = evaluations.renamed_in(cursor, before, chosen)
            columns = grid_edits.following(columns, pairs)
            grid_edits.checked_order(evaluations.inputs_in(cursor, *chosen), columns)
        return store.evaluations.add_run(
            cursor,
            actor,
            evaluation_id,
            name=name,
            dataset=chosen,
            judge=last.judge,
            score=last.score,
            budget=last.budget,
            concurrency=last.concurrency,
            columns=columns,
        )

    return store.change(change).result()


def set_up(
    store: Store,
    actor: str,
    run_id: int,
    *,
    name: str | None = None,
    dataset: tuple[int, int] | None = None,
    judge: Mapping[str, Any] | None = None,
    score: Mapping[str, Any] | None = None,
    concurrency: int | None = None,
) -> None:
    """Change settings of a run; None leaves one as it is, {} takes judge or score away. dataset:
    (id, version), only before there are cells. judge: makes the columns stale that use it. score:
    {"columns": [names], "weights": {name: number}, "code": text}; may be changed of any run, at any
    time."""
    given = {"judge": judge, "score": score, "concurrency": concurrency}
    wanted = {key: value for key, value in given.items() if value is not None}
    changes: dict[str, Any] = parts.checked_settings(**wanted)
    if name is not None:
        changes["name"] = name.strip()

    def change(cursor: Cursor) -> None:
        if set(changes) <= {"name", "score"} and dataset is None:
            info = evaluations.run_in(cursor, run_id)
            if info is None:
                raise NotFound(f"There is no run {run_id}.")
            store.evaluations.touch(cursor, actor, info.evaluation_id)
        else:
            info = store.evaluations.editable(cursor, actor, run_id)
        columns = evaluations.columns_in(cursor, run_id)
        scoring.check(changes.get("score"), [one.name for one in columns])
        written = dict(changes)
        if dataset is not None:
            written |= parts.dataset_changes(cursor, info, dataset, columns)
        store.evaluations.set_up(cursor, actor, info, written)
        if "judge" in changes and (changes["judge"] or None) != (info.judge or None):
            inputs = evaluations.inputs_in(cursor, info.dataset_id, info.dataset_version)
            edited = [one.id for one in columns if grid_edits.uses_judge(one)]
            parts.put(store, cursor, actor, info, inputs, columns, columns, edited, "judge", {})

    store.change(change).result()


def add_column(
    store: Store, actor: str, run_id: int, column: NewColumn, *, before: str | None = None
) -> int:
    """Add a column at the right end, or left of another; its id. Nothing goes stale, but columns
    to the right that read everything to their left."""
    id_ = store.make_id()

    def work(columns: list[ColumnRow], inputs: tuple[str, ...]) -> parts.Edit:
        made = parts.new_row(id_, column, [*inputs, *(one.name for one in columns)])
        after = grid_edits.placed(columns, made, before)
        return parts.Edit(after, (), "column_add", {"column": made.name, "type": made.type})

    parts.edit(store, actor, run_id, work)
    return id_


def edit_column(
    store: Store, actor: str, run_id: int, name: str, spec: Mapping[str, Any]
) -> tuple[str, ...]:
    """Give a column another configuration: it and what depends on it go stale. Returns the names
    of what went stale; () when the configuration is the one that it has."""

    def work(columns: list[ColumnRow], _inputs: tuple[str, ...]) -> parts.Edit:
        old = parts.named(columns, name)
        kind = column_type(old.type)
        written = kind.write(kind.read(spec))
        if written == old.spec:
            return parts.Edit(columns, (), "", {})
        after = [replace(one, spec=written) if one.id == old.id else one for one in columns]
        return parts.Edit(after, (old.id,), "column_edit", {"column": name})

    return parts.edit(store, actor, run_id, work)


def rename_column(store: Store, actor: str, run_id: int, name: str, to: str) -> None:
    """Cells stay; configurations that name the column, and the score, name it anew. What reads
    everything to its left by name (code, endpoints) goes stale."""

    def work(columns: list[ColumnRow], inputs: tuple[str, ...]) -> parts.Edit:
        parts.named(columns, name)
        taken = [*inputs, *(one.name for one in columns if one.name != name)]
        new = grid_edits.checked_column_name(to, taken)
        if new == name:
            return parts.Edit(columns, (), "", {})
        after = grid_edits.renamed(columns, name, new)
        return parts.Edit(after, (), "column_rename", {"column": name, "to": new}, (name, new))

    parts.edit(store, actor, run_id, work)


def remove_column(store: Store, actor: str, run_id: int, name: str) -> None:
    """Remove a column with its cells. Refused where another column reads it."""

    def work(columns: list[ColumnRow], _inputs: tuple[str, ...]) -> parts.Edit:
        old = parts.named(columns, name)
        readers = [
            one.name
            for one in columns
            if not isinstance(sources := grid_edits.reads_of(one).sources, AllLeft)
            and name in sources
        ]
        if readers:
            raise Refused(f'"{readers[0]}" reads "{name}": change or remove it first.')
        after = [one for one in columns if one.id != old.id]
        return parts.Edit(after, (), "column_remove", {"column": name}, (name, None))

    parts.edit(store, actor, run_id, work)


def move_column(store: Store, actor: str, run_id: int, name: str, before: str | None) -> None:
    """Put a column left of another, None: at the right end. Refused where a column would read one
    to its right."""

    def work(columns: list[ColumnRow], _inputs: tuple[str, ...]) -> parts.Edit:
        old = parts.named(columns, name)
        if before == name:
            return parts.Edit(columns, (), "", {})
        after = grid_edits.placed(columns, old, before)
        return parts.Edit(after, (), "column_move", {"column": name, "before": before})

    parts.edit(store, actor, run_id, work)


def preview_edit(store: Store, run_id: int, name: str) -> tuple[str, ...]:
    """What an edit of this column would make stale: names from left to right."""
    return grid(store, run_id).order.stale_after_edit(name)


def check_column(
    store: Store, run_id: int, column: NewColumn, *, before: str | None = None
) -> tuple[Problem, ...]:
    """Why a column could not run at that place; raises FieldError where its configuration cannot
    be read. For a form, before it is saved."""
    found = grid(store, run_id)
    names = [one.name for one in found.columns]
    at = names.index(before) if before in names else len(names)
    kind = column_type(column.type)
    return kind.check(kind.read(column.spec), [*found.inputs, *names[:at]])
