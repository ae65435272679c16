"""Editing what people add to a request: tags, metadata, scores."""

from __future__ import annotations

import orjson
import pandas as pd
import streamlit as st

from workbench.jsontext import JsonError, read_object
from workbench.store import tags
from workbench.store.errors import Refused
from workbench.store.rows import Detail
from workbench.store.store import open_store
from workbench.ui.access import actor


def draw_annotations(detail: Detail) -> None:
    _draw_tags(detail)
    _draw_metadata(detail)
    _draw_scores(detail)


def _draw_tags(detail: Detail) -> None:
    store = open_store()
    id_ = detail.summary.id
    # Asked here: a change runs in the writer's thread, which knows no session.
    who = actor()
    known = tags.listed(store.connection)
    names = list(dict.fromkeys([*(tag.name for tag in known), *detail.summary.tags]))
    listed = {tag.name for tag in known if tag.listed}
    chosen = st.multiselect(
        "Tags",
        names,
        default=detail.summary.tags,
        key=f"tags-{id_}",
        accept_new_options=True,
        # Where nothing is listed yet there is nothing to be missing from.
        format_func=lambda name: name if name in listed or not listed else f"{name} (unlisted)",
    )
    if chosen != detail.summary.tags:
        try:
            wanted = [tags.checked(name) for name in chosen]
        except Refused as error:
            st.warning(str(error))
            return
        store.change(lambda cursor: store.annotations.set_tags(cursor, who, id_, wanted)).result()
        st.rerun()


def _draw_metadata(detail: Detail) -> None:
    store = open_store()
    id_, who = detail.summary.id, actor()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader("Metadata", anchor=False, width="stretch")
        editing = st.toggle("Edit", key=f"edit-metadata-{id_}")
    if not editing:
        if detail.metadata:
            st.json(detail.metadata, expanded=2)
        else:
            st.caption("No metadata.")
        return
    with st.form(f"metadata-{id_}", border=False):
        shown = orjson.dumps(detail.metadata, option=orjson.OPT_INDENT_2).decode()
        text = st.text_area("Metadata as a JSON object", shown, height=160)
        if st.form_submit_button("Save metadata"):
            try:
                wanted = read_object(text.encode())
            except (JsonError, UnicodeEncodeError) as error:
                st.error(f"Not saved: {error}")
                return
            store.change(
                lambda cursor: store.annotations.set_metadata(cursor, who, id_, wanted)
            ).result()
            st.rerun()


def _draw_scores(detail: Detail) -> None:
    store = open_store()
    id_, who = detail.summary.id, actor()
    st.subheader("Scores", anchor=False)
    if detail.scores:
        table = pd.DataFrame(
            [{"name": each.name, "score": each.value, "by": each.actor} for each in detail.scores]
        )
        st.dataframe(table, hide_index=True, row_height=30)
    with (
        st.form(f"score-{id_}", border=False),
        st.container(horizontal=True, vertical_alignment="bottom"),
    ):
        name = st.text_input("Score name", "default", max_chars=100)
        value = st.number_input("Score, 0 to 100", 0, 100, 100, step=1)
        saved = st.form_submit_button("Save score")
    if saved:
        store.change(
            lambda cursor: store.annotations.set_score(
                cursor, who, id_, name.strip() or "default", float(value)
            )
        ).result()
        st.rerun()
    removable = [each.name for each in detail.scores]
    removed = st.menu_button("Remove a score", removable) if removable else None
    if removed:
        store.change(
            lambda cursor: store.annotations.remove_score(cursor, who, id_, removed)
        ).result()
        st.rerun()
