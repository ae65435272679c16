"""Saving what stands in the editor: what changed, a message, labels; and what to do where somebody
saved meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from workbench.jsontext import FieldError
from workbench.registry import finding, labels, publishing
from workbench.registry.compare import compare_messages, compare_versions
from workbench.registry.editing import Editing
from workbench.registry.publishing import Published
from workbench.store.errors import NotFound, Refused
from workbench.store.registry_rows import Version
from workbench.store.store import open_store
from workbench.ui import access, state
from workbench.ui.diff import draw_text_diff
from workbench.ui.hostile import escaped
from workbench.ui.template_compare import draw_beside
from workbench.ui.template_conflict import draw_conflict
from workbench.ui.template_preflight import draw_check

MAX_MESSAGE = 72
_SIGNS = {"added": "new", "removed": "removed", "changed": "changed"}


@st.dialog("Save as a new version", width="large")
def ask_save(editing: Editing, forget: Callable[[], None], load: Callable[[int], None]) -> None:
    """forget: drops the draft after the save. load: puts a saved version into the editor."""

    def then(published: Published) -> None:
        forget()
        st.query_params[state.TEMPLATE] = str(published.template.id)
        st.query_params.pop(state.VERSION, None)

    draw_save(editing, then, load)


def draw_save(
    editing: Editing, then: Callable[[Published], None], load: Callable[[int], None]
) -> None:
    """The inside of the dialog. then: is told what was saved, before the page runs again."""
    store = open_store()
    newest = _newest(editing)
    if newest != (editing.after or None):
        draw_conflict(editing, newest, load)
        return
    try:
        after, notices = publishing.preview(store, editing.draft(None), editing.after + 1)
    except (FieldError, Refused, NotFound) as error:
        st.error(escaped(str(error)), icon=":material/error:")
        return
    draw_changes(editing, editing.base)
    _draw_rest(editing, after)
    for notice in notices:
        st.caption(f":material/info: {escaped(notice.text)}")
    message = st.text_input("What changed", max_chars=MAX_MESSAGE, key="save-message")
    chosen = st.multiselect(
        "Release labels that move to it",
        labels.label_names(store.connection),
        accept_new_options=True,
        key="save-labels",
    )
    number = editing.after + 1
    _draw_moves(editing, after, chosen)
    if st.button(f"Save version {number}", type="primary", icon=":material/save:"):
        try:
            published = publishing.publish(
                store, access.actor(), editing.draft(message, tuple(chosen))
            )
        except (FieldError, Refused, NotFound) as error:
            st.error(escaped(str(error)), icon=":material/error:")
            return
        then(published)
        waiting = [one.sentence for one in published.labels if one.waits]
        st.session_state[state.SAID] = " ".join([f"Version {number} is saved.", *waiting])
        st.rerun()


def _draw_rest(editing: Editing, after: Version) -> None:
    """What differs from the version that it was made from beside the messages."""
    if editing.base is None:
        return
    _, before = finding.version(open_store().connection, editing.identifier, editing.base)
    draw_beside(compare_versions(before, after))


def _draw_moves(editing: Editing, after: Version, chosen: Sequence[str]) -> None:
    """What each label that would move to the new version does to its callers."""
    if editing.template_id is None:
        return
    connection = open_store().connection
    template = finding.template(connection, editing.template_id)
    for label in chosen:
        st.html(f'<p class="wb-role">Release label {escaped(label)}</p>')
        if labels.is_protected(connection, template.id, label):
            st.info("This label is protected: its move waits for a second person.")
        draw_check(template, label, after, f"save-{label}", known=editing.base)


def _newest(editing: Editing) -> int | None:
    """The number of the newest version; None where the template is not there."""
    try:
        return finding.version(open_store().connection, editing.identifier)[1].number
    except NotFound:
        return None


def draw_changes(editing: Editing, number: int | None) -> None:
    """The texts that differ from a saved version."""
    if number is None:
        return
    _, version = finding.version(open_store().connection, editing.identifier, number)
    changes = [
        each for each in compare_messages(version.prompt, editing.prompt) if each.kind != "same"
    ]
    if not changes:
        st.caption(f"The messages are those of version {number}.")
    for change in changes:
        side = change.after or change.before
        assert side is not None
        st.html(
            f'<p class="wb-role">Message {side.index + 1} · {escaped(side.role)} · '
            f"{_SIGNS[change.kind]}</p>"
        )
        before = change.before.text if change.before else ""
        after = change.after.text if change.after else ""
        draw_text_diff(before, after, layout="together")
