"""The dense table of requests: one line each, and a click anywhere on a line opens it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from workbench.store.extras import Extra
from workbench.store.rows import Summary
from workbench.ui.columns import COLUMNS, STAR, USUAL, Column
from workbench.ui.marks import style_of
from workbench.ui.zones import zone_name

ROW_HEIGHT = 30
# Beside an open request there is room for these.
NARROW = ("time", "status", "model", "input", "latency", "cost")
_NARROW_WIDTHS = {"time": 108, "status": 78, "input": 180, "model": 136}
# Beside the values with counts all of the usual columns still fit on a screen of 1,440 pixels.
_TIGHT_WIDTHS = {
    "time": 108,
    "status": 78,
    "model": 142,
    "prompt": 118,
    "input": 196,
    "output": 150,
}
_TIGHT_WIDTHS |= {"latency": 70, "tokens": 66, "cost": 80, "tags": 92}
_STAR_COLOUR = "#c98a06"
_OPEN = "background-color: rgba(47, 91, 216, 0.16)"
_NOTHING = Extra()


def usual_columns(*, narrow: bool = False) -> list[Column]:
    return [COLUMNS[name] for name in (NARROW if narrow else USUAL)]


def with_stars(columns: Sequence[Column], rows: Sequence[Summary]) -> list[Column]:
    """The columns, led by that of stars where a row has one."""
    if STAR in columns or not any(row.starred for row in rows):
        return list(columns)
    return [STAR, *columns]


def frame_of(
    rows: Sequence[Summary],
    columns: Sequence[Column] | None = None,
    extras: dict[int, Extra] | None = None,
) -> pd.DataFrame:
    """The table's data by the columns' labels; its row numbers are those of `rows`."""
    known = extras or {}
    frame = {}
    for column in columns or usual_columns():
        values: Any = [column.value(row, known.get(row.id, _NOTHING)) for row in rows]
        if column.name == "time":
            series = pd.Series(values, dtype="datetime64[us, UTC]")
            values = series.dt.tz_convert(zone_name())
        frame[column.label] = values
    return pd.DataFrame(frame, index=range(len(rows)))


def draw_rows(
    rows: Sequence[Summary],
    key: str,
    *,
    columns: Sequence[Column] | None = None,
    extras: dict[int, Extra] | None = None,
    mark: Callable[[Column], str] = lambda _: "",
    opened: int | None = None,
    tight: bool = False,
    height: int | None = None,
    **selection: Any,
) -> None:
    """Draw the table; `selection` goes to `st.dataframe` (on_select, selection_mode).

    mark: what stands beside a heading. opened: the id of the row that stands out.
    tight: there is less room than usual.
    """
    columns = with_stars(columns or usual_columns(), rows)
    widths = _NARROW_WIDTHS if opened is not None else _TIGHT_WIDTHS if tight else {}
    st.dataframe(
        _coloured(frame_of(rows, columns, extras), [row.id == opened for row in rows]),
        key=key,
        hide_index=True,
        row_height=ROW_HEIGHT,
        height=height or "auto",
        column_config={
            column.label: column.config(
                column.label + mark(column), widths.get(column.name, column.width)
            )
            for column in columns
        },
        placeholder="",
        alt="Requests",
        **selection,
    )


def _coloured(frame: pd.DataFrame, is_open: Sequence[bool]) -> Any:
    """The table with its marks in colour; the word says the same without it."""
    styled = frame.style
    if "Status" in frame:
        styled = styled.map(style_of, subset=["Status"])
    if STAR.label in frame:
        styled = styled.map(lambda _: f"color: {_STAR_COLOUR}", subset=[STAR.label])
    if any(is_open):
        styled = styled.apply(lambda row: [_OPEN if is_open[row.name] else ""] * len(row), axis=1)
    return styled
