"""The order of the log table: a heading asks for it, or a menu; it stands in the link."""

from __future__ import annotations

import streamlit as st

from workbench.store.sorting import DEFAULT, Kind, Sort
from workbench.ui import state
from workbench.ui.columns import COLUMNS, Column, column_named, keyed_names, shown

_COLUMN = "sort-column"
_DIRECTION = "sort-direction"
_ARROWS = {"down": "↓", "up": "↑"}
_SIZES = {"down": "largest first", "up": "smallest first"}
_WAYS: dict[Kind, dict[str, str]] = {
    "time": {"down": "newest first", "up": "oldest first"},
    "text": {"down": "Z to A", "up": "A to Z"},
    "number": _SIZES,
    "whole": _SIZES,
    "money": _SIZES,
}


def sort_now() -> Sort:
    """The order that the link names; the newest first where it names none."""
    return Sort.parse(st.query_params.get(state.SORT, "")) or DEFAULT


def put_sort(sort: Sort) -> None:
    """Put an order into the link; the list begins again at its first page."""
    if sort == DEFAULT:
        st.query_params.pop(state.SORT, None)
    else:
        st.query_params[state.SORT] = str(sort)
    st.query_params.pop(state.POSITION, None)


def ask_for(column: Column) -> None:
    """A click on a heading: by this column, then the other way round, then as usual."""
    if not column.sort:
        return
    now = sort_now()
    first = Sort.parse(f"{'-' * column.descending}{column.sort}")
    if first is None:
        return
    if now == first:
        kind, dot, key = column.sort.partition(".")
        put_sort(Sort(kind, not first.descending, key) if dot else Sort(kind, not first.descending))
    elif now.name == column.sort and now != DEFAULT:
        put_sort(DEFAULT)
    else:
        put_sort(first)


def arrow(column: Column) -> str:
    """What stands beside the heading of the column that the list is sorted by."""
    now = sort_now()
    if not column.sort or now.name != column.sort:
        return ""
    return " ↓" if now.descending else " ↑"


def label(name: str) -> str:
    """An order without its direction, as people call it."""
    found = next((each for each in COLUMNS.values() if each.sort == name), None)
    column = found or column_named(name)
    return {"id": "Arrival", "end": "End time"}.get(name) or (column.label if column else name)


def draw_sort() -> None:
    """The menu, for orders whose column is not shown, and where there is no heading to click."""
    now = sort_now()
    mark = "↓" if now.descending else "↑"
    menu = st.popover(
        f"{label(now.name)} {mark}",
        icon=":material/sort:",
        key="sort",
        type="tertiary",
        help="Order of the list",
        on_change="rerun",
    )
    if not menu.open:
        return
    names = [column.sort for column in shown() if column.sort]
    names += [column.sort for column in COLUMNS.values() if column.sort]
    names = list(dict.fromkeys([*names, "end", *keyed_names(), now.name]))
    st.session_state[_COLUMN] = now.name
    st.session_state[_DIRECTION] = "down" if now.descending else "up"
    named = _WAYS[now.keys[0].kind if now.keys else "time"]
    with menu:
        st.selectbox("Sort by", names, format_func=label, key=_COLUMN, on_change=_picked)
        st.segmented_control(
            "Direction",
            ("down", "up"),
            format_func=lambda way: f"{_ARROWS[way]} {named[way]}",
            key=_DIRECTION,
            label_visibility="collapsed",
            on_change=_picked,
            required=True,
        )
        st.caption("What has no value comes last. A click on a heading sorts by it, too.")


def _picked() -> None:
    sign = "-" if st.session_state[_DIRECTION] == "down" else ""
    put_sort(Sort.parse(f"{sign}{st.session_state[_COLUMN]}") or DEFAULT)
