"""The values that a template is tried with: typed, from a saved set, from a logged request, from a
file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson
import streamlit as st

from workbench.jsontext import FieldError
from workbench.registry import variable_sets
from workbench.registry.editing import Editing, typed_values
from workbench.store.registry_rows import VariableSet
from workbench.store.registry_usage import newest_inputs
from workbench.store.store import open_store
from workbench.templates import PromptAnalysis
from workbench.ui import state
from workbench.ui.hostile import escaped
from workbench.ui.template_sets import draw_keep, draw_removed, draw_sets
from workbench.ui.zones import minute

LOGGED = 20
MAX_FILE_MB = 5


def draw_values(
    editing: Editing,
    analysis: PromptAnalysis,
    changed: Callable[[], None],
    more: Sequence[str] = (),
    template: tuple[int, str] | None = None,
    *,
    linked: bool = False,
) -> None:
    """A field for each variable. more: names beside those of the texts. template: id and name of
    the one whose variable sets and logged inputs are offered, where it is not the edited one.
    linked: the chosen set stands in the link."""
    if editing.template_id is not None:
        template = editing.template_id, editing.name
    own = [one.name for one in analysis.variables if not one.suspicious]
    names = list(dict.fromkeys((*own, *more)))
    if names:
        _draw_sources(editing, analysis, changed, template, linked)
    for name in names:
        widget = f"value-{editing.subject}-{editing.mark}-{name}"

        def edited(name: str = name, widget: str = widget) -> None:
            editing.set_value(name, st.session_state[widget])
            if linked:
                st.query_params.pop(state.VALUE_SET, None)
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
    """What was typed: text, but JSON where the template asks for more than a text or the value came
    as more."""
    return typed_values(editing.values, analysis, editing.json_values)


def take_linked(editing: Editing) -> None:
    """Fill in the variable set that the link names, once; a set that is gone changes nothing."""
    name = st.query_params.get(state.VALUE_SET)
    taken = f"set-taken-{editing.subject}"
    if name is None or editing.template_id is None or st.session_state.get(taken) == name:
        return
    st.session_state[taken] = name
    for one in variable_sets.listed(open_store().connection, editing.template_id):
        if one.name == name:
            editing.fill(one.values, one.source)


def _draw_sources(
    editing: Editing,
    analysis: PromptAnalysis,
    changed: Callable[[], None],
    template: tuple[int, str] | None,
    linked: bool,
) -> None:
    def fill(values: Mapping[str, Any], source: str | None, name: str | None = None) -> None:
        editing.fill(values, source)
        if linked and name is not None:
            st.session_state[f"set-taken-{editing.subject}"] = name
            st.query_params[state.VALUE_SET] = name
        elif linked:
            st.query_params.pop(state.VALUE_SET, None)
        changed()

    sets: list[VariableSet] = []
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if template is not None:
            sets = variable_sets.listed(open_store().connection, template[0])
            chosen = st.query_params.get(state.VALUE_SET) if linked else None
            draw_sets(editing, sets, chosen, fill)
        with st.popover("Fill from…", type="tertiary"):
            if template is not None:
                _draw_logged(template, fill)
            _draw_file(fill)
        if template is not None:
            with st.popover("Keep as a set…", type="tertiary"):
                draw_keep(editing, template[0], read_values(editing, analysis), sets)
    if template is not None:
        draw_removed(template[0])


def _draw_logged(template: tuple[int, str], fill: Callable[..., None]) -> None:
    logged = newest_inputs(open_store().connection, *template, LOGGED)
    if not logged:
        st.caption("No logged request of this template has input variables.")
    for one in logged[:LOGGED]:
        preview = orjson.dumps(one.values).decode()[:60]
        st.button(
            f"{minute(one.started_at)}  {preview}",
            key=f"logged-{one.request_id}",
            type="tertiary",
            on_click=fill,
            args=(one.values, f"request/{one.request_id}"),
        )


def _draw_file(fill: Callable[..., None]) -> None:
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
    st.button("Fill in", key="values-fill", on_click=fill, args=(values, given.name))
