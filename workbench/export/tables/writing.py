"""An export as a table: every request of the snapshot is a row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from workbench.export.ahead import ahead
from workbench.export.masking.masker import Masker
from workbench.export.masking.tables import masked, needed
from workbench.export.output import Output, WrittenFile
from workbench.export.sources import AnySnapshot
from workbench.export.spec import REQUESTS, Spec
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
    columns, left = columns_for(spec, snapshot)
    names = [column.name for column in columns]
    name = f"{spec.name}{spec.entry.suffix}"
    sink = sink_class(output.path(name), columns)
    rows = 0
    try:
        reading = needed(masker, columns)
        for table in ahead(snapshot.tables(reading, lists_as_text=sink.LISTS_AS_TEXT)):
            if masker is not None:
                table = masked(table, masker, columns)
            sink.write(table.select(names))
            rows += table.num_rows
            tell(rows)
    finally:
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


def columns_for(spec: Spec, snapshot: AnySnapshot) -> tuple[list[Column], dict[str, Any]]:
    """The columns of the file, flattened if asked for, and what of the keys found no room."""
    if isinstance(snapshot, DatasetSnapshot):
        return snapshot.chosen(spec.columns), {}
    if not spec.flatten or spec.columns or spec.source != REQUESTS:
        return spec.chosen, {}
    found: list[Column] = []
    left: list[str] = []
    for column in spec.chosen:
        if column.name not in ("metadata", "scores"):
            found.append(column)
            continue
        is_metadata = column.name == "metadata"
        keys = snapshot.metadata_keys() if is_metadata else snapshot.score_names()
        prefix = METADATA if is_metadata else SCORE
        found += [column_of(prefix + key) for key in keys[:MAX_FLAT] if key]
        if len(keys) > MAX_FLAT:
            found.append(column)
            left += keys[MAX_FLAT:]
    return found, {"keys_without_a_column": left} if left else {}
