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
from workbench.ui.playground_answers import draw_answers, has_answers
from workbench.ui.playground_heads import draw_adding, draw_heads
from workbench.ui.playground_list import (
    ask_name,
    ask_session,
    draw_removed,
    history_params,
    start_new,
)
from workbench.ui.playground_prompt import draw_prompt
from workbench.ui.playground_run import ask_all, draw_doubts, run
from workbench.ui.playground_save import ask_save_version
from workbench.ui.playground_state import current, fork, say
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
    _draw_bar(session)
    draw_removed()
    draw_doubts(session)
    draw_prompt(session)
    _draw_columns_bar(session)
    with st.container(key="playground-columns"):
        draw_heads(session)
        draw_answers(session)
    _draw_next(session)
    # The place of what compares the answers: differences, votes, statistics.
    st.container(key="playground-compare")


def _draw_bar(session: Session) -> None:
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
            "", icon=":material/more_horiz:", type="tertiary", key="playground-more", help="More"
        ):
            _draw_more(session)
        columns = session.columns
        if running.is_running(open_host(), columns):
            st.button(
                "Stop all",
                icon=":material/stop_circle:",
                key="stop-all",
                on_click=lambda: running.stop_session(open_host(), session.id),
            )
        st.button(
            "Run all",
            type="primary",
            icon=":material/play_arrow:",
            shortcut="Ctrl+Enter",
            key="run-all",
            on_click=lambda: run(session, [one for one in columns if not one.is_locked]),
        )


def _draw_more(session: Session) -> None:
    def copy() -> None:
        fork(session)
        say("This is a copy now; the session that it was made from stays as it was.")

    if st.button("Save as version…", icon=":material/save:", type="tertiary"):
        ask_save_version(session)
    if st.button(
        "Answers to a dataset…", icon=":material/dataset:", type="tertiary", key="to-dataset"
    ):
        _ask_dataset(session)
    st.button("Fork this session", icon=":material/fork_right:", type="tertiary", on_click=copy)
    st.page_link(
        "pages/logs.py",
        label="All runs, in the logs",
        icon=":material/list_alt:",
        query_params=history_params(),
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


def _draw_columns_bar(session: Session) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        draw_adding(session)
        st.space("stretch")
        if has_answers(session.columns):
            st.toggle(
                "Markdown", key="playground-markdown", help="Draw answers as Markdown, without HTML"
            )


def _draw_next(session: Session) -> None:
    """The next message of the conversation, in all columns that have one and are not locked."""
    open_ = [one for one in session.columns if one.thread and not one.is_locked]
    if not open_:
        return
    busy = running.is_running(open_host(), open_)
    names = ", ".join(session.title(one) for one in open_)

    def ask() -> None:
        text = st.session_state["playground-next"]
        if text:
            ask_all(session, open_, text)

    with st.container(key="playground-chat"):
        st.chat_input(
            f"Go on in {names}",
            key="playground-next",
            disabled=busy,
            on_submit=ask,
            max_chars=100_000,
        )
