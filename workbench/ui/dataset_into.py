"""Into which dataset rows go: one that is there, or a new one with a name that will do."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import streamlit as st

from workbench.datasets.adding import Target, open_target
from workbench.datasets.from_files import Reading, preview, start_adding
from workbench.logs.importing.incoming import Incoming
from workbench.logs.importing.record import ImportFailed
from workbench.store import datasets
from workbench.store.errors import NotFound, Refused
from workbench.store.store import open_store
from workbench.ui import access
from workbench.ui.dataset_links import read_dataset, show_dataset
from workbench.ui.importing_words import plain
from workbench.ui.zones import viewer_zone

#: In a choice of datasets: a new one.
NEW = 0
#: So many datasets are in a choice, those that were changed last.
OFFERED = 500
# So long a click waits for its own work, so that most need no progress bar.
_WAIT_SECONDS = 1.5


def usual_name() -> str:
    """Of requests that become a dataset."""
    return f"Logs of {datetime.now(viewer_zone()):%-d %b %Y %H:%M:%S}"


def name_problem(name: str, *, can_choose: bool = True) -> str | None:
    """Why no dataset can be made with this name, as a sentence said before it is tried.

    can_choose: one that is there can be taken instead."""
    if not name.strip():
        return "The new dataset needs a name."
    taken = datasets.get_by_name(open_store().connection, name)
    if taken is None:
        return None
    instead = "choose it, or another name" if can_choose else "choose another name"
    return f'There is a dataset "{plain(taken.name)}" already: {instead}.'


def draw_target(file: Incoming, reading: Reading, *, has_rows: bool) -> None:
    """Where the rows of a file go, and the button that brings them in."""
    connection = open_store().connection
    named = read_dataset()
    dataset = None if named is None else datasets.get(connection, named)
    problem = None
    name = ""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if dataset is None:
            listed = {one.id: one for one in datasets.listed(connection, limit=OFFERED)}
            chosen = st.selectbox(
                "Into",
                [NEW, *listed],
                format_func=lambda id_: listed[id_].name if id_ else "A new dataset",
                key=f"into-{file.token}",
                width=280,
            )
            dataset = listed.get(chosen)
            if dataset is None:
                name = st.text_input(
                    "Its name",
                    Path(file.name).stem[:200],
                    max_chars=200,
                    key=f"target-{file.token}",
                    width=280,
                )
                problem = name_problem(name)
        label = "Bring it in" if dataset is None else f"Add to {dataset.name[:60]}"
        is_pressed = st.button(
            plain(label),
            type="primary",
            icon=":material/upload_file:",
            key="bring-in",
            disabled=not has_rows or problem is not None,
        )
    if problem is not None:
        st.caption(problem)
    if is_pressed:
        _begin(file, reading, Target(dataset.id if dataset else None, name))


def _begin(file: Incoming, reading: Reading, target: Target) -> None:
    store, actor = open_store(), access.actor()
    try:
        # What cannot be read makes no dataset.
        preview(file.path, reading)
        made = open_target(store, actor, target)
    except (ImportFailed, Refused, NotFound) as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    job = start_adding(store, actor, made, file.path, file.name, reading)
    job.wait(_WAIT_SECONDS)
    show_dataset(made.dataset_id)
    st.rerun()
