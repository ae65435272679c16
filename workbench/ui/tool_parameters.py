"""The parameters of a tool: rows with name, type, whether it is required and what it is for, or the
JSON Schema itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
import streamlit as st

from workbench.jsontext import FieldError
from workbench.registry import schemas, tool_form
from workbench.registry.editing import Editing
from workbench.registry.tool_form import ABOUT, NAME, REQUIRED, TYPE, VALUES, WAS
from workbench.ui.hostile import escaped
from workbench.ui.json_box import draw_json_box

_ROWS, _SCHEMA = "Rows", "JSON Schema"


def draw_parameters(
    editing: Editing, function: dict[str, Any], widget: str, changed: Callable[[], None]
) -> None:
    """`widget` differs for each tool, and whenever something else than typing changed it."""
    rows = tool_form.rows_of(function.get("parameters"))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("Parameters")
        view = st.segmented_control(
            "Parameters as",
            (_ROWS, _SCHEMA),
            default=_ROWS if rows is not None else _SCHEMA,
            required=True,
            key=f"parameters-as-{widget}",
            label_visibility="collapsed",
        )
    if view == _SCHEMA:

        def put(value: Any) -> None:
            function["parameters"] = value or {"type": "object", "properties": {}}
            editing.is_changed = True

        draw_json_box(
            "JSON Schema of the parameters",
            function.get("parameters"),
            f"parameters-{widget}",
            put,
            changed,
            kind=dict,
            check=lambda value: schemas.check_schema(value, ("parameters",)),
        )
    elif rows is None:
        st.info("These parameters are no plain object: they are changed as JSON Schema.")
    else:
        _draw_rows(editing, function, rows, widget, changed)


def _draw_rows(
    editing: Editing,
    function: dict[str, Any],
    rows: list[dict[str, Any]],
    widget: str,
    changed: Callable[[], None],
) -> None:
    # What is typed counts from the rows as they were first drawn: Streamlit keeps the difference,
    # and forgets it when the table was away.
    key = f"parameter-rows-{widget}"
    if key not in st.session_state or f"{key}-base" not in st.session_state:
        st.session_state[f"{key}-base"] = rows, function.get("parameters")
    base, schema = st.session_state[f"{key}-base"]
    wrong = f"{key}-wrong"

    def edited() -> None:
        try:
            made = tool_form.schema_of(applied(base, st.session_state[key]), schema)
            schemas.check_schema(made, ("parameters",))
        except FieldError as error:
            st.session_state[wrong] = f"{error} Nothing was changed."
            return
        st.session_state.pop(wrong, None)
        function["parameters"] = made
        editing.is_changed = True
        changed()

    types = list(dict.fromkeys((*tool_form.TYPES, *(row[TYPE] for row in base if row[TYPE]))))
    st.data_editor(
        _frame(base),
        key=key,
        num_rows="dynamic",
        hide_index=True,
        on_change=edited,
        column_config={
            NAME: st.column_config.TextColumn(required=True, width=120),
            TYPE: st.column_config.SelectboxColumn(options=types, default="string", width=85),
            REQUIRED: st.column_config.CheckboxColumn(default=False, width=90),
            ABOUT: st.column_config.TextColumn(width=150),
            VALUES: st.column_config.TextColumn(
                help="Allowed texts, with commas between them", width=90
            ),
            WAS: None,
        },
    )
    if wrong in st.session_state:
        st.error(escaped(st.session_state[wrong]), icon=":material/error:")


def _frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """The rows as a table whose columns have a type where there is no row, too."""
    made = pd.DataFrame(rows, columns=list(tool_form.COLUMNS))
    texts = dict.fromkeys((NAME, TYPE, ABOUT, VALUES, WAS), "string")
    return made.astype({**texts, REQUIRED: "bool"})


def applied(base: list[dict[str, Any]], typed: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows with what was typed into the table: changed cells, new rows, removed rows."""
    rows = [dict(row) for row in base]
    for index, cells in (typed.get("edited_rows") or {}).items():
        rows[int(index)] |= cells
    gone = {int(index) for index in typed.get("deleted_rows") or ()}
    kept = [row for index, row in enumerate(rows) if index not in gone]
    return [*kept, *(dict(row) for row in typed.get("added_rows") or () if row.get(NAME))]
