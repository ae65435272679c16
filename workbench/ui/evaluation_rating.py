"""A screen made for speed: one item at a time, rated with the keyboard."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from workbench.evals import rating
from workbench.evals.columns.human import Human
from workbench.evals.grid_reading import CellView, Row
from workbench.evals.grids import Grid
from workbench.store.errors import NotFound
from workbench.store.evaluation_values import DONE
from workbench.store.store import open_store
from workbench.ui import state, words
from workbench.ui.dataset_links import read_number
from workbench.ui.dataset_values import draw_value
from workbench.ui.evaluation_links import show_rating
from workbench.ui.evaluation_rate import draw_control, keep, scale_of, take_back
from workbench.ui.hostile import escaped

#: Puts the caret into the box of each item anew.
_CARET = st.components.v2.component(
    "workbench_rating_caret",
    html="<span hidden></span>",
    js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8"),
)
#: What this person rated here, the last one at the end: (run, row).
_RATED = "evaluation-rated"
#: The row after which the next item is looked for.
_AFTER = "evaluation-rate-after"


def draw_rating(found: Grid, column: str) -> None:
    try:
        chosen = found.column(column)
    except NotFound:
        chosen = None
    if chosen is None or not isinstance(chosen.kind, Human):
        st.info("There is no such column for people in this run.")
        st.button("Back to the grid", on_click=show_rating, args=(None,))
        return
    after = st.session_state.get(_AFTER, (0, 0))
    begin = after[1] if after[0] == found.run.id else (read_number(state.ROW) or 1) - 1
    item = rating.next_unrated(open_store(), found.run.id, column, after=begin)
    # Letters go into the box where there is one.
    with_alt = "" if scale_of(found.column(column).config) else "alt+"  # type: ignore[arg-type]
    _draw_head(found, column, item.left, item.total, with_alt)
    if item.row is None:
        st.success("All rows have a rating.", icon=":material/check:")
        return
    st.query_params[state.ROW] = str(item.row.id)
    _draw_item(found, column, item.row, with_alt)


def _draw_head(found: Grid, column: str, left: int, total: int, with_alt: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            "",
            icon=":material/arrow_back:",
            type="tertiary",
            help="Back to the grid",
            key="leave-rating",
            shortcut="Esc",
            on_click=show_rating,
            args=(None,),
        )
        st.html(
            f'<p class="wb-head"><strong>{escaped(column)}</strong> '
            f'<span class="wb-note">{escaped(found.evaluation.name)}</span></p>',
            width="stretch",
        )
        rated = [row for run, row in st.session_state.get(_RATED, []) if run == found.run.id]
        st.button(
            "Undo",
            icon=":material/undo:",
            key="undo-rating",
            shortcut=f"{with_alt}u",
            disabled=not rated,
            help="Take the last rating back",
            on_click=_undo,
            args=(found.run.id, column),
        )
    st.progress(
        (total - left) / total if total else 1.0,
        f"{total - left:,} of {words.plural(total, 'row')} rated, {left:,} left",
    )


def _draw_item(found: Grid, column: str, row: Row, with_alt: str) -> None:
    run_id = found.run.id

    def rate(value: int | float | str) -> None:
        if keep(run_id, row.id, column, value):
            st.session_state[_RATED] = [*st.session_state.get(_RATED, []), (run_id, row.id)][-200:]
            st.session_state[_AFTER] = (run_id, row.id)

    with st.container(
        horizontal=True, vertical_alignment="center", gap="small", key="rating-control", border=True
    ):
        draw_control(
            found.column(column).config,  # type: ignore[arg-type]
            row.cells[column],
            f"fast-{run_id}-{row.id}-{column}",
            rate,
        )
        st.button(
            "Skip",
            icon=":material/skip_next:",
            type="tertiary",
            key="skip-rating",
            shortcut=f"{with_alt}s",
            help="It comes again at the end",
            on_click=_skip,
            args=(run_id, row.id),
        )
        st.html(f'<p class="wb-note">Row {row.id}</p>')
    if with_alt:
        _CARET(key=f"caret-{run_id}-{row.id}")
    cells = {name: cell for name, cell in row.cells.items() if name != column}
    computed, given = st.columns(2, gap="medium")
    with computed:
        _draw_cells(cells, f"item-{row.id}-c")
    with given if cells else computed:
        _draw_cells(dict(row.inputs), f"item-{row.id}-i")


def _draw_cells(cells: dict[str, CellView], key: str) -> None:
    for number, (name, cell) in enumerate(cells.items()):
        st.html(f'<p class="wb-role">{escaped(name)}</p>')
        if cell.state == DONE:
            draw_value(cell.value if cell.value is not None else cell.text, f"{key}-{number}")
        else:
            said = cell.message or cell.waits or cell.state
            st.html(f'<p class="wb-note wb-text">{escaped(said)}</p>')


def _skip(run_id: int, row: int) -> None:
    st.session_state[_AFTER] = (run_id, row)


def _undo(run_id: int, column: str) -> None:
    """The last item comes again, without its rating."""
    rated = list(st.session_state.get(_RATED, []))
    at = next((n for n in range(len(rated) - 1, -1, -1) if rated[n][0] == run_id), None)
    if at is None:
        return
    _, row = rated.pop(at)
    st.session_state[_RATED] = rated
    take_back(run_id, row, column)
    st.session_state[_AFTER] = (run_id, row - 1)
