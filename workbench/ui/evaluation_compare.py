"""The runs of an evaluation, and two of them compared row by row."""

from __future__ import annotations

from typing import Any, get_args

import pandas as pd
import streamlit as st

from workbench.evals import grid_reading, grids
from workbench.evals.grid_reading import Change, Compared
from workbench.evals.grids import Grid
from workbench.store.evaluation_values import RunInfo
from workbench.store.store import open_store
from workbench.ui import evaluation_words as say_it
from workbench.ui import words
from workbench.ui.dataset_links import draw_pages, read_number, turn_to
from workbench.ui.evaluation_links import FIGURE, OTHER, read_id
from workbench.ui.hostile import escaped
from workbench.ui.log_table import ROW_HEIGHT
from workbench.ui.marks import style_of
from workbench.ui.zones import zone_name

ROWS = 50
_FIGURES: dict[Change, str] = {
    "better": "Better",
    "worse": "Worse",
    "equal": "Equal",
    "changed": "Changed",
    "same": "The same",
    "only_first": "Only before",
    "only_second": "Only here",
}


def draw_runs(found: Grid) -> None:
    listed = grids.runs(open_store(), found.evaluation.id)
    _draw_list(listed)
    others = [one for one in listed if one.id != found.run.id]
    if not others:
        st.info(
            "There is one run. *Run again* in the menu makes another, which can be compared with "
            "this one."
        )
        return
    before = _draw_choice(found, others)
    compared = grid_reading.compare(open_store(), before.id, found.run.id)
    if not compared:
        st.info("These runs have no column of the same name.")
        return
    _draw_compared(compared)
    _draw_rows(found, before, compared)


def _draw_list(listed: list[RunInfo]) -> None:
    made = pd.Series([one.created_at for one in listed], dtype="datetime64[us, UTC]")
    frame = {
        "Run": [one.number for one in listed],
        "Name": [one.name for one in listed],
        "State": [say_it.RUN_WORDS[one.state] for one in listed],
        "Version of the dataset": pd.array([one.dataset_version for one in listed], dtype="Int64"),
        "Made": made.dt.tz_convert(zone_name()),
        "By": [one.author for one in listed],
    }
    st.dataframe(
        pd.DataFrame(frame).style.map(style_of, subset=["State"]),
        hide_index=True,
        row_height=ROW_HEIGHT,
        height=ROW_HEIGHT * (min(len(listed), 8) + 1) + 4,
        column_config={"Made": st.column_config.DatetimeColumn(format="distance")},
    )


def _draw_choice(found: Grid, others: list[RunInfo]) -> RunInfo:
    by_id = {one.id: one for one in others}
    named = read_id(OTHER)
    usual = next((one for one in others if one.number < found.run.number), others[0])
    key = f"other-run-{found.run.id}"
    st.session_state[key] = named if named in by_id else usual.id

    def change() -> None:
        st.query_params[OTHER] = str(st.session_state[key])
        turn_to(1)

    chosen = st.selectbox(
        f"Run {found.run.number} compared with",
        list(by_id),
        format_func=lambda id_: f"Run {by_id[id_].number}",
        key=key,
        width=260,
        on_change=change,
    )
    return by_id[chosen]


def _draw_compared(compared: list[Compared]) -> None:
    frame = {
        "Column": [one.column for one in compared],
        "Pairs": [one.pairs for one in compared],
        "Before": [None if one.means is None else one.means[0] for one in compared],
        "Here": [None if one.means is None else one.means[1] for one in compared],
        "Difference": [_difference(one) for one in compared],
        **{title: [getattr(one, name) for one in compared] for name, title in _FIGURES.items()},
    }
    st.dataframe(
        pd.DataFrame(frame),
        hide_index=True,
        row_height=ROW_HEIGHT,
        placeholder="",
        column_config={
            "Before": st.column_config.NumberColumn(format="%.3f"),
            "Here": st.column_config.NumberColumn(format="%.3f"),
            "Difference": st.column_config.TextColumn(width=210),
        },
    )
    st.caption("Difference: mean over the rows that have a number in both, with its 95 % interval.")


def _difference(one: Compared) -> str:
    if one.difference is None:
        return ""
    text = f"{one.difference:+.3f}"
    if one.interval is None:
        return text
    low, high = one.interval
    return f"{text} ({low:+.3f} to {high:+.3f})"


def _draw_rows(found: Grid, before: RunInfo, compared: list[Compared]) -> None:
    names = [one.column for one in compared]
    named, _, column = st.query_params.get(FIGURE, "").partition(":")
    column = column if column in names else names[-1]
    one = next(each for each in compared if each.column == column)
    counts = {figure: getattr(one, figure) for figure in get_args(Change)}
    usual = next((each for each in ("worse", "changed", "better") if counts[each]), "same")
    figure: Any = named if named in counts else usual
    keys = ("compare-column", "compare-figure")
    st.session_state[keys[0]], st.session_state[keys[1]] = column, figure

    def change() -> None:
        chosen = st.session_state[keys[1]] or figure
        st.query_params[FIGURE] = f"{chosen}:{st.session_state[keys[0]]}"
        turn_to(1)

    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.selectbox("Rows of", names, key=keys[0], width=220, on_change=change)
        st.segmented_control(
            "Rows",
            [each for each in counts if counts[each] or each == figure],
            format_func=lambda each: f"{_FIGURES[each]} · {counts[each]:,}",
            key=keys[1],
            required=True,
            on_change=change,
            label_visibility="collapsed",
        )
    number = max(1, read_number("page") or 1)
    store = open_store()
    ids, total = grid_reading.compared_rows(
        store,
        before.id,
        found.run.id,
        column,
        figure,
        offset=(number - 1) * ROWS,
        limit=ROWS,
    )
    if not ids:
        st.caption("No row.")
        return
    first = {row.id: row for row in grid_reading.rows(store, before.id, ids)}
    second = {row.id: row for row in grid_reading.rows(store, found.run.id, ids)}
    frame: dict[str, Any] = {"Row": ids}
    for name in found.inputs[:2]:
        frame[name] = [
            say_it.one_line((second.get(id_) or first[id_]).inputs[name].text)
            if name in (second.get(id_) or first[id_]).inputs
            else ""
            for id_ in ids
        ]
    frame["Before "] = [
        say_it.shown(first[id_].cells[column]) if id_ in first else "" for id_ in ids
    ]
    frame["Here "] = [
        say_it.shown(second[id_].cells[column]) if id_ in second else "" for id_ in ids
    ]
    st.markdown(f"**{words.plural(total, 'row')}** of {escaped(column)}")
    st.dataframe(
        pd.DataFrame(frame).style.map(style_of, subset=["Before ", "Here "]),
        hide_index=True,
        row_height=ROW_HEIGHT,
    )
    draw_pages((total + ROWS - 1) // ROWS, number)
