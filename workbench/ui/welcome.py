"""The first screen of an empty store: three ways in, and a light for the first record."""

from __future__ import annotations

import streamlit as st

from workbench.ui.connect import draw_connect
from workbench.ui.sample import load_button


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
        draw_connect()


def draw_still_unconnected() -> None:
    """The same lines, folded, while the sample is all there is."""
    with st.expander("Connect an application", icon=":material/cable:"):
        draw_connect()
