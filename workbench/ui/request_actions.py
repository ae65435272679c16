"""What one does with an open request: open it alone, copy its link, its session, compare it."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote, urlsplit

import streamlit as st

from workbench.filters import Filter, FilterError, parse_text
from workbench.logs.bulk import Selection
from workbench.logs.sessions import sessions_of
from workbench.store import sessions
from workbench.store.rows import Detail
from workbench.store.session_rows import SessionId
from workbench.store.store import open_store
from workbench.ui import state
from workbench.ui.chips import label_of
from workbench.ui.dataset_add import ask_add
from workbench.ui.export_links import draw_request_link
from workbench.ui.playground_open import draw_open_request
from workbench.ui.stars import draw_star
from workbench.ui.zones import viewer_zone

REQUEST_PAGE = "pages/request.py"
SESSIONS_PAGE = "pages/sessions.py"
COMPARE_PAGE = "pages/compare.py"
_ID = re.compile(r"[0-9]{1,16}")


def read_id(name: str) -> int | None:
    """The id that a parameter of the link holds; None where it holds none."""
    text = st.query_params.get(name, "")
    return int(text) if _ID.fullmatch(text) else None


def linked_filter() -> Filter:
    """The filter of this link; the empty one where the link has none that can be read."""
    try:
        return parse_text(st.query_params.get(state.FILTER, ""), viewer_zone())
    except FilterError:
        return Filter()


def draw_steps(newer: int | None, older: int | None, go: Callable[[int | None], None]) -> None:
    """Buttons and keys to the requests before and after the open one."""
    for icon, key, target, what in (
        (":material/keyboard_arrow_up:", "k", newer, "Previous request"),
        (":material/keyboard_arrow_down:", "j", older, "Next request"),
    ):
        st.button(
            "",
            icon=icon,
            shortcut=key,
            help=what,
            key=f"go-{key}",
            type="tertiary",
            disabled=target is None,
            on_click=go,
            args=(target,),
        )


def kept_list() -> dict[str, str]:
    """Filter and order of this link, to be taken along: a request then knows its neighbours."""
    params = st.query_params
    return {name: params[name] for name in (state.FILTER, state.SORT) if params.get(name)}


def request_params(request_id: int) -> dict[str, str]:
    return {state.REQUEST: str(request_id), **kept_list()}


def compare_params(left: int, right: int) -> dict[str, str]:
    return {state.LEFT: str(left), state.RIGHT: str(right)}


def session_params(session: SessionId) -> dict[str, str]:
    return {state.SESSION: str(session)}


def address(page: str, params: dict[str, str]) -> str:
    """The whole address of a page of this workbench, as the browser reaches it."""
    here = urlsplit(st.context.url or "")
    folder = here.path.rsplit("/", 1)[0]
    query = "&".join(f"{name}={quote(value, safe=':/.')}" for name, value in params.items())
    return f"{here.scheme}://{here.netloc}{folder}/{page}?{query}"


def draw_actions(detail: Detail, *, is_alone: bool) -> None:
    """The row of small buttons at a request. is_alone: it is drawn on its own page already."""
    id_ = detail.summary.id
    draw_star(detail.summary)
    if not is_alone and st.button(
        "",
        icon=":material/open_in_full:",
        key="open-alone",
        type="tertiary",
        shortcut="o",
        help="Open on its own",
    ):
        st.switch_page(REQUEST_PAGE, query_params=request_params(id_))
    draw_open_request(detail)
    if st.button(
        "", icon=":material/dataset:", type="tertiary", key="to-dataset", help="Add to dataset"
    ):
        ask_add(Selection(frozenset({id_})), 1)
    _draw_sessions(detail)
    _draw_compare(detail)
    with st.popover("Copy link", icon=":material/link:", type="tertiary", key="copy-link"):
        st.caption("This request, on its own:")
        st.code(address("request", {state.REQUEST: str(id_)}), language=None, wrap_lines=True)
        draw_request_link(id_)
        if not is_alone:
            st.page_link(
                REQUEST_PAGE,
                label="Open on its own",
                icon=":material/open_in_full:",
                query_params=request_params(id_),
            )


def _draw_sessions(detail: Detail) -> None:
    found = sessions_of(detail)
    if not found:
        return
    with st.popover(
        "", icon=":material/forum:", type="tertiary", key="open-session", help="Open session"
    ):
        for session in found:
            st.page_link(
                SESSIONS_PAGE,
                label=label_of(f"{session.key.label} {session.value}"),
                icon=":material/forum:",
                query_params=session_params(session),
            )


def _draw_compare(detail: Detail) -> None:
    id_ = detail.summary.id
    popover = st.popover(
        "",
        icon=":material/compare_arrows:",
        type="tertiary",
        key="compare-with",
        help="Compare with…",
        on_change="rerun",
    )
    # Finding the request before this one reads the session, so it waits for the click.
    if not popover.open:
        return
    with popover:
        marked = st.session_state.get(state.MARKED)
        if marked is not None and marked != id_:
            _draw_link(f"Request {marked}, marked before", marked, id_)
        for session in sessions_of(detail)[:2]:
            before = sessions.previous(open_store().connection, session, id_)
            if before is not None:
                _draw_link(f"Previous of {session.key.label}", before, id_)
        given = st.text_input("Another request", placeholder="Its number or link", key="compare-id")
        other = id_in(given)
        if given and other is None:
            st.warning("There is no request number in this.")
        elif other is not None:
            _draw_link(f"Request {other}", other, id_)
        if marked != id_:
            st.button(
                "Mark this one to compare later",
                icon=":material/bookmark:",
                type="tertiary",
                on_click=_mark,
                args=(id_,),
            )


def _draw_link(label: str, left: int, right: int) -> None:
    st.page_link(
        COMPARE_PAGE,
        label=label_of(label),
        icon=":material/compare_arrows:",
        query_params=compare_params(left, right),
    )


def _mark(request_id: int) -> None:
    st.session_state[state.MARKED] = request_id


def id_in(text: str) -> int | None:
    """The request that a person named: by its number, or by a link to it."""
    linked = re.search(r"[?&]request=([0-9]{1,16})(?![0-9])", text)
    if linked:
        return int(linked[1])
    plain = text.strip().removeprefix("#").replace(",", "")
    return int(plain) if _ID.fullmatch(plain) else None
