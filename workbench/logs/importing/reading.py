"""A block read whole: decoded, understood, made into rows. Runs in a worker process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from workbench.jsontext import FieldError
from workbench.logs.importing.container import Block, Decoder, Position
from workbench.logs.importing.formats import Format, module_of
from workbench.logs.importing.record import Context, Record, Refusal, Row, Skipped
from workbench.logs.importing.taking import Made, Origin, excerpt, refusal, rows_of
from workbench.store.prepared import Prepared, prepare

# Records without times are put so far apart that they keep the order of the file.
_APART = timedelta(microseconds=1000)


@dataclass(frozen=True, slots=True)
class Plan:
    """How a file is read. as_rows: rows for the store are wanted, else bodies for the API."""

    format: str
    decoder: Decoder
    context: Context
    origin: Origin
    as_rows: bool = True


@dataclass(frozen=True, slots=True)
class Outcome:
    """A block's rows. places: of the rows or bodies, in order. start, end: of the block."""

    start: Position
    end: Position
    places: tuple[int, ...]
    prepared: Prepared | None
    bodies: tuple[Record, ...]
    refused: tuple[Refusal, ...]
    skipped: dict[str, int] = field(default_factory=dict)

    @property
    def read(self) -> int:
        return len(self.places) + len(self.refused) + sum(self.skipped.values())


def read_block(plan: Plan, block: Block) -> Outcome:
    """Never raises for what stands in a row."""
    records: list[tuple[int, Record]] = []
    refused = list(block.refused)
    skipped: dict[str, int] = {}
    for place, found in read_records(plan, block):
        if isinstance(found, Record):
            records.append((place, found))
        elif isinstance(found, Skipped):
            skipped[found.reason] = skipped.get(found.reason, 0) + 1
        else:
            refused.append(found)
    prepared: Prepared | None = None
    bodies: tuple[Record, ...] = ()
    if plan.as_rows:
        rows, more = rows_of(records, plan.origin)
        prepared, kept, worse = prepared_of(rows, plan.origin)
        refused += (*more, *worse)
        places = kept
    else:
        places = tuple(place for place, _ in records)
        bodies = tuple(record for _, record in records)
    refused.sort(key=lambda one: one.place)
    return Outcome(block.start, block.end, places, prepared, bodies, tuple(refused), skipped)


def read_records(plan: Plan, block: Block) -> Iterator[tuple[int, Record | Skipped | Refusal]]:
    """What each row of a block is, with its place."""
    module = module_of(plan.format)
    for place, row in plan.decoder.rows(block):
        if isinstance(row, Refusal):
            yield place, row
        else:
            yield place, _understood(module, plan.context, place, row)


def _understood(
    module: Format, context: Context, place: int, row: Row
) -> Record | Skipped | Refusal:
    try:
        found = module.read(row, context)
    except FieldError as error:
        return refusal(place, error, row)
    except (RecursionError, OverflowError, UnicodeError) as error:
        return Refusal(place, f"This row cannot be read: {_said(error)}.", text=excerpt(row))
    if isinstance(found, Record) and found.time_assumed and context.base is not None:
        return _in_order(found, context, place)
    return found


def _in_order(record: Record, context: Context, place: int) -> Record:
    """A record without times of its own gets one after that of the row before it."""
    base = context.base
    if base is None or record.body["request_start_time"] != base.isoformat():
        return record
    try:
        at = (base + _APART * (place - 1)).isoformat()
    except OverflowError:
        return record
    times = {"request_start_time": at, "request_end_time": at}
    return replace(record, body={**record.body, **times})


def prepared_of(
    rows: list[Made], origin: Origin
) -> tuple[Prepared | None, tuple[int, ...], list[Refusal]]:
    """Rows as Arrow, with their places; those that no column can hold are refused."""
    if not rows:
        return None, (), []
    try:
        prepared = _arrow(rows, origin)
        return prepared, tuple(each.place for each in rows), []
    except (ValueError, TypeError, OverflowError) as error:
        if len(rows) == 1:
            reason = f"A value cannot be kept: {_said(error)}."
            return None, (), [Refusal(rows[0].place, reason, text=excerpt(rows[0].row.raw))]
    alone = [prepared_of([each], origin) for each in rows]
    good = [each for each, (prepared, _, _) in zip(rows, alone, strict=True) if prepared]
    refused = [refusal for _, _, worse in alone for refusal in worse]
    return _arrow(good, origin) if good else None, tuple(each.place for each in good), refused


def _arrow(rows: list[Made], origin: Origin) -> Prepared:
    return prepare(
        [each.row for each in rows],
        [each.key for each in rows],
        [each.assumed for each in rows],
        origin.text,
    )


def _said(error: Exception) -> str:
    lines: list[Any] = str(error).splitlines()
    return str(lines[0]).rstrip(".") if lines else type(error).__name__
