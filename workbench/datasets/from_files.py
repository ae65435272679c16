"""Rows made of a file's rows: what each column becomes is proposed, shown, and can be changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final, Literal

from workbench.datasets import types
from workbench.datasets.adding import Adder, Opened
from workbench.datasets.files import Source, opened
from workbench.datasets.jobs import FROM_FILE, MAX_LISTED, Brought, Job, start
from workbench.datasets.types import Type
from workbench.jobs.running import Asked
from workbench.jsontext import FieldError
from workbench.logs.importing import values as cells
from workbench.logs.importing.record import ImportFailed, Refusal, Row
from workbench.logs.importing.taking import excerpt
from workbench.store.connection import Cursor
from workbench.store.dataset_values import EXPECTED, INPUT, MAX_NAME, METADATA, NewRow
from workbench.store.errors import Refused, StoreError
from workbench.store.store import Store

SPLIT, TAGS, LEFT_OUT = "split", "tags", "left out"
Use = Literal["input", "expected", "metadata", "split", "tags", "left out"]
USES: Final = (INPUT, EXPECTED, METADATA, SPLIT, TAGS, LEFT_OUT)
_EXPECTED_NAMES = frozenset(
    "output expected expected_output answer completion response target label ground_truth".split()
)
UNEXPECTED = "It failed unexpectedly; the server's log has the reason."
_SAMPLE = 200
_SHOWN = 20
_TELL_EVERY = 1_000


@dataclass(frozen=True, slots=True)
class ColumnPlan:
    """What a column of the file becomes. name: in the dataset. use: of USES."""

    column: str
    name: str
    type: Type
    use: Use = "input"


@dataclass(frozen=True, slots=True)
class Reading:
    """How a file is read. sheet: of a workbook. plans: None are those that are proposed."""

    encoding: str | None = None
    sheet: str | None = None
    plans: tuple[ColumnPlan, ...] | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """The beginning of a file as it would come in. examples: a value of each column, as text.

    rows: with their places. refused: rows among the first ones that would not come in.
    """

    unit: str
    sheets: tuple[str, ...]
    plans: tuple[ColumnPlan, ...]
    examples: dict[str, str]
    rows: tuple[tuple[int, NewRow], ...]
    refused: tuple[Refusal, ...]


def preview(path: Path, reading: Reading | None = None) -> Preview:
    """Raises ImportFailed for a file that cannot be read, and for plans that cannot be."""
    reading = reading or Reading()
    with opened(path, encoding=reading.encoding, sheet=reading.sheet) as source:
        sample = list(islice(source.rows(), _SAMPLE))
        found = [row for _, row in sample if not isinstance(row, Refusal)]
        plans = reading.plans or proposed(source, found)
        _check(plans)
        rows: list[tuple[int, NewRow]] = []
        refused: list[Refusal] = []
        for place, row in sample:
            made = _made(place, row, plans)
            if isinstance(made, Refusal):
                refused.append(made)
            elif len(rows) < _SHOWN:
                rows.append((place, made))
        refused.sort(key=lambda one: one.place)
        return Preview(
            source.unit,
            source.sheets,
            tuple(plans),
            _examples(found),
            tuple(rows),
            tuple(refused),
        )


def proposed(source: Source, rows: Sequence[Row]) -> tuple[ColumnPlan, ...]:
    """What each column may become, by its name and its first values."""
    columns = source.columns or tuple(dict.fromkeys(name for row in rows for name in row))
    plans = []
    taken: set[str] = set()
    for column in columns:
        values = [row.get(column) for row in rows]
        type_: Type = "any"
        if kind := source.kinds.get(column):
            type_ = "json" if kind == "json" else "any"
        elif not source.texts_are_texts:
            type_ = types.type_of(values, is_typed=source.is_typed)
        name = _name(column, taken)
        taken.add(name)
        plans.append(ColumnPlan(column, name, type_, _use(column)))
    return tuple(plans)


def row_of(row: Row, plans: Sequence[ColumnPlan]) -> NewRow:
    """A row of the file as one of the dataset; nothing stands for what is missing.

    A column that came up after the plans were made comes in under its own name. Raises FieldError.
    """
    values: dict[str, Any] = {}
    split: str | None = None
    tags: list[str] = []
    for plan in plans:
        value = row.get(plan.column)
        if plan.use == SPLIT:
            split = cells.text(value) or None
        elif plan.use == TAGS:
            tags += cells.listed(value)
        elif plan.use != LEFT_OUT:
            found = types.converted(value, plan.type, plan.column)
            if found is not None:
                values[plan.name] = found
    planned = {plan.column for plan in plans}
    for column in row.keys() - planned:
        if column in {plan.name for plan in plans}:
            raise FieldError(column, "another column comes in under this name")
        if row[column] is not None:
            values[column] = cells.plain(row[column])
    return NewRow(values, split, tuple(tags))


def start_adding(
    store: Store, actor: str, target: Opened, path: Path, name: str, reading: Reading
) -> Job:
    """Bring a file's rows in, in the background. name: of the file, as people know it."""
    return start(
        store,
        Asked(FROM_FILE, name, actor, target.dataset_id, {"name": name}),
        lambda job: add(store, actor, target, path, name, reading, job),
    )


