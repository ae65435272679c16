"""The filter of the Logs page: search line, time presets, a form, saved views, and the chips.

The link holds the filter; every widget here is drawn from it and writes to it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import streamlit as st

from workbench.filters import PRESETS, Filter, FilterError, TimeRange, parse_text, to_text
from workbench.filters.mending import marked, mended
from workbench.ui import saved_views, state
from workbench.ui.chips import draw_chips, label_of
from workbench.ui.filter_form import draw_form
from workbench.ui.hostile import escaped
from workbench.ui.search_box import draw_search_box, take_searched
from workbench.ui.zones import viewer_zone

_TIME = "filter-time"
_TIME_DRAWN = "filter-time-drawn"


def read_filter() -> Filter:
    """The filter of the link, or of the line that was just handed over in the box. A link that
    cannot be read is said and shown, never guessed at."""
    saved_views.open_from_link()
    text = st.query_params.get(state.FILTER, "")
    try:
        filter_ = parse_text(text, viewer_zone())
    except FilterError as error:
        st.error(
            f"The filter in this link cannot be read: {error}", icon=":material/filter_alt_off:"
        )
        st.code(text[:2000], language=None, wrap_lines=True)
        st.button("Show all requests", on_click=write_filter, args=(Filter(),))
        st.stop()
    searched = take_searched()
    return filter_ if searched is None else _search(searched, filter_)


def write_filter(filter_: Filter) -> None:
    """Put a filter into the link; the list begins again at its newest request."""
    text = to_text(filter_)
    if text or saved_views.must_say_empty():
        st.query_params[state.FILTER] = text
    else:
        st.query_params.pop(state.FILTER, None)
    st.query_params.pop(state.POSITION, None)
    st.session_state.pop(state.AS_OF, None)
    st.session_state.pop(state.FILTER_DRAFT, None)


def draw_filter_bar(
    filter_: Filter, now: datetime, draw_live: Callable[[], None], *, with_views: bool = True
) -> None:
    """The search line with its toolbar, and below it the chips. with_views: the saved views too."""
    zone = viewer_zone()
    draft = st.session_state.get(state.FILTER_DRAFT)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="filter-bar"):
        with st.container(key="filter-search", width="stretch"):
            text = line_of(filter_) if draft is None else draft
            draw_search_box(text, draft is not None, filter_, now, zone)
        _draw_presets(filter_)
        draw_form(filter_, now, zone, write_filter)
        if with_views:
            saved_views.draw_views(filter_, now)
        draw_live()
    # Containers of their own: what stands below keeps its place when these come and go, so that
    # the browser never shows old parts inside new ones.
    with st.container():
        if draft is not None:
            _draw_problem(draft, filter_)
    with st.container():
        draw_chips(filter_, write_filter)


def line_of(filter_: Filter) -> str:
    """The filter in the box: all of it but the time preset, which has a control of its own."""
    if filter_.time_range.preset in PRESETS:
        filter_ = filter_.with_time_range("all")
    return to_text(filter_)


def filter_of(line: str, filter_: Filter) -> Filter:
    """The filter that a line in the box asks for instead of `filter_`; raises FilterError."""
    typed = parse_text(line, viewer_zone())
    if typed.time_range.preset == "all" and filter_.time_range.preset in PRESETS:
        typed = typed.with_time_range(filter_.time_range)
    return typed


def _search(line: str, filter_: Filter) -> Filter:
    """Take a line over. One that cannot be read stays in the box, and so does the filter."""
    try:
        found = filter_of(line, filter_)
    except FilterError:
        st.session_state[state.FILTER_DRAFT] = line
        return filter_
    write_filter(found)
    return found


def _draw_problem(line: str, filter_: Filter) -> None:
    """Where the line goes wrong, why, and a line that would do."""
    try:
        filter_of(line, filter_)
    except FilterError as error:
        problem = error
    else:
        return
    shown, caret = marked(line, problem.column or 1)
    better = mended(line, problem, viewer_zone())
    with st.container(gap="xsmall", key="filter-problem"):
        st.warning(str(problem), icon=":material/filter_alt_off:")
        st.html(f'<pre class="wb-mono wb-marked">{escaped(shown)}\n{escaped(caret)}</pre>')
        with st.container(horizontal=True, gap="small"):
            if better is not None:
                st.button(
                    f"Search for {label_of(better)} instead",
                    icon=":material/auto_fix:",
                    key="mend-filter",
                    on_click=write_filter,
                    args=(filter_of(better, filter_),),
                )
            st.button("Discard the line", type="tertiary", on_click=_discard)


def _discard() -> None:
    st.session_state.pop(state.FILTER_DRAFT, None)


def _draw_presets(filter_: Filter) -> None:
    preset = filter_.time_range.preset
    # Where the time is none of these, a widget of its own: a browser that has not drawn that yet
    # hands the last preset over with its next click, and it would be taken for a choice that undoes
    # the time. Streamlit calls back for widgets that are gone, too.
    key = st.session_state[_TIME_DRAWN] = _TIME if preset in PRESETS else f"{_TIME}-none"
    st.session_state[key] = preset if preset in PRESETS else None

    def choose() -> None:
        if st.session_state[_TIME_DRAWN] == key:
            write_filter(filter_.with_time_range(st.session_state[key] or "all"))

    st.segmented_control(
        "Time",
        list(PRESETS),
        format_func=lambda name: "All" if name == "all" else name,
        key=key,
        label_visibility="collapsed",
        on_change=choose,
    )


def narrow_to(filter_: Filter, start: datetime, end: datetime) -> None:
    write_filter(filter_.with_time_range(TimeRange(start=start, end=end)))
