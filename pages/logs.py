"""Logs: find requests, read them, annotate them. Everything on the screen is in the link."""

from datetime import UTC, datetime
from typing import Any

import streamlit as st

from workbench.store import search, text_search
from workbench.store.store import open_store
from workbench.ui.bulk import draw_outcome
from workbench.ui.columns import draw_columns
from workbench.ui.empty import draw_empty_store, draw_no_match
from workbench.ui.export_links import draw_export_link
from workbench.ui.facets import draw_facets, draw_switch, places
from workbench.ui.filter_bar import draw_filter_bar, narrow_to, read_filter, write_filter
from workbench.ui.found import Found
from workbench.ui.keys_help import draw_keys_help
from workbench.ui.log_list import (
    as_of,
    draw_list,
    draw_live,
    draw_news,
    draw_open_first,
    open_request,
    read_page,
)
from workbench.ui.sorting import draw_sort
from workbench.ui.timeline import draw_timeline

connection = open_store().connection
now = datetime.now(UTC)
filter_ = read_filter()

if as_of() == 0 and search.newest_id(connection) == 0:
    draw_empty_store()
    st.stop()

draw_filter_bar(filter_, now, draw_live)
found = Found(filter_, now, as_of())
with st.container(horizontal=True, vertical_alignment="center", key="toolbar"):
    found.place_line()
    draw_news(filter_, now)
    if open_request() is None:
        draw_open_first(filter_, now)
        draw_switch()
    draw_sort()
    draw_columns()
    draw_export_link(filter_)
    draw_keys_help()
draw_outcome()


def draw_strip() -> None:
    draw_timeline(
        filter_,
        now,
        key=f"timeline-{hash(filter_)}",
        on_range=lambda start, end: narrow_to(filter_, start, end),
    )


def draw_body(number: int | None) -> None:
    panel, main = places(beside=open_request() is None)
    with main:
        if number == 0 and open_request() is None:
            draw_no_match(filter_, now)
        else:
            draw_list(filter_, now, number)
    if panel is not None:
        panels.append(panel)


panels: list[Any] = []
reads_texts = text_search.reads_texts(filter_, now)
found.draw(read_page(filter_, now).reach if reads_texts else None, draw_strip, draw_body)
# Last, when a search of texts has come as far as it will in this run: its counts are those above.
for panel in panels:
    with panel:
        draw_facets(filter_, now, as_of(), write_filter)
