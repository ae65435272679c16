"""Sentences that a page says at its top, from parts that are drawn anew by themselves."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from workbench.jsontext import FieldError
from workbench.store.errors import NotFound, Refused
from workbench.ui import state
from workbench.ui.dataset_links import say


def say_at_once() -> None:
    """At the beginning of a fragment whose callbacks may leave a sentence: only a run of the whole
    page says it."""
    if state.SAID in st.session_state:
        st.rerun()


def done_or_said(do: Callable[[], object]) -> None:
    """From a callback or before a rerun: what cannot be done is said after the next run."""
    try:
        do()
    except (Refused, NotFound, FieldError) as error:
        say(str(error))
