"""Ways to the Export page from wherever requests are."""

from __future__ import annotations

from collections.abc import Sequence

import orjson
import streamlit as st

from workbench.export.sources import EVALUATIONS, PROMPTS
from workbench.filters import Condition, Filter, to_params
from workbench.logs.bulk import Selection
from workbench.ui import state

EXPORT_PAGE = "pages/export.py"
# So many ids still make a link that browsers and servers take.
MOST_PICKED = 1_000


def draw_export_link(filter_: Filter, label: str = "Export", help_: str | None = None) -> None:
    """A link to the export of what the filter finds."""
    st.page_link(
        EXPORT_PAGE,
        label=label,
        icon=":material/download:",
        # A link without any parameter would not say that all requests are meant.
        query_params={"f": "", **to_params(filter_)},
        help=help_,
    )


def draw_picked_link(chosen: Selection) -> None:
    """A link to the export of what is picked."""
    filter_ = filter_of(chosen)
    if filter_ is None:
        st.button(
            "Export",
            icon=":material/download:",
            key="export-picked",
            type="tertiary",
            disabled=True,
            help=f"More than {MOST_PICKED:,} were picked or taken out one by one, which no link "
            "can hold. Pick all that match a narrower filter, or export the filter itself.",
        )
    else:
        draw_export_link(filter_, help_="As a file: CSV, JSONL, Parquet, Excel or for fine-tuning")


def filter_of(chosen: Selection) -> Filter | None:
    """A filter that finds what is picked; None where too many were picked one by one."""
    ids = chosen.ids if chosen.filter is None else chosen.without
    if len(ids) > MOST_PICKED:
        return None
    if chosen.filter is None:
        return Filter().with_condition(Condition("pl_id", "in", tuple(sorted(ids))))
    if not ids:
        return chosen.filter
    return chosen.filter.with_condition(Condition("pl_id", "not_in", tuple(sorted(ids))))


def draw_dataset_link(dataset_id: int, version: int) -> None:
    """A link to the export of a version of a dataset."""
    options = {"source": "datasets", "dataset": dataset_id, "version": version}
    st.page_link(
        EXPORT_PAGE,
        label="Export",
        icon=":material/download:",
        query_params={"format": "csv", "options": orjson.dumps(options).decode()},
        help="As a file: CSV, JSONL, Parquet, Excel or for fine-tuning",
    )


def draw_grid_link(run_id: int) -> None:
    """A link to the export of the grid of a run of an evaluation."""
    options = {"source": EVALUATIONS, "name": EVALUATIONS, "evaluation_run": run_id}
    st.page_link(
        EXPORT_PAGE,
        label="Export",
        icon=":material/download:",
        query_params={
            state.EXPORT_FORMAT: "csv",
            state.EXPORT_OPTIONS: orjson.dumps(options).decode(),
        },
        help="All rows of this run, as CSV, JSONL, Parquet, Excel or for fine-tuning",
    )


def draw_request_link(request_id: int) -> None:
    """A link to the export of one request."""
    only = Filter().with_condition(Condition("pl_id", "in", (request_id,)))
    draw_export_link(only, "Export this request")


def draw_prompts_link(ids: Sequence[int], label: str = "Export") -> None:
    """A link to the export of these prompt templates with all their versions."""
    options = {"source": PROMPTS, "name": PROMPTS, "prompt_ids": sorted(ids)[:MOST_PICKED]}
    st.page_link(
        EXPORT_PAGE,
        label=label,
        icon=":material/download:",
        query_params={state.EXPORT_OPTIONS: orjson.dumps(options).decode()},
        help="All their versions, as CSV, JSONL, Parquet or Excel",
    )
