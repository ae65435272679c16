"""Lists of evaluations and the rows of their grids."""

from __future__ import annotations

from typing import Any

from workbench.api import report_answers as answers
from workbench.api.dataset_answers import Rows, paged
from workbench.api.listing import PAGE, PARAMETERS, Listing, read_listing
from workbench.api.operation import Answer, Operation, Sent
from workbench.api.registry_prompts import parameter, path_id, truth, whole
from workbench.api.reports import aside, report_of
from workbench.evals import grid_reading, grids
from workbench.evals.grids import Listed
from workbench.ids import MAX_ID
from workbench.store import datasets, external_ids
from workbench.store.evaluation_values import RunInfo
from workbench.store.external_ids import EVALUATION

BASE = "/api/public/v2/evaluations"
_EVALUATION_ID = parameter(
    "evaluation_id",
    {"type": "integer", "minimum": 1, "maximum": MAX_ID},
    "The id of an evaluation, or of one of its runs.",
    "path",
)
_RUNS = parameter("include_runs", {"type": "boolean", "default": False}, "With their runs.")


def _version_id(sent: Sent, run: RunInfo) -> int | None:
    if run.dataset_id is None or run.dataset_version is None:
        return None
    found = datasets.version(sent.store.connection, run.dataset_id, run.dataset_version)
    return None if found is None else found.id


def _read_list(sent: Sent) -> tuple[Listing, bool]:
    return read_listing(sent), truth(sent, "include_runs", False)


async def _list(sent: Sent, asked: tuple[Listing, bool]) -> Answer:
    listing, with_runs = asked

    def work() -> dict[str, Any]:
        store = sent.store
        found: list[Listed] = []
        for deleted in listing.deleted:
            found += grids.listed(store, listing.name, deleted=deleted, limit=listing.MOST)
        if listing.external is not None:
            owners = set(external_ids.owners(store.connection, EVALUATION, *listing.external))
            found = [one for one in found if one.evaluation.id in owners]
        chosen = listing.chosen(
            found,
            name=lambda one: one.evaluation.name,
            id_=lambda one: one.evaluation.id,
            created=lambda one: one.evaluation.created_at,
            updated=lambda one: one.evaluation.updated_at,
        )
        page = listing.page_of(chosen)
        known = external_ids.of(store.connection, EVALUATION, [one.evaluation.id for one in page])
        items = []
        for one in page:
            value = answers.blueprint(
                one.evaluation,
                one.run,
                _version_id(sent, one.run),
                known.get(one.evaluation.id, ()),
            )
            if with_runs:
                value["runs"] = [
                    {
                        **answers.run_report(one.evaluation, run, _version_id(sent, run)),
                        "status": answers.status(run),
                    }
                    for run in grids.runs(store, one.evaluation.id)
                ]
            items.append(value)
        return {**paged(listing.page, listing.per_page, len(chosen)), "evaluations": items}

    return Answer(await aside(work))


def _read_rows(sent: Sent) -> tuple[int, int, int]:
    page, per_page = whole(sent, "page", 1_000_000) or 1, whole(sent, "per_page", 100) or 10
    return path_id(sent, "evaluation_id"), page, per_page


async def _rows(sent: Sent, asked: tuple[int, int, int]) -> Answer:
    report_id, page, per_page = asked

    def work() -> dict[str, Any]:
        grid = report_of(sent, report_id).grid
        found = grid_reading.page(
            sent.store, grid.run.id, offset=(page - 1) * per_page, limit=per_page, cut=None
        )
        names = [one.name for one in grid.columns]
        rows = [
            [{"type": "dataset", "value": row.inputs[name].value} for name in grid.inputs]
            + [answers.cell(row.cells[name]) for name in names]
            for row in found.rows
        ]
        return {
            **paged(page, per_page, found.total),
            "columns": [*grid.inputs, *names],
            "rows": rows,
        }

    return Answer(await aside(work))


OPERATIONS: tuple[Operation[Any], ...] = (
    Operation(
        "GET",
        BASE,
        "Evaluations, the newest first",
        _read_list,
        _list,
        response=answers.EvaluationList,
        problems=(422,),
        parameters=(*PARAMETERS, _RUNS),
    ),
    Operation(
        "GET",
        f"{BASE}/{{evaluation_id}}/rows",
        "The rows of a grid, page by page: the dataset's cells, then the evaluated ones",
        _read_rows,
        _rows,
        response=Rows,
        problems=(404, 422),
        parameters=(_EVALUATION_ID, *PAGE),
    ),
)
