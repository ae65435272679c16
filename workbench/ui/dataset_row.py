"""One row whole beside the table, and in a draft its form."""

from __future__ import annotations

import streamlit as st

from workbench.store import dataset_reading
from workbench.store.dataset_reading import DatasetRow
from workbench.store.errors import NotFound, Refused
from workbench.store.store import open_store
from workbench.ui import access, state
from workbench.ui.dataset_links import Opened, say, show_row, turn_to
from workbench.ui.dataset_row_form import ask_row
from workbench.ui.dataset_values import draw_value
from workbench.ui.hostile import escaped
from workbench.ui.importing_words import plain

#: A row and the page that it is on.
Place = tuple[int, int]


def draw_row(found: Opened, row_id: int, before: Place | None, after: Place | None) -> None:
    rows = dataset_reading.rows_by_id(
        open_store().connection, found.dataset.id, found.version.number, [row_id]
    )
    row = rows.get(row_id)
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.html(f'<p class="wb-head"><strong>Row {row_id}</strong></p>', width="stretch")
        _draw_tools(found, row, before, after)
    if row is None:
        st.info("This row is not in this version.")
        return
    _draw_about(row)
    missing = []
    for number, column in enumerate(found.version.columns):
        value = row.values.get(column.name)
        if value is None:
            missing.append(column.name)
            continue
        role = "" if column.role == "input" else f" · {column.role}"
        st.html(f'<p class="wb-role">{escaped(column.name)}{role}</p>')
        draw_value(value, f"value-{row.id}-{number}")
    hidden = row.values.keys() - {column.name for column in found.version.columns}
    if missing:
        st.caption(f"Without a value: {plain(', '.join(missing))}")
    if hidden:
        st.caption(f"In hidden columns: {plain(', '.join(sorted(hidden)))}")


def _draw_tools(
    found: Opened, row: DatasetRow | None, before: Place | None, after: Place | None
) -> None:
    if found.is_draft and row is not None:
        if st.button("Edit", icon=":material/edit:", type="tertiary", key="edit-row", shortcut="e"):
            ask_row(found, row)
        if st.button(
            "", icon=":material/delete:", type="tertiary", key="delete-row", help="Take it out"
        ):
            _delete(found, row.id, after or before)
    for icon, key, place, what in (
        (":material/keyboard_arrow_up:", "k", before, "Previous row"),
        (":material/keyboard_arrow_down:", "j", after, "Next row"),
    ):
        st.button(
            "",
            icon=icon,
            shortcut=key,
            help=what,
            key=f"go-{key}",
            type="tertiary",
            disabled=place is None,
            on_click=_go,
            args=(place,),
        )
    st.button(
        "",
        icon=":material/close:",
        shortcut="Esc",
        help="Close",
        key="close",
        type="tertiary",
        on_click=show_row,
        args=(None,),
    )


def _go(place: Place | None) -> None:
    if place is None:
        return
    row, page = place
    show_row(row)
    turn_to(page)


def _delete(found: Opened, row_id: int, then: Place | None) -> None:
    store, actor = open_store(), access.actor()
    try:
        store.change(
            lambda cursor: store.datasets.delete_rows(cursor, actor, found.dataset.id, [row_id])
        ).result()
    except (Refused, NotFound) as error:
        st.error(plain(str(error)))
        return
    say(f"Row {row_id} is out of the draft; published versions keep it.")
    show_row(then[0] if then else None)
    st.rerun()


def _draw_about(row: DatasetRow) -> None:
    facts = [f"split {row.split}"] if row.split else []
    facts += [f"tags {', '.join(row.tags)}"] if row.tags else []
    if facts:
        st.html(f'<p class="wb-note">{escaped(" · ".join(facts))}</p>')
    if row.source_request is not None:
        st.page_link(
            "pages/request.py",
            label=f"From request {row.source_request}",
            icon=":material/article:",
            query_params={state.REQUEST: str(row.source_request)},
        )
