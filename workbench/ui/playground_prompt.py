"""What the columns share: messages, variables, tools, structured output."""

from __future__ import annotations

import streamlit as st

from workbench.playground.session import Session
from workbench.templates import analyse_prompt
from workbench.ui.playground_column import PLAIN, draw_mocks, draw_reading, names_in, names_of
from workbench.ui.playground_sets import draw_session_sets
from workbench.ui.playground_state import keep
from workbench.ui.saying import say_at_once
from workbench.ui.template_cards import draw_cards
from workbench.ui.template_panel import draw_panel
from workbench.ui.template_settings import draw_structured_output, draw_tools
from workbench.ui.template_values import draw_values

_FOLDED = "playground-folded"


@st.fragment
def draw_prompt(session: Session) -> None:
    """A change redraws the messages alone, not the columns."""
    say_at_once()
    shared = session.shared

    def changed() -> None:
        keep(session)

    def read_as(chosen: str) -> None:
        session.is_plain = chosen == PLAIN
        if chosen != PLAIN:
            shared.set_format("jinja2" if chosen == "jinja2" else "f-string")
        keep(session)

    folded = bool(st.session_state.get(_FOLDED))
    with st.container(horizontal=True, vertical_alignment="center", key="playground-prompt-bar"):
        st.button(
            _words(session),
            icon=":material/chevron_right:" if folded else ":material/expand_more:",
            type="tertiary",
            key="fold-messages",
            help="Show the messages" if folded else "Hide the messages",
            on_click=lambda: st.session_state.update({_FOLDED: not folded}),
        )
        st.space("stretch")
        draw_reading(shared.subject, session.is_plain, shared.format, read_as)
    if folded:
        return
    cards, panel = st.columns([1.1, 1], gap="medium")
    with cards:
        draw_cards(shared, changed)
    draw_fixes = None
    with panel:
        more = _names_elsewhere(session)
        if shared.template_id is None and template_of(session) is None:
            own = [] if session.is_plain else names_in(shared.prompt)
            draw_session_sets(session, [*own, *more], changed)
        if session.is_plain:
            st.caption("Sent as it is written: no variables, braces are braces.")
            nothing = analyse_prompt({"type": "chat", "messages": []})
            draw_values(shared, nothing, changed, more, template_of(session))
        else:
            template = template_of(session)
            draw_fixes = draw_panel(
                shared, changed, values_first=True, more=more, template=template
            )
        draw_tools(shared, changed, lambda: draw_mocks(session, shared))
        draw_structured_output(shared, changed)
    if draw_fixes is not None:
        draw_fixes()


def _words(session: Session) -> str:
    count = len(session.shared.messages)
    return f"{count} {'message' if count == 1 else 'messages'} for all columns"


def _names_elsewhere(session: Session) -> list[str]:
    """Variables of columns that have messages of their own."""
    others = [one for one in session.columns if one.template is not None or one.own is not None]
    return list(dict.fromkeys(name for one in others for name in names_of(session, one)))


def template_of(session: Session) -> tuple[int, str] | None:
    """The template whose variable sets are offered: the first that a column takes."""
    chosen = (one.template for one in session.columns if one.template is not None)
    return next(((one.id, one.name) for one in chosen), None)
