"""The list of evaluations, and what one can begin with where there is none."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from workbench.evals import grids
from workbench.evals.gallery import READY
from workbench.evals.grids import Listed
from workbench.store import datasets, evaluations
from workbench.store.errors import NotFound, Refused
from workbench.store.store import open_store
from workbench.ui import access
from workbench.ui import evaluation_words as say_it
from workbench.ui.dataset_links import draw_pages, read_number, say
from workbench.ui.evaluation_links import show_evaluation, show_start
from workbench.ui.hostile import escaped
from workbench.ui.linked import draw_no_hit, text_in_link, toggle_in_link
from workbench.ui.log_table import ROW_HEIGHT
from workbench.ui.marks import style_of
from workbench.ui.zones import zone_name

ROWS = 50
_TABLE = "evaluation-table"


def draw_list() -> None:
    store = open_store()
    text, deleted = _draw_filters()
    total = grids.counted(store, text, deleted=deleted, in_tags=True)
    if total == 0:
        _draw_empty(text, deleted)
        return
    pages = (total + ROWS - 1) // ROWS
    number = min(read_number("page") or 1, pages)
    start = (number - 1) * ROWS
    found = grids.listed(store, text, deleted=deleted, limit=ROWS, offset=start, in_tags=True)
    st.markdown(f"**{total:,}** {'evaluation' if total == 1 else 'evaluations'}")
    _draw_table(found, deleted)
    draw_pages(pages, number)


def _draw_filters() -> tuple[str, bool]:
    with st.container(horizontal=True, vertical_alignment="bottom", key="evaluation-filters"):
        text = text_in_link(
            "Search", "q", key="evaluation-name", placeholder="Part of a name or a tag"
        )
        deleted = toggle_in_link("Removed", "deleted", key="removed-evaluations")
        st.button(
            "New evaluation",
            icon=":material/add:",
            type="primary",
            key="new-evaluation",
            on_click=show_start,
            args=(READY[0].key,),
        )
    return text, deleted


def _draw_table(found: list[Listed], deleted: bool) -> None:
    config = st.column_config
    selected: Any = st.dataframe(
        frame_of(found).style.map(style_of, subset=["State"]),
        key=f"{_TABLE}-{hash(tuple(one.evaluation.id for one in found))}",
        hide_index=True,
        row_height=ROW_HEIGHT,
        height=ROW_HEIGHT * (min(len(found), 24) + 1) + 4,
        on_select="rerun",
        selection_mode="single-cell",
        column_config={
            "Name": config.TextColumn(width="medium"),
            "Dataset": config.TextColumn(width=180),
            "Version": config.NumberColumn(width=70, help="Of the dataset"),
            "State": config.TextColumn(width=110),
            "Cells": config.ProgressColumn(format="percent", width=110),
            "Failed": config.NumberColumn(format="localized", width=80),
            "Score": config.TextColumn(width=190),
            "Run": config.NumberColumn(width=60),
            "Tags": config.TextColumn(width=140),
            "Changed": config.DatetimeColumn(format="distance", width=120),
            "By": config.TextColumn(width=140),
        },
        alt="Evaluations, the last changed first",
    )
    cells = selected["selection"]["cells"]
    if not cells or cells[0][0] >= len(found):
        return
    chosen = found[cells[0][0]].evaluation
    if deleted:
        try:
            grids.restore(open_store(), access.actor(), chosen.id)
        except (Refused, NotFound) as error:
            st.error(escaped(str(error)))
            return
        say(f"{chosen.name} is restored.")
    show_evaluation(chosen.id)
    st.rerun()


def frame_of(found: list[Listed]) -> pd.DataFrame:
    changed = pd.Series([one.evaluation.updated_at for one in found], dtype="datetime64[us, UTC]")
    return pd.DataFrame(
        {
            "Name": [one.evaluation.name for one in found],
            # On a telephone what it is called and how it stands are seen without scrolling.
            "State": [say_it.run_state(one.run.state, one.counts) for one in found],
            "Dataset": [_dataset(one) for one in found],
            "Version": pd.Series([one.run.dataset_version for one in found], dtype="Int64"),
            "Cells": [_share(one) for one in found],
            "Failed": pd.Series([one.counts.failed for one in found], dtype="Int64"),
            "Score": [say_it.score(one.score) for one in found],
            "Run": pd.Series([one.run.number for one in found], dtype="Int64"),
            "Tags": [", ".join(one.evaluation.tags) for one in found],
            "Changed": changed.dt.tz_convert(zone_name()),
            "By": [one.evaluation.updated_by for one in found],
        }
    )


def _share(one: Listed) -> float | None:
    """Of its cells that have an end, in whole percents; the last one is not rounded up."""
    counts = one.counts
    if not counts.total:
        return None
    return (counts.done + counts.failed) * 100 // counts.total / 100


def _dataset(one: Listed) -> str:
    run = one.run
    if run.dataset_id is None:
        return "none"
    found = datasets.get(open_store().connection, run.dataset_id)
    return found.name if found else "removed"


def _draw_empty(text: str, deleted: bool) -> None:
    if deleted:
        st.info("No removed evaluation" + (" has this in its name or tags." if text else "."))
        return
    if text and evaluations.counted(open_store().connection, "", deleted=False):
        draw_no_hit("evaluation", "name or tags")
        return
    st.subheader("No evaluations yet", anchor=False)
    st.markdown(
        "An evaluation is a grid over a version of a dataset: its columns run prompts, ask judges "
        "and check answers, row by row, and the last ones give the score."
    )
    _draw_ways()
    st.markdown("**Or begin with a ready grid**")
    draw_gallery()


def _draw_ways() -> None:
    logs, template, dataset = st.columns(3, gap="medium")
    with logs, st.container(border=True, height="stretch"):
        st.markdown("**Evaluate these logs**")
        st.caption("Filter requests, pick some or all that match, and choose *Evaluate*.")
        st.page_link("pages/logs.py", label="Open the logs", icon=":material/list_alt:")
    with template, st.container(border=True, height="stretch"):
        st.markdown("**Evaluate this template**")
        st.caption("Open a prompt and choose *Evaluate*: its newest version runs on a dataset.")
        st.page_link("pages/templates.py", label="Open the prompts", icon=":material/edit_note:")
    with dataset, st.container(border=True, height="stretch"):
        st.markdown("**From a dataset**")
        st.caption("Open a published version and choose *Evaluate this version*.")
        st.page_link("pages/datasets.py", label="Open the datasets", icon=":material/dataset:")


def draw_gallery() -> None:
    for start in range(0, len(READY), 4):
        for place, ready in zip(st.columns(4, gap="small"), READY[start : start + 4], strict=False):
            with place, st.container(border=True, height="stretch"):
                st.button(
                    ready.title,
                    type="tertiary",
                    key=f"ready-{ready.key}",
                    on_click=show_start,
                    args=(ready.key,),
                )
                st.caption(ready.text)
