"""The editor of one prompt template: messages at the left, what the parser sees at the right."""

from __future__ import annotations

import streamlit as st

from workbench.messages import TemplateFormat
from workbench.registry import editing as editings
from workbench.registry.editing import Editing
from workbench.ui.hostile import escaped
from workbench.ui.playground_open import draw_open_editing
from workbench.ui.saying import say_at_once
from workbench.ui.template_cards import draw_cards
from workbench.ui.template_draft import drop, hold, keep, load_newest, stands, tell_kept
from workbench.ui.template_panel import draw_panel
from workbench.ui.template_save import ask_save
from workbench.ui.template_settings import draw_settings
from workbench.ui.toggles import draw_toggle

PARSERS: tuple[TemplateFormat, ...] = ("f-string", "jinja2")
KINDS = ("chat", "completion")


@st.fragment
def draw_editor(editing: Editing) -> None:
    """A change redraws the editor alone, not the page, unless it put another into the editor."""
    say_at_once()
    if not stands(editing):
        st.rerun()

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

        def choose(parser: TemplateFormat) -> None:
            editing.set_format(parser)
            keep(editing)

        widget = f"parser-{editing.subject}-{editing.mark}"
        draw_toggle("Parser", PARSERS, editing.format, widget, choose)
        draw_open_editing(editing)
        if st.button("Save…", type="primary", icon=":material/save:", shortcut="Ctrl+S"):
            ask_save(editing, lambda: drop(editing), lambda _id: load_newest(editing))


def _draw_name(editing: Editing) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        # Another in its place (discarded, of the other kind) has fields of its own.
        name, kind = f"new-name-{editing.token}", f"new-kind-{editing.token}"

        def rename() -> None:
            editing.name = st.session_state[name].strip()
            keep(editing)

        def choose(chosen: str) -> None:
            other = editings.as_kind(editing, chosen)
            hold(other)
            keep(other)

        st.text_input(
            "Name", editing.name, key=name, on_change=rename, placeholder="support/answer"
        )
        draw_toggle(
            "Kind",
            KINDS,
            KINDS[0] if editing.is_chat else KINDS[1],
            kind,
            choose,
            show_label=True,
            help="Completion templates are one text; other prompts can take them in as snippets",
        )
