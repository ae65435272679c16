"""Toggles that stand at what somebody chose and change it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import streamlit as st

T = TypeVar("T", bound=str)


def draw_toggle(
    label: str,
    options: Sequence[T],
    now: T,
    key: str,
    choose: Callable[[T], None],
    *,
    show_label: bool = False,
    help: str | None = None,
) -> None:
    """One of `options` is always chosen; `choose` gets another than `now`."""

    def changed() -> None:
        # Streamlit also calls this where the toggle has just come onto the page and nobody touched
        # it: the browser tells its value with the next question, and none was known before.
        if st.session_state[key] != now:
            choose(st.session_state[key])

    st.segmented_control(
        label,
        options,
        default=now,
        required=True,
        key=key,
        label_visibility="visible" if show_label else "collapsed",
        help=help,
        on_change=changed,
    )
