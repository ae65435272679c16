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

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from workbench.evals.columns import ColumnType, Config, Problem
from workbench.evals.order import Order
from workbench.evals.prompts import Used
from workbench.evals.scores import Score
from workbench.store.evaluation_values import (
    DEFAULT_CONCURRENCY,
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
        raise NotImplementedError


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
    raise NotImplementedError


def rename(store: Store, actor: str, evaluation_id: int, name: str, description: str) -> None:
    raise NotImplementedError


def remove(store: Store, actor: str, evaluation_id: int) -> None:
    """Hide an evaluation; `restore` brings it back. Refused while it runs."""
    raise NotImplementedError


def restore(store: Store, actor: str, evaluation_id: int) -> None:
    raise NotImplementedError


def listed(
    store: Store, text: str = "", *, deleted: bool = False, limit: int = 50, offset: int = 0
) -> list[Listed]:
    """Evaluations, the last changed first. text: part of the name. deleted: the removed ones."""
    raise NotImplementedError


def counted(store: Store, text: str = "", *, deleted: bool = False) -> int:
    raise NotImplementedError


def get(store: Store, evaluation_id: int) -> Evaluation | None:
    """None where there is none, or it was removed."""
    raise NotImplementedError


def runs(store: Store, evaluation_id: int) -> list[RunInfo]:
    """The newest first."""
    raise NotImplementedError


def grid(store: Store, run_id: int) -> Grid:
    """A run with its columns. Raises NotFound."""
    raise NotImplementedError


def newest(store: Store, evaluation_id: int) -> Grid:
    """The run that is edited. Raises NotFound."""
    raise NotImplementedError


# -- the newest run --------------------------------------------------------------------------------


def again(
    store: Store, actor: str, evaluation_id: int, *, version: int | None = None, name: str = ""
) -> int:
    """A new run with the columns and settings of the newest one and no cells; its id. version: of
    the dataset; without it the newest published one. Labels and "latest" are looked up anew."""
    raise NotImplementedError


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
    raise NotImplementedError


def add_column(
    store: Store, actor: str, run_id: int, column: NewColumn, *, before: str | None = None
) -> int:
    """Add a column at the right end, or left of another; its id. Nothing goes stale, but columns
    to the right that read everything to their left."""
    raise NotImplementedError


def edit_column(
    store: Store, actor: str, run_id: int, name: str, spec: Mapping[str, Any]
) -> tuple[str, ...]:
    """Give a column another configuration: it and what depends on it go stale. Returns the names
    of what went stale; () when the configuration is the one that it has."""
    raise NotImplementedError


def rename_column(store: Store, actor: str, run_id: int, name: str, to: str) -> None:
    """Cells stay; configurations that name the column, and the score, name it anew. What reads
    everything to its left by name (code, endpoints) goes stale."""
    raise NotImplementedError


def remove_column(store: Store, actor: str, run_id: int, name: str) -> None:
    """Remove a column with its cells. Refused where another column reads it."""
    raise NotImplementedError


def move_column(store: Store, actor: str, run_id: int, name: str, before: str | None) -> None:
    """Put a column left of another, None: at the right end. Refused where a column would read one
    to its right."""
    raise NotImplementedError


def preview_edit(store: Store, run_id: int, name: str) -> tuple[str, ...]:
    """What an edit of this column would make stale: names from left to right."""
    raise NotImplementedError


def check_column(
    store: Store, run_id: int, column: NewColumn, *, before: str | None = None
) -> tuple[Problem, ...]:
    """Why a column could not run at that place; raises FieldError where its configuration cannot
    be read. For a form, before it is saved."""
    raise NotImplementedError
