"""What is drawn after the rest, so that a first visit sees its table sooner.

Plotly is more than four megabytes of script, and reading them keeps a browser busy for a second
while the table waits. So the first chart of a visit is asked for once the table is painted.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from workbench.ui import state

_PAINTED = st.components.v2.component(
    "workbench_painted",
    html="<span hidden></span>",
    js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8"),
)


@st.fragment
def draw_later(draw: Callable[[], None], height: int) -> None:
    """Draw at once where a chart was drawn before in this visit, else when the page is painted.

    height: pixels that are kept free until then. A callback of what is drawn that concerns the
    whole page calls `rerun_page`, since by itself only this part is drawn again.
    """
    if st.session_state.pop(state.WHOLE_PAGE, False):
        st.rerun()
    if is_painted():
        draw()
        return
    st.html(f'<div style="height:{height}px"></div>')
    _PAINTED(key="painted", on_painted_change=_painted)


def is_painted() -> bool:
    """Whether a chart was drawn before in this visit."""
    return bool(st.session_state.get(state.PAINTED))


def rerun_page() -> None:
    st.session_state[state.WHOLE_PAGE] = True


def _painted() -> None:
    st.session_state[state.PAINTED] = True
