"""A JSON value edited as text, checked before it is taken over."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import streamlit as st

from workbench.jsontext import FieldError
from workbench.ui.hostile import escaped

Check = Callable[[Any], None]


def draw_json_box(
    label: str,
    value: Any,
    widget: str,
    put: Callable[[Any], None],
    changed: Callable[[], None],
    *,
    kind: type | None = None,
    height: int = 180,
    check: Check | None = None,
) -> None:
    """What does not parse or does not pass stays in the field, with what is wrong.

    put: takes the value, None for an empty field. kind: `list` or `dict`, where it must be one.
    check: raises FieldError for a value that cannot be kept.
    """
    wrong = f"{widget}-wrong"

    def edited() -> None:
        text = st.session_state[widget].strip()
        try:
            read = json.loads(text) if text else None
            if kind is not None and read is not None and not isinstance(read, kind):
                raise FieldError(
                    label, "a list is needed" if kind is list else "an object is needed"
                )
            if check is not None and read is not None:
                check(read)
        except json.JSONDecodeError as error:
            where = f"line {error.lineno}, column {error.colno}"
            st.session_state[wrong] = f"{label}: {error.msg} at {where}. Nothing was changed."
            return
        except FieldError as error:
            said = str(error).rstrip(".")
            said = said if said.startswith(label) else f"{label}: {said}"
            st.session_state[wrong] = f"{said}. Nothing was changed."
            return
        st.session_state.pop(wrong, None)
        put(read)
        changed()

    shown = "" if value is None else json.dumps(value, indent=2, ensure_ascii=False)
    st.text_area(label, shown, key=widget, height=height, on_change=edited)
    if wrong in st.session_state:
        st.error(escaped(st.session_state[wrong]), icon=":material/error:")
