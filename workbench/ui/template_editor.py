"""The editor of one prompt template: messages at the left, what the parser sees at the right."""

from __future__ import annotations

import streamlit as st

from workbench.messages import TemplateFormat
from workbench.registry import editing as editings
from workbench.registry import finding
from workbench.registry.editing import Editing
from workbench.store import drafts
from workbench.store.errors import NotFound, Refused
from workbench.store.store import open_store
from workbench.ui import access, state
from workbench.ui.hostile import escaped
from workbench.ui.playground_open import draw_open_editing
from workbench.ui.template_cards import draw_cards
from workbench.ui.template_panel import draw_panel
from workbench.ui.template_save import ask_save
from workbench.ui.template_settings import draw_settings

PARSERS: tuple[TemplateFormat, ...] = ("f-string", "jinja2")


def current(template_id: int | None, number: int | None) -> Editing:
    """What stands in the editor: what was begun, else the version that the link names.

    Raises NotFound.
    """
    subject = editings.NEW if template_id is None else f"template/{template_id}"
    held = st.session_state.get(_place(subject))
    wanted = (template_id, number)
    if isinstance(held, Editing) and (held.is_changed or _shows(subject) == wanted):
        return held
    kept = drafts.kept(open_store().connection, access.person(), subject)
    found = editings.from_json(kept.value) if kept is not None else None
    if found is None:
        found = _load(template_id, number)
    hold(found)
    st.session_state[_place(subject) + "-shows"] = wanted
    return found


def _load(template_id: int | None, number: int | None) -> Editing:
    if template_id is None:
        return editings.blank("", "chat")
    template, version = finding.version(open_store().connection, template_id, number)
    return editings.from_version(template, version)


def _place(subject: str) -> str:
    return f"editing-{subject}"


def _shows(subject: str) -> object:
    return st.session_state.get(_place(subject) + "-shows")


def hold(editing: Editing) -> None:
    """Put something into the editor."""
    st.session_state[_place(editing.subject)] = editing


def keep(editing: Editing) -> None:
    """Keep the draft in the store: it outlives the page, the browser and the server."""
    store, person = open_store(), access.person()
    value, subject = editing.to_json(), editing.subject
    try:
        store.change(lambda cursor: drafts.keep(cursor, person, subject, value)).result()
    except Refused as error:
        st.session_state[state.SAID] = str(error)


def drop(editing: Editing) -> None:
    """Forget what was begun; the editor shows the saved version again."""
    store, person, subject = open_store(), access.person(), editing.subject
    st.session_state.pop(_place(subject), None)
    store.change(lambda cursor: drafts.forget(cursor, person, subject)).result()


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
        draw_settings(editing, changed)
    with panel:
        draw_panel(editing, changed)


def _draw_bar(editing: Editing) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="editor-bar"):
        base = f"from version {editing.base}" if editing.base else "new"
        unsaved = " · unsaved changes" if editing.is_changed else ""
        st.html(f'<p class="wb-note">{escaped(base + unsaved)}</p>', width="stretch")
        if editing.is_changed:
            st.button("Discard", type="tertiary", on_click=drop, args=(editing,))
        widget = f"parser-{editing.subject}-{editing.mark}"

        def choose() -> None:
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
            ask_save(editing, lambda: drop(editing), _take)


def _take(template_id: int) -> None:
    """The newest saved version in the place of what was begun."""
    try:
        fresh = _load(template_id, None)
    except NotFound as error:
        st.session_state[state.SAID] = str(error)
        return
    drop(fresh)
    hold(fresh)


def _draw_name(editing: Editing) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):

        def rename() -> None:
            editing.name = st.session_state["new-name"].strip()
            keep(editing)

        def choose() -> None:
            hold(editings.blank(editing.name, st.session_state["new-kind"]))

        st.text_input(
            "Name", editing.name, key="new-name", on_change=rename, placeholder="support/answer"
        )
        kinds = ("chat", "completion")
        st.segmented_control(
            "Kind",
            kinds,
            default=kinds[0] if editing.is_chat else kinds[1],
            required=True,
            key="new-kind",
            on_change=choose,
            help="Completion templates are one text; other prompts can take them in as snippets",
        )
