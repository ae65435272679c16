"""What one does with a whole evaluation or run: settings, run again, rename, remove."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import streamlit as st

from workbench.evals import grids, running
from workbench.evals.grids import Grid
from workbench.jsontext import FieldError
from workbench.store import datasets
from workbench.store.errors import NotFound, Refused
from workbench.store.evaluation_values import MAX_CONCURRENCY, NEW, RUNNING
from workbench.store.store import open_store
from workbench.ui import access, state
from workbench.ui.dataset_links import say
from workbench.ui.evaluation_links import (
    GRID,
    show_evaluation,
    show_run,
    show_tab,
)
from workbench.ui.hostile import escaped
from workbench.ui.menus import close_menus, menu_key
from workbench.ui.playground_models import choices
from workbench.ui.request_actions import address

NONE = "—"


def draw_menu(found: Grid) -> None:
    with st.popover(
        "",
        icon=":material/more_horiz:",
        type="tertiary",
        key=menu_key("evaluation-more"),
        help="More",
    ):
        if found.is_newest and _item("Settings of the run…", "tune", "run-settings"):
            _ask_settings(found)
        if _item("Run again…", "replay", "run-again"):
            _ask_again(found)
        if _item("Name, description and tags…", "edit", "evaluation-rename"):
            _ask_name(found)
        if _item("Remove this evaluation…", "delete", "evaluation-remove"):
            _ask_remove(found)
        st.caption("Link to this run:")
        link = {
            state.EVALUATION: str(found.evaluation.id),
            state.RUN: str(found.run.id),
        }
        st.code(address("evaluations", link), language=None, wrap_lines=True)


def _item(label: str, icon: str, key: str) -> bool:
    return bool(
        st.button(label, icon=f":material/{icon}:", type="tertiary", key=key, on_click=close_menus)
    )


@st.dialog("Settings of the run")
def _ask_settings(found: Grid) -> None:
    run = found.run
    going = run.state == RUNNING
    budget = st.number_input(
        "Budget in dollars",
        min_value=0.0,
        value=None if run.budget is None else float(run.budget),
        step=1.0,
        format="%g",
        placeholder="No limit",
        key="run-budget",
        help="The run pauses before it has spent more. Can be changed while it goes on",
    )
    concurrency = st.number_input(
        "Rows at a time",
        1,
        MAX_CONCURRENCY,
        run.concurrency,
        key="run-concurrency",
        disabled=going,
        help="How many rows are worked on at once; providers have limits of their own",
    )
    judge = _draw_judge(found, disabled=going)
    dataset = None if run.state != NEW or run.started_at else _draw_dataset(found)
    if not st.button("Keep", type="primary", key="keep-settings"):
        return
    store, actor = open_store(), access.actor()
    try:
        dollars = Decimal(str(budget)) if budget is not None else None
        if dollars != run.budget:
            running.set_budget(store, actor, run.id, dollars)
        if not going:
            given: dict[str, Any] = {}
            if concurrency != run.concurrency:
                given["concurrency"] = int(concurrency)
            if judge is not None and judge != _engine(found):
                given["judge"] = judge
            if dataset is not None and dataset != (run.dataset_id, run.dataset_version):
                given["dataset"] = dataset
            if given:
                grids.set_up(store, actor, run.id, **given)
    except (Refused, NotFound, FieldError) as error:
        st.error(escaped(str(error)))
        return
    say("Kept.")
    st.rerun()


def _engine(found: Grid) -> dict[str, Any]:
    judge = found.run.judge or {}
    return {"provider": judge["provider"], "model": judge["model"]} if judge else {}


def _draw_judge(found: Grid, *, disabled: bool) -> dict[str, Any] | None:
    """{} for none."""
    now = _engine(found)
    given = f"{now['provider']}/{now['model']}" if now else NONE
    options = list(dict.fromkeys([NONE, given, *choices()]))
    chosen = st.selectbox(
        "Judge",
        options,
        index=options.index(given),
        key="run-judge",
        accept_new_options=True,
        disabled=disabled,
        help="The model of judges that name none; provider/model. Another one makes them stale",
    )
    provider, slash, model = str(chosen or "").partition("/")
    return {"provider": provider, "model": model} if slash and model else {}


def _draw_dataset(found: Grid) -> tuple[int, int] | None:
    listed = {
        one.id: one
        for one in datasets.listed(open_store().connection, limit=500)
        if one.newest is not None
    }
    if not listed:
        return None
    options = list(listed)
    now = found.run.dataset_id
    id_ = st.selectbox(
        "Dataset",
        options,
        index=options.index(now) if now in options else None,
        format_func=lambda one: listed[one].name,
        key="run-dataset",
    )
    if id_ is None:
        return None
    if id_ == now and found.run.dataset_version is not None:
        return id_, found.run.dataset_version
    return id_, int(listed[id_].newest or 1)


@st.dialog("Run again")
def _ask_again(found: Grid) -> None:
    st.markdown(
        "A new run with the columns and settings of the newest one and no cells. This one stays "
        "as it is, and both can be compared. Labels and newest versions are looked up anew."
    )
    name = st.text_input("Name of the run", placeholder="May be left out", key="again-name")
    run = found.run
    version = None
    if run.dataset_id is not None:
        versions = datasets.versions(open_store().connection, run.dataset_id)
        numbers = [one.number for one in versions if not one.is_draft]
        version = st.selectbox("Version of the dataset", numbers, key="again-version")
    if not st.button("Make the run", type="primary", key="again-now"):
        return
    try:
        grids.again(open_store(), access.actor(), found.evaluation.id, version=version, name=name)
    except (Refused, NotFound, FieldError) as error:
        st.error(escaped(str(error)))
        return
    show_run(None)
    show_tab(GRID)
    st.rerun()


@st.dialog("Name, description and tags")
def _ask_name(found: Grid) -> None:
    evaluation = found.evaluation
    name = st.text_input("Name", evaluation.name, max_chars=200, key="evaluation-name")
    description = st.text_area(
        "Description", evaluation.description, max_chars=10_000, key="evaluation-about"
    )
    tags = st.multiselect(
        "Tags",
        evaluation.tags,
        default=evaluation.tags,
        accept_new_options=True,
        placeholder="None",
        key="evaluation-tags",
    )
    if not st.button("Keep", type="primary", key="keep-name"):
        return
    try:
        grids.rename(open_store(), access.actor(), evaluation.id, name, description, tags=tags)
    except (Refused, NotFound, FieldError) as error:
        st.error(escaped(str(error)))
        return
    say("Kept.")
    st.rerun()


@st.dialog("Remove this evaluation?")
def _ask_remove(found: Grid) -> None:
    st.markdown("It is hidden at once. The list shows removed ones and restores them on a click.")
    name = found.evaluation.name
    if not st.button(f"Remove {escaped(name)}", type="primary", key="remove-evaluation"):
        return
    try:
        grids.remove(open_store(), access.actor(), found.evaluation.id)
    except (Refused, NotFound) as error:
        st.error(escaped(str(error)))
        return
    show_evaluation(None)
    say(f"{name} is removed.")
    st.rerun()
