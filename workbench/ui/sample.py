"""Loading and removing the sample."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from workbench.logs.sample_store import ORIGIN, load_sample, remove_sample
from workbench.store.store import open_store
from workbench.ui import words
from workbench.ui.access import actor


def load_button() -> None:
    if st.button("Load the sample", type="primary", icon=":material/dataset:"):
        bar = st.progress(0.0, "Loading the sample")
        load_sample(open_store(), actor(), datetime.now(UTC), lambda part: bar.progress(part))
        st.switch_page("pages/logs.py")


def remove_button(number: int) -> None:
    """A button that asks before it removes what the sample brought."""
    with st.popover(f"Remove the sample ({words.plural(number, 'request')})"):
        st.markdown("Your own requests stay. The sample can be loaded again.")
        if st.button("Remove it", type="primary", key=f"remove-{ORIGIN}"):
            remove_sample(open_store(), actor())
            st.rerun()
