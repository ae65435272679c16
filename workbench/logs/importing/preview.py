"""The first records of a file as an import would read them, nothing stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from workbench.jsontext import FieldError
from workbench.logs.importing import formats, values
from workbench.logs.importing.container import Container, Position
from workbench.logs.importing.job import Options, plan_of
from workbench.logs.importing.mapping import Proposal, propose
from workbench.logs.importing.reading import read_records
from workbench.logs.importing.record import Record, Refusal, Skipped
from workbench.logs.importing.taking import made_of, refusal
from workbench.store.rows import NewRequest

RECORDS = 10
MAX_EXAMPLE = 100
#: So many rows are looked at for them: a file that begins with a thousand spans has a preview too.
_MOST_ROWS = 5000


@dataclass(frozen=True, slots=True)
class Preview:
    """What an import would do with the beginning of a file.

    format, sure: what the file is and how surely, from 0 to 1. unit: what places count.
    records: the first rows of the store, at most ten, with their places; refused and skipped are
    met on the way. proposals: what each column may be, for the format "mapped" and for callers who
    want to map the columns themselves.
    """

    format: str
    sure: float
    unit: str
    columns: tuple[str, ...]
    proposals: tuple[Proposal, ...]
    mapping: Mapping[str, str] | None
    records: tuple[tuple[int, NewRequest], ...]
    refused: tuple[Refusal, ...]
    skipped: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Inspected:
    """What a file is, before anything is read out of it.

    format, sure, unit, proposals: as in Preview. examples: the first value of each column that has
    one, cut to MAX_EXAMPLE characters. unread: why, where none of the first rows can be read.
    """

    format: str
    sure: float
    unit: str
    columns: tuple[str, ...]
    proposals: tuple[Proposal, ...]
    examples: Mapping[str, str]
    unread: Refusal | None = None


def inspect(path: Path, encoding: str | None = None) -> Inspected:
    """Its format and columns; raises ImportFailed for a file that cannot be read."""
    with formats.opened(path, encoding) as container:
        found = formats.detect(container)
        unread = None if found.rows else _first_refusal(container)
    return Inspected(
        found.format,
        found.sure,
        container.unit,
        found.columns,
        tuple(propose(found.columns, found.rows)),
        _examples(found),
        unread,
    )


def _first_refusal(container: Container) -> Refusal | None:
    decoder = container.decoder()
    for block in container.blocks(Position()):
        refused = [*block.refused, *(row for _, row in decoder.rows(block))]
        found = [row for row in refused if isinstance(row, Refusal)]
        if found:
            return min(found, key=lambda one: one.place)
    return None


def preview(
    path: Path,
    format_name: str | None = None,
    options: Options | None = None,
    *,
    actor: str = "preview",
) -> Preview:
    """Raises ImportFailed for a file that cannot be read or a mapping that cannot be used."""
    options = options or Options()
    with formats.opened(path, options.encoding) as container:
        detected = formats.detect(container)
        if format_name is None:
            format_name = formats.MAPPED if options.mapping is not None else detected.format
        plan = plan_of(container, path, format_name, options, actor)
        records: list[tuple[int, NewRequest]] = []
        refused: list[Refusal] = []
        skipped: dict[str, int] = {}
        looked_at = 0
        for block in container.blocks(Position()):
            refused += block.refused
            for place, found in read_records(plan, block):
                looked_at += 1
                if isinstance(found, Skipped):
                    skipped[found.reason] = skipped.get(found.reason, 0) + 1
                elif isinstance(found, Record):
                    try:
                        made = made_of(place, found, plan.origin)
                    except FieldError as error:
                        refused.append(refusal(place, error, found.body))
                    else:
                        row = replace(made.row, origin=plan.origin.text, time_assumed=made.assumed)
                        records.append((place, row))
                else:
                    refused.append(found)
                if len(records) >= RECORDS or looked_at >= _MOST_ROWS:
                    break
            if len(records) >= RECORDS or looked_at >= _MOST_ROWS:
                break
        return Preview(
            format_name,
            detected.sure if format_name == detected.format else 1.0,
            container.unit,
            detected.columns,
            tuple(propose(detected.columns, detected.rows)),
            plan.context.mapping,
            tuple(records),
            tuple(sorted(refused, key=lambda one: one.place)[:RECORDS]),
            skipped,
        )


def _examples(found: formats.Detected) -> dict[str, str]:
    given: dict[str, str] = {}
    for row in found.rows:
        for column, value in row.items():
            if column not in given and not values.absent(value):
                given[column] = values.text(value)[:MAX_EXAMPLE]
    return given
