"""Logged requests into an evaluation: they become a version of a new dataset, then a grid."""

from __future__ import annotations

import streamlit as st

from workbench.datasets.adding import Target, open_target
from workbench.datasets.from_files import reason_of
from workbench.datasets.from_logs import USUAL, start_adding
from workbench.datasets.jobs import Job
from workbench.logs.bulk import Selection
from workbench.store.errors import NotFound, Refused
from workbench.store.store import open_store
from workbench.ui import access, words
from workbench.ui.dataset_into import usual_name
from workbench.ui.dataset_jobs import sentence
from workbench.ui.dataset_links import PAGE as DATASETS_PAGE
from workbench.ui.dataset_links import dataset_params
from workbench.ui.evaluation_links import PAGE, new_params
from workbench.ui.hostile import escaped

#: So long the dialog waits until all rows are in.
WAIT_SECONDS = 20.0


@st.dialog("Evaluate these requests")
def ask_evaluate(chosen: Selection, number: int | None) -> None:
    """number: how many requests are chosen, None where that is not known."""
    many = words.plural(number, "request") if number is not None else "All that match"
    st.markdown(
        f"**{many}** {'becomes' if number == 1 else 'become'} version 1 of a new dataset: "
        "variables and messages as inputs, the logged answer as what is expected. Then you "
        "choose a grid."
    )
    name = st.text_input("Name of the dataset", usual_name(), max_chars=200, key="evaluate-name")
    if not st.button("Go on", type="primary", key="evaluate-now", icon=":material/arrow_forward:"):
        return
    store, actor = open_store(), access.actor()
    try:
        made = open_target(store, actor, Target(None, name))
    except (Refused, NotFound) as error:
        st.error(escaped(str(error)))
        return
    job = start_adding(store, actor, made, chosen, USUAL)
    with st.spinner("Bringing them in"):
        job.wait(WAIT_SECONDS)
    if not _is_ready(job, made.dataset_id):
        return
    try:
        store.change(
            lambda cursor: store.datasets.publish(cursor, actor, made.dataset_id, "From the logs")
        ).result()
    except (Refused, NotFound) as error:
        st.error(escaped(str(error)))
        return
    st.switch_page(PAGE, query_params=new_params("backtest", dataset_id=made.dataset_id, version=1))


def _is_ready(job: Job, dataset_id: int) -> bool:
    """Whether all rows are in; else it says why not, and how to go on."""
    if job.outcome is not None and job.outcome.rows:
        return True
    if job.error is not None:
        st.error(escaped(reason_of(job.error)))
    elif job.outcome is not None:
        st.warning(f"{sentence(job.outcome)} There is nothing to evaluate.")
    else:
        st.info(
            "It goes on by itself. When all rows are in, publish the draft on the dataset's page "
            "and choose *Evaluate this version* there."
        )
    st.page_link(
        DATASETS_PAGE,
        label="Open the dataset",
        icon=":material/dataset:",
        query_params=dataset_params(dataset_id),
    )
    return False
