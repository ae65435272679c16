"""What of a source leaves: how each source's rows are chosen on the Export page.

Requests are chosen by the filter bar above the form. Every other source has an entry in CHOICES.
"""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from workbench.export.sources import DATASETS, EVALUATIONS, PROMPTS, SOURCES
from workbench.ui import words
from workbench.ui.export_dataset import draw_dataset_choice
from workbench.ui.export_draft import Options, bound, choose_source, put, value_at
from workbench.ui.export_evaluation import draw_run_choice

_SOURCE = "export-source"


def _draw_prompts(options: Options) -> None:
    st.text_input(
        "Part of their name",
        placeholder="All prompt templates",
        max_chars=200,
        **bound(options, "q", lambda text: text or "", lambda text: text.strip() or None),
    )
    chosen = value_at(options, "prompt_ids")
    if chosen:
        st.button(
            f"All templates instead of {words.plural(len(chosen), 'chosen one')}",
            type="tertiary",
            icon=":material/filter_alt_off:",
            on_click=put,
            args=("prompt_ids", None),
        )


CHOICES: dict[str, Callable[[Options], None]] = {
    PROMPTS: _draw_prompts,
    DATASETS: draw_dataset_choice,
    EVALUATIONS: draw_run_choice,
}


def draw_source(source: str) -> None:
    """The choice among the sources."""
    st.session_state[_SOURCE] = source
    st.segmented_control(
        "What",
        list(SOURCES),
        format_func=lambda name: SOURCES[name].label,
        key=_SOURCE,
        required=True,
        label_visibility="collapsed",
        on_change=lambda: choose_source(st.session_state[_SOURCE]),
    )
