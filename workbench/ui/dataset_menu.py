"""What one does with a whole dataset: name, duplicates, discard the draft, remove with undo."""

from __future__ import annotations

import streamlit as st

from workbench.datasets.changing import Change, start_removing_duplicates
from workbench.datasets.splitting import by_chance
from workbench.store import dataset_duplicates, dataset_pages
from workbench.store.connection import Cursor
from workbench.store.datasets import Dataset
from workbench.store.errors import NotFound, Refused
from workbench.store.store import open_store
from workbench.ui import access, state, words
from workbench.ui.dataset_links import Opened, say, show_dataset, show_version
from workbench.ui.dataset_picked import WAIT_SECONDS, begin
from workbench.ui.importing_words import plain
from workbench.ui.menus import close_menus, menu_key
from workbench.ui.request_actions import address


def draw_menu(dataset: Dataset, found: Opened | None) -> None:
    with st.popover(
        "", icon=":material/more_horiz:", type="tertiary", key=menu_key("dataset-more"), help="More"
    ):
        if _item("Name and description…", "edit", "dataset-rename"):
            _ask_name(dataset)
        if found is not None and found.is_draft:
            if _item("Remove duplicates…", "filter_none", "dataset-duplicates"):
                _ask_duplicates(found)
            if _item("Split at random…", "call_split", "dataset-split"):
                _ask_split(found)
            if _item("Discard the draft…", "undo", "dataset-discard"):
                _ask_discard(found)
        if _item("Remove this dataset…", "delete", "dataset-remove"):
            _ask_remove(dataset)
        st.caption("Link to this version:")
        link = {state.DATASET: str(dataset.id)}
        if found is not None:
            link[state.VERSION] = str(found.version.number)
        st.code(address("datasets", link), language=None, wrap_lines=True)


def _item(label: str, icon: str, key: str) -> bool:
    return bool(
        st.button(label, icon=f":material/{icon}:", type="tertiary", key=key, on_click=close_menus)
    )


@st.dialog("Name and description")
def _ask_name(dataset: Dataset) -> None:
    name = st.text_input("Name", dataset.name, max_chars=200)
    description = st.text_area("Description", dataset.description, max_chars=10_000)
    if not st.button("Keep", type="primary"):
        return
    store, actor = open_store(), access.actor()

    def change(cursor: Cursor) -> None:
        store.datasets.rename(cursor, actor, dataset.id, name)
        if description.strip() != dataset.description:
            store.datasets.describe(cursor, actor, dataset.id, description)

    try:
        store.change(change).result()
    except (Refused, NotFound) as error:
        st.error(plain(str(error)))
        return
    say("Kept.")
    st.rerun()


@st.dialog("Remove duplicates")
def _ask_duplicates(found: Opened) -> None:
    st.markdown("Of rows that are the same the first one stays.")
    names = [column.name for column in found.version.columns]
    chosen = st.multiselect(
        "The same in", names, placeholder="All values", help="None chosen: in all their values"
    )
    store, id_ = open_store(), found.dataset.id
    same = dataset_duplicates.find(store.connection, id_, found.version.number, chosen)
    if not same.rows:
        st.info("No row repeats another one.")
        return
    st.markdown(f"**{words.plural(same.rows, 'row')}** would go, such as:")
    rows, firsts = zip(*same.first, strict=True)
    st.dataframe({"Row": rows, "Is the same as": firsts}, hide_index=True, height=220)
    if st.button(f"Remove {words.plural(same.rows, 'row')}", type="primary"):
        start_removing_duplicates(store, access.actor(), id_, chosen).wait(WAIT_SECONDS)
        st.rerun()


@st.dialog("Split at random")
def _ask_split(found: Opened) -> None:
    st.markdown("Every row of the draft goes into one of two splits, by chance and repeatably.")
    left, right = st.columns(2)
    first = left.text_input("First split", "train")
    second = right.text_input("Second split", "test")
    share = st.slider("Share of the second, in %", 1, 99, 20)
    seed = st.number_input("Seed", 0, 2**31 - 1, 0, step=1, help="The same seed splits the same")
    if not st.button("Split", type="primary"):
        return
    store, actor = open_store(), access.actor()
    ids = dataset_pages.ids(store.connection, found.dataset.id, found.version.number)
    chosen = by_chance(ids, share / 100, int(seed))

    def into(split: str) -> Change:
        def change(cursor: Cursor, part: list[int]) -> int:
            return store.datasets.set_split(cursor, actor, found.dataset.id, part, split)

        return change

    others = [id_ for id_ in ids if id_ not in chosen]
    begin(found, "Split at random", [(others, into(first)), (sorted(chosen), into(second))])
    st.rerun()


@st.dialog("Discard the draft?")
def _ask_discard(found: Opened) -> None:
    st.markdown(
        "All that was changed since the newest published version is lost. This cannot be undone."
    )
    if not st.button("Discard it", type="primary"):
        return
    store, actor = open_store(), access.actor()
    try:
        store.change(
            lambda cursor: store.datasets.discard(cursor, actor, found.dataset.id)
        ).result()
    except (Refused, NotFound) as error:
        st.error(plain(str(error)))
        return
    show_version(None)
    say("The draft is discarded.")
    st.rerun()


@st.dialog("Remove this dataset?")
def _ask_remove(dataset: Dataset) -> None:
    st.markdown(
        "It is hidden at once. The list shows removed datasets and restores them on a click, "
        "until a purge takes them away for good."
    )
    if not st.button(f"Remove {plain(dataset.name)}", type="primary"):
        return
    store, actor = open_store(), access.actor()
    try:
        store.change(lambda cursor: store.datasets.remove(cursor, actor, dataset.id)).result()
    except NotFound as error:
        st.error(plain(str(error)))
        return
    show_dataset(None)
    say(f"{dataset.name} is removed.")
    st.rerun()
