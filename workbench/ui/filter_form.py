"""The filter as a form: every field with every operator, and rows of which one must hold.

The form writes the same filter as the line of text, and is filled from it. It keeps a draft until
it is applied; what rows cannot show stands in it as text and is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from itertools import count

import streamlit as st

from workbench.filters import FIELDS, Filter, FilterError, Group, describe, item_text
from workbench.filters.fields import Field, Operator
from workbench.filters.form import Either, Form, Row, from_form, to_form
from workbench.store.store import open_store
from workbench.store.suggestions import suggestions
from workbench.ui.chips import label_of
from workbench.ui.search_box import KEY_FIELDS, VALUE_FIELDS

_DRAFT = "filter-draft"
_POPOVER = "filter-popover"
# What an empty form begins with.
_FIRST = (Row("engine", "in"), Row("status", "in"), Row("tags", "in"))
_EXAMPLES = {
    "ms": "2s or 500ms",
    "tokens": "1500 or 2k",
    "dollars": "0.01",
    "date": "2026-11-01 or 2026-11-01T09:30",
    "number": "a number",
    "score": "0.8",
    "id": "a number",
    "text": "words",
}
_LENGTHS = ("1h", "24h", "7d", "30d", "90d")
_numbers = count()
Write = Callable[[Filter], None]


@dataclass
class _Line:
    """A row of the draft. `number` keys its widgets; `group` is None or the number of an Either."""

    row: Row
    number: int
    group: int | None = None


@dataclass
class _Draft:
    """What the form holds: rows and what they cannot show, until applied."""

    of: Filter
    lines: list[_Line] = field(default_factory=list)
    kept: list[Group] = field(default_factory=list)
    problem: str = ""


def draw_form(filter_: Filter, now: datetime, zone: tzinfo, write: Write) -> None:
    form = st.popover("Filter", icon=":material/filter_list:", key=_POPOVER, on_change="rerun")
    # Counting the choices reads the whole time range, so it waits for the form to be opened.
    if not form.open:
        st.session_state.pop(_DRAFT, None)
        return
    with form, st.container(key="filter-form"):
        _draw(filter_, now, zone, write)


@st.fragment
def _draw(filter_: Filter, now: datetime, zone: tzinfo, write: Write) -> None:
    draft = _draft_of(filter_)
    st.caption("All of these must hold. The line of text above says the same.")
    shown: set[int] = set()
    for line in draft.lines:
        if line.group is None:
            _draw_line(draft, line, filter_, now)
        elif line.group not in shown:
            shown.add(line.group)
            _draw_either(draft, line.group, filter_, now)
    for group in draft.kept:
        _draw_kept(draft, group)
    with st.container(horizontal=True):
        st.button(
            "Add a condition",
            icon=":material/add:",
            key="form-add",
            on_click=_add,
            args=(draft, 1, None),
        )
        st.button(
            "Add an either-or",
            icon=":material/alt_route:",
            key="form-either",
            on_click=_add,
            args=(draft, 2, next(_numbers)),
        )
    if st.button("Apply", type="primary", key="form-apply") and _apply(draft, filter_, zone, write):
        st.rerun()
    if draft.problem:
        st.warning(draft.problem, icon=":material/error:")


def _draft_of(filter_: Filter) -> _Draft:
    draft = st.session_state.get(_DRAFT)
    if isinstance(draft, _Draft) and draft.of == filter_:
        return draft
    draft = _Draft(filter_)
    for item in to_form(filter_).items:
        if isinstance(item, Row):
            draft.lines.append(_Line(item, next(_numbers)))
        elif isinstance(item, Either):
            group = next(_numbers)
            draft.lines += [_Line(row, next(_numbers), group) for row in item.rows]
        else:
            draft.kept.append(item)
    if not draft.lines:
        draft.lines = [_Line(row, next(_numbers)) for row in _FIRST]
    st.session_state[_DRAFT] = draft
    return draft


def _add(draft: _Draft, rows: int, group: int | None) -> None:
    """More rows: at the end, or at the end of the group that is there."""
    new = [_Line(Row("engine", "in"), next(_numbers), group) for _ in range(rows)]
    at = max((n + 1 for n, line in enumerate(draft.lines) if line.group == group), default=0)
    at = at if group is not None and at else len(draft.lines)
    draft.lines[at:at] = new


def _take_out(draft: _Draft, number: int) -> None:
    draft.lines = [line for line in draft.lines if line.number != number]


def _draw_either(draft: _Draft, group: int, filter_: Filter, now: datetime) -> None:
    own = [line for line in draft.lines if line.group == group]
    with st.container(border=True, gap="xsmall", key=f"either-{group}"):
        st.caption("At least one of these")
        for line in own:
            _draw_line(draft, line, filter_, now)
        st.button(
            "Or",
            icon=":material/add:",
            type="tertiary",
            key=f"or-{group}",
            help="Another way",
            on_click=_add,
            args=(draft, 1, group),
        )


def _draw_line(draft: _Draft, line: _Line, filter_: Filter, now: datetime) -> None:
    """Draw a row and keep in it what it now says."""
    number, row = line.number, line.row
    names = list(FIELDS)
    with st.container(
        horizontal=True, vertical_alignment="bottom", gap="xsmall", key=f"form-row-{number}"
    ):
        name = st.selectbox(
            "Field",
            names,
            index=names.index(row.field),
            format_func=_field_label,
            key=f"form-field-{number}",
            label_visibility="collapsed",
            width=150,
        )
        chosen = FIELDS[str(name)]
        key = _draw_key(number, chosen, row, filter_, now)
        operators = list(chosen.operators)
        at = next((n for n, each in enumerate(operators) if each.name == row.operator), 0)
        if chosen.name != row.field:
            at = next((n for n, each in enumerate(operators) if each.takes == "list"), 0)
        operator = st.selectbox(
            "Comparison",
            operators,
            index=at,
            format_func=lambda each: each.words,
            key=f"form-operator-{number}-{chosen.name}",
            label_visibility="collapsed",
            width=140,
        )
        assert isinstance(operator, Operator)
        old = row.values if chosen.name == row.field else ()
        values = _draw_values(number, chosen, operator, key, old, filter_, now)
        st.button(
            "",
            icon=":material/close:",
            type="tertiary",
            key=f"form-out-{number}",
            help="Remove",
            on_click=_take_out,
            args=(draft, number),
        )
    has_key = row.has_key and key == row.key and chosen.name == row.field
    line.row = Row(chosen.name, operator.name, values, key, has_key)


def _field_label(name: str) -> str:
    field_ = FIELDS[name]
    if field_.name == "output_text":
        return "Output text"
    if field_.name == "input_text":
        return "Input text"
    return field_.label[:1].upper() + field_.label[1:]


def _draw_key(number: int, chosen: Field, row: Row, filter_: Filter, now: datetime) -> str:
    if not chosen.keyed:
        return ""
    current = row.key if row.field == chosen.name else ""
    known = _choices(KEY_FIELDS[chosen.name], filter_, now)
    options = list(dict.fromkeys([*([current] if current else []), *known]))
    key = st.selectbox(
        "Key",
        options,
        index=options.index(current) if current in options else None,
        key=f"form-key-{number}-{chosen.name}",
        placeholder="any" if chosen.kind == "score" else "key",
        accept_new_options=True,
        format_func=lambda each: _counted(each, known),
        label_visibility="collapsed",
        width=150,
    )
    return str(key or "")


def _draw_values(
    number: int,
    chosen: Field,
    operator: Operator,
    key: str,
    old: tuple[str, ...],
    filter_: Filter,
    now: datetime,
) -> tuple[str, ...]:
    """The values that the row now has, by the widget that its comparison needs."""
    mark = f"form-value-{number}-{chosen.name}-{operator.name}"
    if operator.takes == "nothing":
        return ()
    if operator.takes == "range":
        ends = zip(("From", "To"), (*old, "", ""), strict=False)
        found = [
            st.text_input(
                label,
                value,
                key=f"{mark}-{label}",
                placeholder=_example(chosen),
                label_visibility="collapsed",
                width=120,
            )
            for label, value in ends
        ]
        return tuple(each or "" for each in found) if any(found) else ()
    if operator.takes == "duration":
        return _one(mark, list(_LENGTHS), old, {}, "7d")
    known = _known(chosen, key, filter_, now)
    if operator.takes == "list":
        chosen_values = st.multiselect(
            "Values",
            list(dict.fromkeys([*old, *known])),
            default=list(old),
            key=f"{mark}-{key}",
            format_func=lambda each: _counted(each, known),
            accept_new_options=True,
            placeholder="any",
            label_visibility="collapsed",
            width=250,
        )
        return tuple(map(str, chosen_values))
    if known:
        return _one(f"{mark}-{key}", list(known), old, known, _example(chosen))
    text = st.text_input(
        "Value",
        old[0] if old else "",
        key=mark,
        placeholder=_example(chosen),
        label_visibility="collapsed",
        width=250,
    )
    return (text,) if text or (old and old[0] == "") else ()


def _one(
    key: str, options: list[str], old: tuple[str, ...], known: dict[str, int], example: str
) -> tuple[str, ...]:
    options = list(dict.fromkeys([*old[:1], *options]))
    value = st.selectbox(
        "Value",
        options,
        index=0 if old else None,
        key=key,
        format_func=lambda each: _counted(each, known),
        accept_new_options=True,
        placeholder=example,
        label_visibility="collapsed",
        width=250,
    )
    return () if value is None else (str(value),)


def _counted(value: str, known: dict[str, int]) -> str:
    return f"{value} ({known[value]:,})" if known.get(value) else value


def _example(chosen: Field) -> str:
    return _EXAMPLES.get(chosen.unit) or _EXAMPLES.get(chosen.kind, "value")


def _known(chosen: Field, key: str, filter_: Filter, now: datetime) -> dict[str, int]:
    """Values to choose from with their counts; {} where there are none to offer."""
    if chosen.name not in VALUE_FIELDS or (chosen.kind == "nested" and not key):
        return {}
    return _choices(VALUE_FIELDS[chosen.name], filter_, now, key)


def _choices(name: str, filter_: Filter, now: datetime, key: str = "") -> dict[str, int]:
    # Those of the whole time range, so that a choice can be changed, not only narrowed.
    scope = Filter().with_time_range(filter_.time_range)
    found = suggestions(open_store().connection, name, scope, now=now, key=key or None, limit=100)
    return {each.value: each.requests for each in found.values}


def _draw_kept(draft: _Draft, group: Group) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.code(item_text(group), language=None, wrap_lines=True)
        st.button(
            "",
            icon=":material/close:",
            type="tertiary",
            key=f"form-kept-{hash(group)}",
            help=f"Remove: {label_of(describe(group))}",
            on_click=draft.kept.remove,
            args=(group,),
        )


def _apply(draft: _Draft, filter_: Filter, zone: tzinfo, write: Write) -> bool:
    """Write the filter that the form says; False, with the problem kept, where it says none."""
    items: list[Row | Either | Group] = []
    done: set[int] = set()
    for line in draft.lines:
        if line.group is None:
            items.append(line.row)
        elif line.group not in done:
            done.add(line.group)
            own = tuple(each.row for each in draft.lines if each.group == line.group)
            items.append(Either(own))
    items += draft.kept
    try:
        found = from_form(Form(tuple(items), filter_.text), zone)
    except FilterError as error:
        draft.problem = f"{_named(items, error.path)}: {error.sentence}"
        return False
    draft.problem = ""
    write(found)
    return True


def _named(items: list[Row | Either | Group], path: str) -> str:
    """Which row of the form a complaint is about."""
    first, _, second = path.partition(".")
    if not first.isdecimal():
        return "The form"
    item = items[int(first)]
    if isinstance(item, Either):
        item = item.rows[int(second or 0)]
    return _field_label(item.field) if isinstance(item, Row) else "The form"
