"""One evaluation: its heading, its runs, the bar that runs it, and the grid, score or runs."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from workbench.evals import grids
from workbench.evals.grids import Grid
from workbench.store.errors import NotFound, Refused
from workbench.store.evaluation_values import RUNNING
from workbench.store.store import open_store
from workbench.ui import access, state
from workbench.ui.chips import label_of
from workbench.ui.dataset_links import PAGE as DATASETS_PAGE
from workbench.ui.dataset_links import dataset_params, say
from workbench.ui.evaluation_compare import draw_runs
from workbench.ui.evaluation_grid import POLL_SECONDS, draw_grid
from workbench.ui.evaluation_links import (
    GRID,
    RUNS,
    SCORE,
    opened,
    show_evaluation,
    show_run,
    show_tab,
)
from workbench.ui.evaluation_menu import draw_menu
from workbench.ui.evaluation_rating import draw_rating
from workbench.ui.evaluation_run import draw_run_bar
from workbench.ui.evaluation_score import draw_score, draw_score_line
from workbench.ui.hostile import escaped

TABS: dict[str, Callable[[Grid], None]] = {GRID: draw_grid, SCORE: draw_score, RUNS: draw_runs}


def draw_evaluation() -> None:
    found = opened()
    if found is None:
        st.info(
            "There is no such evaluation: it was removed (the list shows removed ones), or the "
            "link is from another store."
        )
        if st.button("All evaluations", icon=":material/arrow_back:", type="tertiary"):
            show_evaluation(None)
            st.rerun()
        return
    column = st.query_params.get(state.RATE)
    if column is not None:
        draw_rating(found, column)
        return
    _draw_head(found)
    draw_run_bar(found)
    _draw_notices(found)
    _draw_bar(found)
    TABS[_tab()](found)


def _tab() -> str:
    """The part that the link names."""
    named = st.query_params.get(state.TAB, GRID)
    return named if named in TABS else GRID


def _draw_head(found: Grid) -> None:
    evaluation, run = found.evaluation, found.run
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            "",
            icon=":material/arrow_back:",
            type="tertiary",
            help="All evaluations",
            key="all-evaluations",
            on_click=show_evaluation,
            args=(None,),
        )
        about = f'<span class="wb-note">{escaped(evaluation.description[:300])}</span>'
        st.html(
            f'<p class="wb-head"><strong>{escaped(evaluation.name)}</strong> {about}</p>',
            width="stretch",
        )
        if found.dataset is not None and run.dataset_id is not None:
            version = str(run.dataset_version)
            st.page_link(
                DATASETS_PAGE,
                label=f"{label_of(found.dataset[:60])} · {version}",
                icon=":material/dataset:",
                query_params=dataset_params(run.dataset_id, version=version),
                help="The version of the dataset that this run is over",
            )
        _draw_run_choice(found)
        draw_menu(found)


def _draw_run_choice(found: Grid) -> None:
    listed = grids.runs(open_store(), found.evaluation.id)
    if len(listed) < 2:
        return
    names = {one.id: f"Run {one.number}" + (f", {one.name}" if one.name else "") for one in listed}
    key = f"shown-run-{found.evaluation.id}"
    st.session_state[key] = found.run.id

    def change() -> None:
        chosen = st.session_state[key]
        show_run(None if chosen == listed[0].id else chosen)

    st.selectbox(
        "Run",
        list(names),
        format_func=lambda id_: names.get(id_, str(id_)),
        key=key,
        label_visibility="collapsed",
        width=150,
        on_change=change,
    )


def _draw_notices(found: Grid) -> None:
    """Why one may want to run it again."""
    run = found.run
    said = []
    if not found.is_newest:
        said.append("This is an older run: it stays as it was.")
    if run.dataset_id is not None and found.dataset is None:
        said.append("The dataset of this run is gone.")
    newest = found.newest_version
    if found.is_newest and newest is not None and newest > (run.dataset_version or 0):
        said.append(f"The dataset has a newer version, {newest}.")
    if not said:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.html(f'<p class="wb-note">{escaped(" ".join(said))}</p>', width="stretch")
        if found.is_newest and found.dataset is not None:
            st.button(
                "Run again with it",
                icon=":material/replay:",
                type="tertiary",
                key="again-with-newest",
                on_click=again,
                args=(found.evaluation.id,),
                help="A new run with the same columns; this one stays as it is",
            )
        elif not found.is_newest:
            st.button(
                "Go to the newest",
                type="tertiary",
                key="go-newest",
                on_click=show_run,
                args=(None,),
            )


def again(evaluation_id: int, version: int | None = None) -> None:
    """A new run with the same columns and no cells. version: of the dataset, else the newest."""
    try:
        grids.again(open_store(), access.actor(), evaluation_id, version=version)
    except (Refused, NotFound) as error:
        say(str(error))
        return
    show_run(None)
    show_tab(GRID)
    say("A new run is there. Nothing of it has run yet.")


def _draw_bar(found: Grid) -> None:
    with st.container(
        horizontal=True, vertical_alignment="center", gap="small", key="evaluation-bar"
    ):
        key = "evaluation-tab"
        st.session_state[key] = _tab()
        st.segmented_control(
            "Part",
            tuple(TABS),
            required=True,
            key=key,
            label_visibility="collapsed",
            on_change=lambda: show_tab(st.session_state[key]),
        )
        if found.run.state == RUNNING:
            st.fragment(draw_score_line, run_every=POLL_SECONDS)(found)
        else:
            draw_score_line(found)
