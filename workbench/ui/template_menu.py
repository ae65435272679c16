"""What one does with a whole template: rename, folder, tags, delete."""

from __future__ import annotations

import streamlit as st

from workbench.jsontext import FieldError
from workbench.registry import folders, listing, templates
from workbench.store.errors import NotFound, Refused
from workbench.store.registry_rows import Template
from workbench.store.store import open_store
from workbench.ui import access, state
from workbench.ui.export_links import draw_prompts_link
from workbench.ui.hostile import escaped

TOP = "At the top"


def draw_menu(template: Template) -> None:
    with st.container(horizontal=True, gap="xsmall", width="content", vertical_alignment="center"):
        if st.button("", icon=":material/edit:", type="tertiary", help="Name, folder and tags"):
            _ask_change(template)
        if st.button("", icon=":material/delete:", type="tertiary", help="Delete this template"):
            _ask_delete(template)
        draw_prompts_link([template.id])


@st.dialog("Name, folder and tags")
def _ask_change(template: Template) -> None:
    store, actor = open_store(), access.actor()
    paths = folders.paths(store.connection)
    names = {"/".join(path) or TOP: folder for folder, path in paths.items()}
    names.setdefault(TOP, None)
    now = next((name for name, id_ in names.items() if id_ == template.folder_id), TOP)
    options = sorted(names, key=lambda name: (name != TOP, name))
    name = st.text_input("Name", template.name, help="Callers fetch the template by its name")
    folder = st.selectbox("Folder", options, index=options.index(now))
    tags = st.multiselect(
        "Tags",
        sorted({*listing.tags(store.connection), *template.tags}),
        default=list(template.tags),
        accept_new_options=True,
    )
    if name.strip() != template.name:
        st.caption("Whoever fetches it by the old name gets an error from then on.")
    if not st.button("Keep", type="primary"):
        return
    try:
        if name.strip() != template.name:
            templates.rename(store, actor, template.id, name.strip())
        if names[folder] != template.folder_id:
            folders.move_template(store, actor, template.id, names[folder])
        if tuple(tags) != template.tags:
            templates.set_tags(store, actor, template.id, tags)
    except (FieldError, Refused, NotFound) as error:
        st.error(escaped(str(error)))
        return
    st.session_state[state.SAID] = "Kept."
    st.rerun()


@st.dialog("Delete this template?")
def _ask_delete(template: Template) -> None:
    st.markdown(
        "Callers get an error from then on. Its versions stay: the list shows deleted templates "
        "and restores them on a click."
    )
    if st.button(f"Delete {escaped(template.name)}", type="primary"):
        try:
            templates.delete(open_store(), access.actor(), template.id)
        except (Refused, NotFound) as error:
            st.error(escaped(str(error)))
            return
        st.query_params.pop(state.TEMPLATE, None)
        st.session_state[state.SAID] = f"{template.name} is deleted."
        st.rerun()
