"""A new evaluation from what one has: a dataset's version, a prompt, a ready grid."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import streamlit as st

from workbench.evals import gallery, grids
from workbench.evals.gallery import READY, Ready
from workbench.jsontext import FieldError
from workbench.registry import listing
from workbench.registry.listing import Item, Query
from workbench.store import datasets, evaluations
from workbench.store.datasets import Dataset, Version
from workbench.store.errors import NotFound, Refused
from workbench.store.store import open_store
from workbench.ui import access, words
from workbench.ui.dataset_links import say
from workbench.ui.evaluation_links import (
    FROM_DATASET,
    FROM_TEMPLATE,
    FROM_VERSION,
    read_id,
    show_evaluation,
)
from workbench.ui.evaluation_prompts import variables_of
from workbench.ui.hostile import escaped
from workbench.ui.playground_models import choices

OWN = "—"
_OFFERED = 500
#: So many of the last evaluations are asked for their judge.
_LOOKED_AT = 20


def draw_start(key: str) -> None:
    """key: the ready grid that the link names."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            "",
            icon=":material/arrow_back:",
            type="tertiary",
            help="All evaluations",
            on_click=show_evaluation,
            args=(None,),
        )
        st.html('<p class="wb-head"><strong>New evaluation</strong></p>')
    with st.container(width=760):
        _draw_form(gallery.find(key) or READY[0])


def _draw_form(first: Ready) -> None:
    ready = st.selectbox(
        "Begin with",
        READY,
        index=READY.index(first),
        format_func=lambda one: one.title,
        key="start-ready",
    )
    st.caption(ready.text)
    chosen = _draw_dataset()
    if chosen is None:
        return
    dataset, version = chosen
    inputs = [one.name for one in version.columns]
    template = _draw_template(inputs) if ready.needs_prompt else None
    expected = _draw_expected(version) if ready.needs_expected else None
    judge = _draw_judge(template) if ready.needs_judge else None
    usual = template.template.name if template else ready.title
    name = st.text_input(
        "Name", placeholder=f"{usual} on {dataset.name}", max_chars=200, key="start-name"
    )
    newest = _prompt(template, inputs, None)
    previous = _prompt(template, inputs, _before(template))
    columns, scored = gallery.filled(
        ready, taken=inputs, expected=expected, newest=newest, previous=previous
    )
    _draw_columns(columns, template if ready.needs_prompt else None, newest)
    if not st.button("Make it", type="primary", key="make-evaluation", icon=":material/add:"):
        return
    try:
        evaluation_id, _ = grids.create(
            open_store(),
            access.actor(),
            name.strip() or f"{usual} on {dataset.name}",
            dataset_id=dataset.id,
            version=version.number,
            columns=columns,
            judge=judge,
            score={"columns": scored} if scored else None,
        )
    except (Refused, NotFound, FieldError) as error:
        st.error(escaped(str(error)))
        return
    show_evaluation(evaluation_id)
    say("It is there. Nothing has run yet.")
    st.rerun()


def _draw_dataset() -> tuple[Dataset, Version] | None:
    connection = open_store().connection
    listed = {one.id: one for one in datasets.listed(connection, limit=_OFFERED)}
    ready = {id_: one for id_, one in listed.items() if one.newest is not None}
    if not ready:
        unpublished = "Publish the draft of one first" if listed else "Make one first"
        st.info(f"An evaluation runs on a published version of a dataset. {unpublished}.")
        st.page_link("pages/datasets.py", label="Open the datasets", icon=":material/dataset:")
        return None
    named = read_id(FROM_DATASET)
    left, right = st.columns([3, 2])
    options = list(ready)
    id_ = left.selectbox(
        "Dataset",
        options,
        index=options.index(named) if named in options else 0,
        format_func=lambda one: ready[one].name,
        key="start-dataset",
    )
    versions = [one for one in datasets.versions(connection, id_) if not one.is_draft]
    numbers = [one.number for one in versions]
    wanted = read_id(FROM_VERSION) if id_ == named else None
    number = right.selectbox(
        "Version",
        numbers,
        index=numbers.index(wanted) if wanted in numbers else 0,
        format_func=lambda one: f"Version {one}",
        key=f"start-version-{id_}",
    )
    version = next(one for one in versions if one.number == number)
    names = ", ".join(one.name for one in version.columns)
    st.caption(f"{words.plural(version.rows, 'row')} of {escaped(names[:300])}")
    return ready[id_], version


