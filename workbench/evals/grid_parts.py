"""What edits of a grid are made of: columns written in one transaction, settings checked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from workbench.evals import grid_edits, scoring
from workbench.evals.columns import column_type
from workbench.evals.columns.prompting import Engine
from workbench.evals.grid_values import Column, NewColumn
from workbench.evals.prompts import Used
from workbench.jsontext import FieldError
from workbench.store import evaluations
from workbench.store.connection import Cursor
from workbench.store.errors import NotFound, Refused
from workbench.store.evaluation_values import MAX_CONCURRENCY, ColumnRow, RunInfo
from workbench.store.store import Store


@dataclass(frozen=True, slots=True)
class Edit:
    """columns: the list afterwards. edited: ids of those with another configuration. action: for
    the audit trail, "" where nothing is to be done. renamed: a name and what it is now, None where
    it is gone; the score's settings follow."""

    columns: list[ColumnRow]
    edited: tuple[int, ...]
    action: str
    detail: Mapping[str, Any]
    renamed: tuple[str, str | None] | None = None


def edit(
    store: Store,
    actor: str,
    run_id: int,
    work: Callable[[list[ColumnRow], tuple[str, ...]], Edit],
) -> tuple[str, ...]:
    """Read the columns, work out the edit and write it, in one transaction."""

    def change(cursor: Cursor) -> tuple[str, ...]:
        info = store.evaluations.editable(cursor, actor, run_id)
        columns = evaluations.columns_in(cursor, run_id)
        inputs = evaluations.inputs_in(cursor, info.dataset_id, info.dataset_version)
        made = work(columns, inputs)
        if not made.action:
            return ()
        if made.renamed is not None and info.score:
            score = scoring.renamed(info.score, *made.renamed)
            store.evaluations.set_up(cursor, actor, info, {"score": score})
        return put(
            store,
            cursor,
            actor,
            info,
            inputs,
            columns,
            made.columns,
            made.edited,
            made.action,
            made.detail,
        )

    return store.change(change).result()


def put(
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


def column(store: Store, row: ColumnRow, left: Sequence[str]) -> Column:
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


def named(columns: Sequence[ColumnRow], name: str) -> ColumnRow:
    found = next((one for one in columns if one.name == name), None)
    if found is None:
        raise NotFound(f'There is no column "{name}".')
    return found


def new_columns(
    store: Store, columns: Sequence[NewColumn], inputs: Sequence[str]
) -> list[ColumnRow]:
    taken = list(inputs)
    made = []
    for one in columns:
        row = new_row(store.make_id(), one, taken)
        taken.append(row.name)
        made.append(row)
    return made


def new_row(id_: int, column: NewColumn, taken: Sequence[str]) -> ColumnRow:
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


def version_in(cursor: Cursor, dataset_id: int, version: int | None) -> tuple[int, int]:
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


def dataset_changes(
    cursor: Cursor, info: RunInfo, dataset: tuple[int, int], columns: Sequence[ColumnRow]
) -> dict[str, Any]:
    chosen = version_in(cursor, *dataset)
    if chosen == (info.dataset_id, info.dataset_version):
        return {}
    if evaluations.has_cells_in(cursor, info.id):
        raise Refused("This run has cells of another dataset: run it again with the new one.")
    grid_edits.checked_order(evaluations.inputs_in(cursor, *chosen), columns)
    return {"dataset_id": chosen[0], "dataset_version": chosen[1]}


def checked_settings(**given: Any) -> dict[str, Any]:
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
