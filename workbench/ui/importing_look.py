"""How a file would be read, as a page shows it: computed once for each way of reading it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from workbench.logs.importing.background_job import zone_named
from workbench.logs.importing.job import Options
from workbench.logs.importing.preview import Inspected, inspect, preview
from workbench.logs.importing.record import Refusal
from workbench.store.rows import NewRequest

_SHOWN = 300


@dataclass(frozen=True, slots=True)
class Reading:
    """A file and how it is to be read. stamp: changes when the file does. mapping: its items."""

    path: Path
    stamp: int
    name: str
    format: str
    mapping: tuple[tuple[str, str], ...] | None = None
    provider: str = ""
    encoding: str | None = None
    zone: str | None = None
    companion: Path | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """The first rows as they would be read, without their bodies. rows: a table's, by column.
    naive: how many of them have a time, or its zone, that is not in the file."""

    unit: str
    rows: tuple[dict[str, Any], ...]
    refused: tuple[Refusal, ...]
    skipped: Mapping[str, int]
    naive: int


@lru_cache(maxsize=16)
def inspected(path: Path, _stamp: int, encoding: str | None) -> Inspected:
    """What a file is; raises ImportFailed where it cannot be read. _stamp: as in Reading."""
    return inspect(path, encoding)


@lru_cache(maxsize=16)
def look(reading: Reading) -> Look:
    """Raises ImportFailed for a file that cannot be read in this way."""
    options = Options(
        name=reading.name,
        mapping=None if reading.mapping is None else dict(reading.mapping),
        provider=reading.provider,
        encoding=reading.encoding,
        zone=zone_named(reading.zone),
        companion=reading.companion,
    )
    found = preview(reading.path, reading.format, options)
    return Look(
        found.unit,
        tuple(_row(found.unit, place, row) for place, row in found.records),
        found.refused,
        found.skipped,
        sum(row.time_assumed for _, row in found.records),
    )


def _row(unit: str, place: int, row: NewRequest) -> dict[str, Any]:
    took = (row.ended_at - row.started_at).total_seconds()
    return {
        unit.capitalize(): place,
        "Started": row.started_at,
        "Status": row.status.lower(),
        "Provider": row.provider or "",
        "Model": row.model or "",
        "Input": row.input_preview[:_SHOWN],
        "Output": row.output_preview[:_SHOWN],
        "Took": took,
        "Tokens in": row.input_tokens,
        "Tokens out": row.output_tokens,
        "Cost": None if row.cost is None else float(row.cost),
        "Tags": list(row.tags),
        "Metadata": ", ".join(f"{key}: {value}" for key, value in row.metadata.items())[:_SHOWN],
    }
