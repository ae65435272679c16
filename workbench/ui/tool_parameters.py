"""The parameters of a tool: rows with name, type, whether it is required and what it is for, or the
JSON Schema itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import streamlit as st

from workbench.jsontext import FieldError
from workbench.registry import schemas, tool_form
from workbench.registry.editing import Editing
from workbench.registry.tool_form import ABOUT, NAME, REQUIRED, TYPE, VALUES, WAS
from workbench.ui.hostile import escaped
from workbench.ui.json_box import draw_json_box

Changed = Callable[[], None]
Rows = list[dict[str, Any]]
_ROWS, _SCHEMA = "Rows", "JSON Schema"
_NO_TYPE = "any"


def draw_parameters(
    editing: Editing, function: dict[str, Any], widget: str, changed: Changed
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
    editing: Editing, function: dict[str, Any], rows: Rows, widget: str, changed: Changed
) -> None:
    wrong = f"parameters-{widget}-wrong"

    def put(made: Rows) -> bool:
        """Take rows over as the schema; what does not fit stays in its field, with the reason."""
        try:
            schema = tool_form.schema_of(made, function.get("parameters"))
            schemas.check_schema(schema, ("parameters",))
        except FieldError as error:
            st.session_state[wrong] = f"{error} Nothing was changed."
            return False
        st.session_state.pop(wrong, None)
        function["parameters"] = schema
        editing.is_changed = True
        changed()
        return True

    def put_whole(made: Rows) -> None:
        # Other rows than those on the page: the fields are drawn anew.
        if put(made):
            editing.revision += 1
            changed()

    for index, row in enumerate(rows):
        _draw_row(rows, index, row, widget, put, put_whole)
    if wrong in st.session_state:
        st.error(escaped(st.session_state[wrong]), icon=":material/error:")

    def add() -> None:
        name = tool_form.free_name("parameter", [each[NAME] for each in rows])
        put_whole([*rows, {NAME: name, TYPE: "string"}])

    st.button(
        "Add parameter",
        icon=":material/add:",
        key=f"add-parameter-{widget}",
        type="tertiary",
        on_click=add,
    )


def _draw_row(
    rows: Rows,
    index: int,
    row: dict[str, Any],
    widget: str,
    put: Callable[[Rows], bool],
    put_whole: Callable[[Rows], None],
) -> None:
    def key(field: str) -> str:
        return f"parameter-{index}-{field}-{widget}"

    def edited(field: str) -> None:
        value = st.session_state[key(field)]
        changed = {**row, field: "" if field == TYPE and value == _NO_TYPE else value}
        put([*rows[:index], changed, *rows[index + 1 :]])

    def text(field: str, placeholder: str, width: int | Literal["stretch"]) -> None:
        st.text_input(
            field,
            row[field],
            key=key(field),
            on_change=edited,
            args=(field,),
            placeholder=placeholder,
            label_visibility="collapsed",
            width=width,
        )

    now = row[TYPE] or _NO_TYPE
    types = list(dict.fromkeys((*tool_form.TYPES, _NO_TYPE, now)))
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        text(NAME, "Name", 130)
        st.selectbox(
            TYPE,
            types,
            index=types.index(now),
            key=key(TYPE),
            on_change=edited,
            args=(TYPE,),
            label_visibility="collapsed",
            width=110,
        )
        text(ABOUT, "What it is for", "stretch")
        text(VALUES, "One of: a, b", 110)
        st.checkbox(REQUIRED, row[REQUIRED], key=key(REQUIRED), on_change=edited, args=(REQUIRED,))
        st.button(
            "",
            icon=":material/close:",
            help=f"Remove {row[WAS]}",
            key=key("remove"),
            type="tertiary",
            on_click=put_whole,
            args=([*rows[:index], *rows[index + 1 :]],),
        )
