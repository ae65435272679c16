"""An export as a table: every request of the snapshot is a row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from workbench.export.ahead import ahead
from workbench.export.masking.masker import Masker
from workbench.export.masking.tables import masked, needed
from workbench.export.output import Output, WrittenFile
from workbench.export.sources import AnySnapshot, check_columns, source_of
from workbench.export.spec import Spec
from workbench.store.errors import Refused
from workbench.store.export_columns import METADATA, SCORE, Column, column_of
from workbench.store.export_datasets import DatasetSnapshot

# A table with more columns than this is no table to look at.
MAX_FLAT = 100


@dataclass(frozen=True, slots=True)
class Written:
    """What was written: requests (or examples) in all, and what the manifest says of it."""

    files: list[WrittenFile]
    rows: int
    more: dict[str, Any]


def write_table(
    spec: Spec,
    snapshot: AnySnapshot,
    output: Output,
    masker: Masker | None,
    tell: Callable[[int], None],
) -> Written:
    """`tell` is called with the number of rows so far; it may raise to stop.

    Raises Refused for more rows than the format takes.
    """
    sink_class = spec.entry.load()
    check_rows(spec, snapshot.rows)
    columns, left = columns_for(spec, snapshot, masker)
    names = [column.name for column in columns]
    name = f"{spec.name}{spec.entry.suffix}"
    sink = sink_class(output.path(name), columns, source_of(spec).label)
    rows = 0
    try:
        reading = needed(masker, columns)
        for table in ahead(snapshot.tables(reading, lists_as_text=sink.LISTS_AS_TEXT)):
            if masker is not None:
                table = masked(table, masker, columns)
            sink.write(table.select(names))
            rows += table.num_rows
            tell(rows)
    except BaseException:
        # What stopped it is to be told, not what a half-written file says to its end.
        sink.abandon()
        raise
    sink.close()
    file = WrittenFile(name, sink.file.size, sink.file.sha256, rows)
    told = [{"name": column.name, "kind": column.kind} for column in columns]
    return Written([file], rows, {"columns": told, "notes": {**sink.notes, **left}})


def check_rows(spec: Spec, rows: int) -> None:
    """Raises Refused for more rows than the format takes."""
    most = spec.entry.load().MAX_ROWS if spec.is_table else None
    if most is not None and rows > most:
        raise Refused(
            f"{spec.entry.label} takes {most:,} rows here, and the filter finds {rows:,}: choose "
            "CSV or Parquet, or narrow the filter."
        )


def columns_for(
    spec: Spec, snapshot: AnySnapshot, masker: Masker | None
) -> tuple[list[Column], dict[str, Any]]:
    """The columns of the file, flattened if asked for, and what of the keys found no room.

    Keys become names of columns, so they are masked too; a column that was asked for by its name
    keeps it.
    """
    if isinstance(snapshot, DatasetSnapshot):
        # Of its own moment: the newest version may be another one by now.
        return snapshot.chosen(spec.columns), {}
    chosen = check_columns(snapshot.connection, spec)
    if not spec.flatten or spec.columns or not source_of(spec).has_metadata:
        return chosen, {}
    found: list[Column] = []
    left: list[str] = []
    quiet = None if masker is None else masker.copy()
    for column in chosen:
        if column.name not in ("metadata", "scores"):
            found.append(column)
            continue
        is_metadata = column.name == "metadata"
        keys = snapshot.metadata_keys() if is_metadata else snapshot.score_names()
        prefix = METADATA if is_metadata else SCORE
        made = [column_of(prefix + key) for key in keys[:MAX_FLAT] if key]
        found += made if quiet is None else _named_apart(prefix, made, quiet)
        if len(keys) > MAX_FLAT:
            found.append(column)
            rest = keys[MAX_FLAT:]
            left += rest if quiet is None else [quiet.text(key) for key in rest]
    return found, {"keys_without_a_column": left} if left else {}


def _named_apart(prefix: str, columns: list[Column], masker: Masker) -> list[Column]:
    """The columns under masked names; of those that are equal then, the later have a number."""
    found: list[Column] = []
    taken: set[str] = set()
    for column in columns:
        masked_name = name = prefix + masker.text(column.name.removeprefix(prefix))
        number = 2
        while name in taken:
            name = f"{masked_name} {number}"
            number += 1
        taken.add(name)
        found.append(replace(column, name=name))
    return found
