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

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from workbench.evals import grid_edits, scoring
from workbench.evals.columns import AllLeft, ColumnType, Config, Problem, column_type
from workbench.evals.columns.prompting import Engine
from workbench.evals.order import Order
from workbench.evals.prompts import Used
from workbench.evals.run_progress import total
from workbench.evals.scores import Score
from workbench.jsontext import FieldError
from workbench.store import evaluation_sums, evaluations
from workbench.store.connection import Cursor
from workbench.store.errors import NotFound, Refused
from workbench.store.evaluation_values import (
    DEFAULT_CONCURRENCY,
    MAX_CONCURRENCY,
    ColumnRow,
    Counts,
    Evaluation,
    RunInfo,
)
from workbench.store.store import Store


@dataclass(frozen=True, slots=True)
class NewColumn:
    """A column to be made. type: its name on the wire. spec: its configuration, JSON."""

    name: str
    type: str
    spec: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A computed column of a grid. problems: why it cannot run as it stands, [] when it can.
    used: the version of its prompt that this run uses, None before the start and without one.
    notice: why to run again ("A newer version, 5, exists: run again."), or that it is frozen;
    None where there is nothing to say."""

    row: ColumnRow
    kind: ColumnType[Any]
    config: Config
    problems: tuple[Problem, ...]
    used: Used | None
    notice: str | None = None

    @property
    def id(self) -> int:
        return self.row.id

    @property
    def name(self) -> str:
        return self.row.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A run with its columns. inputs: the columns of the dataset, from left to right. dataset:
    its name, None where none is chosen or it is gone. newest_version: the newest published version
    of the dataset. is_newest: whether this is the run that is edited."""

    evaluation: Evaluation
    run: RunInfo
    inputs: tuple[str, ...]
    columns: tuple[Column, ...]
    order: Order
    dataset: str | None
    newest_version: int | None
    is_newest: bool

    def column(self, name: str) -> Column:
        """Raises NotFound."""
        found = next((one for one in self.columns if one.name == name), None)
        if found is None:
            raise NotFound(f'There is no column "{name}".')
        return found

    @property
    def ids(self) -> dict[str, int]:
        """Ids of the computed columns by name, from left to right."""
        return {one.name: one.id for one in self.columns}


@dataclass(frozen=True, slots=True)
class Listed:
    """An evaluation in a list, with its newest run, that run's cells and its score (None where it
    has none; custom code is not run for a list)."""

    evaluation: Evaluation
    run: RunInfo
    counts: Counts
    score: Score | None


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
    checked = _checked_settings(judge=judge, score=score, concurrency=concurrency)
    limit = checked_budget(budget)

    def change(cursor: Cursor) -> tuple[int, int]:
        chosen = None if dataset_id is None else _version_in(cursor, dataset_id, version)
        inputs = evaluations.inputs_in(cursor, *(chosen or (None, None)))
        made = _new_columns(store, columns, inputs)
        grid_edits.checked_order(inputs, made)
        id_ = store.evaluations.create(cursor, actor, name, description)
        run_id = store.evaluations.add_run(
            cursor, actor, id_, dataset=chosen, budget=limit, columns=made, **checked
        )
        return id_, run_id

    return store.change(change).result()


def rename(store: Store, actor: str, evaluation_id: int, name: str, description: str) -> None:
    store.change(
        lambda cursor: store.evaluations.rename(cursor, actor, evaluation_id, name, description)
    ).result()


def remove(store: Store, actor: str, evaluation_id: int) -> None:
    """Hide an evaluation; `restore` brings it back. Refused while it runs."""
    store.change(lambda cursor: store.evaluations.remove(cursor, actor, evaluation_id)).result()


def restore(store: Store, actor: str, evaluation_id: int) -> None:
    store.change(lambda cursor: store.evaluations.restore(cursor, actor, evaluation_id)).result()


def listed(
    store: Store, text: str = "", *, deleted: bool = False, limit: int = 50, offset: int = 0
) -> list[Listed]:
    """Evaluations, the last changed first. text: part of the name. deleted: the removed ones."""
    connection = store.connection
    found = evaluations.listed(connection, text, deleted=deleted, limit=limit, offset=offset)
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


