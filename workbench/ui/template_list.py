"""The list of prompt templates: folders, tags, labels, last change, use."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pandas as pd
import streamlit as st

from workbench.jsontext import FieldError
from workbench.registry import editing as editings
from workbench.registry import folders, labels, listing, templates
from workbench.registry.listing import Item, Page, Query
from workbench.store import drafts
from workbench.store.errors import NotFound, Refused
from workbench.store.registry_listing import ANY_FOLDER
from workbench.store.store import open_store
from workbench.ui import access, state, words
from workbench.ui.export_links import MOST_PICKED, draw_prompts_link
from workbench.ui.hostile import escaped
from workbench.ui.log_table import ROW_HEIGHT

ROWS = 50
SHOWN_AT_ONCE = 24
NEW = "new"
_TABLE = "template-table"


def draw_list() -> None:
    query = _draw_filters()
    connection = open_store().connection
    number = max(1, _number(st.query_params.get("page", "1")))
    found = listing.search(
        connection, query, now=datetime.now(UTC), limit=ROWS, offset=(number - 1) * ROWS
    )
    if not found.items:
        _draw_empty(query)
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        word = "template" if found.total == 1 else "templates"
        st.markdown(f"**{found.total:,}** {word}", width="stretch")
        if query.status != "deleted":
            _draw_export(found, query)
    _draw_table(found.items, query.status == "deleted")
    if found.total > ROWS:
        pages = (found.total + ROWS - 1) // ROWS
        st.pagination(pages, default=min(number, pages), key="page", bind="query-params")


def _draw_export(found: Page, query: Query) -> None:
    """A link to the export of the whole list, and not of its page alone."""
    if found.total > len(found.items):
        found = listing.search(
            open_store().connection, query, now=datetime.now(UTC), limit=MOST_PICKED
        )
    first = f"Export the first {MOST_PICKED:,}" if found.total > MOST_PICKED else "Export"
    draw_prompts_link([each.template.id for each in found.items], first)


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 7 else 1


def _draw_filters() -> Query:
    connection = open_store().connection
    paths = folders.paths(connection)
    names = {"/".join(path): folder for folder, path in paths.items() if folder is not None}
    with st.container(horizontal=True, vertical_alignment="bottom", key="template-filters"):
        text = st.text_input(
            "Search",
            key="q",
            bind="query-params",
            placeholder="Name or words of the text",
            width="stretch",
            label_visibility="collapsed",
        )
        folder = _choice("folder", "Folder", "Every folder", sorted(names), 190)
        tag = _choice("tag", "Tag", "Every tag", listing.tags(connection))
        label = _choice("label", "Release label", "Every label", labels.label_names(connection))
        deleted = st.toggle("Deleted", key="deleted", bind="query-params")
        if st.button("New folder", icon=":material/create_new_folder:", type="tertiary"):
            _ask_folder(names)
        if st.button("New template", icon=":material/add:", type="primary"):
            st.query_params[state.TEMPLATE] = NEW
            st.rerun()
    return Query(
        text=text or None,
        tags=(tag,) if tag else (),
        folder_id=names.get(folder, ANY_FOLDER) if folder else ANY_FOLDER,
        label=label,
        status="deleted" if deleted else "active",
    )


def _choice(
    key: str, title: str, placeholder: str, options: list[str], width: int = 150
) -> str | None:
    """One of the options, or None for all; it stands in the link under `key`."""
    return st.selectbox(
        title,
        options,
        index=None,
        key=key,
        bind="query-params",
        placeholder=placeholder,
        width=width,
        label_visibility="collapsed",
    )


@st.dialog("New folder")
def _ask_folder(names: dict[str, int]) -> None:
    parent = st.selectbox("Inside", sorted(names), index=None, placeholder="At the top")
    name = st.text_input("Name")
    if st.button("Make folder", type="primary"):
        try:
            folders.create(
                open_store(), access.actor(), name, names.get(parent) if parent else None
            )
        except (FieldError, Refused, NotFound) as error:
            st.error(escaped(str(error)))
            return
        st.rerun()


def _draw_table(items: list[Item] | tuple[Item, ...], deleted: bool) -> None:
    begun = drafts.subjects(open_store().connection, access.person())
    rows = [_row(item, begun) for item in items]
    selected = st.dataframe(
        pd.DataFrame(rows),
        key=f"{_TABLE}-{hash(tuple(item.template.id for item in items))}",
        hide_index=True,
        row_height=ROW_HEIGHT,
        height=ROW_HEIGHT * (min(len(rows), SHOWN_AT_ONCE) + 1) + 4,
        on_select="rerun",
        selection_mode="single-cell",
        column_config={
            "Tags": st.column_config.ListColumn(),
            "Labels": st.column_config.ListColumn(),
            "Changed": st.column_config.DatetimeColumn(format="distance"),
            "Requests, 7 days": st.column_config.NumberColumn(format="localized"),
        },
    )
    cells = selected["selection"]["cells"]
    if not cells:
        return
    item = items[cells[0][0]]
    if deleted:
        templates.restore(open_store(), access.actor(), item.template.id)
        st.session_state[state.SAID] = f"{item.template.name} is restored."
        st.query_params.pop("deleted", None)
    st.query_params[state.TEMPLATE] = str(item.template.id)
    st.rerun()


def _row(item: Item, begun: dict[str, datetime]) -> dict[str, Any]:
    version = item.version
    model = f"{version.model_provider or ''}/{version.model_name or ''}".strip("/")
    return {
        "Name": item.template.name,
        "Folder": "/".join(item.folder),
        "Version": version.number,
        "Labels": [f"{label.name}: {label.number}" for label in item.labels],
        "Tags": list(item.template.tags),
        "Model": model,
        "Variables": len(version.variables),
        "Requests, 7 days": item.requests,
        "Changed": item.template.updated_at,
        "By": version.created_by,
        "Draft": "unsaved" if f"template/{item.template.id}" in begun else "",
    }


def _draw_empty(query: Query) -> None:
    if query != Query():
        st.info("No prompt template matches. Clear the search or choose another folder.")
        return
    with st.container(border=True):
        st.subheader("No prompt templates yet", anchor=False)
        st.markdown(
            "Make one here, publish one with the `promptlayer` package, or import a folder with "
            "`python -m workbench prompts import`."
        )
        with st.container(horizontal=True):
            for kind, title in (("chat", "New chat template"), ("completion", "New snippet")):
                if st.button(title, icon=":material/add:", key=f"new-{kind}"):
                    blank = editings.blank("", kind)
                    st.session_state[f"editing-{blank.subject}"] = blank
                    st.query_params[state.TEMPLATE] = NEW
                    st.rerun()
        st.caption(words.plural(0, "template"))
