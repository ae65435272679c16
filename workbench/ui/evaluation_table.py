"""A page of the grid as a dense table, and as a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from workbench.evals import grid_reading
from workbench.evals.grid_reading import CellView, Condition, Page, Row, Sort
from workbench.evals.grids import Grid
from workbench.store.evaluation_values import DONE, FAILED
from workbench.store.store import open_store
from workbench.ui import evaluation_words as say_it
from workbench.ui.evaluation_links import show_cell
from workbench.ui.log_table import ROW_HEIGHT
from workbench.ui.marks import style_of

#: More columns than this are in the open cell; a table of them would be slow and unreadable.
SHOWN_COLUMNS = 40
#: So many columns of the dataset stand left of the computed ones; the others come after them.
LEFT_COLUMNS = 4
HEIGHT = ROW_HEIGHT * 24 + 4
#: What a sheet would take for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_OPEN = "background-color: rgba(47, 91, 216, 0.16)"


def draw_table(found: Grid, page: Page, opened: tuple[int, str] | None) -> None:
    ids = [row.id for row in page.rows]
    names = shown_names(found, opened[1] if opened else None)
    frame = frame_of(page.rows, names)
    labels = {label_of(name): name for name in names}
    computed = [label_of(name) for name in names if name in found.ids]
    styled: Any = frame.style.map(
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
    chosen = [*found.inputs[:1], opened, *computed[-1:]]
    return list(dict.fromkeys(one for one in chosen if one in (*found.inputs, *computed)))


def label_of(name: str) -> str:
    return f"{name} " if name == "Row" else name


def _column(frame: pd.DataFrame, label: str) -> Any:
    """As wide as what stands in it, within bounds."""
    if frame[label].dtype != object:
        return st.column_config.NumberColumn(format="plain", width=110)
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


def draw_download(
    found: Grid, page: Page, where: Sequence[Condition], sort: Sort, offset: int
) -> None:
    """The rows of this page with whole values."""

    def write() -> str:
        whole = grid_reading.page(
            open_store(),
            found.run.id,
            where=where,
            sort=sort,
            offset=offset,
            limit=max(1, len(page.rows)),
            cut=None,
        )
        return table_text(whole.rows, [*found.inputs, *found.ids])

    st.download_button(
        "This page as CSV",
        write,
        file_name=f"evaluation-{found.evaluation.id}-run-{found.run.number}.csv",
        mime="text/csv",
        icon=":material/download:",
        type="tertiary",
        key="evaluation-csv",
        on_click="ignore",
    )


def table_text(rows: Sequence[Row], names: Sequence[str]) -> str:
    """Rows as CSV. A failure stands as such in its cell; what has no value yet is empty."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["row", *map(_harmless, names)])
    for row in rows:
        writer.writerow([row.id, *(_harmless(_text(_cell(row, name))) for name in names)])
    return out.getvalue()


def _text(cell: CellView) -> str:
    if cell.state == FAILED:
        return f"[failed: {cell.message or say_it.failure(cell.kind)}]"
    return cell.text if cell.state == DONE else ""


def _harmless(text: str) -> str:
    """A text that no sheet runs as a formula."""
    is_number = text.lstrip("+-").replace(".", "", 1).isdecimal()
    return f"'{text}" if text.startswith(_FORMULA) and not is_number else text
