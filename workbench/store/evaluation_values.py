"""Evaluations as plain values: the evaluation, its runs, their columns, their cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

#: Of a run. "running" where the process `worker` runs it; "paused" says why in `reason`.
NEW, RUNNING, PAUSED, DONE, CANCELLED = "new", "running", "paused", "done", "cancelled"
RUN_STATES: Final = (NEW, RUNNING, PAUSED, DONE, CANCELLED)
#: Of a cell. The store has DONE, FAILED, STALE and CANCELLED; a cell without a row waits, and so
#: does a stale one that never ran. "running" only the process knows that runs it.
FAILED, STALE, WAITING = "failed", "stale", "waiting"
CELL_STATES: Final = (DONE, FAILED, STALE, CANCELLED, WAITING, RUNNING)
MAX_NAME = 200
MAX_COLUMNS = 200
DEFAULT_CONCURRENCY, MAX_CONCURRENCY = 16, 256


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Times aware, UTC."""

    id: int
    name: str
    description: str
    author: str
    created_at: datetime
    updated_by: str
    updated_at: datetime
    deleted_at: datetime | None = None
    deleted_by: str | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunInfo:
    """A run without its columns. number: within its evaluation, from 1. judge: {"provider",
    "model", "parameters"}. score: {"columns", "weights", "code"}, each may be missing. budget:
    dollars. concurrency: rows at a time. reason: why it is paused. worker: the process that runs
    it, or that still finishes what it began. Times aware, UTC."""

    id: int
    evaluation_id: int
    number: int
    name: str
    dataset_id: int | None
    dataset_version: int | None
    judge: Mapping[str, Any] | None
    score: Mapping[str, Any] | None
    budget: Decimal | None
    concurrency: int
    state: str
    reason: str | None
    worker: int | None
    heartbeat_at: datetime | None
    author: str
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnRow:
    """A computed column of a run. position: from left to right, from 0. spec: JSON text as
    `ColumnType.write` gives it. used: `prompts.Used.to_json` of this run, None before it ran."""

    id: int
    position: int
    name: str
    type: str
    spec: str
    used: Mapping[str, Any] | None
    edited_by: str
    edited_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CellRow:
    """A cell as it is written. value, detail: JSON texts. generation: which one its next model
    calls are of, or were of where it is done."""

    dataset_row: int
    column_id: int
    state: str
    value: str | None = None
    passed: bool | None = None
    kind: str | None = None
    message: str | None = None
    retryable: bool | None = None
    attempts: int = 0
    generation: int = 0
    detail: str | None = None
    cost: Decimal | None = None
    author: str | None = None

    @property
    def size(self) -> int:
        """About how many bytes it takes."""
        return 200 + len(self.value or "") + len(self.detail or "") + len(self.message or "")


@dataclass(frozen=True, slots=True)
class Counts:
    """Cells of a column by what became of them. waiting: without an end, stale ones aside.
    cost: dollars of all whose cost is known. unpriced: cells that called a model and whose cost is
    not known."""

    done: int = 0
    failed: int = 0
    stale: int = 0
    cancelled: int = 0
    waiting: int = 0
    cost: Decimal = Decimal(0)
    unpriced: int = 0

    @property
    def total(self) -> int:
        return self.done + self.failed + self.stale + self.cancelled + self.waiting

    @property
    def left(self) -> int:
        """What a start would run, or what waits for a person."""
        return self.stale + self.cancelled + self.waiting
