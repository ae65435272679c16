"""The store: where it is, what it holds, the sample, and the viewer's time zone."""

from __future__ import annotations

from zoneinfo import available_timezones

import streamlit as st

from workbench.store import audit, preferences, stats
from workbench.store.files import store_size
from workbench.store.store import open_store
from workbench.ui import words
from workbench.ui.access import actor
from workbench.ui.sample import load_button, remove_button
from workbench.ui.settings_deleted import draw_deleted
from workbench.ui.zones import BROWSER, PREFERENCE, exact


def draw_store() -> None:
    store = open_store()
    held = stats.contents(store.connection)
    grid = st.grid(4, min_column_width=160, border=True)
    grid.metric("Requests", f"{held.requests:,}")
    grid.metric("Size on disk", words.size(store_size(store.settings)))
    grid.metric(
        "Images and files", f"{held.blobs:,}", words.size(held.blob_bytes), "off", delta_arrow="off"
    )
    grid.metric("Deleted, not yet purged", f"{held.deleted:,}")
    st.code(
        store.settings.database
        if store.settings.is_ducklake
        else str(store.settings.database_path),
        language=None,
    )
    if held.oldest and held.newest:
        st.caption(f"Requests from {exact(held.oldest)} to {exact(held.newest)}.")
    draw_deleted(held.deleted)
    st.subheader("Sample", anchor=False)
    if held.sample:
        remove_button(held.sample)
    else:
        load_button()
    with st.expander("What was changed lately"):
        _draw_audit()


def _draw_audit() -> None:
    entries = audit.newest(open_store().connection, 50)
    rows = [
        {
            "When": exact(each.at),
            "Who": each.actor,
            "What": each.action,
            "On": each.subject,
            "Detail": str(each.detail),
        }
        for each in entries
    ]
    st.dataframe(rows, hide_index=True, row_height=30)


def draw_time_zone() -> None:
    st.subheader("Time zone", anchor=False)
    connection = open_store().connection
    chosen = preferences.get(connection, PREFERENCE, BROWSER)
    names = [BROWSER, *sorted(available_timezones())]
    picked = st.selectbox(
        "Times and days are shown in",
        names,
        names.index(chosen) if chosen in names else 0,
        format_func=lambda name: "the browser's zone" if name == BROWSER else name,
        width=360,
    )
    if picked != chosen:
        store, who = open_store(), actor()
        store.change(lambda cursor: store.preferences.put(cursor, who, PREFERENCE, picked)).result()
        st.rerun()
    st.caption(
        "Times that are logged without a zone are read in the zone of WORKBENCH_TIME_ZONE "
        f"(now {open_store().settings.time_zone})."
    )
