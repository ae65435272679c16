"""Ways into the playground from elsewhere: a logged request, the editor of a prompt template."""

from __future__ import annotations

import streamlit as st

from workbench.playground import opening, sessions
from workbench.playground.session import Session
from workbench.registry.editing import Editing
from workbench.store import playground
from workbench.store.errors import Refused
from workbench.store.rows import Detail
from workbench.store.store import open_store
from workbench.ui import access, state
from workbench.ui.hostile import escaped

PLAYGROUND_PAGE = "pages/playground.py"


def draw_open_request(detail: Detail) -> None:
    """A button that runs a logged request again, beside its answer."""
    _draw_session_link(detail)
    if not isinstance(detail.prompt, dict):
        return
    if st.button(
        "",
        icon=":material/science:",
        key="open-in-playground",
        type="tertiary",
        help="Open in playground",
    ):
        try:
            _open(opening.from_request(open_store(), detail))
        except Refused as error:
            st.error(escaped(str(error)))


def _draw_session_link(detail: Detail) -> None:
    """Where it was run in the playground: the way back to what stood beside it."""
    named = str(detail.metadata.get("session") or "") if detail.origin == "playground" else ""
    if not named.isdecimal() or len(named) > 16:
        return
    if playground.revision(open_store().connection, int(named)) is not None:
        st.page_link(
            PLAYGROUND_PAGE,
            label="",
            icon=":material/splitscreen_right:",
            help="Open its session in the playground",
            query_params={state.SESSION: named},
        )


def draw_open_editing(editing: Editing) -> None:
    """A button that runs what stands in the editor, saved or not."""
    if st.button(
        "Playground",
        icon=":material/science:",
        key="open-in-playground",
        type="tertiary",
        help="Run it in the playground, saved or not",
    ):
        try:
            _open(opening.from_editing(open_store(), editing))
        except Refused as error:
            st.error(escaped(str(error)))


def _open(session: Session) -> None:
    sessions.keep(open_store(), access.actor(), session)
    st.switch_page(PLAYGROUND_PAGE, query_params={state.SESSION: str(session.id)})
