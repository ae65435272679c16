"""One dataset: its heading with what can be done, and its rows, changes and versions."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from workbench.store import datasets
from workbench.store.datasets import Dataset
from workbench.store.errors import NotFound, Refused
from workbench.store.store import open_store
from workbench.ui import access, state, words
from workbench.ui.dataset_changes import draw_changes
from workbench.ui.dataset_columns import ask_columns
from workbench.ui.dataset_jobs import draw_jobs
from workbench.ui.dataset_links import (
    CHANGES,
    ROWS,
    VERSIONS,
    Opened,
    opened,
    read_dataset,
    say,
    show_dataset,
    show_tab,
    show_version,
    version_name,
)
from workbench.ui.dataset_list import ask_file
from workbench.ui.dataset_menu import draw_menu
from workbench.ui.dataset_row_form import ask_row
from workbench.ui.dataset_rows import draw_rows
from workbench.ui.dataset_versions import draw_versions
from workbench.ui.evaluation_links import draw_evaluate_dataset
from workbench.ui.export_links import draw_dataset_link
from workbench.ui.hostile import escaped
from workbench.ui.importing_words import plain

TABS: dict[str, Callable[[Opened], None]] = {
    ROWS: draw_rows,
    CHANGES: draw_changes,
    VERSIONS: draw_versions,
}


def draw_dataset() -> None:
    dataset_id = read_dataset()
    connection = open_store().connection
    dataset = None if dataset_id is None else datasets.get(connection, dataset_id)
    if dataset is None:
        st.info(
            "There is no such dataset: it was removed (the list shows removed ones), or the link "
            "is from another store."
        )
        st.button(
            "All datasets",
            icon=":material/arrow_back:",
            type="tertiary",
            on_click=show_dataset,
            args=(None,),
        )
        return
    found = opened(connection, dataset)
    _draw_head(dataset, found)
    draw_jobs(dataset.id)
    if found is None:
        st.info("This dataset has no version yet. Open a draft to add rows.")
        st.button("Open a draft", type="primary", on_click=open_draft, args=(dataset.id,))
        return
    _draw_bar(found)
    TABS[_tab()](found)


def _tab() -> str:
    """The part that the link names."""
    named = st.query_params.get(state.TAB, ROWS)
    return named if named in TABS else ROWS


def _draw_head(dataset: Dataset, found: Opened | None) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            "",
            icon=":material/arrow_back:",
            type="tertiary",
            help="All datasets",
            key="all-datasets",
            on_click=show_dataset,
            args=(None,),
        )
        about = f'<span class="wb-note">{escaped(dataset.description[:300])}</span>'
        st.html(
            f'<p class="wb-head"><strong>{escaped(dataset.name)}</strong> {about}</p>',
            width="stretch",
        )
        if found is not None:
            if not found.is_draft:
                draw_evaluate_dataset(dataset.id, found.version.number)
            draw_dataset_link(dataset.id, found.version.number)
        draw_menu(dataset, found)


def _draw_bar(found: Opened) -> None:
    dataset, version = found.dataset, found.version
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="dataset-bar"):
        key = "dataset-tab"
        st.session_state[key] = _tab()
        st.segmented_control(
            "Part",
            tuple(TABS),
            required=True,
            key=key,
            label_visibility="collapsed",
            on_change=lambda: show_tab(st.session_state[key]),
        )
        _draw_version_choice(found)
        rows = words.plural(version.rows, "row")
        st.html(f'<p class="wb-note">{rows}</p>', width="stretch")
        if not found.is_draft:
            label = (
                "Edit" if dataset.draft is None else f"Go to the draft of version {dataset.draft}"
            )
            st.button(
                label,
                icon=":material/edit:",
                key="edit-dataset",
                on_click=open_draft,
                args=(dataset.id,),
                help="Published versions never change: a draft of the next one is changed",
            )
            return
        if st.button("Add a row", icon=":material/add:", type="tertiary", key="add-row"):
            ask_row(found, None)
        if st.button("From a file", icon=":material/upload_file:", type="tertiary"):
            ask_file(dataset.id)
        if st.button("Columns", icon=":material/view_column:", type="tertiary", key="columns"):
            ask_columns(found)
        if st.button("Publish", icon=":material/publish:", type="primary", key="publish"):
            _ask_publish(found)


def _draw_version_choice(found: Opened) -> None:
    listed = datasets.versions(open_store().connection, found.dataset.id)
    numbers = [one.number for one in listed]
    names = {one.number: version_name(one) for one in listed}
    key = f"shown-version-{found.dataset.id}"
    st.session_state[key] = found.version.number
    st.selectbox(
        "Version",
        numbers,
        format_func=lambda number: names.get(number, str(number)),
        key=key,
        label_visibility="collapsed",
        width=200,
        on_change=lambda: show_version(st.session_state[key]),
    )


def open_draft(dataset_id: int) -> None:
    """Open the draft, or go to the one that is open."""
    store, actor = open_store(), access.actor()
    try:
        store.change(lambda cursor: store.datasets.open_draft(cursor, actor, dataset_id)).result()
    except NotFound as error:
        say(str(error))
    show_version(None)


@st.dialog("Publish this draft")
def _ask_publish(found: Opened) -> None:
    number = found.version.number
    st.markdown(
        f"It becomes version {number}, with {words.plural(found.version.rows, 'row')}, and never "
        "changes after that. The next change begins a draft of the version after it."
    )
    note = st.text_area(
        "Note", placeholder="What is in it, and what changed", max_chars=2_000, key="publish-note"
    )
    if not st.button(f"Publish version {number}", type="primary", key="publish-now"):
        return
    store, actor = open_store(), access.actor()
    try:
        store.change(
            lambda cursor: store.datasets.publish(cursor, actor, found.dataset.id, note)
        ).result()
    except (Refused, NotFound) as error:
        st.error(plain(str(error)))
        return
    show_version(None)
    say(f"Version {number} is published.")
    st.rerun()
