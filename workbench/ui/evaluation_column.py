"""A column's form: its type with help, its fields, and what is wrong with it as one types."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
import streamlit as st

from workbench.evals import grids, live
from workbench.evals.columns import ColumnType, column_type, column_types
from workbench.evals.columns.code_execution import CodeExecution
from workbench.evals.forms import FormField
from workbench.evals.grids import Column, Grid, NewColumn
from workbench.jsontext import FieldError
from workbench.store.errors import NotFound, Refused
from workbench.store.store import open_store
from workbench.ui import access
from workbench.ui.dataset_links import say
from workbench.ui.evaluation_fields import Form
from workbench.ui.evaluation_form import draw_fields, missing
from workbench.ui.hostile import escaped


def ask_column(found: Grid, column: Column | None) -> None:
    """column: the one that is edited; None makes a new one at the right end."""
    title = "Add a column" if column is None else "Edit the column"
    st.dialog(title, width="large")(_draw_form)(found, column)


def _draw_form(found: Grid, column: Column | None) -> None:
    left = left_of(found, column)
    if column is None:
        kind = _draw_type()
        name = st.text_input(
            "Name",
            _free_name(kind, found),
            max_chars=100,
            key=f"column-name-{kind.name}",
        )
        spec: Mapping[str, Any] = first_spec(kind, left, _usual(found))
    else:
        kind, name = column.kind, column.name
        st.markdown(f"**{escaped(name)}** · {kind.title}")
        spec = orjson.loads(column.row.spec)
    st.caption(f"{kind.help} Gives {kind.result}.")
    off = why_off([kind])
    if off:
        st.warning(escaped(off), icon=":material/error:")
    prefix = f"column-{column.id if column else 'new'}-{kind.name}"
    form = Form(left, prefix, is_new=column is None)
    made = NewColumn(name, kind.name, draw_fields(kind.fields(), spec, form))
    needed, sentences = _problems(found, made, column, form)
    for one in form.wrong or sentences:
        st.warning(escaped(one), icon=":material/error:")
    if needed:
        st.caption(escaped(needed))
    stale = _draw_stale(found, column, made) if column is not None else ()
    label = "Add the column" if column is None else "Keep"
    if st.button(label, type="primary", key="keep-column", disabled=bool(form.wrong)):
        if needed:
            st.error(escaped(needed))
            return
        _keep(found, column, made, stale)


def why_off(kinds: Iterable[ColumnType[Any]]) -> str | None:
    """Why code columns of these do not run here; None where they do, or there is none."""
    if all(one.name != CodeExecution.name for one in kinds):
        return None
    return live.code_columns_off(open_store().settings)


def left_of(found: Grid, column: Column | None) -> list[str]:
    names = [one.name for one in found.columns]
    at = len(names) if column is None else names.index(column.name)
    return [*found.inputs, *names[:at]]


def _draw_type() -> ColumnType[Any]:
    kinds = {one.name: one for one in column_types()}
    groups = list(dict.fromkeys(one.group for one in kinds.values()))
    group = st.segmented_control(
        "Group", groups, default=groups[0], required=True, key="column-group"
    )
    names = [name for name, one in kinds.items() if one.group == group]
    chosen = st.pills(
        "Type",
        names,
        default=names[0],
        format_func=lambda name: kinds[name].title,
        required=True,
        key=f"column-type-{group}",
        label_visibility="collapsed",
    )
    return kinds[chosen or names[0]]


def _free_name(kind: ColumnType[Any], found: Grid) -> str:
    taken = {one.lower() for one in (*found.inputs, *found.ids)}
    usual = "answer" if kind.name == "PROMPT_TEMPLATE" else kind.title.lower()
    name, number = usual, 2
    while name in taken:
        name, number = f"{usual} {number}", number + 1
    return name


def _usual(found: Grid) -> str | None:
    """The column that a new one most likely reads: the last one that gives a text."""
    runs = [
        one.name
        for one in found.columns
        if one.kind.group in ("Run", "Extract", "Transform") and one.kind.name != "HUMAN"
    ]
    names = [*found.inputs, *runs]
    return names[-1] if runs else (names[0] if names else None)


def first_spec(kind: ColumnType[Any], left: Sequence[str], usual: str | None) -> dict[str, Any]:
    """What stands in the form of a new column: `usual` where one column is needed."""
    needed: list[FormField] = [one for one in kind.fields() if one.required]
    spec: dict[str, Any] = {}
    if not left:
        return spec
    single = [one for one in needed if one.kind == "column"]
    if len(single) == 1:
        spec[single[0].name] = usual or left[-1]
    return spec


def _problems(
    found: Grid, made: NewColumn, column: Column | None, form: Form
) -> tuple[str, list[str]]:
    """What is still to be filled in, "" where nothing is; and why it could not run."""
    before = column.name if column is not None else None
    try:
        problems = grids.check_column(open_store(), found.run.id, made, before=before)
        return "", [str(one) for one in problems]
    except FieldError as error:
        needed = missing(form, made.spec, error)
        if needed:
            return f"Still needed: {', '.join(needed)}.", []
        said = _in_words(str(error), found, made)
    except (Refused, NotFound) as error:
        said = str(error)
    return "", [f"{said[:1].upper()}{said[1:].rstrip('.')}."]


def _in_words(text: str, found: Grid, made: NewColumn) -> str:
    """A refusal with the labels of the form in place of the names of the configuration."""
    labels = {one.name: one.label for one in column_type(made.type).fields()}
    for name in sorted(labels, key=len, reverse=True):
        if len(name) > 3 and name not in (*found.inputs, *found.ids):
            text = re.sub(rf"(?<![\w.“]){re.escape(name)}(?![\w.”])", f"“{labels[name]}”", text)
    return text


def _draw_stale(found: Grid, column: Column, made: NewColumn) -> tuple[str, ...]:
    """What the edit makes stale, said before it is kept."""
    try:
        changed = column.kind.write(column.kind.read(made.spec)) != column.row.spec
    except FieldError:
        return ()
    if not changed:
        return ()
    stale = grids.preview_edit(open_store(), found.run.id, column.name)
    st.caption(
        f"This makes stale, to be run anew: {escaped(', '.join(stale))}. All else stays as it is."
    )
    return stale


def _keep(found: Grid, column: Column | None, made: NewColumn, stale: Sequence[str]) -> None:
    store, actor = open_store(), access.actor()
    try:
        if column is None:
            grids.add_column(store, actor, found.run.id, made)
        else:
            grids.edit_column(store, actor, found.run.id, column.name, made.spec)
    except (FieldError, Refused, NotFound) as error:
        st.error(escaped(str(error)))
        return
    if column is None:
        say(f"{made.name} is there. Run it to fill it.")
    else:
        say(f"Kept. Stale now: {', '.join(stale)}." if stale else "Kept.")
    st.rerun()
