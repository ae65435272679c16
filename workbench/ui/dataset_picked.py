"""What can be done with many rows of the draft at once."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from workbench.datasets.changing import Change, start_changing
from workbench.store import dataset_pages
from workbench.store.connection import Cursor
from workbench.store.dataset_pages import Condition
from workbench.store.store import open_store
from workbench.ui import access, words
from workbench.ui.dataset_links import Opened, show_row

# So long a click waits for its own work, so that most need no progress bar.
WAIT_SECONDS = 1.5


def draw_picked(found: Opened, picked: list[int], where: Sequence[Condition], total: int) -> None:
    """The bar of the rows whose boxes are ticked. total: how many match the conditions."""
    with st.container(
        horizontal=True, vertical_alignment="center", gap="small", key="picked-rows", border=True
    ):
        st.markdown(f"**{words.plural(len(picked), 'row')}** picked")
        every = False
        if total > len(picked):
            every = st.toggle(f"All {total:,} that match", key="picked-every")
        if st.button("Split", icon=":material/call_split:", type="tertiary", key="picked-split"):
            _ask_split(found, picked, where, every)
        if st.button("Tags", icon=":material/label:", type="tertiary", key="picked-tags"):
            _ask_tags(found, picked, where, every)
        if st.button("Take out", icon=":material/delete:", type="tertiary", key="picked-delete"):
            _ask_delete(found, picked, where, every)


def _ids(found: Opened, picked: list[int], where: Sequence[Condition], every: bool) -> list[int]:
    if not every:
        return picked
    return dataset_pages.ids(
        open_store().connection, found.dataset.id, found.version.number, where=where
    )


def begin(
    found: Opened,
    title: str,
    steps: Sequence[tuple[Sequence[int], Change]],
    verb: str = "changed",
) -> None:
    """Start changes of rows; a click waits for those that take no longer than a moment."""
    job = start_changing(open_store(), access.actor(), found.dataset.id, title, steps, verb)
    job.wait(WAIT_SECONDS)


@st.dialog("Put into a split")
def _ask_split(found: Opened, picked: list[int], where: Sequence[Condition], every: bool) -> None:
    store, actor, id_ = open_store(), access.actor(), found.dataset.id
    there = dataset_pages.splits(store.connection, id_, found.version.number)
    options = list(dict.fromkeys([*(one for one in there if one), "train", "test"]))
    split = st.selectbox(
        "Split", options, index=None, accept_new_options=True, placeholder="None: take it out"
    )
    if st.button("Set", type="primary"):

        def change(cursor: Cursor, part: list[int]) -> int:
            return store.datasets.set_split(cursor, actor, id_, part, split)

        begin(found, "Split", [(_ids(found, picked, where, every), change)])
        st.rerun()


@st.dialog("Tags")
def _ask_tags(found: Opened, picked: list[int], where: Sequence[Condition], every: bool) -> None:
    store, actor, id_ = open_store(), access.actor(), found.dataset.id
    known = list(dataset_pages.tags(store.connection, id_, found.version.number))
    add = st.multiselect("Add", known, accept_new_options=True, placeholder="Tags")
    remove = st.multiselect("Remove", known, placeholder="Tags")
    if st.button("Change tags", type="primary", disabled=not add and not remove):

        def change(cursor: Cursor, part: list[int]) -> int:
            changes = store.datasets
            first = changes.add_tags(cursor, actor, id_, part, add) if add else 0
            then = changes.remove_tags(cursor, actor, id_, part, remove) if remove else 0
            return max(first, then)

        begin(found, "Tags", [(_ids(found, picked, where, every), change)])
        st.rerun()


@st.dialog("Take rows out of the draft?")
def _ask_delete(found: Opened, picked: list[int], where: Sequence[Condition], every: bool) -> None:
    ids = _ids(found, picked, where, every)
    st.markdown(
        f"**{words.plural(len(ids), 'row')}** would go. Published versions keep theirs; rows that "
        "were added in this draft are gone for good."
    )
    if st.button(f"Take {words.plural(len(ids), 'row')} out", type="primary"):
        begin(found, "Taking out", [(ids, _deleting(found))], "taken out")
        show_row(None)
        st.rerun()


def _deleting(found: Opened) -> Change:
    store, actor = open_store(), access.actor()

    def change(cursor: Cursor, part: list[int]) -> int:
        return store.datasets.delete_rows(cursor, actor, found.dataset.id, part)

    return change
