"""The values that a template is tried with: typed, from a saved set, from a logged request, from a
file; and keeping them as a set."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson
import streamlit as st

from workbench.jsontext import FieldError
from workbench.registry import variable_sets
from workbench.registry.editing import Editing, typed_values
from workbench.store.errors import NotFound, Refused
from workbench.store.registry_usage import newest_inputs
from workbench.store.store import open_store
from workbench.templates import PromptAnalysis
from workbench.ui import access
from workbench.ui.hostile import escaped
from workbench.ui.zones import minute

LOGGED = 20
MAX_FILE_MB = 5


def draw_values(
    editing: Editing,
    analysis: PromptAnalysis,
    changed: Callable[[], None],
    more: Sequence[str] = (),
    template: tuple[int, str] | None = None,
) -> None:
    """A field for each variable. more: names beside those of the texts. template: id and name of
    the one whose variable sets and logged inputs are offered, where it is not the edited one."""
    if editing.template_id is not None:
        template = editing.template_id, editing.name
    own = [one.name for one in analysis.variables if not one.suspicious]
    names = list(dict.fromkeys((*own, *more)))
    if names:
        _draw_sources(editing, changed, template)
    for name in names:
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
    return typed_values(editing.values, analysis)


def _draw_sources(
    editing: Editing, changed: Callable[[], None], template: tuple[int, str] | None
) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if template is not None:
            _draw_sets(editing, changed, template[0])
        with st.popover("Fill from…", type="tertiary"):
            if template is not None:
                _draw_logged(editing, changed, template)
            _draw_file(editing, changed)
        if template is not None:
            with st.popover("Keep as a set…", type="tertiary"):
                _draw_keep(editing, template[0])


def _draw_sets(editing: Editing, changed: Callable[[], None], template_id: int) -> None:
    connection = open_store().connection
    sets = {one.name: one for one in variable_sets.listed(connection, template_id)}
    widget = f"set-{editing.subject}-{editing.mark}"

    def choose() -> None:
        name = st.session_state[widget]
        if name in sets:
            _fill(editing, sets[name].values, changed)

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


def _fill(editing: Editing, values: Mapping[str, Any], changed: Callable[[], None]) -> None:
    editing.values = {
        name: value if isinstance(value, str) else orjson.dumps(value).decode()
        for name, value in values.items()
    }
    editing.revision += 1
    changed()


def _draw_logged(editing: Editing, changed: Callable[[], None], template: tuple[int, str]) -> None:
    logged = newest_inputs(open_store().connection, *template, LOGGED)
    if not logged:
        st.caption("No logged request of this template has input variables.")
    for one in logged[:LOGGED]:
        preview = orjson.dumps(one.values).decode()[:60]
        st.button(
            f"{minute(one.started_at)}  {preview}",
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


def _draw_keep(editing: Editing, template_id: int) -> None:
    name = st.text_input("Name of the set", key="set-name")
    if st.button("Keep", key="set-keep"):
        try:
            variable_sets.save(
                open_store(), access.actor(), template_id, name, dict(editing.values)
            )
        except (FieldError, Refused, NotFound) as error:
            st.error(escaped(str(error)))
        else:
            st.rerun(scope="fragment")
