"""Variable sets of a session that no template keeps: named values, filled in with one choice."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from workbench.jsontext import FieldError
from workbench.playground.rows import MAX_ROWS
from workbench.playground.session import Session
from workbench.registry.names import check_set
from workbench.ui.playground_state import epoch, say

_REMOVED = "playground-removed-set"


def draw_session_sets(session: Session, names: list[str], changed: Callable[[], None]) -> None:
    """names: the variables that there are fields for."""
    if not names and not session.sets:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if session.sets:
            _draw_choice(session, changed)
        with st.popover("Keep as a set…", type="tertiary", key=f"set-popover-{session.id}"):
            _draw_keep(session, changed)


def _draw_choice(session: Session, changed: Callable[[], None]) -> None:
    widget = f"session-set-{session.id}-{epoch()}-{session.shared.mark}"

    def fill() -> None:
        values = session.sets.get(st.session_state[widget] or "")
        if values is not None:
            session.shared.values = dict(values)
            session.shared.revision += 1
            changed()

    st.selectbox(
        "Fill from a set",
        list(session.sets),
        index=None,
        key=widget,
        placeholder="Variable sets of this session",
        label_visibility="collapsed",
        width="stretch",
        on_change=fill,
    )


def _draw_keep(session: Session, changed: Callable[[], None]) -> None:
    widget = f"session-set-name-{session.id}-{epoch()}"

    def keep_set() -> None:
        name = st.session_state[widget].strip()
        try:
            check_set(name)
        except FieldError as error:
            say(str(error))
            return
        if name not in session.sets and len(session.sets) >= MAX_ROWS:
            say(f"A session keeps at most {MAX_ROWS} sets.")
            return
        session.sets[name] = dict(session.shared.values)
        changed()

    st.text_input("Name of the set", key=widget)
    st.button("Keep", key=f"session-set-keep-{session.id}", on_click=keep_set)
    for name in list(session.sets):

        def forget(name: str = name) -> None:
            st.session_state[_REMOVED] = (session.id, name, session.sets.pop(name))
            changed()

        st.button(
            f"Remove {name}",
            icon=":material/close:",
            key=f"session-set-remove-{session.id}-{name}",
            type="tertiary",
            on_click=forget,
        )
    held = st.session_state.get(_REMOVED)
    if held is not None and held[0] == session.id:
        _, name, values = held

        def undo() -> None:
            st.session_state.pop(_REMOVED, None)
            session.sets.setdefault(name, values)
            changed()

        st.button(
            f"Undo: bring {name} back",
            icon=":material/undo:",
            key=f"session-set-undo-{session.id}",
            type="tertiary",
            on_click=undo,
        )
