"""What the columns answered, beside each other, under the heads of their columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from workbench.playground import running, shown
from workbench.playground.session import Column
from workbench.playground.shown import GONE, INTERRUPTED, Shown
from workbench.providers.host import open_host
from workbench.ui import state
from workbench.ui.conversation import Look, draw_messages
from workbench.ui.hostile import draw_text, escaped
from workbench.ui.playground_live import Slots, draw_live
from workbench.ui.playground_run import failure_of
from workbench.ui.playground_status import measures_html, status_html
from workbench.ui.playground_tools import draw_tool_results
from workbench.ui.playground_view import View, shown_of
from workbench.ui.playground_voting import draw_preferring

_NOTES = {
    INTERRUPTED: "The server ended before this answer did. Run the column again.",
    GONE: "Its request was deleted from the logs, and with it the answer.",
}


def draw_answers(view: View) -> None:
    """Answers that ended are drawn once; those that go on have places that are filled anew five
    times a second, and nothing else is."""
    best = {} if view.is_hidden else shown.best(view.last)
    markdown = bool(st.session_state.get("playground-markdown"))
    slots: dict[str, Slots] = {}
    places = st.columns(max(len(view.columns), 1), gap="small")
    for column, place in zip(view.columns, places, strict=False):
        with place, st.container(key=f"answer-{view.key(column)}", gap="xsmall"):
            last = view.last.get(column.id)
            status, measures = _draw_column(view, column, last, best.get(column.id, set()))
            live = _draw_thread(view, column, Look(markdown))
            if last is not None and status is not None:
                # One that ended while it was drawn has no place of its text; as it does not go on
                # any more, the page is drawn anew for it.
                text = st.empty() if live is None else live
                slots[last.id] = Slots(column, status, measures, text)
            if last is not None:
                draw_tool_results(view, column, last)
                draw_preferring(view, column, last)
    draw_live(view, slots)


def _draw_column(view: View, column: Column, last: Shown | None, best: set[str]) -> tuple[Any, Any]:
    """Status and measures; the places of both, where the run goes on."""
    title = view.title(column)
    failure = failure_of(view.session, column)
    status = measures = None
    if last is None:
        said = "Not run yet" if failure is None else "Not run"
        st.html(f'<p class="wb-note"><strong>{escaped(title)}</strong> · {said}</p>')
    else:
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
            if last.is_running:
                status = st.empty()
                st.button(
                    "",
                    icon=":material/stop_circle:",
                    key=f"stop-{view.key(column)}",
                    type="tertiary",
                    help=f"Stop {title}",
                    on_click=lambda: running.stop(open_host(), view.session, [column]),
                )
            else:
                st.html(status_html(view, column, last), width="stretch")
                if last.request_id is not None and not view.is_hidden:
                    st.page_link(
                        "pages/request.py",
                        label="",
                        icon=":material/open_in_new:",
                        help="The request in the logs",
                        query_params={state.REQUEST: str(last.request_id)},
                    )
        if status is not None:
            measures = st.empty()
        elif not view.is_hidden:
            st.html(measures_html(last, best))
    if failure is not None:
        said = "This column cannot be run; its reason would tell which it is."
        st.error(said if view.is_hidden else escaped(failure), icon=":material/error:")
    return status, measures


def _draw_thread(view: View, column: Column, look: Look) -> Any:
    """Everything that was said in a column, in order; the place of what is being said."""
    key = view.key(column)
    waiting: list[Any] = []
    live = None
    for number, entry in enumerate(view.threads[column.id]):
        if "messages" in entry:
            waiting += entry["messages"]
            continue
        one = shown_of(entry, view.kept)
        said = one.messages or ()
        waiting += without_thinking(said) if view.is_hidden else said
        note = one.error or _NOTES.get(one.status)
        if note or one.messages is None:
            draw_messages(waiting, f"said-{key}-{number}", look)
            waiting = []
        if one.is_running:
            live = st.container(border=True).empty()
        elif note:
            _draw_note(view, one, note, f"note-{key}-{number}")
        if not view.is_hidden:
            for sentence in one.ignored:
                st.caption(f":material/block: {escaped(sentence)}")
    draw_messages(waiting, f"said-{key}", look)
    return live


def without_thinking(messages: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Messages without what tells one vendor's from another's."""
    return [
        {
            **one,
            "content": [
                part for part in one.get("content") or () if part.get("type") != "thinking"
            ],
        }
        for one in messages
    ]


def _draw_note(view: View, one: Shown, note: str, key: str) -> None:
    if one.status != "failed":
        st.caption(escaped(note))
    elif view.is_hidden:
        st.error("Failed. The reason is shown with the names.", icon=":material/error:")
    else:
        st.error("Failed", icon=":material/error:")
        draw_text(note, key)


def has_answers(columns: Sequence[Column]) -> bool:
    return any(column.thread for column in columns)
