"""Designed emptiness: no request at all, or none that the filter lets through."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from workbench.filters import PRESETS, Filter
from workbench.store import search, text_search
from workbench.store.store import open_store
from workbench.ui import words
from workbench.ui.chips import label_of, parts
from workbench.ui.filter_bar import write_filter
from workbench.ui.unknown_values import draw_unknown_values

COUNT_SECONDS = 1.0


def draw_empty_store() -> None:
    st.title("Nothing has been logged yet", anchor=False)
    st.markdown("Home shows three ways to put something in.")
    st.page_link("pages/home.py", label="Go to Home", icon=":material/home:")
    st.page_link("pages/import.py", label="Import a file", icon=":material/upload_file:")


def draw_no_match(filter_: Filter, now: datetime) -> None:
    """Name values that no request has, and what excludes most, with a button that drops it."""
    st.subheader("Nothing matches", anchor=False)
    draw_unknown_values(filter_, now)
    gains = [(_count(rest, now), name, rest) for name, rest in loosened(filter_)]
    gains.sort(key=lambda gain: -gain[0][0])
    if not gains or gains[0][0][0] == 0:
        st.markdown("No single filter is to blame: even without any one of them nothing is found.")
        st.button("Show all requests", on_click=write_filter, args=(Filter(),))
        return
    (found, is_all), name, rest = gains[0]
    least = "" if is_all else "at least "
    st.markdown(f"Without one filter there would be {least}{words.plural(found, 'request')}:")
    st.button(
        f"Drop: {label_of(name)}",
        icon=":material/filter_alt_off:",
        key="drop-filter",
        on_click=write_filter,
        args=(rest,),
    )


def loosened(filter_: Filter) -> list[tuple[str, Filter]]:
    """The filter with each of its parts left out, with that part in words."""
    ways = [(words_, rest) for words_, rest, _ in parts(filter_)]
    preset = filter_.time_range.preset
    if preset in PRESETS and preset != "all":
        ways.append((PRESETS[preset].lower(), filter_.with_time_range("all")))
    return ways


def _count(filter_: Filter, now: datetime) -> tuple[int, bool]:
    """How many requests a filter finds, and whether that is all of them: a search of texts
    tells what it found in a moment."""
    connection = open_store().connection
    reach = text_search.advance(
        connection, filter_, now=now, up_to=None, enough=None, seconds=COUNT_SECONDS
    )
    if reach is not None and not reach.is_complete:
        return reach.found, False
    return search.count(connection, filter_, now=now), True
