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
        # Streamlit also calls this though nobody touched the toggle: where the browser's question
        # was on its way while the page was drawn anew, its value is taken for a change.
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