def add(
    store: Store,
    actor: str,
    target: Opened,
    path: Path,
    name: str,
    reading: Reading,
    job: Job,
) -> Brought:
    """Add every row that can be kept; the others are listed with their reasons.

    Raises ImportFailed where the file cannot be read, or breaks off: what was read stays added.
    """
    plans = reading.plans or preview(path, reading).plans
    _check(plans)
    roles = {plan.name: plan.use for plan in plans if plan.use in (INPUT, EXPECTED, METADATA)}
    count = through = told_rows = 0

    def note(cursor: Cursor, rows: int) -> None:
        job.note(cursor, through, None, {"rows": rows})

    adder = Adder(store, actor, target.dataset_id, roles, note)
    refused: list[Refusal] = []
    told = {"kind": "file", "name": name}
    try:
        with opened(path, encoding=reading.encoding, sheet=reading.sheet) as source:
            for place, row in source.rows():
                made = _made(place, row, plans)
                if not isinstance(made, Refusal):
                    try:
                        adder.add(made)
                    except Refused as error:
                        made = Refusal(place, str(error), text=excerpt(row))
                if isinstance(made, Refusal):
                    count += 1
                    if len(refused) < MAX_LISTED:
                        refused.append(made)
                through += 1
                if through % _TELL_EVERY == 0:
                    is_noted, told_rows = adder.rows > told_rows, adder.rows
                    job.tell(through, None, {"rows": told_rows}, noted=is_noted)
                    if job.is_stopped:
                        break
    except ImportFailed:
        adder.close(told)
        raise
    adder.close(told)
    so_far = {"rows": adder.rows}
    job.tell(through, None if job.is_stopped else through, so_far, noted=True)
    refused.sort(key=lambda one: one.place)
    return Brought(adder.rows, count, tuple(refused), stopped=job.is_stopped)


def _made(place: int, row: Row | Refusal, plans: Sequence[ColumnPlan]) -> NewRow | Refusal:
    if isinstance(row, Refusal):
        return row
    try:
        return row_of(row, plans)
    except FieldError as error:
        return Refusal(place, str(error), error.field, excerpt(row))


def _check(plans: Sequence[ColumnPlan]) -> None:
    """Raises ImportFailed for plans that lead nowhere or whose columns collide."""
    kept = [plan.name for plan in plans if plan.use in (INPUT, EXPECTED, METADATA)]
    if not kept:
        raise ImportFailed("No column of this file would come in: choose one at least.")
    for number, name in enumerate(kept):
        if not name or len(name) > MAX_NAME or not name.isprintable():
            raise ImportFailed(
                f'A column\'s name is 1 to {MAX_NAME} printable characters; "{name[:60]}" is not.'
            )
        if name in kept[:number]:
            raise ImportFailed(f'Two columns would be named "{name}".')
    if sum(plan.use == SPLIT for plan in plans) > 1:
        raise ImportFailed("One column at most can say the split.")


def _name(column: str, taken: set[str]) -> str:
    shown = "".join(sign if sign.isprintable() else " " for sign in column).strip()
    shown = shown[: MAX_NAME - 10] or "column"
    name, number = shown, 1
    while name in taken:
        number += 1
        name = f"{shown} ({number})"
    return name


def _use(column: str) -> Use:
    plain = column.strip().lower().replace(" ", "_")
    if plain in (SPLIT, TAGS):
        return "split" if plain == SPLIT else "tags"
    return "expected" if plain in _EXPECTED_NAMES else "input"


def _examples(rows: Sequence[Row]) -> dict[str, str]:
    given: dict[str, str] = {}
    for row in rows:
        for column, value in row.items():
            if column not in given and not cells.absent(value):
                given[column] = cells.text(cells.plain(value))[:100]
    return given


def reason_of(error: BaseException) -> str:
    """Why a job failed, as a sentence for the person who started it."""
    return str(error) if isinstance(error, ImportFailed | StoreError) else UNEXPECTED
