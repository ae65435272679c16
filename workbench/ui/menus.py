"""Menus that close when something in them opens a dialog: else they lie over it."""

from __future__ import annotations

import streamlit as st

from workbench.ui import state


def menu_key(name: str) -> str:
    """The key of a menu, which is another one after `close_menus`: a new menu is closed."""
    return f"{name}-{st.session_state.get(state.MENU_ROUND, 0)}"


def close_menus() -> None:
    """From a callback of what stands in a menu: else it would lie over the dialog it opens."""
    st.session_state[state.MENU_ROUND] = st.session_state.get(state.MENU_ROUND, 0) + 1
