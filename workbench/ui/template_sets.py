"""Input-variable sets of a template: choose one, keep what is filled in as one, remove one."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from workbench.jsontext import FieldError
from workbench.registry import variable_sets
from workbench.registry.editing import Editing
from workbench.store.errors import NotFound, Refused
from workbench.store.registry_rows import VariableSet
from workbench.store.store import open_store
from workbench.ui import access, state
from workbench.ui.hostile import escaped
from workbench.ui.zones import minute

_REMOVED = "removed-variable-set"
_REQUEST = re.compile(r"request/([0-9]{1,16})\Z")


def draw_sets(
    editing: Editing,
    sets: Sequence[VariableSet],
    chosen: str | None,
    fill: Callable[..., None],
) -> None:
    """chosen: the set that is filled in. fill: takes values, their source and the set's name."""
    by_name = {one.name: one for one in sets}
    names = list(by_name)
    widget = f"set-{editing.subject}-{editing.mark}"

    def choose() -> None:
        one = by_name.get(st.session_state[widget])
        if one is not None:
            fill(one.values, one.source, one.name)

    st.selectbox(
        "Fill from a set",
        names,
        index=names.index(chosen) if chosen in by_name else None,
        key=widget,
        on_change=choose,
        placeholder="Variable sets",
        label_visibility="collapsed",
        width="stretch",
    )
    if sets:
        with st.popover("", icon=":material/list:", type="tertiary", help="All variable sets"):
            for one in sets:
                _draw_set(one)


def _draw_set(one: VariableSet) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        told = f"{len(one.values)} values · {minute(one.updated_at)} by {one.updated_by}"
        st.html(
            f'<p class="wb-turn"><strong>{escaped(one.name)}</strong><br>'
            f'<span class="wb-note">{escaped(told + source_said(one.source))}</span></p>',
            width="stretch",
        )
        request = _REQUEST.match(one.source or "")
        if request:
            st.page_link(
                "pages/request.py", label="Request", query_params={state.REQUEST: request[1]}
            )
        st.button(
            "",
            icon=":material/delete:",
            help=f"Remove {one.name}",
            key=f"remove-set-{one.id}",
            type="tertiary",
            on_click=_remove,
            args=(one,),
        )


def source_said(source: str | None) -> str:
    """ " · from request 7", or nothing where nobody knows."""
    if not source:
        return ""
    request = _REQUEST.match(source)
    return f" · from request {request[1]}" if request else f" · from {source}"


def _remove(one: VariableSet) -> None:
    try:
        variable_sets.remove(open_store(), access.actor(), one.id)
    except (NotFound, Refused) as error:
        st.session_state[state.SAID] = str(error)
        return
    st.session_state[_REMOVED] = one


def draw_removed(template_id: int) -> None:
    """The way back for a set that was just removed."""
    removed = st.session_state.get(_REMOVED)
    if isinstance(removed, VariableSet) and removed.template_id == template_id:
        _draw_undo(removed)


def _draw_undo(removed: VariableSet) -> None:
    def undo() -> None:
        st.session_state.pop(_REMOVED, None)
        variable_sets.save(
            open_store(),
            access.actor(),
            removed.template_id,
            removed.name,
            removed.values,
            removed.source,
        )

    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"The variable set {escaped(removed.name)} is removed.", width="content")
        st.button("Undo", key="undo-set", type="tertiary", icon=":material/undo:", on_click=undo)


def draw_keep(
    editing: Editing, template_id: int, values: Mapping[str, Any], sets: Sequence[VariableSet]
) -> None:
    """Keep what is filled in; where it came from a request or a file, that is kept beside it."""
    name = st.text_input("Name of the set", key="set-name").strip()
    if editing.source:
        st.caption(escaped(source_said(editing.source).removeprefix(" · ")))
    if any(one.name == name for one in sets):
        st.caption(f"{escaped(name)} is there already and is replaced.")
    if st.button("Keep", key="set-keep"):
        store, actor = open_store(), access.actor()
        request = _REQUEST.match(editing.source or "")
        try:
            if request:
                variable_sets.from_request(store, actor, template_id, name, int(request[1]))
            else:
                variable_sets.save(store, actor, template_id, name, values, editing.source)
        except (FieldError, Refused, NotFound) as error:
            st.error(escaped(str(error)))
        else:
            st.rerun()
