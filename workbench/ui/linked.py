"""Fields whose value stands in the link.

Streamlit's own binding lets a page change such a value only through its field, and never in the run
that has drawn the field. What leads to another view has to take it out of the link right there, so
these write the link themselves.
"""

from __future__ import annotations

import streamlit as st

from workbench.ui.dataset_links import turn_to


def text_in_link(label: str, name: str, *, key: str, placeholder: str) -> str:
    """A line to find things with, which the link holds under `name`. Its first page comes next."""
    st.session_state[key] = st.query_params.get(name, "")

    def keep() -> None:
        _write(name, st.session_state[key])

    return st.text_input(
        label,
        key=key,
        placeholder=placeholder,
        width="stretch",
        label_visibility="collapsed",
        on_change=keep,
    )


def toggle_in_link(label: str, name: str, *, key: str) -> bool:
    """A switch, which the link holds under `name` while it is on."""
    st.session_state[key] = st.query_params.get(name) == "true"

    def keep() -> None:
        _write(name, "true" if st.session_state[key] else "")

    return st.toggle(label, key=key, on_change=keep)


def draw_no_hit(noun: str, place: str = "name") -> None:
    """Say that the search of a list found nothing there, with a way back to all."""
    st.info(f"No {noun} has this in its {place}.")
    st.button(f"Show all {noun}s", key="all-found", on_click=_write, args=("q", ""))


def _write(name: str, value: str) -> None:
    st.query_params.pop(name, None)
    if value:
        st.query_params[name] = value
    turn_to(1)
