"""What stands in the playground as a version in the registry."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import streamlit as st

from workbench.playground.session import Column, Session
from workbench.registry import editing as editings
from workbench.registry import finding
from workbench.registry.editing import Editing
from workbench.registry.publishing import Published
from workbench.store import drafts
from workbench.store.errors import NotFound
from workbench.store.store import open_store
from workbench.templates import with_format
from workbench.ui import access, state
from workbench.ui.model_settings import ours
from workbench.ui.playground_state import keep
from workbench.ui.template_draft import hold
from workbench.ui.template_draft import keep as keep_draft
from workbench.ui.template_list import NEW
from workbench.ui.template_save import draw_save

TEMPLATES_PAGE = "pages/templates.py"
_SAVING = "playground-saving"


@st.dialog("Save as a version", width="large")
def ask_save_version(session: Session) -> None:
    columns = {one.id: one for one in session.columns if one.template is None}
    if not columns:
        st.info("Every column takes its messages from a saved template.")
        return
    name = st.text_input(
        "Name of the prompt template",
        session.shared.name,
        key=f"save-name-{session.id}",
        placeholder="support/answer",
        help="A new template, or a new version of the one that has this name",
    ).strip()
    chosen = st.selectbox(
        "Model and settings of",
        list(columns),
        format_func=lambda id_: f"{session.title(columns[id_])} · {columns[id_].model}",
        key=f"save-column-{session.id}",
    )
    if not name or chosen is None:
        st.caption("Give it a name first.")
        return
    editing = _held(session, columns[chosen], name)

    def then(published: Published) -> None:
        st.session_state.pop(_SAVING, None)
        shared = session.shared
        if columns[chosen].own is None and not session.is_plain:
            shared.name, shared.template_id = published.template.name, published.template.id
            shared.base, shared.base_id = published.version.number, published.version.id
            shared.is_changed = False
            keep(session)

    draw_save(editing, then, lambda _id: None)


@st.dialog("Open in the editor")
def ask_open_editor(session: Session, column: Column) -> None:
    """Put a column's messages, model and settings into the editor of prompt templates."""
    editing = to_save(session, column, session.shared.name)
    editing.values = {**session.shared.values, **column.values}
    editing.is_changed = True
    kept = drafts.kept(open_store().connection, access.person(), editing.subject)
    target = {state.TEMPLATE: str(editing.template_id or NEW)}
    if kept is not None:
        st.markdown("The editor holds unsaved work that is not of this column.")
        with st.container(horizontal=True):
            replace = st.button("Replace it", type="primary", key="editor-replace")
            st.page_link(TEMPLATES_PAGE, label="See it first", query_params=target)
        if not replace:
            return
    hold(editing)
    keep_draft(editing)
    st.switch_page(TEMPLATES_PAGE, query_params=target)


def _held(session: Session, column: Column, name: str) -> Editing:
    """What is to be saved; the same object as long as the dialog asks the same, since a clash is
    settled in it."""
    sign = (session.id, session.revision, column.id, name)
    held = st.session_state.get(_SAVING)
    if held is None or held[0] != sign:
        held = (sign, to_save(session, column, name))
        st.session_state[_SAVING] = held
    editing: Editing = held[1]
    return editing


def to_save(session: Session, column: Column, name: str) -> Editing:
    """A column as the registry's editor would hold it: messages, model, settings."""
    source = column.own or session.shared
    is_plain = column.own_is_plain if column.own else session.is_plain
    copied = editings.from_json(deepcopy(source.to_json()))
    assert copied is not None
    copied.place = None
    if is_plain:
        copied.put(escaped_braces(copied.prompt))
    if name != copied.name or copied.template_id is None:
        copied.name, copied.template_id, copied.base, copied.base_id = name, None, None, None
        try:
            # A template of this name goes on with a version after its newest.
            template, version = finding.version(open_store().connection, name)
        except NotFound:
            pass
        else:
            copied.template_id = template.id
            copied.base, copied.base_id = version.number, version.id
    provider, _, model = column.model.partition("/")
    parameters = {**_shared_parameters(session), **ours(column.parameters)}
    if model:
        copied.metadata["model"] = {"provider": provider, "name": model, "parameters": parameters}
    else:
        copied.metadata.pop("model", None)
    return copied


def _shared_parameters(session: Session) -> dict[str, Any]:
    found = session.shared.model.get("parameters") or {}
    return {name: value for name, value in found.items() if name == "response_format"}


def escaped_braces(prompt: dict[str, Any]) -> dict[str, Any]:
    """Plain texts as f-string templates that render to the same texts."""
    copied = with_format(prompt, "f-string")
    for owner in copied.get("messages") or [copied]:
        for part in owner.get("content") or ():
            if isinstance(part, dict) and part.get("type") == "text":
                text = str(part.get("text") or "")
                part["text"] = text.replace("{", "{{").replace("}", "}}")
    return copied
