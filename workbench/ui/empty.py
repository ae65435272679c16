"""Designed emptiness: no request at all, or none that the filter lets through."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from workbench.filters import Condition, Filter, Group, describe
from workbench.store import search
from workbench.store.store import open_store
from workbench.ui import words
from workbench.ui.filter_bar import write_filter


def draw_empty_store() -> None:
    st.title("Nothing has been logged yet", anchor=False)
    st.markdown("Home shows three ways to put something in.")
    st.page_link("pages/home.py", label="Go to Home", icon=":material/home:")


def draw_no_match(filter_: Filter, now: datetime) -> None:
    """Name what excludes most, with a button that drops it."""
    st.subheader("Nothing matches", anchor=False)
    gains = sorted(
        ((_count(rest, now), name, rest) for name, rest in _loosened(filter_)),
        key=lambda gain: -gain[0],
    )
    if not gains or gains[0][0] == 0:
        st.markdown("No single filter is to blame: even without any one of them nothing is found.")
        st.button("Show all requests", on_click=write_filter, args=(Filter(),))
        return
    found, name, rest = gains[0]
    st.markdown(f"Without one filter there would be {words.plural(found, 'request')}:")
    st.button(
        f"Drop: {name}", icon=":material/filter_alt_off:", on_click=write_filter, args=(rest,)
    )


def _loosened(filter_: Filter) -> list[tuple[str, Filter]]:
    """The filter with each of its parts left out, with that part in words."""
    items: list[Condition | Group] = list(filter_.items)
    ways = [(describe(item), filter_.without(item)) for item in items]
    if filter_.text:
        ways.append((f"text has {filter_.text}", filter_.with_text("")))
    return ways


def _count(filter_: Filter, now: datetime) -> int:
    return search.count(open_store().connection, filter_, now=now)
