"""The filter of the Logs page: search line, time presets, a form, and a chip for each condition.

The link holds the filter; every widget here is drawn from it and writes to it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import streamlit as st

from workbench.filters import (
    PRESETS,
    Condition,
    Filter,
    FilterError,
    Group,
    TimeRange,
    describe,
    parse_text,
    to_text,
)
from workbench.store import stats, tags
from workbench.store.rows import STATUSES
from workbench.store.stats import Facet
from workbench.store.store import open_store
from workbench.ui import state
from workbench.ui.zones import viewer_zone

_SEARCH = "filter-search"
_TIME = "filter-time"
_CHIPS = "filter-chips"
_FORM = (
    ("provider_type", "Provider", "provider"),
    ("engine", "Model", "model"),
)


def read_filter() -> Filter:
    """The filter of the link. One that cannot be read is said and shown, never guessed at."""
    text = st.query_params.get(state.FILTER, "")
    try:
        return parse_text(text, viewer_zone())
    except FilterError as error:
        st.error(
            f"The filter in this link cannot be read: {error}", icon=":material/filter_alt_off:"
        )
        st.code(text[:2000], language=None, wrap_lines=True)
        st.button("Show all requests", on_click=write_filter, args=(Filter(),))
        st.stop()


def write_filter(filter_: Filter) -> None:
    """Put a filter into the link; the list begins again at its newest request."""
    text = to_text(filter_)
    if text:
        st.query_params[state.FILTER] = text
    else:
        st.query_params.pop(state.FILTER, None)
    st.query_params.pop(state.POSITION, None)
    st.session_state.pop(state.AS_OF, None)


def draw_filter_bar(filter_: Filter, now: datetime, draw_live: Callable[[], None]) -> None:
    """The search line with its toolbar, and below it the chips."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        _draw_search(filter_)
        _draw_presets(filter_)
        _draw_form(filter_, now)
        draw_live()
    if problem := st.session_state.get(state.FILTER_PROBLEM):
        st.warning(problem, icon=":material/filter_alt_off:")
    _draw_chips(filter_)


def _draw_search(filter_: Filter) -> None:
    if state.FILTER_PROBLEM not in st.session_state:
        st.session_state[_SEARCH] = to_text(Filter(text=filter_.text))
    st.text_input(
        "Search",
        key=_SEARCH,
        placeholder='Words, or model:gpt-4o tag:prod latency>2s "exact words"',
        icon=":material/search:",
        label_visibility="collapsed",
        on_change=_searched,
        args=(filter_,),
        width="stretch",
    )


def _searched(filter_: Filter) -> None:
    """Read the line: its conditions join those that are there, its words replace the words."""
    try:
        typed = parse_text(st.session_state[_SEARCH], viewer_zone())
    except FilterError as error:
        st.session_state[state.FILTER_PROBLEM] = str(error)
        return
    st.session_state.pop(state.FILTER_PROBLEM, None)
    for item in typed.items:
        filter_ = filter_.with_condition(item)
    write_filter(filter_.with_text(typed.text))


def _draw_presets(filter_: Filter) -> None:
    preset = filter_.time_range.preset
    st.session_state[_TIME] = preset if preset in PRESETS else None
    st.segmented_control(
        "Time",
        list(PRESETS),
        format_func=lambda name: "All" if name == "all" else name,
        key=_TIME,
        label_visibility="collapsed",
        on_change=lambda: write_filter(filter_.with_time_range(st.session_state[_TIME] or "all")),
    )


def narrow_to(filter_: Filter, start: datetime, end: datetime) -> None:
    write_filter(filter_.with_time_range(TimeRange(start=start, end=end)))


def _draw_form(filter_: Filter, now: datetime) -> None:
    form = st.popover(
        "Filter", icon=":material/filter_list:", key="filter-popover", on_change="rerun"
    )
    # Counting the choices reads the whole time range, so it waits for the form to be opened.
    if form.open:
        with form, st.form("filter-form", border=False):
            _draw_choices(filter_, now)


