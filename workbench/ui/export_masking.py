"""Masking on the way out: what is looked for, names out of the metadata, the own patterns."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from workbench.export.masking import patterns
from workbench.export.masking.detectors import DETECTORS
from workbench.export.masking.patterns import Pattern
from workbench.export.spec import ALL_DETECTORS
from workbench.jsontext import FieldError
from workbench.store.errors import StoreError
from workbench.store.store import open_store
from workbench.ui import state, words
from workbench.ui.access import actor
from workbench.ui.export_draft import Options, bound, read_options, value_at, write_options
from workbench.ui.importing_words import plain

_ROUND = "export-patterns-round"
_COLUMNS = ["name", "pattern", "mark"]


def draw_masking(options: Options, keys: list[str] | None) -> None:
    """keys: of the metadata of the filter's requests; None where there is no metadata."""
    is_on = options.get("masking") is not None
    key = "export-mask"
    st.session_state[key] = is_on
    st.toggle(
        "Mask personal data and secrets",
        key=key,
        on_change=_switch,
        help="In the files only: what is stored stays as it is",
    )
    if not is_on:
        return
    st.pills(
        "Look for",
        list(ALL_DETECTORS),
        selection_mode="multi",
        format_func=lambda name: DETECTORS[name].label,
        **bound(options, "masking.detectors", kept=_in_order),
    )
    if keys is not None:
        _draw_names(options, keys)
    saved = patterns.saved(open_store().connection)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.toggle(
            f"Own patterns ({len(saved):,})",
            help="Regular expressions that this workspace keeps",
            **bound(options, "masking.patterns"),
        )
        if st.button("Edit", icon=":material/edit:", type="tertiary", key="edit-patterns"):
            st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1
            _draw_dialog()


def _draw_names(options: Options, keys: list[str]) -> None:
    given = value_at(options, "masking.name_fields")
    st.multiselect(
        "Names out of metadata",
        [*keys, *(name for name in given if name not in keys)],
        accept_new_options=True,
        placeholder="Keys whose values are names",
        help="Such a value is masked wherever it stands in the texts of its request",
        **bound(options, "masking.name_fields"),
    )


def labels() -> dict[str, str]:
    """What finds are called, by the name of what found them."""
    return {name: each.label for name, each in DETECTORS.items()} | {"name": "Names"}


def _switch() -> None:
    options = read_options()
    if st.session_state["export-mask"]:
        options["masking"] = {}
    else:
        options.pop("masking", None)
    write_options(options)


def _in_order(names: list[str]) -> list[str]:
    return [name for name in ALL_DETECTORS if name in names]


@st.dialog("Own patterns", width="large")
def _draw_dialog() -> None:
    st.markdown(
        "Regular expressions (RE2: no looking around, no references back) that are masked in every "
        "export that asks for own patterns. Without a mark, the name stands in the place of a find."
    )
    saved = patterns.saved(open_store().connection)
    frame = pd.DataFrame([each.to_json() for each in saved], columns=_COLUMNS, dtype="string")
    number = st.session_state.get(_ROUND, 0)
    edited: Any = st.data_editor(
        frame,
        num_rows="dynamic",
        hide_index=True,
        key=f"patterns-{number}",
        column_config={
            "name": st.column_config.TextColumn("Name", max_chars=patterns.MAX_NAME),
            "pattern": st.column_config.TextColumn(
                "Pattern", max_chars=patterns.MAX_PATTERN, width="large"
            ),
            "mark": st.column_config.TextColumn("Mark", max_chars=patterns.MAX_NAME + 2),
        },
    )
    trial = st.text_input("Try them on a text", key=f"patterns-trial-{number}")
    try:
        made = pattern_set(edited)
    except FieldError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    if trial:
        shown, finds = trial, 0
        for each in made:
            finds += each.count(shown)
            shown = each.replaced(shown)
        st.text(shown)
        st.caption(words.plural(finds, "find"))
    if st.button("Save the patterns", type="primary"):
        try:
            patterns.save(open_store(), actor(), made)
        except StoreError as error:
            st.error(plain(str(error)), icon=":material/error:")
            return
        st.session_state[state.SAID] = f"Saved {words.plural(len(made), 'pattern')}"
        st.rerun()


def pattern_set(frame: pd.DataFrame) -> tuple[Pattern, ...]:
    """The patterns of the table; a line without anything is none. Raises FieldError."""
    lines = frame.astype("object").where(frame.notna(), "").to_dict("records")
    given = [{name: str(line[name]) for name in _COLUMNS} for line in lines]
    return patterns.read([line for line in given if any(line.values())])
