"""The link of the Datasets page: which dataset, which version of it, which page, order and row."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from workbench.store import datasets
from workbench.store.connection import Connection
from workbench.store.datasets import Dataset, Version
from workbench.ui import state

PAGE = "pages/datasets.py"
ROWS, CHANGES, VERSIONS = "Rows", "Changes", "Versions"
_OF_VIEW = (
    state.ROW,
    state.SORT,
    state.TAB,
    state.VERSION,
    "q",
    "deleted",
    "page",
    "before",
    "after",
)


@dataclass(frozen=True, slots=True)
class Opened:
    """The dataset and the version of it that the link names."""

    dataset: Dataset
    version: Version

    @property
    def is_draft(self) -> bool:
        return self.version.is_draft


def dataset_params(dataset_id: int, **more: str) -> dict[str, str]:
    """The link to a dataset."""
    return {state.DATASET: str(dataset_id), **more}


def opened(connection: Connection, dataset: Dataset) -> Opened | None:
    """The version that the link names; without one the draft, else the newest. None where the
    dataset has none."""
    named = read_number(state.VERSION)
    number = named or dataset.draft or dataset.newest
    found = None if number is None else datasets.version(connection, dataset.id, number)
    if found is None and named is not None:
        st.warning(f"There is no version {named} of this dataset; this is the newest one.")
        number = dataset.draft or dataset.newest
        found = None if number is None else datasets.version(connection, dataset.id, number)
    return None if found is None else Opened(dataset, found)


def read_dataset() -> int | None:
    text = st.query_params.get(state.DATASET, "")
    return int(text) if text.isdecimal() and len(text) <= 16 else None


def read_number(name: str) -> int | None:
    """A small number of the link; None where it holds none."""
    text = st.query_params.get(name, "")
    return int(text) if text.isdecimal() and 0 < len(text) < 9 else None


def show_dataset(dataset_id: int | None) -> None:
    """Go to a dataset, or to the list; nothing of another view stays in the link."""
    for name in (state.DATASET, state.IMPORT_FILE, *_OF_VIEW):
        st.query_params.pop(name, None)
    if dataset_id is not None:
        st.query_params[state.DATASET] = str(dataset_id)


def show_version(number: int | None) -> None:
    """Look at a version; None is the draft, or the newest one."""
    for name in (state.ROW, "page", state.VERSION):
        st.query_params.pop(name, None)
    if number is not None:
        st.query_params[state.VERSION] = str(number)


def draw_pages(pages: int, number: int) -> None:
    """The choice of a page, which stands in the link. Each page has a widget of its own, so that
    none remembers another one."""
    key = f"pages-{pages}-{number}"
    if pages > 1:
        st.pagination(
            pages, default=number, key=key, on_change=lambda: turn_to(st.session_state[key])
        )


def turn_to(page: int) -> None:
    st.query_params.pop("page", None)
    if page > 1:
        st.query_params["page"] = str(page)


def order_by(name: str, descending: bool) -> None:
    """Put an order into the link; the rows' own order, rising, leaves it."""
    text = f"-{name}" if descending else name
    if text == "@row":
        st.query_params.pop(state.SORT, None)
    else:
        st.query_params[state.SORT] = text
    turn_to(1)


def show_tab(tab: str) -> None:
    """Rows, changes or versions; what another one showed leaves the link."""
    for name in (state.ROW, "page"):
        st.query_params.pop(name, None)
    st.query_params.pop(state.TAB, None)
    if tab != ROWS:
        st.query_params[state.TAB] = tab


def show_row(row_id: int | None) -> None:
    if row_id is None:
        st.query_params.pop(state.ROW, None)
    else:
        st.query_params[state.ROW] = str(row_id)


def say(text: str) -> None:
    """Tell after the next run what was done."""
    st.session_state[state.SAID] = text


def version_name(version: Version) -> str:
    return f"Draft of version {version.number}" if version.is_draft else f"Version {version.number}"
