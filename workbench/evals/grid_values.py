"""A grid and its columns as plain values, with what to say of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workbench.evals.columns import ColumnType, Config, Problem
from workbench.evals.order import Order
from workbench.evals.prompts import Used
from workbench.evals.scores import Score
from workbench.store.errors import NotFound
from workbench.store.evaluation_values import ColumnRow, Counts, Evaluation, RunInfo


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
        found = next((one for one in self.columns if one.name == name), None)
        if found is None:
            raise NotFound(f'There is no column "{name}".')
        return found

    @property
    def ids(self) -> dict[str, int]:
        """Ids of the computed columns by name, from left to right."""
        return {one.name: one.id for one in self.columns}


@dataclass(frozen=True, slots=True)
class Listed:
    """An evaluation in a list, with its newest run, that run's cells and its score (None where it
    has none; custom code is not run for a list)."""

    evaluation: Evaluation
    run: RunInfo
    counts: Counts
    score: Score | None
