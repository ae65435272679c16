"""Loading and removing the sample. Loading goes on when the page is left."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import streamlit as st

from workbench.logs.sample_store import ORIGIN
from workbench.registry import sample
from workbench.store.store import open_store
from workbench.ui import words
from workbench.ui.access import actor


class _Loading:
    """The one loading of this process: how far it is, or why it ended."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self.part = 0.0
        self.problem: str | None = None

    @property
    def running(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def start(self, who: str) -> None:
        with self._lock:
            if not self.running:
                self.part, self.problem = 0.0, None
                self._thread = threading.Thread(target=self._run, args=(who,), name="sample")
                self._thread.start()

    def _run(self, who: str) -> None:
        try:
            sample.load(open_store(), who, datetime.now(UTC), self._reached)
        except Exception as error:
            self.problem = f"The sample was not loaded whole: {error}"
            raise

    def _reached(self, part: float) -> None:
        self.part = part


_loading = _Loading()


def load_button() -> None:
    """A button that loads the sample, and its progress while it does."""
    if st.button("Load the sample", type="primary", icon=":material/dataset:"):
        _loading.start(actor())
    if _loading.problem:
        st.error(_loading.problem)
    if _loading.running:
        _draw_progress()


@st.fragment(run_every=0.3)
def _draw_progress() -> None:
    if _loading.running:
        st.progress(_loading.part, "Loading the sample")
    else:
        st.switch_page("pages/logs.py")


def remove_button(number: int) -> None:
    """A button that asks before it removes what the sample brought."""
    with st.popover(f"Remove the sample ({words.plural(number, 'request')})"):
        st.markdown("Your own requests and prompts stay. The sample can be loaded again.")
        if st.button("Remove it", type="primary", key=f"remove-{ORIGIN}"):
            sample.remove(open_store(), actor(), datetime.now(UTC))
            st.rerun()