def _draw_template(inputs: Sequence[str]) -> Item | None:
    page = listing.search(
        open_store().connection, Query(), now=datetime.now(UTC), limit=listing.MAX_PAGE
    )
    items = {one.template.id: one for one in page.items}
    options: list[Any] = [*items, OWN]
    named = read_id(FROM_TEMPLATE)
    first = named if named in options else _likely(items.values(), inputs)
    chosen = st.selectbox(
        "Prompt",
        options,
        index=options.index(first),
        format_func=lambda one: "A prompt of its own" if one == OWN else items[one].template.name,
        key="start-template",
        help="Its newest version when the run starts; the column's form has versions and labels",
    )
    if chosen == OWN:
        st.caption(
            "It sends the first column to the free echo model. Write the prompt and choose the "
            "model in the column's form afterwards."
        )
    return items.get(chosen)


def _draw_expected(version: Version) -> str | None:
    columns = [(one.name, one.role) for one in version.columns]
    names = [name for name, _ in columns]
    if not names:
        return None
    likely = gallery.expected_of(columns)
    return st.selectbox(
        "Expected answer",
        names,
        index=names.index(likely) if likely in names else None,
        placeholder="None: what compares with it is left out",
        key=f"start-expected-{version.id}",
        help="The column to compare with: what should come, or what was logged",
    )


def _likely(items: Iterable[Item], inputs: Sequence[str]) -> Any:
    """The prompt that these columns fill best; of those the one that is used most."""

    def fits(one: Item) -> tuple[float, int]:
        variables = one.version.variables
        filled = sum(name in inputs for name in variables)
        return filled / len(variables) if variables else 0.0, one.requests

    best = max(items, key=fits, default=None)
    return OWN if best is None else best.template.id


def _draw_judge(template: Item | None) -> dict[str, Any] | None:
    first = _usual_judge(template)
    options = list(dict.fromkeys([*([first] if first else []), *choices()]))
    chosen = st.selectbox(
        "Judge",
        options,
        index=0 if first else None,
        key="start-judge",
        accept_new_options=True,
        placeholder="provider/model; can be chosen later",
        help="The model that judges; the echo model cannot",
    )
    provider, slash, model = str(chosen or "").partition("/")
    return {"provider": provider, "model": model} if slash and model else None


def _usual_judge(template: Item | None) -> str | None:
    """The judge of the last evaluation that has one, else the model that the prompt is for."""
    for _, run in evaluations.listed(
        open_store().connection, "", deleted=False, limit=_LOOKED_AT, offset=0
    ):
        if run.judge:
            return f"{run.judge['provider']}/{run.judge['model']}"
    if template is None:
        return None
    provider, name = template.version.model_provider, template.version.model_name
    own = f"{provider}/{name}"
    return own if own in choices() and provider != "echo" else None


def _before(template: Item | None) -> int | None:
    """The number of the version before the newest one."""
    if template is None:
        return None
    number = template.version.number - 1
    return number if number > 0 else None


def _prompt(template: Item | None, inputs: list[str], number: int | None) -> dict[str, Any]:
    """The configuration of a column of this prompt. number: frozen at it."""
    if template is None:
        return gallery.own_prompt(inputs[0] if inputs else None)
    spec: dict[str, Any] = {"template": {"name": template.template.name}}
    if number is not None:
        spec["template"]["version_number"] = number
    variables, _ = variables_of(spec)
    mapping = gallery.mapping_of(variables, inputs)
    if mapping:
        spec["prompt_template_variable_mappings"] = mapping
    return spec


def _draw_columns(
    columns: list[grids.NewColumn], template: Item | None, newest: dict[str, Any]
) -> None:
    names = " → ".join(one.name for one in columns)
    st.markdown(f"Columns: **{escaped(names)}**" if names else "No column yet.")
    if template is None:
        return
    variables, problem = variables_of(newest)
    mapping = newest.get("prompt_template_variable_mappings") or {}
    empty = [one for one in variables if one not in mapping]
    if problem:
        st.caption(escaped(problem))
    if mapping:
        said = ", ".join(f"{name} from {column}" for name, column in mapping.items())
        st.caption(f"Filled in: {escaped(said)}.")
    if empty:
        st.caption(
            f"No column is called as these variables, which stay empty: {escaped(', '.join(empty))}"
            ". The column's form can fill them from others."
        )
