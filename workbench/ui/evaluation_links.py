"""The link of the Evaluations page: which evaluation, run, part, page, order and cell."""

from __future__ import annotations

import streamlit as st

from workbench.evals import grids
from workbench.evals.grids import Grid
from workbench.store.errors import NotFound
from workbench.store.store import open_store
from workbench.ui import state

PAGE = "pages/evaluations.py"
GRID, SCORE, RUNS = "Grid", "Score", "Runs"
#: With NEW_EVALUATION: what a new evaluation starts from.
FROM_DATASET, FROM_VERSION, FROM_TEMPLATE = state.DATASET, state.VERSION, state.TEMPLATE
#: In the comparison of runs: the other run, and the figure whose rows are shown.
OTHER, FIGURE = "other", "figure"
_OF_VIEW = (
    state.RUN,
    state.CELL,
    state.RATE,
    state.ROW,
    state.SORT,
    state.TAB,
    state.NEW_EVALUATION,
    FROM_DATASET,
    FROM_VERSION,
    FROM_TEMPLATE,
    OTHER,
    FIGURE,
    "q",
    "page",
    "deleted",
)


def evaluation_params(evaluation_id: int, **more: str) -> dict[str, str]:
    """The link to an evaluation."""
    return {state.EVALUATION: str(evaluation_id), **more}


def new_params(
    ready: str = "",
    *,
    dataset_id: int | None = None,
    version: int | None = None,
    template_id: int | None = None,
) -> dict[str, str]:
    """The link to the form of a new evaluation, with what it starts from. ready: a grid's key."""
    given = {
        FROM_DATASET: dataset_id,
        FROM_VERSION: version,
        FROM_TEMPLATE: template_id,
    }
    found = {name: str(value) for name, value in given.items() if value is not None}
    return {state.NEW_EVALUATION: ready or "expected", **found}


def draw_evaluate_dataset(dataset_id: int, version: int) -> None:
    """A link to a new evaluation of a published version."""
    st.page_link(
        PAGE,
        label="Evaluate this version",
        icon=":material/rule:",
        query_params=new_params(dataset_id=dataset_id, version=version),
        help="A grid over these rows: prompts, judges, checks, ratings",
    )


def draw_evaluate_template(template_id: int) -> None:
    """A link to a new evaluation of a prompt."""
    st.page_link(
        PAGE,
        label="Evaluate",
        icon=":material/rule:",
        query_params=new_params(template_id=template_id),
        help="Run its newest version over a dataset and check the answers",
    )


def read_id(name: str) -> int | None:
    text = st.query_params.get(name, "")
    return int(text) if text.isdecimal() and len(text) <= 18 else None


def opened() -> Grid | None:
    """The run that the link names; without one the newest. None where there is no such one."""
    evaluation_id, run_id = read_id(state.EVALUATION), read_id(state.RUN)
    if evaluation_id is None:
        return None
    store = open_store()
    try:
        if run_id is not None:
            found = grids.grid(store, run_id)
            if found.evaluation.id == evaluation_id:
                return found
        return grids.newest(store, evaluation_id)
    except NotFound:
        return None


def show_evaluation(evaluation_id: int | None) -> None:
    """Go to an evaluation, or to the list; nothing of another view stays in the link."""
    for name in (state.EVALUATION, *_OF_VIEW):
        st.query_params.pop(name, None)
    if evaluation_id is not None:
        st.query_params[state.EVALUATION] = str(evaluation_id)


def show_run(run_id: int | None) -> None:
    """None: the newest one."""
    for name in (state.RUN, state.CELL, state.RATE, state.ROW, "page", OTHER, FIGURE):
        st.query_params.pop(name, None)
    if run_id is not None:
        st.query_params[state.RUN] = str(run_id)


def show_tab(tab: str) -> None:
    for name in (state.CELL, state.TAB, "page", OTHER, FIGURE):
        st.query_params.pop(name, None)
    if tab != GRID:
        st.query_params[state.TAB] = tab


def show_start(ready: str, **more: str) -> None:
    """The form of a new evaluation."""
    show_evaluation(None)
    st.query_params[state.NEW_EVALUATION] = ready
    for name, value in more.items():
        st.query_params[name] = value


def read_cell() -> tuple[int, str] | None:
    """The cell that is open: row and column."""
    row, colon, column = st.query_params.get(state.CELL, "").partition(":")
    if not colon or not row.isdecimal() or len(row) > 12:
        return None
    return int(row), column


def show_cell(row: int | None, column: str = "") -> None:
    if row is None:
        st.query_params.pop(state.CELL, None)
    else:
        st.query_params[state.CELL] = f"{row}:{column}"


def show_rating(column: str | None) -> None:
    """The fast screen of a column for people; None leaves it. From a callback."""
    st.session_state[state.WHOLE_PAGE] = True
    for name in (state.CELL, state.RATE, state.ROW):
        st.query_params.pop(name, None)
    if column is not None:
        st.query_params[state.RATE] = column


def find(text: str) -> None:
    """Put a line into the grid's filter. From a callback."""
    st.session_state[state.WHOLE_PAGE] = True
    for name in ("q", "page", state.CELL):
        st.query_params.pop(name, None)
    if text:
        st.query_params["q"] = text
