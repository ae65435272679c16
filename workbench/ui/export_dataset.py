"""Which version of which dataset leaves."""

from __future__ import annotations

import streamlit as st

from workbench.store import datasets
from workbench.store.store import open_store
from workbench.ui.dataset_links import version_name
from workbench.ui.export_draft import Options, bound, drop_what_rows_are_mapped_by, put, value_at

_OFFERED = 500
_NEWEST = 0


def draw_dataset_choice(options: Options) -> None:
    connection = open_store().connection
    names = {one.id: one.name for one in datasets.listed(connection, limit=_OFFERED)}
    chosen = value_at(options, "dataset")
    if isinstance(chosen, int) and chosen not in names:
        found = datasets.get(connection, chosen)
        names[chosen] = found.name if found else f"Dataset {chosen}, which is not there"
    st.session_state["export-dataset"] = chosen
    st.selectbox(
        "Dataset",
        list(names),
        format_func=lambda id_: names.get(id_, ""),
        key="export-dataset",
        on_change=_choose,
    )
    versions = datasets.versions(connection, chosen) if isinstance(chosen, int) else []
    labels = {one.number: version_name(one) for one in versions}
    st.selectbox(
        "Version",
        [_NEWEST, *labels],
        format_func=lambda number: labels.get(number, "The newest, when the export runs"),
        **bound(options, "version", lambda one: one or _NEWEST, lambda one: one or None),
    )


def _choose() -> None:
    """Another dataset has other versions and columns."""
    put("version", None)
    put("columns", [])
    drop_what_rows_are_mapped_by()
    put("dataset", st.session_state["export-dataset"])
