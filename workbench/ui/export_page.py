"""The Export page: filter, form and preview side by side, then what was exported."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from workbench.export.preview import Preview
from workbench.export.sources import REQUESTS, SOURCES, check_columns, source_of
from workbench.export.spec import Spec
from workbench.filters import Filter
from workbench.jsontext import FieldError
from workbench.store import search
from workbench.store.errors import StoreError
from workbench.store.export_columns import Column
from workbench.store.store import open_store
from workbench.ui import state, words
from workbench.ui.access import actor
from workbench.ui.empty import draw_empty_store, draw_no_match
from workbench.ui.export_choice import draw_source
from workbench.ui.export_draft import (
    Options,
    choose_source,
    clear,
    read_draft,
    read_format,
    read_source,
)
from workbench.ui.export_form import draw_form
from workbench.ui.export_list import all_exports, draw_exports, show_export
from workbench.ui.export_preview import draw_preview, read_preview
from workbench.ui.export_rows import asked_for
from workbench.ui.export_schedules import draw_add, draw_schedules
from workbench.ui.export_words import noun
from workbench.ui.filter_bar import draw_filter_bar, read_filter
from workbench.ui.importing_words import plain


def draw_new(now: datetime) -> None:
    # Before the filter is read: a link without any parameter would open the default view of Logs.
    name = read_format()
    source = read_source()
    if search.newest_id(open_store().connection) == 0 and source == REQUESTS:
        draw_empty_store()
        with st.container(horizontal=True):
            for other in SOURCES.values():
                if other.name != REQUESTS:
                    label = f"Export {other.label.lower()}"
                    st.button(label, on_click=choose_source, args=(other.name,))
        return
    draw_source(source)
    filter_ = Filter()
    if source == REQUESTS:
        filter_ = read_filter()
        draw_filter_bar(filter_, now, lambda: None, with_views=False)
    try:
        options, spec, problem = read_draft(filter_)
    except FieldError as error:
        st.error(
            f"The options in this link cannot be read: {plain(str(error))}",
            icon=":material/link_off:",
        )
        st.button("The usual options", on_click=clear)
        return
    left, right = st.columns([2, 5], gap="medium")
    with left, st.container(key="export-form"):
        draw_form(options, name, filter_, now, _offered(spec))
    with right, st.container(key="export-preview"):
        _draw_what(filter_, options, spec, problem, now)
    draw_schedules()
    draw_exports()


def _offered(spec: Spec | None) -> list[Column]:
    """Every column of the source, as far as its rows are chosen."""
    if spec is None:
        return []
    try:
        return check_columns(open_store().connection, spec.model_copy(update={"columns": ()}))
    except (FieldError, StoreError):
        return []


def _draw_what(
    filter_: Filter,
    options: Options,
    spec: Spec | None,
    problem: FieldError | None,
    now: datetime,
) -> None:
    # Above the preview, filled when that has told how many there are.
    bar = st.container(horizontal=True, vertical_alignment="center", key="export-start")
    if spec is None:
        asked = None if problem is None else asked_for(options, problem)
        if asked is not None:
            st.info(asked)
            return
        st.error(plain(str(problem)), icon=":material/error:")
        return
    found = read_preview(spec, now)
    if found is None:
        return
    if found.rows == 0:
        if spec.source == REQUESTS:
            draw_no_match(filter_, now)
        else:
            st.info(source_of(spec).nothing(spec))
        return
    with bar:
        _draw_start(spec, found)
        draw_add(spec)
    draw_preview(spec, found)


def _draw_start(spec: Spec, found: Preview) -> None:
    masked = ", masked" if spec.masking is not None else ""
    st.button(
        f"Export {words.plural(found.rows, noun(spec.to_json()))} as {spec.entry.label}{masked}",
        type="primary",
        icon=":material/download:",
        key="start-export",
        disabled=found.problem is not None or found.is_empty,
        on_click=_start,
        args=(spec,),
    )


def _start(spec: Spec) -> None:
    try:
        show_export(all_exports().start(spec, actor()))
    except (StoreError, FieldError) as error:
        st.session_state[state.SAID] = str(error)
