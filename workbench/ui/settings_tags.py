"""Tags: the list, its colours, renaming and merging."""

from __future__ import annotations

import streamlit as st

from workbench.store import tags
from workbench.store.errors import Refused
from workbench.store.store import open_store
from workbench.store.tags import COLOURS, Tag
from workbench.store.writer import Change
from workbench.ui import words
from workbench.ui.access import actor


def draw_tags() -> None:
    # Asked here: a change runs in the writer's thread, which knows no session.
    who = actor()
    st.markdown(
        "Tags are few and predefined: they put requests into classes. What is unique to a request "
        "belongs into its metadata. A tag that is logged without being listed is kept and flagged."
    )
    store = open_store()
    with (
        st.form("new-tag", clear_on_submit=True, border=False),
        st.container(horizontal=True, vertical_alignment="bottom"),
    ):
        name = st.text_input("New tag", max_chars=tags.MAX_LENGTH)
        colour = st.selectbox("Colour", COLOURS, width=140)
        description = st.text_input("What it means", max_chars=200)
        if st.form_submit_button("Add to the list", type="primary"):
            _change(lambda cursor: store.tags.save(cursor, who, name, colour, description))
    listed = tags.listed(store.connection)
    for tag in sorted(listed, key=lambda each: (each.listed, each.name)):
        _draw_tag(tag, [each.name for each in listed])


def _draw_tag(tag: Tag, names: list[str]) -> None:
    store, who = open_store(), actor()
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.badge(_plain(tag.name), color=tag.colour)  # type: ignore[arg-type]
        note = tag.description if tag.listed else "not on the list"
        used = words.plural(tag.requests, "request")
        st.text(f"{used}{' · ' + note if note else ''}", width="stretch")
        if not tag.listed and st.button("Add to the list", key=f"list-{tag.name}"):
            _change(lambda cursor: store.tags.save(cursor, who, tag.name, "gray"))
        with st.popover("Change"):
            _draw_change(tag, names)


def _draw_change(tag: Tag, names: list[str]) -> None:
    store, who = open_store(), actor()
    if tag.listed:
        colour = st.selectbox(
            "Colour", COLOURS, COLOURS.index(tag.colour), key=f"colour-{tag.name}"
        )
        if colour != tag.colour:
            _change(lambda cursor: store.tags.save(cursor, who, tag.name, colour, tag.description))
    new = st.text_input("New name", tag.name, key=f"rename-{tag.name}", max_chars=tags.MAX_LENGTH)
    exists = new in names and new != tag.name
    if exists:
        st.caption(f"{new} exists: the two become one. This cannot be undone.")
    if st.button(
        "Merge" if exists else "Rename", key=f"do-rename-{tag.name}", disabled=new == tag.name
    ):
        _change(lambda cursor: store.tags.rename(cursor, who, tag.name, new))
    if tag.listed and st.button("Take off the list", key=f"unlist-{tag.name}"):
        _change(lambda cursor: store.tags.unlist(cursor, who, tag.name))


def _change(change: Change[object]) -> None:
    try:
        open_store().change(change).result()
    except Refused as error:
        st.warning(str(error))
    else:
        st.rerun()


def _plain(name: str) -> str:
    """A tag as a badge shows it: without the Markdown that its label would read."""
    return "".join(f"\\{each}" if each in "\\`*_{}[]()#+-.!:$~<>|" else each for each in name)
