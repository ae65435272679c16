"""What an export would hold, before anything is written."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from workbench.export.masking.masker import Masker
from workbench.export.masking.tables import masked, needed
from workbench.export.output import Output
from workbench.export.running import masker_of
from workbench.export.sources import AnySnapshot, check_columns, snapshot_of, source_of
from workbench.export.spec import Spec
from workbench.export.tables.writing import check_rows, columns_for
from workbench.export.tuning.pack import BESIDE, write_pack
from workbench.store.connection import Connection
from workbench.store.errors import Refused

ROWS = 10
# Rows that sizes are estimated from, and of which a pack's reasons are told before it is made.
SAMPLED = 1_000
MAX_CHANGES = 50


@dataclass(frozen=True, slots=True)
class Change:
    """One find of the masking: its kind, what it was and what stands there instead."""

    kind: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """rows: how many are chosen. bytes: about how large the files get.

    columns, sample: names and the first rows as they leave (tables); for packs the sample is
    the first lines, as objects. changes: what the masking changed in those rows, each once.
    left_out: of `sampled` requests, how many are left out for which reason (packs). It is exact
    where sampled == rows. problem: why the export would be refused, None where it would not.
    """

    rows: int
    bytes: int
    columns: list[str] = field(default_factory=list)
    sample: list[dict[str, Any]] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    masked: dict[str, int] = field(default_factory=dict)
    sampled: int = 0
    left_out: dict[str, int] = field(default_factory=dict)
    report: dict[str, Any] = field(default_factory=dict)
    problem: str | None = None

    @property
    def is_empty(self) -> bool:
        """Whether the files would hold nothing; of a pack only where all of it was looked at."""
        return not self.sample and self.sampled >= self.rows


def preview(connection: Connection, spec: Spec, now: datetime) -> Preview:
    """Reads the first requests of the filter. now: aware, from where relative times count back.

    Raises FieldError for a column that is not there, StoreError where the store cannot be read.
    """
    check_columns(connection, spec)
    changes: dict[tuple[str, str, str], Change] = {}

    def found(kind: str, before: str, after: str) -> None:
        if len(changes) < MAX_CHANGES:
            change = Change(kind, before[:200], after)
            changes[change.kind, change.before, change.after] = change

    masker = masker_of(connection, spec.masking)
    if masker is not None:
        masker.found = found
    with snapshot_of(connection, spec, now=now) as snapshot:
        made = (_table if spec.is_table else _pack)(spec, snapshot, masker)
        return Preview(
            rows=snapshot.rows,
            changes=list(changes.values()),
            masked=dict(masker.counts) if masker is not None else {},
            **made,
        )


def _table(spec: Spec, snapshot: AnySnapshot, masker: Masker | None) -> dict[str, Any]:
    columns, _ = columns_for(spec, snapshot, masker)
    names = [column.name for column in columns]
    sink_class = spec.entry.load()
    sampled = 0
    sample: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="workbench-preview-") as folder:
        sink = sink_class(Path(folder) / "sample", columns, source_of(spec).label)
        reading = needed(masker, columns)
        tables = snapshot.tables(reading, lists_as_text=sink.LISTS_AS_TEXT, first=SAMPLED)
        for table in tables:
            shown = max(0, ROWS - len(sample))
            if masker is not None:
                # Only what is shown: looking through all of it is the export's business.
                head = masked(table.slice(0, shown), masker, columns)
                sample += head.select(names).to_pylist()
            else:
                sample += table.slice(0, shown).select(names).to_pylist()
            sink.write(table.select(names))
            sampled += table.num_rows
        sink.close()
        size = sink.file.size
    return {
        "columns": names,
        "sample": sample,
        "sampled": sampled,
        "bytes": _scaled(size, sampled, snapshot.rows),
        "problem": _refusal(spec, snapshot.rows),
    }


def _pack(spec: Spec, snapshot: AnySnapshot, masker: Masker | None) -> dict[str, Any]:
    first = snapshot.rows if snapshot.rows <= 5 * SAMPLED else SAMPLED
    with tempfile.TemporaryDirectory(prefix="workbench-preview-") as folder:
        output = Output(Path(folder), 0)
        written = write_pack(spec, snapshot, output, masker, _quiet, first=first)
        lines: list[dict[str, Any]] = []
        packed = [file for file in written.files if file.name not in BESIDE]
        for file in packed:
            with output.path(file.name).open("rb") as opened:
                for line in opened:
                    if len(lines) >= ROWS:
                        break
                    lines.append(orjson.loads(line))
        size = sum(file.bytes for file in packed)
    told = written.more["fine_tuning"]
    return {
        "sample": lines,
        "sampled": min(first, snapshot.rows),
        "bytes": _scaled(size, min(first, snapshot.rows), snapshot.rows),
        "left_out": told["left_out"],
        "report": told,
    }


def _quiet(_stage: str, _done: int) -> None:
    return None


def _scaled(size: int, sampled: int, rows: int) -> int:
    return size if not sampled else int(size * rows / sampled)


def _refusal(spec: Spec, rows: int) -> str | None:
    try:
        check_rows(spec, rows)
    except Refused as error:
        return str(error)
    return None