def counted(store: Store, text: str = "", *, deleted: bool = False) -> int:
    return evaluations.counted(store.connection, text, deleted=deleted)


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
        columns.append(_column(store, row, left))
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
    the dataset; without it the newest published one. Labels and "latest" are looked up anew."""

    def change(cursor: Cursor) -> int:
        store.evaluations.touch(cursor, actor, evaluation_id)
        last = evaluations.newest_in(cursor, evaluation_id)
        if last is None:
            raise NotFound(f"Evaluation {evaluation_id} has no run.")
        columns = evaluations.columns_in(cursor, last.id)
        chosen = None
        if last.dataset_id is not None:
            chosen = _version_in(cursor, last.dataset_id, version)
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
    changes: dict[str, Any] = _checked_settings(**wanted)
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
            written |= _dataset_changes(cursor, info, dataset, columns)
        store.evaluations.set_up(cursor, actor, info, written)
        if "judge" in changes and (changes["judge"] or None) != (info.judge or None):
            inputs = evaluations.inputs_in(cursor, info.dataset_id, info.dataset_version)
            edited = [one.id for one in columns if grid_edits.uses_judge(one)]
            _put(store, cursor, actor, info, inputs, columns, columns, edited, "judge", {})

    store.change(change).result()


def add_column(
    store: Store, actor: str, run_id: int, column: NewColumn, *, before: str | None = None
) -> int:
    """Add a column at the right end, or left of another; its id. Nothing goes stale, but columns
    to the right that read everything to their left."""
    id_ = store.make_id()

    def work(columns: list[ColumnRow], inputs: tuple[str, ...]) -> _Edit:
        made = _new_row(id_, column, [*inputs, *(one.name for one in columns)])
        after = grid_edits.placed(columns, made, before)
        return _Edit(after, (), "column_add", {"column": made.name, "type": made.type})

    _edit(store, actor, run_id, work)
    return id_


def edit_column(
    store: Store, actor: str, run_id: int, name: str, spec: Mapping[str, Any]
) -> tuple[str, ...]:
    """Give a column another configuration: it and what depends on it go stale. Returns the names
    of what went stale; () when the configuration is the one that it has."""

    def work(columns: list[ColumnRow], _inputs: tuple[str, ...]) -> _Edit:
        old = _named(columns, name)
        kind = column_type(old.type)
        written = kind.write(kind.read(spec))
        if written == old.spec:
            return _Edit(columns, (), "", {})
        after = [replace(one, spec=written) if one.id == old.id else one for one in columns]
        return _Edit(after, (old.id,), "column_edit", {"column": name})

    return _edit(store, actor, run_id, work)


def rename_column(store: Store, actor: str, run_id: int, name: str, to: str) -> None:
    """Cells stay; configurations that name the column, and the score, name it anew. What reads
    everything to its left by name (code, endpoints) goes stale."""

    def work(columns: list[ColumnRow], inputs: tuple[str, ...]) -> _Edit:
        _named(columns, name)
        taken = [*inputs, *(one.name for one in columns if one.name != name)]
        new = grid_edits.checked_column_name(to, taken)
        if new == name:
            return _Edit(columns, (), "", {})
        after = grid_edits.renamed(columns, name, new)
        return _Edit(after, (), "column_rename", {"column": name, "to": new}, (name, new))

    _edit(store, actor, run_id, work)


def remove_column(store: Store, actor: str, run_id: int, name: str) -> None:
    """Remove a column with its cells. Refused where another column reads it."""

    def work(columns: list[ColumnRow], _inputs: tuple[str, ...]) -> _Edit:
        old = _named(columns, name)
        readers = [
            one.name
            for one in columns
            if not isinstance(sources := grid_edits.reads_of(one).sources, AllLeft)
            and name in sources
        ]
        if readers:
            raise Refused(f'"{readers[0]}" reads "{name}": change or remove it first.')
        after = [one for one in columns if one.id != old.id]
        return _Edit(after, (), "column_remove", {"column": name}, (name, None))

    _edit(store, actor, run_id, work)


def move_column(store: Store, actor: str, run_id: int, name: str, before: str | None) -> None:
    """Put a column left of another, None: at the right end. Refused where a column would read one
    to its right."""

    def work(columns: list[ColumnRow], _inputs: tuple[str, ...]) -> _Edit:
        old = _named(columns, name)
        if before == name:
            return _Edit(columns, (), "", {})
        after = grid_edits.placed(columns, old, before)
        return _Edit(after, (), "column_move", {"column": name, "before": before})

    _edit(store, actor, run_id, work)


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


# -- parts -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Edit:
    """columns: the list afterwards. edited: ids of those with another configuration. action: for
    the audit trail, "" where nothing is to be done. renamed: a name and what it is now, None where
    it is gone; the score's settings follow."""

    columns: list[ColumnRow]
    edited: tuple[int, ...]
    action: str
    detail: Mapping[str, Any]
    renamed: tuple[str, str | None] | None = None


def _edit(
    store: Store,
    actor: str,
    run_id: int,
    work: Callable[[list[ColumnRow], tuple[str, ...]], _Edit],
) -> tuple[str, ...]:
    """Read the columns, work out the edit and write it, in one transaction."""

    def change(cursor: Cursor) -> tuple[str, ...]:
        info = store.evaluations.editable(cursor, actor, run_id)
        columns = evaluations.columns_in(cursor, run_id)
        inputs = evaluations.inputs_in(cursor, info.dataset_id, info.dataset_version)
        edit = work(columns, inputs)
        if not edit.action:
            return ()
        if edit.renamed is not None and info.score:
            score = scoring.renamed(info.score, *edit.renamed)
            store.evaluations.set_up(cursor, actor, info, {"score": score})
        return _put(
            store,
            cursor,
            actor,
            info,
            inputs,
            columns,
            edit.columns,
            edit.edited,
            edit.action,
            edit.detail,
        )

    return store.change(change).result()


