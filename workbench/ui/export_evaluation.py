"""Which run of which evaluation leaves."""

from __future__ import annotations

import streamlit as st

from workbench.store import evaluations
from workbench.store.evaluation_values import RunInfo
from workbench.store.store import open_store
from workbench.ui.export_draft import Options, bound, drop_what_rows_are_mapped_by, put, value_at

_OFFERED = 500
_EVALUATION = "export-evaluation"


def draw_run_choice(options: Options) -> None:
    connection = open_store().connection
    listed = evaluations.listed(connection, "", deleted=False, limit=_OFFERED, offset=0)
    names = {evaluation.id: evaluation.name for evaluation, _ in listed}
    newest = {evaluation.id: run.id for evaluation, run in listed}
    run_id = value_at(options, "evaluation_run")
    run = evaluations.run(connection, run_id) if isinstance(run_id, int) else None
    chosen = None if run is None else run.evaluation_id
    if chosen is not None and chosen not in names:
        found = evaluations.get(connection, chosen)
        names[chosen] = found.name if found else f"Evaluation {chosen}, which is not there"
    st.session_state[_EVALUATION] = chosen
    st.selectbox(
        "Evaluation",
        list(names),
        format_func=lambda id_: names.get(id_, ""),
        key=_EVALUATION,
        on_change=lambda: _choose(newest.get(st.session_state[_EVALUATION])),
    )
    runs = evaluations.runs(connection, chosen) if chosen is not None else []
    labels = {one.id: _label(one) for one in runs}
    if run_id is not None and run_id not in labels:
        labels[run_id] = f"Run {run_id}, which is not there"
    st.selectbox(
        "Run",
        list(labels),
        format_func=lambda id_: labels.get(id_, ""),
        **bound(options, "evaluation_run"),
    )


def _label(run: RunInfo) -> str:
    return f"Run {run.number}" + (f", {run.name}" if run.name else "")


def _choose(run_id: int | None) -> None:
    """Another evaluation has other runs and columns."""
    if run_id is not None:
        put("columns", [])
        drop_what_rows_are_mapped_by()
        put("evaluation_run", run_id)
