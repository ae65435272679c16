"""An expander that stays open when its title changes."""

from __future__ import annotations

from typing import Any

import streamlit as st


def kept_open(title: str, key: str, icon: str) -> Any:
    """Streamlit takes another title for another expander, and folds it up: what a person opened is
    told to it again."""
    is_open = bool(st.session_state.get(key))
    return st.expander(title, is_open, icon=icon, key=key, on_change="rerun")
