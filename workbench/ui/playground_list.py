"""The sessions of the playground: find one, open it, remove it with undo; the runs in the logs."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from workbench.filters import to_text
from workbench.playground import opening, sessions
from workbench.playground.session import Session
from workbench.store.errors import NotFound
from workbench.store.playground import SessionInfo
from workbench.store.store import open_store
from workbench.ui import access, state, words
from workbench.ui.hostile import escaped
from workbench.ui.links import of_origin
from workbench.ui.playground_state import begin, keep, say

_REMOVED = "playground-removed"


def history_params() -> dict[str, str]:
    """The link to all runs of the playground in the logs."""
    return {state.FILTER: to_text(of_origin("playground"))}


@st.dialog("Sessions", width="large")
def ask_session() -> None:
    text = st.text_input(
        "Find", key="session-find", placeholder="Part of a name", label_visibility="collapsed"
    )
    found = sessions.listed(open_store().connection, text)
    if not found:
        st.caption(
            "No session has this in its name."
            if text
            else "No session yet: one is kept as soon as you change or run something."
        )
    now = datetime.now(UTC)
    for info in found:
        _draw_line(info, now)
    with st.container(horizontal=True):
        st.page_link("pages/playground_runs.py", label="All runs", icon=":material/history:")
        st.page_link(
            "pages/logs.py",
            label="All runs, in the logs",
            icon=":material/list_alt:",
            query_params=history_params(),
        )


def _draw_line(info: SessionInfo, now: datetime) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        if st.button(
            _plain(info.name),
            icon=":material/science:",
            key=f"open-session-{info.id}",
            type="tertiary",
        ):
            st.query_params[state.SESSION] = str(info.id)
            st.rerun()
        st.space("stretch")
        runs = words.plural(info.runs or 0, "run")
        st.html(
            f'<p class="wb-note">{runs} · {words.ago(info.updated_at, now)} '
            f"· {escaped(info.updated_by)}</p>"
        )
        if st.button(
            "",
            icon=":material/delete:",
            key=f"remove-session-{info.id}",
            type="tertiary",
            help="Remove; it can be undone",
        ):
            try:
                sessions.remove(open_store(), access.actor(), info.id)
            except NotFound as error:
                say(str(error))
            else:
                st.session_state[_REMOVED] = (info.id, info.name)
            st.rerun()


def _plain(text: str) -> str:
    """A name as a label, which Streamlit reads as Markdown."""
    signs = "\\`*_{}[]()#+-.!|<>~:$"
    return "".join(f"\\{one}" if one in signs else one for one in text) or "New comparison"


def draw_removed() -> None:
    """Undo for the session that was removed last."""
    held = st.session_state.get(_REMOVED)
    if held is None:
        return
    id_, name = held

    def undo() -> None:
        st.session_state.pop(_REMOVED, None)
        try:
            sessions.restore(open_store(), access.actor(), id_)
        except NotFound as error:
            say(str(error))

    with st.container(horizontal=True, vertical_alignment="center", border=True):
        st.html(f'<p class="wb-note">Removed: {escaped(name)}</p>', width="stretch")
        st.button("Undo", type="tertiary", key="undo-removed", on_click=undo)
        st.button(
            "",
            icon=":material/close:",
            type="tertiary",
            key="forget-removed",
            help="Dismiss",
            on_click=lambda: st.session_state.pop(_REMOVED, None),
        )


def start_new() -> None:
    begin(opening.blank(open_store()))


@st.dialog("Name of this session")
def ask_name(session: Session) -> None:
    name = st.text_input("Name", session.name or session.display_name, max_chars=200)
    if st.button("Keep", type="primary"):
        session.name = " ".join(name.split())
        keep(session)
        st.rerun()
