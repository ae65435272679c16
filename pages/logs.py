"""Logs: find requests, read them, annotate them. Everything on the screen is in the link."""

from datetime import UTC, datetime

import streamlit as st

from workbench.store import search
from workbench.store.store import open_store
from workbench.ui import words
from workbench.ui.empty import draw_empty_store, draw_no_match
from workbench.ui.filter_bar import draw_filter_bar, narrow_to, read_filter
from workbench.ui.log_list import as_of, draw_list, draw_live, draw_news, open_request
from workbench.ui.timeline import draw_timeline

connection = open_store().connection
now = datetime.now(UTC)
filter_ = read_filter()

if as_of() == 0 and search.newest_id(connection) == 0:
    draw_empty_store()
    st.stop()

draw_filter_bar(filter_, now, draw_live)
totals = search.totals(connection, filter_, now=now, up_to=as_of())
draw_timeline(
    filter_,
    now,
    key=f"timeline-{hash(filter_)}",
    on_range=lambda start, end: narrow_to(filter_, start, end),
)
with st.container(horizontal=True, vertical_alignment="center"):
    st.markdown(words.totals_line(totals), width="stretch")
    draw_news(filter_, now)
if totals.requests == 0 and open_request() is None:
    draw_no_match(filter_, now)
else:
    draw_list(filter_, now)
