"""The rows of a version: a line of conditions, a dense page of them, and the open row beside it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import pandas as pd
import streamlit as st

from workbench.datasets.query import read_query, read_sort, write_sort
from workbench.store import dataset_pages
from workbench.store.dataset_pages import Condition, Page, Sort
from workbench.store.dataset_reading import DatasetRow
from workbench.store.errors import Refused
from workbench.store.store import open_store
from workbench.ui import state, words
from workbench.ui.dataset_grid import draw_grid
from workbench.ui.dataset_links import Opened, draw_pages, order_by, read_number, show_row
from workbench.ui.dataset_picked import draw_picked
from workbench.ui.dataset_row import draw_row
from workbench.ui.dataset_values import NUMBER, brief
from workbench.ui.importing_words import plain
from workbench.ui.linked import text_in_link
from workbench.ui.log_table import ROW_HEIGHT

ROWS = 50
# More columns than this are in the open row; a table of them would be slow and unreadable.
SHOWN_COLUMNS = 40
NARROW_COLUMNS = 3
_HEIGHT = ROW_HEIGHT * 26 + 4
_TABLE = "dataset-rows"
_OPEN = "background-color: rgba(47, 91, 216, 0.16)"


def draw_rows(found: Opened) -> None:
    where, sort = _draw_filter(found)
    if where is None:
        return
    number = max(1, read_number("page") or 1)
    page = _page(found, where, sort, number)
    pages = max(1, (page.total + ROWS - 1) // ROWS)
    if number > pages:
        number = pages
        page = _page(found, where, sort, number)
    in_grid = found.is_draft and bool(st.session_state.get("dataset-grid"))
    if page.total == 0:
        _draw_nothing(found, bool(where))
        # The first rows are typed into an empty one.
        if in_grid and not where and found.version.columns:
            draw_grid(found, ())
        return
    if in_grid:
        draw_grid(found, page.rows)
    else:
        _draw_beside(found, page, where, sort, number)
    draw_pages(pages, number)


def _draw_filter(found: Opened) -> tuple[list[Condition] | None, Sort]:
    names = [column.name for column in found.version.columns]
    with st.container(horizontal=True, vertical_alignment="bottom", key="dataset-query"):
        line = text_in_link(
            "Find",
            "q",
            key="dataset-line",
            placeholder="Words, or conditions such as price>10 lang:de split=test -tag:draft",
        )
        _draw_sort(names)
        if found.is_draft:
            st.toggle("Edit in the table", key="dataset-grid")
    sort = read_sort(st.query_params.get(state.SORT, ""), names)
    try:
        return read_query(line, names), sort
    except Refused as error:
        st.warning(plain(str(error)), icon=":material/error:")
        return None, sort


def _draw_sort(names: list[str]) -> None:
    chosen = read_sort(st.query_params.get(state.SORT, ""), names)
    options = ["@row", "@split", *names]
    key = "dataset-sort"
    st.session_state[key] = write_sort(chosen).removeprefix("-") or "@row"
    st.selectbox(
        "Order",
        options,
        format_func=lambda one: {"@row": "In order", "@split": "By split"}.get(one, one),
        key=key,
        label_visibility="collapsed",
        width=170,
        on_change=lambda: order_by(st.session_state[key], chosen.descending),
    )
    st.button(
        "",
        icon=":material/arrow_downward:" if chosen.descending else ":material/arrow_upward:",
        type="tertiary",
        key="dataset-sort-way",
        help="The other way round",
        on_click=lambda: order_by(st.session_state[key], not chosen.descending),
    )


def _page(found: Opened, where: Sequence[Condition], sort: Sort, number: int) -> Page:
    store = open_store()
    # Another process may change what a DuckLake holds; there each second is a new one.
    stamp = int(time.time()) if store.connection.is_ducklake else store.connection.changes
    with st.spinner("Looking through the rows"):
        return _read(
            store.settings.database,
            stamp,
            found.dataset.id,
            found.version.number,
            tuple(where),
            sort,
            (number - 1) * ROWS,
        )


@lru_cache(maxsize=8)
def _read(
    _store: str,
    _stamp: int,
    dataset_id: int,
    number: int,
    where: tuple[Condition, ...],
    sort: Sort,
    offset: int,
) -> Page:
    """A page, read once for all reruns that only draw it again."""
    return dataset_pages.page(
        open_store().connection,
        dataset_id,
        number,
        where=where,
        sort=sort,
        offset=offset,
        limit=ROWS,
    )


def _draw_nothing(found: Opened, is_filtered: bool) -> None:
    if is_filtered:
        st.info("No row matches. Take a condition out of the line above.")
        return
    st.info(
        "No rows yet. Add one, bring in a file, or pick requests on the Logs page and choose "
        "*Add to dataset*."
        if found.is_draft
        else "This version has no rows."
    )


def _draw_beside(
    found: Opened, page: Page, where: Sequence[Condition], sort: Sort, number: int
) -> None:
    opened = read_number(state.ROW)
    if where:
        st.markdown(f"**{page.total:,}** of {words.plural(found.version.rows, 'row')}")
    if opened is None:
        _draw_table(found, page, where, None)
        return
    with st.container(key="list"):
        table, detail = st.columns([1, 1.1], gap="small")
    with table:
        _draw_table(found, page, where, opened)
    with detail, st.container(border=True, height=_HEIGHT, key="detail"):
        before, after = _neighbours(found, page, where, sort, number, opened)
        draw_row(found, opened, before, after)


def _neighbours(
    found: Opened,
    page: Page,
    where: Sequence[Condition],
    sort: Sort,
    number: int,
    opened: int,
) -> tuple[tuple[int, int] | None, tuple[int, int] | None]:
    """(row, page) before and after the open row; beyond this page that one is turned to."""
    ids = [row.id for row in page.rows]
    if opened not in ids:
        return None, (ids[0], number)
    at = ids.index(opened)
    before = (ids[at - 1], number) if at else None
    after = (ids[at + 1], number) if at + 1 < len(ids) else None
    if before is None and number > 1:
        rows = _page(found, where, sort, number - 1).rows
        before = (rows[-1].id, number - 1) if rows else None
    if after is None and number * ROWS < page.total:
        rows = _page(found, where, sort, number + 1).rows
        after = (rows[0].id, number + 1) if rows else None
    return before, after


def _draw_table(found: Opened, page: Page, where: Sequence[Condition], opened: int | None) -> None:
    ids = [row.id for row in page.rows]
    names = [column.name for column in found.version.columns]
    shown = names[: SHOWN_COLUMNS if opened is None else NARROW_COLUMNS]
    frame = frame_of(page.rows, shown, narrow=opened is not None)
    key = f"{_TABLE}-{found.version.number}-{hash(tuple(ids))}-{opened is not None}"
    styled: Any = frame
    if opened in ids:
        numbers = list(frame.select_dtypes("number").columns)
        styled = frame.style.apply(
            lambda row: [_OPEN if ids[row.name] == opened else ""] * len(row), axis=1
        ).format(lambda one: f"{one:.12g}", subset=numbers, na_rep="")
    config = st.column_config
    # Above the table, filled when that has told what is picked.
    bar = st.container()
    chosen: Any = st.dataframe(
        styled,
        key=key,
        hide_index=True,
        row_height=ROW_HEIGHT,
        height=min(_HEIGHT, ROW_HEIGHT * (len(ids) + 1) + 4),
        on_select="rerun",
        selection_mode=["multi-row", "single-cell"] if found.is_draft else ["single-cell"],
        column_config={
            "Row": config.NumberColumn(format="%d", width=70),
            "Split": config.TextColumn(width=80),
            "Tags": config.ListColumn(width=110),
        },
        placeholder="",
        alt="Rows of the dataset",
    )
    if len(names) > len(shown) and opened is None:
        st.caption(f"{len(names) - len(shown):,} more columns: open a row to see them.")
    selection = chosen["selection"]
    if selection["cells"] and selection["cells"][0][0] < len(ids):
        row = ids[selection["cells"][0][0]]
        if row != opened:
            show_row(row)
            st.rerun()
    if found.is_draft and selection["rows"]:
        picked = [ids[one] for one in selection["rows"] if one < len(ids)]
        with bar:
            draw_picked(found, picked, where, page.total)


def frame_of(
    rows: Sequence[DatasetRow], names: Sequence[str], *, narrow: bool = False
) -> pd.DataFrame:
    """A page of rows by their columns; a column of numbers alone holds numbers."""
    frame: dict[str, Any] = {"Row": [row.id for row in rows]}
    for name in names:
        values = [row.values.get(name) for row in rows]
        present = [one for one in values if one is not None]
        label = name if name not in ("Row", "Split", "Tags") else f"{name} "
        if present and all(isinstance(one, NUMBER) and type(one) is not bool for one in present):
            frame[label] = [None if one is None else float(one) for one in values]
        else:
            frame[label] = [brief(one) for one in values]
    if not narrow or any(row.split for row in rows):
        frame["Split"] = [row.split or "" for row in rows]
    if not narrow:
        frame["Tags"] = [list(row.tags) for row in rows]
    return pd.DataFrame(frame, index=range(len(rows)))
