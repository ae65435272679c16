"""The values that a template is tried with: typed, from a saved set, from a logged request, from a
file; and keeping them as a set."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson
import streamlit as st

from workbench.jsontext import FieldError
from workbench.registry import variable_sets
from workbench.registry.editing import Editing
from workbench.store.errors import NotFound, Refused
from workbench.store.registry_usage import newest_inputs
from workbench.store.store import open_store
from workbench.templates import PromptAnalysis
from workbench.ui import access
from workbench.ui.hostile import escaped
from workbench.ui.zones import exact

LOGGED = 20
MAX_FILE_MB = 5


def draw_values(editing: Editing, analysis: PromptAnalysis, changed: Callable[[], None]) -> None:
    if editing.template_id is not None:
        _draw_sources(editing, changed)
    for name in dict.fromkeys(one.name for one in analysis.variables if not one.suspicious):
        widget = f"value-{editing.subject}-{editing.mark}-{name}"

        def edited(name: str = name, widget: str = widget) -> None:
            editing.values[name] = st.session_state[widget]
            changed()

        st.text_area(
            name,
            editing.values.get(name, ""),
            key=widget,
            height=68,
            on_change=edited,
            placeholder="A text; a list or an object as JSON",
        )


def read_values(editing: Editing, analysis: PromptAnalysis) -> dict[str, Any]:
    """What was typed: text, but JSON where the template asks for more than a text."""
    deep = {
        one.name
        for one in analysis.variables
        if one.kind != "text" or one.attributes or {"iterated", "indexed"} & set(one.hints)
    }
    found: dict[str, Any] = {}
    for name, text in editing.values.items():
        if text == "":
            continue
        found[name] = text
        if name in deep:
            try:
                found[name] = orjson.loads(text)
            except orjson.JSONDecodeError:
                continue
    return found


def _draw_sources(editing: Editing, changed: Callable[[], None]) -> None:
    assert editing.template_id is not None
    connection = open_store().connection
    sets = {one.name: one for one in variable_sets.listed(connection, editing.template_id)}
    widget = f"set-{editing.subject}-{editing.mark}"

    def choose() -> None:
        name = st.session_state[widget]
        if name in sets:
            _fill(editing, sets[name].values, changed)

    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            "Fill from a set",
            list(sets),
            index=None,
            key=widget,
            on_change=choose,
            placeholder="Variable sets",
            label_visibility="collapsed",
            width="stretch",
        )
        with st.popover("Fill from…", type="tertiary"):
            _draw_logged(editing, changed)
            _draw_file(editing, changed)
        with st.popover("Keep as a set…", type="tertiary"):
            _draw_keep(editing)


def _fill(editing: Editing, values: Mapping[str, Any], changed: Callable[[], None]) -> None:
    editing.values = {
        name: value if isinstance(value, str) else orjson.dumps(value).decode()
        for name, value in values.items()
    }
    editing.revision += 1
    changed()


def _draw_logged(editing: Editing, changed: Callable[[], None]) -> None:
    assert editing.template_id is not None
    connection = open_store().connection
    logged = newest_inputs(connection, editing.template_id, editing.name, LOGGED)
    if not logged:
        st.caption("No logged request of this template has input variables.")
    for one in logged[:LOGGED]:
        preview = orjson.dumps(one.values).decode()[:60]
        st.button(
            f"{exact(one.started_at)[:19]}  {preview}",
            key=f"logged-{one.request_id}",
            type="tertiary",
            on_click=_fill,
            args=(editing, one.values, changed),
        )


def _draw_file(editing: Editing, changed: Callable[[], None]) -> None:
    given = st.file_uploader(
        "A JSON object in a file", type=["json"], key="values-file", max_upload_size=MAX_FILE_MB
    )
    if given is None:
        return
    try:
        values = variable_sets.values_of_file(given.getvalue())
    except FieldError as error:
        st.error(escaped(str(error)))
        return
    st.button("Fill in", key="values-fill", on_click=_fill, args=(editing, values, changed))


def _draw_keep(editing: Editing) -> None:
    assert editing.template_id is not None
    name = st.text_input("Name of the set", key="set-name")
    if st.button("Keep", key="set-keep"):
        try:
            variable_sets.save(
                open_store(), access.actor(), editing.template_id, name, dict(editing.values)
            )
        except (FieldError, Refused, NotFound) as error:
            st.error(escaped(str(error)))
        else:
            st.rerun(scope="fragment")