def _draw_choices(filter_: Filter, now: datetime) -> None:
    connection = open_store().connection
    # The choices are those of everything, so that a choice can be changed, not only narrowed.
    everything = Filter().with_time_range(filter_.time_range)
    chosen: dict[str, list[str]] = {}
    for field, label, facet in _FORM:
        found = stats.facet(connection, facet, everything, now=now)
        chosen[field] = _pick(filter_, field, label, found)
    chosen["status"] = _pick(filter_, "status", "Status", [Facet(name, 0) for name in STATUSES])
    known = [Facet(tag.name, tag.requests) for tag in tags.listed(connection)]
    chosen["tags"] = _pick(filter_, "tags", "Tags", known)
    with st.container(horizontal=True):
        keys = [each.value for each in stats.facet(connection, "metadata_key", everything, now=now)]
        key = st.selectbox("Metadata key", keys, index=None, placeholder="any")
        value = st.text_input("is", key="filter-metadata-value")
    if st.form_submit_button("Apply", type="primary"):
        write_filter(_with_choices(filter_, chosen, key, value))
        st.rerun()


def _pick(filter_: Filter, field: str, label: str, choices: list[Facet]) -> list[str]:
    current = _current(filter_, field)
    counts = {each.value: each.requests for each in choices}
    return st.multiselect(
        label,
        list(dict.fromkeys([*counts, *current])),
        default=current,
        format_func=lambda name: f"{name} ({counts[name]:,})" if counts.get(name) else name,
        key=f"filter-{field}-{','.join(current)}",
        placeholder="any",
    )


def _current(filter_: Filter, field: str) -> list[str]:
    """The values that the filter asks of a field, where the form can show them."""
    for condition in filter_.conditions:
        if condition.field == field:
            if condition.operator in {"is", "contains"}:
                return [str(condition.value)]
            if condition.operator == "in":
                return [str(value) for value in condition.value]
    return []


def _with_choices(
    filter_: Filter, chosen: dict[str, list[str]], key: str | None, value: str
) -> Filter:
    for field, values in chosen.items():
        if values == _current(filter_, field):
            continue
        filter_ = filter_.without_field(field)
        if len(values) == 1:
            one = "contains" if field == "tags" else "is"
            filter_ = filter_.with_condition(Condition(field, one, values[0]))
        elif values:
            filter_ = filter_.with_condition(Condition(field, "in", values))
    if key and value:
        condition = Condition("metadata", "key_equals", value, key)
        filter_ = filter_.with_condition(condition, replace=True)
    elif key:
        filter_ = filter_.with_condition(Condition("metadata", "is_not_empty", None, key))
    return filter_


def _draw_chips(filter_: Filter) -> None:
    """A chip for each thing that must hold; a click takes it out."""
    items: list[Condition | Group] = [
        item for item in filter_.items if not _is_preset(filter_, item)
    ]
    if not items and not filter_.text:
        return
    labels = {index: f"{describe(item)}  ✕" for index, item in enumerate(items)}
    if filter_.text:
        labels[-1] = f"text has {filter_.text}  ✕"
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        # A new key for each set of chips: the click that removes one is never read twice.
        key = f"{_CHIPS}-{hash(filter_)}"
        st.pills(
            "Active filters",
            list(labels),
            format_func=lambda index: labels[index],
            key=key,
            label_visibility="collapsed",
            on_change=_remove_chip,
            args=(filter_, items, key),
        )
        if len(labels) > 1:
            st.button(
                "Clear all",
                type="tertiary",
                on_click=write_filter,
                args=(Filter().with_time_range(filter_.time_range),),
            )


def _remove_chip(filter_: Filter, items: list[Condition | Group], key: str) -> None:
    index = st.session_state[key]
    if index is None:
        return
    write_filter(filter_.with_text("") if index == -1 else filter_.without(items[index]))


def _is_preset(filter_: Filter, item: Condition | Group) -> bool:
    """The time preset is shown by its own control."""
    return (
        isinstance(item, Condition)
        and item.field == "request_start_time"
        and filter_.time_range.preset in PRESETS
    )
