"""The editor of one prompt template: messages at the left, what the parser sees at the right."""

from __future__ import annotations

import streamlit as st

from workbench.messages import TemplateFormat
from workbench.registry import editing as editings
from workbench.registry.editing import Editing
from workbench.ui.hostile import escaped
from workbench.ui.playground_open import draw_open_editing
from workbench.ui.template_cards import draw_cards
from workbench.ui.template_draft import drop, hold, keep, load_newest, tell_kept
from workbench.ui.template_panel import draw_panel
from workbench.ui.template_save import ask_save
from workbench.ui.template_settings import draw_settings

PARSERS: tuple[TemplateFormat, ...] = ("f-string", "jinja2")


@st.fragment
def draw_editor(editing: Editing) -> None:
    """A change redraws the editor alone, not the page."""

    def changed() -> None:
        keep(editing)

    _draw_bar(editing)
    if editing.template_id is None:
        _draw_name(editing)
    cards, panel = st.columns([1.1, 1], gap="medium")
    with cards:
        draw_cards(editing, changed)
    # Before the settings: it is what an edit is answered with.
    with panel:
        draw_fixes = draw_panel(editing, changed, linked=True)
    with cards:
        draw_settings(editing, changed)
    tell_kept()
    draw_fixes()


def _draw_bar(editing: Editing) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="editor-bar"):
        base = f"from version {editing.base}" if editing.base else "new"
        unsaved = " · unsaved changes" if editing.is_changed else ""
        st.html(f'<p class="wb-note">{escaped(base + unsaved)}</p>', width="stretch")
        if editing.is_changed:
            st.button("Discard", type="tertiary", on_click=drop, args=(editing,))
        widget = f"parser-{editing.subject}-{editing.mark}"

        def choose() -> None:
            # Also called where the toggle has just come onto the page and nobody touched it.
            if st.session_state[widget] != editing.format:
                editing.set_format(st.session_state[widget])
                keep(editing)

        st.segmented_control(
            "Parser",
            PARSERS,
            default=editing.format,
            required=True,
            key=widget,
            label_visibility="collapsed",
            on_change=choose,
        )
        draw_open_editing(editing)
        if st.button("Save…", type="primary", icon=":material/save:", shortcut="Ctrl+S"):
            ask_save(editing, lambda: drop(editing), lambda _id: load_newest(editing))


def _draw_name(editing: Editing) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):

        def rename() -> None:
            editing.name = st.session_state["new-name"].strip()
            keep(editing)

        kinds = ("chat", "completion")
        now = kinds[0] if editing.is_chat else kinds[1]

        def choose() -> None:
            if st.session_state["new-kind"] != now:
                hold(editings.blank(editing.name, st.session_state["new-kind"]))

        st.text_input(
            "Name", editing.name, key="new-name", on_change=rename, placeholder="support/answer"
        )
        st.segmented_control(
            "Kind",
            kinds,
            default=now,
            required=True,
            key="new-kind",
            on_change=choose,
            help="Completion templates are one text; other prompts can take them in as snippets",
        )
