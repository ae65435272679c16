"""One request on its own page: its neighbours are those of the filter that the link brought."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from workbench.filters import Filter
from workbench.store import search
from workbench.store.store import open_store
from workbench.ui import state
from workbench.ui.detail import draw_detail
from workbench.ui.keys_help import draw_keys_help
from workbench.ui.request_actions import draw_steps, kept_list, linked_filter, read_id
from workbench.ui.sorting import sort_now


def draw_request(now: datetime) -> None:
    filter_ = linked_filter()
    request_id = read_id(state.REQUEST)
    if request_id is None:
        # The form that a person types: /request?id=12.
        request_id = read_id("id")
    if request_id is None:
        st.title("No request is named", anchor=False)
        st.markdown("The link needs the number of a request: `/request?request=12345`.")
        st.page_link("pages/logs.py", label="Go to Logs", icon=":material/list_alt:")
        return
    with st.container(key="whole"):
        draw_detail(request_id, lambda: _draw_toolbar(request_id, filter_, now), is_alone=True)


def _draw_toolbar(request_id: int, filter_: Filter, now: datetime) -> None:
    connection, sort = open_store().connection, sort_now()
    here = search.position_of(connection, request_id, sort)
    newer = older = None
    if here is not None:
        newer, older = search.neighbours(connection, filter_, here, now=now, sort=sort)
    draw_steps(newer, older, _go)
    draw_keys_help()
    if st.button(
        "",
        icon=":material/close:",
        shortcut="Esc",
        help="Back to the list",
        key="close",
        type="tertiary",
    ):
        place = {} if here is None else {state.POSITION: str(here)}
        st.switch_page(
            "pages/logs.py",
            query_params={**kept_list(), **place, state.REQUEST: str(request_id)},
        )


def _go(target: int | None) -> None:
    if target is not None:
        st.query_params.pop("id", None)
        st.query_params[state.REQUEST] = str(target)