def _put(
    store: Store,
    cursor: Cursor,
    actor: str,
    info: RunInfo,
    inputs: Sequence[str],
    before: Sequence[ColumnRow],
    after: Sequence[ColumnRow],
    edited: Iterable[int],
    action: str,
    detail: Mapping[str, Any],
) -> tuple[str, ...]:
    stale = grid_edits.stale_after(inputs, before, after, edited)
    ids = [one.id for one in after if one.name in stale]
    told = {**detail, "stale": list(stale)}
    store.evaluations.put_columns(cursor, actor, info, after, ids, action, told)
    return stale


def _column(store: Store, row: ColumnRow, left: Sequence[str]) -> Column:
    kind = column_type(row.type)
    config = kind.read(row.spec)
    used = None if row.used is None else Used.from_json(row.used)
    return Column(
        row=row,
        kind=kind,
        config=config,
        problems=kind.check(config, left),
        used=used,
        notice=_notice(store, used),
    )


def _notice(store: Store, used: Used | None) -> str | None:
    if used is None or used.name is None or used.how == "inline":
        return None
    reader = store.registry_reader
    heads = reader.numbered(used.template_id) if used.template_id else reader.named(used.name)
    if heads is None:
        return f"The prompt template {used.name} is not there any more."
    label = heads.labels.get(used.label) if used.label else None
    return used.since(heads.newest, None if label is None else label.number)


def _named(columns: Sequence[ColumnRow], name: str) -> ColumnRow:
    found = next((one for one in columns if one.name == name), None)
    if found is None:
        raise NotFound(f'There is no column "{name}".')
    return found


def _new_columns(
    store: Store, columns: Sequence[NewColumn], inputs: Sequence[str]
) -> list[ColumnRow]:
    taken = list(inputs)
    made = []
    for one in columns:
        row = _new_row(store.make_id(), one, taken)
        taken.append(row.name)
        made.append(row)
    return made


def _new_row(id_: int, column: NewColumn, taken: Sequence[str]) -> ColumnRow:
    kind = column_type(column.type)
    return ColumnRow(
        id=id_,
        position=0,
        name=grid_edits.checked_column_name(column.name, taken),
        type=kind.name,
        spec=kind.write(kind.read(column.spec)),
        used=None,
        edited_by="",
        edited_at=UNKNOWN_TIME,
    )


#: Of a column that is not written yet.
UNKNOWN_TIME = datetime(1970, 1, 1, tzinfo=UTC)


def _version_in(cursor: Cursor, dataset_id: int, version: int | None) -> tuple[int, int]:
    """A published version of a dataset; the newest where none is named."""
    dataset = evaluations.dataset_in(cursor, dataset_id)
    if dataset is None:
        raise NotFound(f"There is no dataset {dataset_id}.")
    name, newest_version = dataset
    if newest_version is None:
        raise Refused(f'The dataset "{name}" has no published version yet: publish its draft.')
    number = newest_version if version is None else version
    if not evaluations.is_published_in(cursor, dataset_id, number):
        raise NotFound(f'The dataset "{name}" has no published version {number}.')
    return dataset_id, number


def _dataset_changes(
    cursor: Cursor, info: RunInfo, dataset: tuple[int, int], columns: Sequence[ColumnRow]
) -> dict[str, Any]:
    chosen = _version_in(cursor, *dataset)
    if chosen == (info.dataset_id, info.dataset_version):
        return {}
    if evaluations.has_cells_in(cursor, info.id):
        raise Refused("This run has cells of another dataset: run it again with the new one.")
    grid_edits.checked_order(evaluations.inputs_in(cursor, *chosen), columns)
    return {"dataset_id": chosen[0], "dataset_version": chosen[1]}


def _checked_settings(**given: Any) -> dict[str, Any]:
    """judge, score and concurrency as they are kept; raises FieldError."""
    if given.get("judge"):
        try:
            given["judge"] = Engine.model_validate(given["judge"]).model_dump()
        except ValidationError as error:
            place = ".".join(str(step) for step in error.errors()[0]["loc"])
            raise FieldError(f"judge.{place}", "a provider and a model are needed") from None
    if given.get("score") is not None:
        scoring.check(given["score"], None)
    number = given.get("concurrency")
    if number is not None and not 1 <= number <= MAX_CONCURRENCY:
        raise FieldError("concurrency", f"a number from 1 to {MAX_CONCURRENCY} is needed")
    return given


def checked_budget(dollars: Decimal | None) -> Decimal | None:
    """Raises FieldError ("budget")."""
    if dollars is None:
        return None
    if not dollars.is_finite() or not 0 < dollars < 10**9:
        raise FieldError("budget", "dollars above 0 and below 1,000,000,000 are needed")
    return dollars
