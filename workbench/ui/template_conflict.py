"""Somebody saved a version while another was being written: the version that both were made from,
theirs and yours, and three ways on."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from workbench.jsontext import FieldError
from workbench.registry import finding, publishing
from workbench.registry.compare import both_changed, compare_versions
from workbench.registry.editing import Editing
from workbench.store.errors import NotFound, Refused
from workbench.store.registry_rows import Version
from workbench.store.store import open_store
from workbench.ui.hostile import escaped
from workbench.ui.template_compare import draw_comparison
from workbench.ui.zones import minute


def draw_conflict(editing: Editing, newest: int | None, load: Callable[[int], None]) -> None:
    """newest: the number of the version saved meanwhile, None where the template is gone.

    load: puts the newest saved version into the editor.
    """
    if newest is None:
        st.error("This prompt template was deleted meanwhile: restore it in the list first.")
        return
    connection = open_store().connection
    template, theirs = finding.version(connection, editing.identifier, newest)
    begun = f"from version {editing.base}" if editing.base else "as a new template"
    when = minute(theirs.info.created_at)
    said = f" “{theirs.info.message}”" if theirs.info.message else ""
    st.warning(
        f"Version {newest} was saved meanwhile by {escaped(theirs.info.created_by)}"
        f"{escaped(said)} ({when}); yours was begun {begun}.",
        icon=":material/call_split:",
    )
    with st.container(horizontal=True):
        st.button(
            "Save mine after it",
            help="Yours becomes the newest; theirs stays below it",
            on_click=_go_after,
            args=(editing, template.id, theirs),
        )
        if st.button("Take theirs", help="What stands in your editor is dropped"):
            load(template.id)
            st.rerun()
        if st.button("Go on editing", type="primary"):
            st.rerun()
    _draw_three(editing, template.id, theirs)


def _go_after(editing: Editing, template_id: int, theirs: Version) -> None:
    editing.template_id, editing.base, editing.base_id = template_id, theirs.number, theirs.id
    editing.seen = None


def _draw_three(editing: Editing, template_id: int, theirs: Version) -> None:
    try:
        draft = editing.draft(None)
        mine, _ = publishing.preview(open_store(), draft, theirs.number + 1)
    except (FieldError, Refused, NotFound) as error:
        st.error(f"Yours cannot be saved as it is: {escaped(str(error))}", icon=":material/error:")
        return
    base = _base(editing, template_id)
    if base is not None:
        by_them, by_you = compare_versions(base, theirs), compare_versions(base, mine)
        both = both_changed(by_them, by_you)
        st.markdown(
            f"**Both of you changed** {escaped(', '.join(both))}."
            if both
            else "You changed different things."
        )
        left, right = st.columns(2, gap="medium")
        with left:
            st.html(f'<p class="wb-role">Theirs · version {base.number} → {theirs.number}</p>')
            draw_comparison(by_them)
        with right:
            st.html(f'<p class="wb-role">Yours · version {base.number} → draft</p>')
            draw_comparison(by_you)
    with st.expander(
        f"What saving yours would change in version {theirs.number}", expanded=base is None
    ):
        draw_comparison(compare_versions(theirs, mine))


def _base(editing: Editing, template_id: int) -> Version | None:
    """The version that the draft was made from."""
    if editing.base is None:
        return None
    try:
        return finding.version(open_store().connection, template_id, editing.base)[1]
    except NotFound:
        return None
