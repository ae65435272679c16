"""What a run needs of its columns, worked out once before its first cell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from workbench.evals import grid_edits
from workbench.evals.cells import CellError
from workbench.evals.columns import ALL_LEFT, ColumnType, Config, column_type
from workbench.evals.context import Context
from workbench.evals.prompts import Resolved, Used
from workbench.providers.call import Origin
from workbench.store import evaluations
from workbench.store.connection import Connection
from workbench.store.errors import NotFound
from workbench.store.evaluation_calls import RUN
from workbench.store.evaluation_values import RunInfo

PLACE = "evaluation"
#: Makes the context of a run's columns from their origin and its judge.
Contexts = Callable[[Origin, Mapping[str, Any] | None], Context]
#: Types that reach out of the process though they call no model.
_FAR = frozenset({"ENDPOINT", "CODE_EXECUTION"})


@dataclass(slots=True)
class PlanColumn:
    """reads: names of the columns that it reads; computed: those of them that are computed. left:
    names that it may see, None: those that it reads are enough. is_quick: it runs on the spot.
    error: why no cell of it can run. used: to be kept with the run, None when it is already."""

    id: int
    name: str
    kind: ColumnType[Any]
    config: Config
    reads: frozenset[str]
    computed: tuple[str, ...]
    left: frozenset[str] | None
    context: Context
    error: CellError | None = None
    used: Used | None = None

    @property
    def is_person(self) -> bool:
        return self.kind.name == "HUMAN"

    @property
    def is_quick(self) -> bool:
        return not self.kind.calls_models and self.kind.name not in _FAR


@dataclass(frozen=True, slots=True)
class Plan:
    """columns: from left to right. read: names whose values a column reads."""

    run: RunInfo
    columns: tuple[PlanColumn, ...]
    read: frozenset[str]

    @property
    def runnable(self) -> list[int]:
        return [column.id for column in self.columns if not column.is_person]


def load(connection: Connection, run_id: int, actor: str, contexts: Contexts) -> Plan:
    """The columns of a run as they stand."""
    with connection.cursor() as cursor:
        info = evaluations.run_in(cursor, run_id)
        if info is None:
            raise NotFound(f"There is no run {run_id}.")
        rows = evaluations.columns_in(cursor, run_id)
        inputs = evaluations.inputs_in(cursor, info.dataset_id, info.dataset_version)
    order = grid_edits.order_of(inputs, rows)
    metadata = {"evaluation": str(info.evaluation_id), RUN: str(run_id)}
    base = contexts(Origin(place=PLACE, actor=actor, metadata=metadata), info.judge)
    # Read once: each cell asks for them, and reading them takes longer than the rest of a cell.
    connected = tuple(base.connections())
    base = replace(base, connections=lambda: connected)
    computed = {row.name for row in rows}
    columns = []
    for row in rows:
        kind = column_type(row.type)
        config = kind.read(row.spec)
        reads = order.reads[row.name]
        origin = replace(base.origin, metadata={**metadata, "column": row.name})
        columns.append(
            PlanColumn(
                id=row.id,
                name=row.name,
                kind=kind,
                config=config,
                reads=reads,
                computed=tuple(name for name in reads if name in computed),
                left=reads if kind.sources(config) is ALL_LEFT else None,
                context=replace(base, origin=origin),
                used=None if row.used is None else Used.from_json(row.used),
            )
        )
    read = frozenset(name for column in columns for name in column.reads)
    return Plan(info, tuple(columns), read)


async def resolve(plan: Plan) -> dict[int, dict[str, Any]]:
    """Fetch what columns need once a run, such as versions of prompts. Returns what is to be kept
    with the run, by column: what an earlier part of it fetched is fetched again as it was."""
    found: dict[int, dict[str, Any]] = {}
    for column in plan.columns:
        got = await column.kind.resolve(column.config, column.context, column.used)
        if isinstance(got, CellError):
            column.error = got
        elif isinstance(got, Resolved):
            column.context = replace(column.context, resolved=got)
            if column.used is None:
                found[column.id] = got.used.to_json()
    return found
