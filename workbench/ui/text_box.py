"""A text area that hands over its text as one types.

Streamlit's own hands it over when it is left, which is too late for a view of the text beside it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import streamlit as st

_HERE = Path(__file__)
_BOX = st.components.v2.component(
    "workbench_text_box",
    html=_HERE.with_suffix(".html").read_text(encoding="utf-8"),
    css=_HERE.with_suffix(".css").read_text(encoding="utf-8"),
    js=_HERE.with_suffix(".js").read_text(encoding="utf-8"),
)


def draw_text_box(
    label: str,
    text: str,
    key: str,
    on_edit: Callable[[str], None],
    *,
    revision: str,
    placeholder: str = "",
    locked: bool = False,
) -> None:
    """`on_edit` gets the text a moment after the last key.

    revision: changes where the text was changed by something else than this box (a fix, another
    version): only then does the box take `text` over, so that what is typed meanwhile stays.
    """

    def edited() -> None:
        edit = st.session_state[key].get("edit")
        if isinstance(edit, dict) and isinstance(edit.get("text"), str):
            on_edit(edit["text"])

    _BOX(
        key=key,
        data={
            "label": label,
            "text": text,
            "revision": revision,
            "placeholder": placeholder,
            "locked": locked,
        },
        on_edit_change=edited,
    )
