"""The first screen of an empty store: three ways in, and a light for the first record."""

from __future__ import annotations

import streamlit as st

from workbench.store import search
from workbench.store.store import open_store
from workbench.ui import snippets
from workbench.ui.access import actor
from workbench.ui.first_key import first_key
from workbench.ui.sample import load_button
from workbench.ui.serving import local_address

_NEW_KEY = "welcome-key"


def draw_welcome() -> None:
    st.title("Nothing has been logged yet", anchor=False)
    st.markdown("Three ways to put something in. Nothing leaves this machine.")
    columns = st.columns([1, 2], gap="medium")
    with columns[0]:
        _draw_sample()
        _draw_import()
    with columns[1]:
        _draw_connect()


def _draw_sample() -> None:
    with st.container(border=True):
        st.subheader("Look around with a sample", anchor=False)
        st.markdown(
            "A month of an outdoor shop's assistants: about 2,000 requests to several providers, "
            "with tool calls, images, errors and an incident to find. Removed with one click."
        )
        load_button()


def _draw_import() -> None:
    with st.container(border=True):
        st.subheader("Bring records you have", anchor=False)
        st.markdown(
            "JSONL, CSV and Parquet files, OpenAI batches, and the exports of PromptLayer, "
            "Langfuse, LangSmith, Phoenix and Helicone. You see how a file would be read before "
            "anything is stored."
        )
        if st.button("Import a file", icon=":material/upload_file:"):
            st.switch_page("pages/import.py")
        st.markdown("Or from the command line:")
        st.code("python -m workbench import FILE --preview", language="bash")


def _draw_connect() -> None:
    with st.container(border=True):
        st.subheader("Connect an application", anchor=False)
        key = first_key() or st.session_state.get(_NEW_KEY)
        if open_store().settings.api_key:
            key = "$WORKBENCH_API_KEY"
            st.markdown("The key is the one that `WORKBENCH_API_KEY` names.")
        elif key is None:
            st.markdown("Keys are shown once. Make one to get the lines with a key that works.")
            if st.button("Make an API key", type="primary", icon=":material/key:"):
                st.session_state[_NEW_KEY] = open_store().make_key(actor(), "made on Home")
                st.rerun()
        address = local_address()
        shown = key or snippets.KEY_PLACEHOLDER
        environment, python, curl = st.tabs(["Two lines", "Python", "cURL"])
        with environment:
            st.markdown("For an application that uses the `promptlayer` package already:")
            st.code(snippets.connect_environment(address, shown), language="bash")
        with python:
            st.markdown("`pip install promptlayer openai`, then:")
            st.code(snippets.connect_python(address, shown), language="python")
        with curl:
            st.markdown("A first record without any package or model:")
            st.code(snippets.connect_curl(address, shown), language="bash", wrap_lines=True)
        _draw_light()


@st.fragment(run_every=2)
def _draw_light() -> None:
    """Turns green when the first record arrives."""
    arrived = search.newest_id(open_store().connection) > 0
    state, words = ("on", "A record has arrived.") if arrived else ("", "Waiting for a record")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.html(f'<span class="wb-light {state}"></span>{words}', width="content")
        if arrived:
            st.page_link("pages/logs.py", label="Open the logs", icon=":material/list_alt:")
