"""Evaluations as PromptLayer's reference has them: pipelines (blueprints) and their runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from workbench.api import dataset_wire as bodies
from workbench.api import external_ids, wire
from workbench.api import report_answers as answers
from workbench.api.dataset_answers import Done, externals
from workbench.api.datasets import version_of
from workbench.api.errors import ApiError, from_field
from workbench.api.operation import Answer, Operation, Sent
from workbench.api.registry_prompts import parameter, path_id
from workbench.evals import grid_reading, grids, running
from workbench.evals.grids import Grid, NewColumn
from workbench.ids import MAX_ID
from workbench.jsontext import FieldError
from workbench.store import datasets, evaluations
from workbench.store import external_ids as ids
from workbench.store.errors import NotFound, Refused
from workbench.store.evaluation_values import NEW, Evaluation
from workbench.store.external_ids import EVALUATION

R = TypeVar("R")
REPORT_ID = parameter(
    "report_id",
    {"type": "integer", "minimum": 1, "maximum": MAX_ID},
    "The id of an evaluation, or of one of its runs.",
    "path",
)


@dataclass(frozen=True, slots=True)
class Report:
    """is_run: whether the id was that of a run; else the grid is that of the newest run."""

    evaluation: Evaluation
    grid: Grid
    is_run: bool


def report_of(sent: Sent, report_id: int) -> Report:
    """Raises NotFound, also where the evaluation was removed."""
    found = grids.get(sent.store, report_id)
    if found is not None:
        return Report(found, grids.newest(sent.store, report_id), False)
    run = evaluations.run(sent.store.connection, report_id)
    parent = None if run is None else grids.get(sent.store, run.evaluation_id)
    if parent is None:
        raise NotFound(f"There is no report {report_id}.")
    return Report(parent, grids.grid(sent.store, report_id), True)


def pipeline_of(sent: Sent, report_id: int) -> Report:
    """Raises NotFound, and ApiError 403 for a run: runs stay as they are."""
    found = report_of(sent, report_id)
    if found.is_run:
        raise ApiError(403, "This is a run: only the evaluation itself can be changed or run.")
    return found


def version_id(sent: Sent, grid: Grid) -> int | None:
    run = grid.run
    if run.dataset_id is None or run.dataset_version is None:
        return None
    found = datasets.version(sent.store.connection, run.dataset_id, run.dataset_version)
    return None if found is None else found.id


async def aside(work: Callable[[], R]) -> R:
    """What may take a while (custom code of a score, the start of a run)."""
    return await asyncio.to_thread(work)


async def refused_as_400(work: Callable[[], R]) -> R:
    """As `aside`, where the reference has 400 for columns and datasets that will not do."""
    try:
        return await aside(work)
    except NotFound:
        raise
    except FieldError as error:
        raise from_field(error, 400) from None
    except Refused as error:
        raise ApiError(400, str(error)) from None


async def _create(sent: Sent, body: bodies.CreateReport) -> Answer:
    def work() -> dict[str, Any]:
        store = sent.store
        dataset = datasets.get(store.connection, body.dataset_group_id)
        if dataset is None:
            raise NotFound(f"There is no dataset group {body.dataset_group_id}.")
        external_ids.is_free(sent, EVALUATION, body.external_ids)
        wanted = sorted(
            enumerate(body.columns or []),
            key=lambda pair: pair[0] if pair[1].position is None else pair[1].position,
        )
        columns = [NewColumn(one.name, one.column_type, one.configuration) for _, one in wanted]
        scored = [one.name for one in body.columns or [] if one.is_part_of_score]
        evaluation_id, _ = grids.create(
            store,
            sent.actor,
            body.name or f"Evaluation of {dataset.name}",
            dataset_id=dataset.id,
            version=body.dataset_version_number,
            columns=columns,
            score=_score(scored, body.score_configuration),
        )
        external_ids.attach_all(sent, EVALUATION, evaluation_id, body.external_ids)
        grid = grids.newest(store, evaluation_id)
        known = ids.of(store.connection, EVALUATION, [evaluation_id]).get(evaluation_id, [])
        return {
            "success": True,
            "report_id": evaluation_id,
            "report_columns": answers.columns(grid, evaluation_id)[len(grid.inputs) :],
            "external_ids": externals(known),
        }

    return Answer(await refused_as_400(work), 201)


def _score(
    columns: list[str], given: bodies.ScoreConfiguration | bodies.ScoreCard | None
) -> dict[str, Any] | None:
    found: dict[str, Any] = {"columns": columns} if columns else {}
    if given is not None and given.code:
        if given.code_language != "PYTHON":
            raise FieldError("code_language", "only Python is run here")
        found["code"] = given.code
    return found or None


def _read_run(sent: Sent) -> tuple[int, bodies.RunReport]:
    return path_id(sent, "report_id"), wire.read(bodies.RunReport, sent.body)


async def _run(sent: Sent, asked: tuple[int, bodies.RunReport]) -> Answer:
    report_id, body = asked

    def work() -> dict[str, Any]:
        store, actor = sent.store, sent.actor
        found = pipeline_of(sent, report_id)
        version = None if body.dataset_id is None else version_of(sent, body.dataset_id)
        run_id = found.grid.run.id
        if found.grid.run.state != NEW:
            run_id = grids.again(store, actor, report_id, name=body.name)
        grids.set_up(
            store,
            actor,
            run_id,
            name=body.name,
            dataset=None if version is None else (version.dataset_id, version.number),
        )
        running.start(store, actor, run_id)
        return {"success": True, "report_id": run_id}

    return Answer(await refused_as_400(work), 201)


async def _get(sent: Sent, report_id: int) -> Answer:
    def work() -> dict[str, Any]:
        found = report_of(sent, report_id)
        grid, store = found.grid, sent.store
        summaries = grid_reading.summaries(store, grid.run.id)
        progress = running.progress(store, grid.run.id)
        version = version_id(sent, grid)
        if found.is_run:
            told = answers.run_report(found.evaluation, grid.run, version)
        else:
            known = ids.of(store.connection, EVALUATION, [report_id]).get(report_id, [])
            told = answers.blueprint(found.evaluation, grid.run, version, known)
        return {
            "success": True,
            "message": "success",
            "report": told,
            "status": answers.status(grid.run),
            "stats": answers.stats(progress.counts, progress.running),
            "report_columns": answers.columns(grid, report_id, summaries),
        }

    return Answer(await aside(work))


async def _get_score(sent: Sent, report_id: int) -> Answer:
    def work() -> dict[str, Any]:
        found = report_of(sent, report_id)
        if not found.is_run and found.grid.run.state == NEW:
            raise ApiError(400, "This evaluation was not run yet: it has no score.")
        scored = grid_reading.score(sent.store, found.grid.run.id)
        value = answers.score(scored, found.grid.run.score)
        return {"success": True, "message": "success", "score": value}

    return Answer(await aside(work))


def _read_score_card(sent: Sent) -> tuple[int, dict[str, Any]]:
    body = wire.read(bodies.ScoreCard, sent.body)
    return path_id(sent, "report_id"), _score(body.column_names, body) or {}


async def _score_card(sent: Sent, asked: tuple[int, dict[str, Any]]) -> Answer:
    report_id, score = asked

    def work() -> dict[str, Any]:
        found = report_of(sent, report_id)
        grids.set_up(sent.store, sent.actor, found.grid.run.id, score=score)
        return {
            "success": True,
            "report": {
                "id": report_id,
                "name": found.evaluation.name,
                "score_configuration": answers.configuration(score) if "code" in score else None,
                "column_names": list(score.get("columns") or []),
            },
        }

    return Answer(await aside(work))


def _read_rename(sent: Sent) -> tuple[int, bodies.RenameReport]:
    body = wire.read(bodies.RenameReport, sent.body)
    if body.name is None and body.tags is None:
        raise ApiError(400, "A name, tags or both are needed.")
    return path_id(sent, "report_id"), body


async def _rename(sent: Sent, asked: tuple[int, bodies.RenameReport]) -> Answer:
    report_id, body = asked

    def work() -> dict[str, Any]:
        before = pipeline_of(sent, report_id).evaluation
        grids.rename(
            sent.store,
            sent.actor,
            report_id,
            before.name if body.name is None else body.name,
            before.description,
            tags=body.tags,
        )
        found = pipeline_of(sent, report_id).evaluation
        told = {"id": report_id, "name": found.name, "tags": list(found.tags)}
        return {"success": True, "report": told}

    return Answer(await aside(work))


async def _delete(sent: Sent, report_id: int) -> Answer:
    def work() -> dict[str, Any]:
        pipeline_of(sent, report_id)
        grids.remove(sent.store, sent.actor, report_id)
        return {"success": True, "message": "Report archived successfully"}

    return Answer(await aside(work))


async def _delete_named(sent: Sent, name: str) -> Answer:
    def work() -> dict[str, Any]:
        store = sent.store
        named = [
            one.evaluation.id
            for one in grids.listed(store, name, limit=10_000)
            if one.evaluation.name == name
        ]
        if not named:
            raise NotFound(f'There is no report "{name}".')
        for id_ in named:
            grids.remove(store, sent.actor, id_)
        return {"success": True, "message": f"{len(named)} reports archived"}

    return Answer(await aside(work))


def _id(sent: Sent) -> int:
    return path_id(sent, "report_id")


OPERATIONS: tuple[Operation[Any], ...] = (
    Operation(
        "POST",
        "/reports",
        "Create an evaluation over a dataset, with its columns",
        lambda sent: wire.read(bodies.CreateReport, sent.body),
        _create,
        request=bodies.CreateReport,
        response=answers.ReportCreated,
        status=201,
        problems=(400, 404, 409),
    ),
    Operation(
        "POST",
        "/reports/{report_id}/run",
        "Run an evaluation; the answer names the run",
        _read_run,
        _run,
        request=bodies.RunReport,
        response=answers.ReportStarted,
        status=201,
        problems=(400, 403, 404),
        parameters=(REPORT_ID,),
    ),
    Operation(
        "GET",
        "/reports/{report_id}",
        "An evaluation or a run: its columns, and how far it is",
        _id,
        _get,
        response=answers.ReportDetail,
        problems=(404, 422),
        parameters=(REPORT_ID,),
    ),
    Operation(
        "GET",
        "/reports/{report_id}/score",
        "The score of a run, or of an evaluation's newest run",
        _id,
        _get_score,
        response=answers.ReportScore,
        problems=(400, 404, 422),
        parameters=(REPORT_ID,),
    ),
    Operation(
        "PATCH",
        "/reports/{report_id}/score-card",
        "Say which columns make the score, or give code that does",
        _read_score_card,
        _score_card,
        request=bodies.ScoreCard,
        response=answers.ReportAnswer,
        problems=(404,),
        parameters=(REPORT_ID,),
    ),
    Operation(
        "PATCH",
        "/reports/{report_id}/rename",
        "Rename an evaluation, or give it other tags",
        _read_rename,
        _rename,
        request=bodies.RenameReport,
        response=answers.ReportAnswer,
        problems=(400, 403, 404),
        parameters=(REPORT_ID,),
    ),
    Operation(
        "DELETE",
        "/reports/{report_id}",
        "Remove an evaluation; it can be brought back on its page",
        _id,
        _delete,
        response=Done,
        problems=(403, 404, 422),
        parameters=(REPORT_ID,),
    ),
    Operation(
        "DELETE",
        "/reports/name/{report_name}",
        "Remove every evaluation of a name",
        lambda sent: sent.path["report_name"],
        _delete_named,
        response=Done,
        problems=(404, 422),
        parameters=(
            parameter("report_name", {"type": "string", "minLength": 1}, "The name.", "path"),
        ),
    ),
)
