"""Answering the tool calls of a model by hand, or with the value that was laid down for a tool."""

from __future__ import annotations

import streamlit as st

from workbench.messages import Message, ToolCall, text_part
from workbench.playground.session import Column
from workbench.playground.shown import Shown
from workbench.ui.playground_run import go_on
from workbench.ui.playground_state import keep
from workbench.ui.playground_view import View


def draw_tool_results(view: View, column: Column, last: Shown) -> None:
    """A field for each call of the last answer, and a button that goes on with them."""
    calls, session = list(last.tool_calls), view.session
    if last.status != "done" or not calls or view.place.row or view.place.repeat:
        return
    with st.form(f"results-{view.key(column)}-{last.id}", border=True):
        for number, call in enumerate(calls):
            name = call["function"]["name"]
            st.text_area(
                f"Result of {name}",
                session.mocks.get(name, ""),
                key=_widget(last, number),
                height=68,
                placeholder="What the tool would answer",
            )
        sent = st.form_submit_button("Send results", icon=":material/send:")
    if sent:
        messages = [
            _result(call, st.session_state.get(_widget(last, number)) or "")
            for number, call in enumerate(calls)
        ]
        if go_on(session, column, messages):
            keep(session)
        st.rerun()


def _widget(last: Shown, number: int) -> str:
    return f"result-{last.id}-{number}"


def _result(call: ToolCall, text: str) -> Message:
    return {
        "role": "tool",
        "tool_call_id": call["id"],
        "name": call["function"]["name"],
        "content": [text_part(text)],
    }
