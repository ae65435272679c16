"""A column's form out of its `forms.FormField`s: which are drawn, and what is missing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import streamlit as st

from workbench.evals.forms import FormField
from workbench.jsontext import FieldError
from workbench.ui.evaluation_fields import DRAWN, Form, at


def draw_fields(fields: Sequence[FormField], spec: Mapping[str, Any], form: Form) -> dict[str, Any]:
    """Draw all fields and return the configuration that they make. spec: what stands in them at
    first."""
    found: dict[str, Any] = {}
    for each in _chosen(fields, spec, form):
        given = at(spec, each.name)
        if each.kind == "mapping" and not _begins_mapping(each, fields, spec, form, given):
            continue
        form.drawn.append(each)
        value = DRAWN[each.kind](each, given, form, found)
        if value is not None:
            put(found, each.name, value)
    return found


def _chosen(
    fields: Sequence[FormField], spec: Mapping[str, Any], form: Form
) -> Iterator[FormField]:
    """The fields in their order; of two that stand for each other the one that is chosen, where the
    first of them stands."""
    by_name = {each.name: each for each in fields}
    settled: set[str] = set()
    for each in fields:
        other = by_name.get(each.instead_of or "")
        if each.name in settled:
            continue
        if other is None:
            yield each
            continue
        settled.add(other.name)
        is_other = at(spec, other.name) is not None and at(spec, each.name) is None
        name = st.segmented_control(
            f"{each.label} or {other.label.lower()}",
            (each.name, other.name),
            default=other.name if is_other else each.name,
            format_func=lambda name: by_name[name].label,
            required=True,
            key=form.key(f"{each.name}-or"),
            label_visibility="collapsed",
        )
        yield by_name[name or each.name]


def _begins_mapping(
    each: FormField, fields: Sequence[FormField], spec: Mapping[str, Any], form: Form, given: Any
) -> bool:
    """Whether a mapping is drawn. The first of a form asks for all variables but those that stand
    in another one; that one shows what stands in it."""
    mappings = [one for one in fields if one.kind == "mapping"]
    if each is not mappings[0]:
        form.elsewhere = None
        return bool(given)
    form.elsewhere = {name for one in mappings[1:] for name in at(spec, one.name) or ()}
    return True


def missing(form: Form, found: Mapping[str, Any], error: FieldError) -> list[str]:
    """Labels of the fields that were left empty and may not be; none where `error`, the refusal of
    the configuration, is about something else."""
    empty = [one for one in form.drawn if at(found, one.name) is None]
    needed = [one.label for one in empty if one.required]
    if not needed and error.reason.startswith("one of "):
        # A pair: the one of it that is drawn is the one to be filled in.
        named = set(re.findall(r"\w+", error.reason))
        needed = [one.label for one in empty if one.name.rpartition(".")[2] in named]
        needed += [
            one.label
            for one in empty
            if one.name.endswith("_source") and one.instead_of in named and one.label not in needed
        ]
    return needed


def put(spec: dict[str, Any], path: str, value: Any) -> None:
    *steps, last = path.split(".")
    for step in steps:
        spec = spec.setdefault(step, {})
    spec[last] = value
