"""One prompt template: its heading, and the editor, its versions, its labels, its use."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from workbench.registry import finding, labels
from workbench.store.errors import NotFound
from workbench.store.registry_rows import Template
from workbench.store.store import open_store
from workbench.ui import state
from workbench.ui.evaluation_links import draw_evaluate_template
from workbench.ui.hostile import escaped
from workbench.ui.request_actions import read_id
from workbench.ui.template_draft import current, draw_others, draw_watch
from workbench.ui.template_editor import draw_editor
from workbench.ui.template_labels import draw_labels
from workbench.ui.template_list import NEW
from workbench.ui.template_menu import draw_menu
from workbench.ui.template_usage import draw_usage
from workbench.ui.template_versions import draw_versions

EDITOR = "Editor"
TABS: dict[str, Callable[[Template], None]] = {
    "Versions": draw_versions,
    "Labels": draw_labels,
    "Use": draw_usage,
}


def draw_template(text: str) -> None:
    """text: the `template` of the link, an id or "new"."""
    template_id = read_id(state.TEMPLATE)
    if template_id is None and text != NEW:
        st.info("There is no such prompt template. Choose one in the list.")
        _draw_back()
        return
    try:
        template = None
        if template_id is not None:
            template = finding.template(open_store().connection, template_id)
        _draw_head(template)
        tab = _choose_tab() if template is not None else EDITOR
        if template is not None and tab in TABS:
            TABS[tab](template)
            return
        editing = current(template_id, _version())
    except NotFound as error:
        st.info(escaped(str(error)))
        _draw_back()
        return
    draw_watch(editing)
    draw_others(editing)
    draw_editor(editing)


def _choose_tab() -> str:
    chosen = st.segmented_control(
        "Part",
        (EDITOR, *TABS),
        default=EDITOR,
        required=True,
        key=state.TAB,
        bind="query-params",
        label_visibility="collapsed",
    )
    return chosen or EDITOR


def _version() -> int | None:
    text = st.query_params.get(state.VERSION, "")
    return int(text) if text.isdecimal() and len(text) < 10 else None


def _draw_back() -> None:
    if st.button("All templates", icon=":material/arrow_back:", type="tertiary"):
        _leave()


def _leave() -> None:
    for name in (state.TEMPLATE, state.VERSION, state.TAB, state.PANEL, state.VALUE_SET):
        st.query_params.pop(name, None)
    st.rerun()


def _draw_head(template: Template | None) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if st.button("", icon=":material/arrow_back:", type="tertiary", help="All templates"):
            _leave()
        if template is None:
            st.html('<p class="wb-head"><strong>New prompt template</strong></p>')
            return
        found = labels.labels(open_store().connection, template.id)
        said = " · ".join(f"{each.name}: {each.number}" for each in found)
        st.html(
            f'<p class="wb-head"><strong>{escaped(template.name)}</strong> '
            f'<span class="wb-note">{escaped(said)}</span></p>',
            width="stretch",
        )
        draw_evaluate_template(template.id)
        draw_menu(template)
