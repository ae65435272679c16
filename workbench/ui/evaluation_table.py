"""A page of the grid as a dense table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from workbench.evals import scoring
from workbench.evals.grid_reading import CellView, Page, Row
from workbench.evals.grids import Grid
from workbench.store.evaluation_values import DONE
from workbench.ui import evaluation_words as say_it
from workbench.ui.evaluation_links import show_cell
from workbench.ui.log_table import ROW_HEIGHT
from workbench.ui.marks import style_of

#: More columns than this are in the open cell; a table of them would be slow and unreadable.
SHOWN_COLUMNS = 40
#: So many columns of the dataset stand left of the computed ones; the others come after them.
LEFT_COLUMNS = 4
HEIGHT = ROW_HEIGHT * 24 + 4
_OPEN = "background-color: rgba(47, 91, 216, 0.16)"


def draw_table(found: Grid, page: Page, opened: tuple[int, str] | None) -> None:
    ids = [row.id for row in page.rows]
    names = shown_names(found, opened[1] if opened else None)
    frame = frame_of(page.rows, names)
    labels = {label_of(name): name for name in names}
    computed = [label_of(name) for name in names if name in found.ids]
    numbers = [one for one in frame if frame[one].dtype == float]
    # Without a format of its own pandas writes six decimals into a styled table.
    styled: Any = frame.style.format("{:,.15g}", subset=numbers).map(
        style_of, subset=[one for one in computed if frame[one].dtype == object]
    )
    if opened is not None and opened[0] in ids:
        styled = styled.apply(
            lambda row: [_OPEN if ids[row.name] == opened[0] else ""] * len(row), axis=1
        )
    config = st.column_config
    selected: Any = st.dataframe(
        styled,
        key=f"evaluation-rows-{found.run.id}-{hash((tuple(ids), tuple(names)))}",
        hide_index=True,
        row_height=ROW_HEIGHT,
        height=min(HEIGHT, ROW_HEIGHT * (len(ids) + 1) + 4),
        on_select="rerun",
        selection_mode="single-cell",
        column_config={
            "Row": config.NumberColumn(format="%d", width=60),
            **{label: _column(frame, label) for label in labels},
        },
        alt="Rows of the grid, with the cells of its columns",
    )
    hidden = len(found.inputs) + len(found.ids) - len(names)
    if hidden > 0 and opened is None:
        st.caption(f"{hidden:,} more columns of the dataset: open a cell to see them.")
    cells = selected["selection"]["cells"]
    # What was chosen and left since, with the keys, stays chosen in the table; it is opened once.
    mark = "evaluation-chosen"
    if not cells or cells[0][0] >= len(ids):
        st.session_state.pop(mark, None)
        return
    row, label = cells[0]
    column = labels.get(label) or (names[-1] if names else "")
    chosen = (ids[row], column)
    if chosen != opened and st.session_state.get(mark) != (found.run.id, *chosen):
        st.session_state[mark] = (found.run.id, *chosen)
        show_cell(*chosen)
        st.rerun()


def shown_names(found: Grid, opened: str | None) -> list[str]:
    computed = list(found.ids)
    if opened is None:
        room = max(1, SHOWN_COLUMNS - len(computed))
        if len(found.inputs) <= LEFT_COLUMNS or not computed:
            return [*found.inputs[:room], *computed]
        # What was computed is to be seen beside what it was computed from.
        used = {name for sources in found.order.reads.values() for name in sources}
        left = [name for name in found.inputs if name in used][:LEFT_COLUMNS]
        left = left or list(found.inputs[:1])
        rest = [name for name in found.inputs if name not in left]
        return [*left, *computed, *rest[: room - len(left)]]
    # The verdict of a row is the first column that counts in the score.
    scored = scoring.chosen(found.run, [one.row for one in found.columns])
    chosen = [*found.inputs[:1], opened, *scored[:1]]
    return list(dict.fromkeys(one for one in chosen if one in (*found.inputs, *computed)))


def label_of(name: str) -> str:
    return f"{name} " if name == "Row" else name


def _column(frame: pd.DataFrame, label: str) -> Any:
    """As wide as what stands in it, within bounds."""
    if frame[label].dtype != object:
        return st.column_config.NumberColumn(width=110)
    longest = max((len(str(text)) for text in frame[label]), default=0)
    return st.column_config.TextColumn(width=max(90, min(220, 9 * max(longest, len(label)) + 24)))


def frame_of(rows: Sequence[Row], names: Sequence[str]) -> pd.DataFrame:
    """A page by its columns; one of numbers alone holds numbers."""
    frame: dict[str, Any] = {"Row": [row.id for row in rows]}
    for name in names:
        cells = [_cell(row, name) for row in rows]
        numbers = [say_it.number_of(cell) for cell in cells]
        if rows and all(one is not None for one in numbers):
            frame[label_of(name)] = [round(one or 0.0, 6) for one in numbers]
        else:
            texts = [say_it.shown(cell) for cell in cells]
            frame[label_of(name)] = pd.Series(texts, dtype=object)
    return pd.DataFrame(frame, index=range(len(rows)))


def _cell(row: Row, name: str) -> CellView:
    if name in row.inputs:
        cell = row.inputs[name]
        # A row of the dataset waits for nothing: the value is not there.
        return cell if cell.state == DONE else CellView(state=DONE)
    return row.cells[name]
