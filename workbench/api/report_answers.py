"""What the operations on evaluations answer, in the reference's words.

An evaluation is a blueprint report: its columns and settings are those of its newest run. A run is
a report of its own whose parent is the evaluation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict

from workbench.api.answers import when
from workbench.api.dataset_answers import USER, Done, Pages, externals
from workbench.api.registry_answers import WORKSPACE
from workbench.evals.grid_reading import CellView, Scored, Summary
from workbench.evals.grids import Column, Grid
from workbench.store.evaluation_values import (
    CANCELLED,
    FAILED,
    RUNNING,
    Counts,
    Evaluation,
    RunInfo,
)
from workbench.store.evaluation_values import DONE as RUN_DONE
from workbench.store.external_ids import ExternalId


class _Open(BaseModel):
    model_config = ConfigDict(extra="allow")


class ReportCreated(_Open):
    success: Literal[True]
    report_id: int
    report_columns: list[dict[str, Any]]
    external_ids: list[dict[str, str]]


class ColumnAnswer(BaseModel):
    success: Literal[True]
    report_column: dict[str, Any]


class ReportStarted(BaseModel):
    success: Literal[True]
    report_id: int


class ReportDetail(Done):
    report: dict[str, Any]
    status: str
    stats: dict[str, Any]
    report_columns: list[dict[str, Any]]


class ReportScore(Done):
    score: dict[str, Any]


class ReportAnswer(BaseModel):
    success: Literal[True]
    report: dict[str, Any]


class EvaluationList(Pages):
    evaluations: list[dict[str, Any]]


def column(found: Column, run_id: int, place: int, summary: Summary | None = None) -> Any:
    """place: from 0, the columns of the dataset before it."""
    value: dict[str, Any] = {
        "id": found.id,
        "report_id": run_id,
        "name": found.name,
        "column_type": found.row.type,
        "position": place,
        "configuration": orjson.loads(found.row.spec),
    }
    if summary is not None:
        own = summary.score
        value["score"] = None if own is None else _percent(own.value, own.kind)
    return value


def columns(grid: Grid, report_id: int, summaries: Mapping[str, Summary] | None = None) -> Any:
    scored = set((grid.run.score or {}).get("columns") or [])
    if not scored and grid.columns:
        scored = {grid.columns[-1].name}
    inputs: list[dict[str, Any]] = [
        {
            # A client reads a number here. Nothing is addressed by it: columns of the dataset are
            # not edited.
            "id": -1 - place,
            "report_id": report_id,
            "name": name,
            "column_type": "DATASET",
            "position": place,
            "is_part_of_score": False,
            "configuration": {},
        }
        for place, name in enumerate(grid.inputs)
    ]
    return inputs + [
        {
            **column(one, report_id, len(inputs) + place, (summaries or {}).get(one.name)),
            "is_part_of_score": one.name in scored,
        }
        for place, one in enumerate(grid.columns)
    ]


def configuration(score: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if not score:
        return None
    found: dict[str, Any] = {}
    if score.get("code"):
        found |= {"code": score["code"], "code_language": "PYTHON"}
    if score.get("columns"):
        found["column_names"] = list(score["columns"])
    return found or None


def blueprint(
    found: Evaluation, run: RunInfo, version_id: int | None, known: Sequence[ExternalId] = ()
) -> dict[str, Any]:
    return {
        "id": found.id,
        "name": found.name,
        "comment": found.description or None,
        "is_blueprint": True,
        "deleted": found.deleted_at is not None,
        "created_at": when(found.created_at),
        "updated_at": when(found.updated_at),
        "score_configuration": configuration(run.score),
        "parent_report_id": None,
        "dataset_id": version_id,
        "user_id": USER,
        "workspace_id": WORKSPACE,
        "folder_id": None,
        "tags": list(found.tags) or None,
        "external_ids": externals(known),
    }


def run_report(found: Evaluation, run: RunInfo, version_id: int | None) -> dict[str, Any]:
    moment = run.ended_at or run.started_at or run.created_at
    return {
        **blueprint(found, run, version_id),
        "id": run.id,
        "name": run.name or f"{found.name} {run.number}",
        "is_blueprint": False,
        "created_at": when(run.created_at),
        "updated_at": when(moment),
        "parent_report_id": found.id,
        "external_ids": [],
    }


def status(run: RunInfo) -> str:
    """The reference knows two; a run that was held or cancelled is not at its end."""
    return "COMPLETED" if run.state == RUN_DONE else "RUNNING"


def stats(counts: Counts, running: int) -> dict[str, Any]:
    queued = counts.waiting + counts.stale + counts.cancelled - running
    return {
        "status_counts": {
            "COMPLETED": counts.done,
            "FAILED": counts.failed,
            "QUEUED": max(0, queued),
            "RUNNING": running,
        }
    }


_STATES = {FAILED: "FAILED", RUNNING: "RUNNING", CANCELLED: "QUEUED"}


def cell(found: CellView) -> dict[str, Any]:
    """An evaluated cell. status: PASSED and NOT_PASSED of verdicts, else the state."""
    if found.state != RUN_DONE:
        word = _STATES.get(found.state, "QUEUED")
        return {"type": "eval", "status": word, "value": None, "error_message": found.message}
    word = "COMPLETED"
    if found.passed is not None:
        word = "PASSED" if found.passed else "NOT_PASSED"
    return {"type": "eval", "status": word, "value": found.value}


def score(found: Scored, given: Mapping[str, Any] | None) -> dict[str, Any]:
    """overall_score: a share counts in percent, as in the reference's answers; a mean as it is."""
    is_custom = bool((given or {}).get("code"))
    if is_custom:
        custom = found.custom or {}
        return {
            "overall_score": custom.get("score"),
            "score_type": "custom",
            "has_custom_scoring": True,
            "details": {
                "matrix": custom.get("score_matrix") or [],
                "configuration": configuration(given),
                "sub_scores": custom.get("sub_scores"),
                "problem": found.problem,
            },
        }
    if found.score is None:
        message = found.problem or "No column has a score."
        return {
            "overall_score": None,
            "score_type": "none",
            "has_custom_scoring": False,
            "details": {"message": message},
        }
    several = [
        {
            "column_name": one.column,
            "score": _percent(one.value, one.kind),
            "score_type": "boolean" if one.kind == "share" else "numeric",
            "num_skipped": one.left_out,
            "interval": None
            if one.interval is None
            else [_percent(end, one.kind) for end in one.interval],
        }
        for one in found.score.columns
    ]
    if len(several) == 1:
        return {
            "overall_score": several[0]["score"],
            "score_type": "single_column",
            "has_custom_scoring": False,
            "details": several[0],
        }
    kinds = {one.kind for one in found.score.columns}
    kind = "share" if kinds == {"share"} else "mean"
    return {
        "overall_score": _percent(found.score.value, kind),
        "score_type": "multi_column",
        "has_custom_scoring": False,
        "details": {"columns": several},
    }


def _percent(value: float, kind: str) -> float:
    return value * 100 if kind == "share" else value
