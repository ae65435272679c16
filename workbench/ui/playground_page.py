"""The playground: one prompt, several models or versions side by side."""

from __future__ import annotations

import streamlit as st

from workbench.logs.bulk import Selection
from workbench.playground import running, sessions
from workbench.playground.session import Session
from workbench.providers.host import open_host
from workbench.store.store import open_store
from workbench.ui import state
from workbench.ui.dataset_add import ask_add
from workbench.ui.hostile import escaped
from workbench.ui.menus import close_menus, menu_key
from workbench.ui.playground_answers import draw_answers, has_answers
from workbench.ui.playground_compare import draw_compare
from workbench.ui.playground_heads import draw_adding, draw_heads, draw_removed_column
from workbench.ui.playground_list import (
    ask_name,
    ask_session,
    draw_removed,
    start_new,
)
from workbench.ui.playground_prompt import draw_prompt
from workbench.ui.playground_repeats import draw_place, draw_repeats
from workbench.ui.playground_run import ask_all, draw_doubts, run
from workbench.ui.playground_save import ask_save_version
from workbench.ui.playground_state import current, fork, say
from workbench.ui.playground_statistics import draw_statistics
from workbench.ui.playground_view import View, view_of
from workbench.ui.playground_voting import draw_blind_switch, draw_hidden_heads, draw_voting
from workbench.ui.request_actions import address


def draw_playground() -> None:
    session = current()
    if session is None:
        st.info(
            "There is no such session: it was removed, its request was deleted from the logs, or "
            "the link is from another store."
        )
        with st.container(horizontal=True):
            st.button("New session", icon=":material/add:", on_click=start_new)
            if st.button("All sessions", type="tertiary"):
                ask_session()
        return
    view = view_of(session)
    _draw_bar(view)
    draw_removed()
    draw_doubts(session)
    draw_prompt(session)
    _draw_columns_bar(view)
    draw_removed_column(session)
    with st.container(key="playground-columns"):
        if view.is_hidden:
            draw_hidden_heads(view)
        else:
            draw_heads(view)
        draw_answers(view)
    draw_voting(view)
    _draw_next(view)
    with st.container(key="playground-compare"):
        draw_compare(view)
        draw_statistics(view)


def _draw_bar(view: View) -> None:
    session = view.session
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.html(
            f'<p class="wb-head"><strong>{escaped(session.display_name)}</strong></p>',
            width="stretch",
        )
        if st.button("", icon=":material/edit:", type="tertiary", help="Name this session"):
            ask_name(session)
        if st.button("Sessions", icon=":material/folder_open:", type="tertiary"):
            ask_session()
        st.button(
            "New", icon=":material/add:", type="tertiary", key="new-session", on_click=start_new
        )
        with st.popover(
            "",
            icon=":material/more_horiz:",
            type="tertiary",
            key=menu_key("playground-more"),
            help="More",
        ):
            _draw_more(view)
        columns = session.columns
        if view.is_running:
            st.button(
                "Stop all",
                icon=":material/stop_circle:",
                key="stop-all",
                on_click=lambda: running.stop_all(open_host(), session),
            )
        draw_repeats(session)
        st.button(
            "Run all",
            type="primary",
            icon=":material/play_arrow:",
            shortcut="Ctrl+Enter",
            key="run-all",
            on_click=lambda: run(session, [one for one in columns if not one.is_locked]),
        )


def _draw_more(view: View) -> None:
    session = view.session

    def copy() -> None:
        if fork(session):
            say("This is a copy now; the session that it was made from stays as it was.")

    if st.button("Save as version…", icon=":material/save:", type="tertiary", on_click=close_menus):
        ask_save_version(session)
    if st.button(
        "Answers to a dataset…",
        icon=":material/dataset:",
        type="tertiary",
        key="to-dataset",
        on_click=close_menus,
    ):
        _ask_dataset(session)
    st.button("Fork this session", icon=":material/fork_right:", type="tertiary", on_click=copy)
    if not view.is_hidden:
        st.page_link(
            "pages/playground_runs.py",
            label="Runs of this session",
            icon=":material/history:",
            query_params={state.RUNS_TEXT: str(session.id)},
        )
    if session.revision:
        st.caption("Link to this session:")
        link = address("playground", {state.SESSION: str(session.id)})
        st.code(link, language=None, wrap_lines=True)
    if session.source_request is not None:
        st.page_link(
            "pages/request.py",
            label=f"From request {session.source_request}",
            icon=":material/article:",
            query_params={state.REQUEST: str(session.source_request)},
        )


def _ask_dataset(session: Session) -> None:
    """Every answer is a logged request; a row is made of each."""
    runs = sessions.finished(open_store().connection, session)
    ids = frozenset(one.request_id for one in runs if one.request_id is not None)
    if not ids:
        say("There is no answer yet: run the columns first.")
        st.rerun()
    ask_add(Selection(ids), len(ids))


def _draw_columns_bar(view: View) -> None:
    session = view.session
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if not view.is_hidden:
            draw_adding(session)
        st.space("stretch")
        draw_place(view)
        draw_blind_switch(session)
        if has_answers(session.columns):
            st.toggle(
                "Markdown", key="playground-markdown", help="Draw answers as Markdown, without HTML"
            )


def _draw_next(view: View) -> None:
    """The next message of the conversation, in all columns that have one and are not locked."""
    session = view.session
    open_ = [one for one in session.columns if one.thread and not one.is_locked]
    if not open_ or view.place.row or view.place.repeat:
        return
    names = "all of them" if view.is_hidden else ", ".join(session.title(one) for one in open_)

    def ask() -> None:
        text = st.session_state["playground-next"]
        if text:
            ask_all(session, open_, text)

    with st.container(key="playground-chat"):
        st.chat_input(
            f"Go on in {names}",
            key="playground-next",
            disabled=view.is_running,
            on_submit=ask,
            max_chars=100_000,
        )
