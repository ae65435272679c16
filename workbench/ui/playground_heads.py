"""The heads of the columns: which model, with which settings, and what one does with a column."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from workbench.playground import calls
from workbench.playground.session import MAX_COLUMNS, Column, Session
from workbench.providers.host import open_host
from workbench.store.errors import Refused
from workbench.ui.hostile import escaped
from workbench.ui.model_settings import draw_model_settings, summary
from workbench.ui.playground_column import REMOVED, draw_column_menu
from workbench.ui.playground_models import choices, note_of, waiting
from workbench.ui.playground_run import prepared_of, run
from workbench.ui.playground_state import epoch, keep, say
from workbench.ui.playground_view import View
from workbench.ui.saying import say_at_once


def draw_heads(view: View) -> None:
    """In the order of the answers below them, which is shuffled in blind mode."""
    session, options = view.session, choices()
    places = st.columns(max(len(view.columns), 1), gap="small")
    for column, place in zip(view.columns, places, strict=False):
        with place, st.container(border=True, key=f"head-{column.id}", gap="xsmall"):
            _draw_head(session, column, options)


def draw_adding(session: Session) -> None:
    """Another column, and why a list of models is short."""

    def add() -> None:
        try:
            model = session.columns[-1].model if session.columns else options[0]
            session.add(model)
        except Refused as error:
            say(str(error))
        else:
            keep(session)

    options = choices()
    st.button(
        "Add column",
        icon=":material/add:",
        type="tertiary",
        disabled=len(session.columns) >= MAX_COLUMNS,
        help=f"Up to {MAX_COLUMNS} columns",
        on_click=add,
    )
    missing = waiting()
    if missing:
        st.page_link(
            "pages/settings.py",
            label=f"{len(missing)} more providers: set their keys",
            icon=":material/key:",
            help=", ".join(missing),
        )


def draw_removed_column(session: Session) -> None:
    """Undo for the column that was removed last."""
    held = st.session_state.get(REMOVED)
    if held is None or held[0] != session.id:
        return
    _, column, place = held

    def undo() -> None:
        st.session_state.pop(REMOVED, None)
        if session.column(column.id) is None:
            changing(session, session.put_back, column, place)()

    with st.container(horizontal=True, vertical_alignment="center", border=True):
        name = column.name or column.model or "a column"
        st.html(f'<p class="wb-note">Removed: {escaped(name)}</p>', width="stretch")
        st.button("Undo", type="tertiary", key="undo-column", on_click=undo)
        st.button(
            "",
            icon=":material/close:",
            type="tertiary",
            key="forget-column",
            help="Dismiss",
            on_click=lambda: st.session_state.pop(REMOVED, None),
        )


def changing(session: Session, change: Callable[..., object], *given: Any) -> Callable[[], None]:
    """A callback that changes the session and keeps it."""

    def act() -> None:
        try:
            change(*given)
        except Refused as error:
            say(str(error))
        else:
            keep(session)

    return act


def _draw_head(session: Session, column: Column, options: list[str]) -> None:
    title = session.title(column)
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.html(f'<p class="wb-head"><strong>{escaped(title)}</strong></p>', width="stretch")
        st.button(
            "",
            icon=":material/play_arrow:",
            key=f"run-{column.id}",
            type="tertiary",
            help=f"Run {title} alone",
            on_click=lambda: run(session, [column]),
        )

        def lock() -> None:
            column.is_locked = not column.is_locked

        st.button(
            "",
            icon=":material/lock:" if column.is_locked else ":material/lock_open:",
            key=f"lock-{column.id}",
            type="tertiary",
            help="Locked: not run with the others" if column.is_locked else "Lock this column",
            on_click=changing(session, lock),
        )
        _draw_settings(session, column)
        draw_column_menu(session, column)
    _draw_model(session, column, options)
    if column.parameters:
        st.html(f'<p class="wb-note">{escaped(summary(column.parameters))}</p>')
    if column.overrides:
        st.html(f'<p class="wb-note wb-override">{escaped(" · ".join(column.overrides))}</p>')


def _draw_model(session: Session, column: Column, options: list[str]) -> None:
    widget = f"model-{column.id}-{session.id}-{epoch()}"

    def choose() -> None:
        column.model = (st.session_state[widget] or "").strip()
        keep(session)

    known = list(dict.fromkeys((*options, *([column.model] if column.model else ()))))
    st.selectbox(
        f"Model of {session.title(column)}",
        known,
        index=known.index(column.model) if column.model else None,
        key=widget,
        accept_new_options=True,
        label_visibility="collapsed",
        placeholder="the template's model" if column.template else "provider/model",
        help=note_of(column.model) or None,
        on_change=choose,
    )
    note = note_of(column.model)
    if note and not column.model.startswith("echo/"):
        st.html(f'<p class="wb-note">{escaped(note)}</p>')


def _draw_settings(session: Session, column: Column) -> None:
    popover = st.popover(
        "",
        icon=":material/tune:",
        type="tertiary",
        key=f"settings-{column.id}",
        help="Settings of the model",
        on_change="rerun",
    )
    if popover.open:
        with popover:
            _draw_form(session, column)


@st.fragment
def _draw_form(session: Session, column: Column) -> None:
    say_at_once()

    def put(parameters: dict[str, Any]) -> None:
        column.parameters = parameters
        keep(session)

    connections = open_host().connections()
    call = prepared_of(session, column).call or calls.probe(connections, session, column)
    ignored = calls.ignored(call, connections) if call is not None else ()
    for sentence in ignored:
        st.caption(f":material/block: {escaped(sentence)}")
    draw_model_settings(column.parameters, f"{session.id}-{column.id}-{epoch()}", put)
