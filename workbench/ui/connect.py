"""Connecting an application: the lines to copy, and a light for the first record."""

from __future__ import annotations

import streamlit as st

from workbench.logs.sample_store import ORIGIN
from workbench.store import search
from workbench.store.store import open_store
from workbench.ui import snippets
from workbench.ui.access import actor
from workbench.ui.first_key import first_key
from workbench.ui.serving import local_address

_NEW_KEY = "welcome-key"


def is_connected() -> bool:
    """Whether anything has come in that is not of the sample."""
    return search.has_others(open_store().connection, ORIGIN)


def draw_connect() -> None:
    """The lines with a key that works, or a button that makes one, and the light."""
    key = first_key() or st.session_state.get(_NEW_KEY)
    if open_store().settings.api_key:
        key = "$WORKBENCH_API_KEY"
        st.markdown("The key is the one that `WORKBENCH_API_KEY` names.")
    elif key is None:
        st.markdown("Keys are shown once. Make one to get the lines with a key that works.")
        if st.button("Make an API key", type="primary", icon=":material/key:"):
            st.session_state[_NEW_KEY] = open_store().make_key(actor(), "made on Home")
            st.rerun()
    draw_lines(key or snippets.KEY_PLACEHOLDER)
    _draw_light()


def draw_lines(key: str) -> None:
    address = local_address()
    environment, python, curl = st.tabs(["Two lines", "Python", "cURL"])
    with environment:
        st.markdown("For an application that uses the `promptlayer` package already:")
        st.code(snippets.connect_environment(address, key), language="bash")
    with python:
        st.markdown("`pip install promptlayer openai`, then:")
        st.code(snippets.connect_python(address, key), language="python")
    with curl:
        st.markdown("A first record without any package or model:")
        st.code(snippets.connect_curl(address, key), language="bash", wrap_lines=True)


@st.fragment(run_every=2)
def _draw_light() -> None:
    """Turns green when the first record arrives."""
    arrived = is_connected()
    state, words = ("on", "A record has arrived.") if arrived else ("", "Waiting for a record")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.html(f'<span class="wb-light {state}"></span>{words}', width="content")
        if arrived:
            st.page_link("pages/logs.py", label="Open the logs", icon=":material/list_alt:")
