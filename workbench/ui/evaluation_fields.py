"""How each kind of field of a column's form is drawn: no type of column is known here.

Each function draws one kind and returns what stands in it, None where nothing does.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from workbench.evals.forms import FormField
from workbench.ui.evaluation_prompts import draw_engine, draw_inline, draw_mapping, draw_template
from workbench.ui.hostile import escaped

NONE = "—"


@dataclass(slots=True)
class Form:
    """What the fields of one form share. left: the columns to the left. prefix: of widget keys.
    is_new: of a column that is not there yet. drawn: its fields, without those that another one
    stands for. elsewhere: variables that another mapping fills; None where it asks for all others.
    wrong: what cannot be read, as sentences."""

    left: Sequence[str]
    prefix: str
    is_new: bool = False
    drawn: list[FormField] = field(default_factory=list)
    elsewhere: set[str] | None = None
    wrong: list[str] = field(default_factory=list)

    def key(self, name: str) -> str:
        return f"{self.prefix}-{name}"


def at(spec: Mapping[str, Any], path: str) -> Any:
    """What stands at a path such as "ui_element.min"; None where nothing does."""
    value: Any = spec
    for step in path.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _first(given: Any, each: FormField) -> Any:
    return each.default if given is None else given


def _label(each: FormField) -> str:
    is_needed = each.required or each.instead_of is not None
    return each.label if is_needed else f"{each.label} (may be left out)"


def _column(each: FormField, given: Any, form: Form, _found: Any) -> str | None:
    # Of two fields that stand for each other this one was chosen: it is needed too.
    is_needed = each.required or each.instead_of is not None
    options = [*form.left] if is_needed else [NONE, *form.left]
    if given is not None and given not in options:
        options = [*options, given]
    if not options:
        st.caption(f"{escaped(each.label)}: there is no column to the left yet.")
        return None
    first = options.index(given) if given in options else None if is_needed else 0
    chosen = st.selectbox(
        each.label,
        options,
        index=first,
        placeholder="Choose a column",
        key=form.key(each.name),
        help=each.help,
    )
    return None if chosen == NONE else chosen


def _columns(each: FormField, given: Any, form: Form, _found: Any) -> list[str] | None:
    now = list(given or ())
    options = list(dict.fromkeys([*form.left, *now]))
    chosen = st.multiselect(
        each.label,
        options,
        now,
        placeholder="Choose columns",
        key=form.key(each.name),
        help=each.help,
    )
    return chosen or None


def _text(each: FormField, given: Any, form: Form, _found: Any) -> str | None:
    first = str(_first(given, each) or "")
    return st.text_input(_label(each), first, key=form.key(each.name), help=each.help) or None


def _long_text(each: FormField, given: Any, form: Form, _found: Any) -> str | None:
    first = str(_first(given, each) or "")
    tall = 220 if each.kind == "code" else 110
    shown = st.text_area(_label(each), first, key=form.key(each.name), height=tall, help=each.help)
    return shown or None


def _number(each: FormField, given: Any, form: Form, _found: Any) -> float | int | None:
    first = _first(given, each)
    is_whole = all(one is None or float(one).is_integer() for one in (first, each.low, each.high))
    as_kind: Callable[[Any], Any] = int if is_whole and isinstance(first, int) else float
    value: Any = st.number_input(
        _label(each),
        min_value=None if each.low is None else as_kind(each.low),
        max_value=None if each.high is None else as_kind(each.high),
        value=None if first is None else as_kind(first),
        step=1 if as_kind is int else None,
        key=form.key(each.name),
        help=each.help,
    )
    # A version is 3, not 3.0; a fraction stays one.
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _switch(each: FormField, given: Any, form: Form, _found: Any) -> bool:
    first = bool(_first(given, each))
    return bool(st.toggle(each.label, first, key=form.key(each.name), help=each.help))


def _choice(each: FormField, given: Any, form: Form, _found: Any) -> str | None:
    names = dict(each.choices)
    first = _first(given, each)
    options = list(names) if each.required or each.default is not None else [NONE, *names]
    chosen = st.selectbox(
        each.label,
        options,
        index=options.index(first) if first in options else 0,
        format_func=lambda one: names.get(one, one),
        key=form.key(each.name),
        help=each.help,
    )
    return None if chosen == NONE else chosen


def _json(each: FormField, given: Any, form: Form, _found: Any) -> Any:
    first = _first(given, each)
    text = st.text_area(
        f"{_label(each)}, as JSON",
        "" if first is None else json.dumps(first, indent=2, ensure_ascii=False),
        key=form.key(each.name),
        height=110,
        help=each.help,
    )
    if not text.strip():
        return None
    try:
        return json.loads(text)
    except ValueError as error:
        form.wrong.append(f"{each.label} is no JSON: {error}.")
        return None


def _value(each: FormField, given: Any, form: Form, found: Any) -> Any:
    """A text as it is written where the field beside it says so, else JSON."""
    if at(found, f"{each.name.rpartition('.')[0]}.type") != "string":
        return _json(each, given, form, found)
    first = given if isinstance(given, str) else ""
    text = st.text_area(each.label, first, key=form.key(f"{each.name}-text"), help=each.help)
    return text or None


def _texts(each: FormField, given: Any, form: Form, _found: Any) -> list[str] | None:
    """Texts that may have several lines: a JSON list where one has, else a line each."""
    first = list(given or ())
    has_lines = any("\n" in one for one in first)
    shown = json.dumps(first, indent=2, ensure_ascii=False) if has_lines else "\n".join(first)
    text = st.text_area(
        f"{_label(each)}, one a line",
        shown,
        key=form.key(each.name),
        height=90,
        help=f"{each.help} Texts of several lines: a JSON list.",
    )
    if text.strip().startswith("["):
        try:
            read = json.loads(text)
            if isinstance(read, list) and all(isinstance(one, str) for one in read):
                return read or None
        except ValueError:
            # A line of text may begin with a bracket.
            pass
    return [line for line in text.split("\n") if line.strip()] or None


def _headers(each: FormField, given: Any, form: Form, _found: Any) -> dict[str, str] | None:
    text = st.text_area(
        f"{_label(each)}, as Name: value",
        "\n".join(f"{name}: {value}" for name, value in dict(given or {}).items()),
        key=form.key(each.name),
        height=90,
        help=each.help,
    )
    found: dict[str, str] = {}
    for line in text.split("\n"):
        name, colon, value = line.partition(":")
        if colon and name.strip():
            found[name.strip()] = value.strip()
        elif line.strip():
            form.wrong.append(
                f'{each.label}: "{line.strip()[:40]}" is not of the form Name: value.'
            )
    return found or None


def _prompt(each: FormField, given: Any, form: Form, _found: Any) -> dict[str, Any] | None:
    return draw_template(each, given, form.key(each.name))


def _inline(each: FormField, given: Any, form: Form, _found: Any) -> dict[str, Any] | None:
    return draw_inline(each, given, form.key(each.name))


def _engine(each: FormField, given: Any, form: Form, _found: Any) -> dict[str, Any] | None:
    return draw_engine(each, given, form.key(each.name), form.wrong)


def _mapping(each: FormField, given: Any, form: Form, found: Any) -> dict[str, str] | None:
    st.html(f'<p class="wb-role">{escaped(each.label)}</p>')
    return draw_mapping(
        given, form.key(each.name), form.left, found, form.elsewhere, fills=form.is_new
    )


DRAWN: dict[str, Callable[[FormField, Any, Form, dict[str, Any]], Any]] = {
    "column": _column,
    "columns": _columns,
    "text": _text,
    "long_text": _long_text,
    "code": _long_text,
    "number": _number,
    "switch": _switch,
    "choice": _choice,
    "json": _json,
    "value": _value,
    "texts": _texts,
    "headers": _headers,
    "prompt": _prompt,
    "inline_prompt": _inline,
    "engine": _engine,
    "mapping": _mapping,
}
