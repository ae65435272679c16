"""Columns of evaluations: added, edited, removed."""

from __future__ import annotations

from typing import Any

from workbench.api import dataset_wire as bodies
from workbench.api import report_answers as answers
from workbench.api import wire
from workbench.api.errors import ApiError
from workbench.api.operation import Answer, Operation, Sent
from workbench.api.registry_answers import Nothing
from workbench.api.registry_prompts import parameter, path_id
from workbench.api.reports import Report, aside, pipeline_of, refused_as_400
from workbench.evals import grids
from workbench.evals.grids import Column, Grid, NewColumn
from workbench.ids import MAX_ID
from workbench.jsontext import FieldError
from workbench.store import evaluations
from workbench.store.errors import NotFound

_COLUMN_ID = parameter(
    "report_column_id",
    {"type": "integer", "minimum": 1, "maximum": MAX_ID},
    "The id of a column.",
    "path",
)


def _left_of(grid: Grid, position: int | None, moved: str | None = None) -> str | None:
    """The column that one at this place (from 0, the dataset's columns first) stands left of.

    moved: the column that goes there, which leaves a place free."""
    if position is None:
        return None
    place = position - len(grid.inputs)
    if place < 0:
        raise ApiError(403, "You can not overwrite dataset columns")
    others = [one.name for one in grid.columns if one.name != moved]
    return others[place] if place < len(others) else None


def _told(found: Report, name: str) -> dict[str, Any]:
    grid = found.grid
    place = next(at for at, one in enumerate(grid.columns) if one.name == name)
    value = answers.column(grid.columns[place], found.evaluation.id, len(grid.inputs) + place)
    return {"success": True, "report_column": value}


async def _add(sent: Sent, body: bodies.AddColumn) -> Answer:
    def work() -> dict[str, Any]:
        found = pipeline_of(sent, body.report_id)
        grid = found.grid
        if body.name in {*grid.inputs, *(one.name for one in grid.columns)}:
            raise ApiError(400, "Report already has a column with that name", "name")
        column = NewColumn(body.name, body.column_type, body.configuration)
        before = _left_of(grid, body.position)
        grids.add_column(sent.store, sent.actor, grid.run.id, column, before=before)
        return _told(pipeline_of(sent, body.report_id), body.name)

    return Answer(await refused_as_400(work), 201)


def _column_of(sent: Sent, column_id: int) -> tuple[Report, Column]:
    """Raises NotFound, and ApiError 403 for a column of an older run."""
    run_id = evaluations.run_of_column(sent.store.connection, column_id)
    run = None if run_id is None else evaluations.run(sent.store.connection, run_id)
    if run is None:
        raise NotFound(f"There is no column {column_id}.")
    found = pipeline_of(sent, run.evaluation_id)
    column = next((one for one in found.grid.columns if one.id == column_id), None)
    if column is None:
        raise ApiError(403, "This column belongs to an older run, which stays as it is.")
    return found, column


def _read_edit(sent: Sent) -> tuple[int, bodies.EditColumn]:
    return path_id(sent, "report_column_id"), wire.read(bodies.EditColumn, sent.body)


async def _edit(sent: Sent, asked: tuple[int, bodies.EditColumn]) -> Answer:
    column_id, body = asked

    def work() -> dict[str, Any]:
        found, column = _column_of(sent, column_id)
        if body.report_id not in (found.evaluation.id, found.grid.run.id):
            raise FieldError("report_id", "the column belongs to another report")
        if body.column_type != column.row.type:
            raise ApiError(
                400,
                f"The column is of type {column.row.type}: to have another type, remove it and "
                "add one.",
                "column_type",
            )
        run_id, name, grid = found.grid.run.id, column.name, found.grid
        before = _left_of(grid, body.position, name)
        store, actor = sent.store, sent.actor
        if body.configuration is not None:
            grids.edit_column(store, actor, run_id, name, body.configuration)
        if body.name is not None and body.name != name:
            grids.rename_column(store, actor, run_id, name, body.name)
            name = body.name
        if body.position is not None:
            grids.move_column(store, actor, run_id, name, before)
        return _told(pipeline_of(sent, found.evaluation.id), name)

    return Answer(await refused_as_400(work))


async def _delete(sent: Sent, column_id: int) -> Answer:
    def work() -> None:
        found, column = _column_of(sent, column_id)
        grids.remove_column(sent.store, sent.actor, found.grid.run.id, column.name)

    await aside(work)
    return Answer(None, 204)


OPERATIONS: tuple[Operation[Any], ...] = (
    Operation(
        "POST",
        "/report-columns",
        "Add a column to an evaluation",
        lambda sent: wire.read(bodies.AddColumn, sent.body),
        _add,
        request=bodies.AddColumn,
        response=answers.ColumnAnswer,
        status=201,
        problems=(400, 403, 404),
    ),
    Operation(
        "PATCH",
        "/report-columns/{report_column_id}",
        "Edit, rename or move a column; what depends on it is to be run anew",
        _read_edit,
        _edit,
        request=bodies.EditColumn,
        response=answers.ColumnAnswer,
        problems=(400, 403, 404),
        parameters=(_COLUMN_ID,),
    ),
    Operation(
        "DELETE",
        "/report-columns/{report_column_id}",
        "Remove a column with its cells",
        lambda sent: path_id(sent, "report_column_id"),
        _delete,
        response=Nothing,
        status=204,
        problems=(403, 404, 422),
        parameters=(_COLUMN_ID,),
    ),
)
