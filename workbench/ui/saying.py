"""Sentences that a page says at its top, from parts that are drawn anew by themselves."""

from __future__ import annotations

import streamlit as st

from workbench.ui import state


def say_at_once() -> None:
    """At the beginning of a fragment whose callbacks may leave a sentence: only a run of the whole
    page says it."""
    if state.SAID in st.session_state:
        st.rerun()
