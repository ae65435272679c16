"""Requests into a dataset, from wherever requests are: picked in the logs, open, or run."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from workbench.datasets.adding import Target, open_target
from workbench.datasets.from_files import reason_of
from workbench.datasets.from_logs import Choice, first_rows, start_adding
from workbench.filters import Condition, Filter
from workbench.logs.bulk import Selection
from workbench.store import datasets
from workbench.store.errors import NotFound, Refused
from workbench.store.store import open_store
from workbench.store.suggestions import suggestions
from workbench.ui import access, words
from workbench.ui.dataset_into import NEW, OFFERED, name_problem, usual_name
from workbench.ui.dataset_jobs import sentence
from workbench.ui.dataset_links import PAGE, dataset_params
from workbench.ui.dataset_values import brief
from workbench.ui.importing_words import plain

WAIT_SECONDS = 2.0
_NAME = "add-name"
_PARTS = {
    "variables": "Input variables",
    "messages": "Messages",
    "text": "Input as one text",
    "output": "Answer, as what is expected",
    "tags": "Tags",
}


@st.dialog("Add to a dataset", width="large")
def ask_add(chosen: Selection, number: int | None) -> None:
    """number: how many requests are chosen, None where that is not known."""
    connection = open_store().connection
    listed = {one.id: one.name for one in datasets.listed(connection, limit=OFFERED)}
    st.markdown(
        f"**{words.plural(number, 'request')}**" if number is not None else "**All that match**"
    )
    left, right = st.columns(2)
    with left:
        dataset_id = st.selectbox(
            "Dataset",
            [NEW, *listed],
            format_func=lambda id_: listed.get(id_, "A new dataset"),
            key="add-dataset",
        )
    name, problem = "", None
    if not dataset_id:
        st.session_state.setdefault(_NAME, usual_name())
        name = right.text_input("Its name", key=_NAME, max_chars=200)
        problem = name_problem(name)
    choice = _draw_choice(chosen)
    _draw_example(chosen, choice)
    if problem is not None:
        st.caption(problem)
    if not st.button(
        "Add",
        type="primary",
        icon=":material/add:",
        key="add-now",
        disabled=problem is not None,
    ):
        return
    _add(Target(dataset_id or None, name), chosen, choice)


def _draw_choice(chosen: Selection) -> Choice:
    parts = st.pills(
        "Columns",
        list(_PARTS),
        selection_mode="multi",
        default=["variables", "messages", "output", "tags"],
        format_func=_PARTS.__getitem__,
        key="add-parts",
    )
    left, right = st.columns(2)
    keys = left.multiselect(
        "Metadata as columns",
        _metadata_keys(chosen),
        accept_new_options=True,
        placeholder="None",
        key="add-metadata",
    )
    split = right.selectbox(
        "Split",
        ["train", "test"],
        index=None,
        accept_new_options=True,
        placeholder="None",
        key="add-split",
    )
    return Choice(
        variables="variables" in parts,
        messages="messages" in parts,
        text="text" in parts,
        output="output" in parts,
        metadata=tuple(keys),
        tags="tags" in parts,
        split=split,
    )


def _metadata_keys(chosen: Selection) -> list[str]:
    filter_ = chosen.filter
    if filter_ is None:
        some = tuple(sorted(chosen.ids)[:1000])
        filter_ = Filter().with_condition(Condition("pl_id", "in", some))
    found = suggestions(
        open_store().connection, "metadata_keys", filter_, now=datetime.now(UTC), limit=50
    )
    return [each.value for each in found.values]


def _draw_example(chosen: Selection, choice: Choice) -> None:
    rows = first_rows(open_store().connection, chosen, choice, 3)
    names = list(dict.fromkeys(name for row in rows for name in row.values))
    if not names:
        st.warning("Nothing of these requests would become a column: choose more.")
        return
    frame = {name: [brief(row.values.get(name)) for row in rows] for name in names}
    st.dataframe(pd.DataFrame(frame), hide_index=True, row_height=30, placeholder="")


def _add(target: Target, chosen: Selection, choice: Choice) -> None:
    store, actor = open_store(), access.actor()
    try:
        made = open_target(store, actor, target)
    except (Refused, NotFound) as error:
        st.error(plain(str(error)))
        return
    job = start_adding(store, actor, made, chosen, choice)
    job.wait(WAIT_SECONDS)
    if job.error is not None:
        st.error(plain(reason_of(job.error)))
    elif job.outcome is not None:
        st.success(f"{sentence(job.outcome)} They are in its draft.", icon=":material/check:")
    else:
        st.info("It goes on by itself; the dataset's page shows how far it is.")
    st.page_link(
        PAGE,
        label="Open the dataset",
        icon=":material/dataset:",
        query_params=dataset_params(made.dataset_id),
    )
