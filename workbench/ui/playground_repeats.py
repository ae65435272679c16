"""Running more than once: rows of variables, repeats, what that costs, and what is shown of it."""

from __future__ import annotations

from functools import partial

import streamlit as st

from workbench.playground import batches, rows
from workbench.playground.batches import MAX_REPEATS, Plan
from workbench.playground.session import Session
from workbench.providers.host import open_host
from workbench.registry import variable_sets
from workbench.store.errors import NotFound, Refused
from workbench.store.store import open_store
from workbench.ui import words
from workbench.ui.hostile import escaped
from workbench.ui.playground_prompt import template_of
from workbench.ui.playground_run import run_planned
from workbench.ui.playground_state import epoch, keep, say
from workbench.ui.playground_view import View, choose_place

_NAMES_SHOWN = 6
_POPOVER = "playground-repeats"
_ASKED = "playground-repeats-asked"


def draw_repeats(session: Session) -> None:
    popover = st.popover(
        "Repeat…",
        icon=":material/repeat:",
        type="tertiary",
        key=_POPOVER,
        help="Run each column several times, and over rows of variables",
        on_change="rerun",
    )
    if popover.open:
        with popover:
            _draw_inside(session)
    if st.session_state.pop(_ASKED, False):
        ask_run(session)


def _draw_inside(session: Session) -> None:
    widget = f"repeats-{session.id}-{epoch()}"

    def chosen() -> None:
        session.repeats = int(st.session_state[widget] or 1)
        keep(session)

    st.number_input(
        "Repeats of each",
        min_value=1,
        max_value=MAX_REPEATS,
        value=min(session.repeats, MAX_REPEATS),
        step=1,
        key=widget,
        on_change=chosen,
    )
    _draw_rows(session)
    columns = [one for one in session.columns if not one.is_locked]
    total = len(columns) * max(len(session.rows), 1) * session.repeats
    st.button(
        f"Run {words.plural(total, 'call')}…",
        icon=":material/play_arrow:",
        key="ask-repeats",
        disabled=not columns,
        on_click=_ask,
    )


def _ask() -> None:
    # Folded up, so that it does not lie over the question.
    st.session_state[_POPOVER] = False
    st.session_state[_ASKED] = True


def _draw_rows(session: Session) -> None:
    if session.rows:

        def clear() -> None:
            session.rows, session.rows_from = [], ""
            keep(session)

        names = rows.names(session.rows)
        shown = ", ".join(names[:_NAMES_SHOWN]) + (" …" if len(names) > _NAMES_SHOWN else "")
        st.html(
            f'<p class="wb-note"><strong>{words.plural(len(session.rows), "row")}</strong> from '
            f"{escaped(session.rows_from)}: {escaped(shown)}</p>"
        )
        st.button("Take the rows away", key="rows-clear", type="tertiary", on_click=clear)
        return
    st.caption("Rows of variables: each row is run for itself.")
    widget = f"rows-file-{session.id}-{epoch()}"

    def take() -> None:
        given = st.session_state[widget]
        if given is None:
            return
        try:
            session.rows = rows.of_file(given.name, given.getvalue())
        except Refused as error:
            say(str(error))
            return
        session.rows_from = given.name[:80]
        keep(session)

    st.file_uploader(
        "CSV with a line of names, or JSONL",
        type=["csv", "tsv", "jsonl", "json"],
        key=widget,
        max_upload_size=rows.MAX_BYTES // 2**20,
        on_change=take,
    )
    shared = session.shared
    template = template_of(session)
    if shared.template_id is not None:
        template = shared.template_id, shared.name
    if template is None:
        if session.sets:
            _draw_own_sets(session)
        return

    def take_sets() -> None:
        try:
            found = variable_sets.listed(open_store().connection, template[0])
            session.rows = rows.bounded([rows.of_values(one.values) for one in found])
        except (NotFound, Refused) as error:
            say(str(error))
            return
        if not session.rows:
            say(f"{template[1]} has no variable set.")
            return
        session.rows_from = f"the variable sets of {template[1]}"[:80]
        keep(session)

    st.button(
        "All variable sets of the template",
        key="rows-sets",
        type="tertiary",
        icon=":material/data_array:",
        help=template[1],
        on_click=take_sets,
    )


def _draw_own_sets(session: Session) -> None:
    def take() -> None:
        session.rows = [dict(values) for values in session.sets.values()]
        session.rows_from = "the variable sets of this session"
        keep(session)

    st.button(
        "All variable sets of this session",
        key="rows-own-sets",
        type="tertiary",
        icon=":material/data_array:",
        on_click=take,
    )


@st.dialog("Run more than once")
def ask_run(session: Session) -> None:
    columns = [one for one in session.columns if not one.is_locked]
    connections = open_host().connections()
    try:
        with st.spinner("Filling in the variables…"):
            plan = batches.plan(open_store(), connections, session, columns, session.repeats)
    except Refused as error:
        st.error(escaped(str(error)), icon=":material/error:")
        return
    count = max(len(session.rows), 1)
    st.markdown(
        f"{words.plural(len(columns), 'column')} × {words.plural(count, 'row')} × "
        f"{words.plural(session.repeats, 'repeat')} = **{words.plural(plan.count, 'call')}**"
    )
    st.markdown(_cost(plan).replace("$", "\\$"))
    for failure in dict.fromkeys(plan.failures.values()):
        st.error(escaped(failure), icon=":material/error:")
    if plan.doubts:
        items = "".join(
            f'<li class="wb-warning-line">{escaped(each)}</li>' for each in plan.doubts[:8]
        )
        st.html(f'<ul class="wb-reasons">{items}</ul>')
        st.caption("Missing variables are left empty.")
    if st.button(
        f"Run {words.plural(plan.count, 'call')}",
        type="primary",
        key="run-repeats",
        disabled=not plan.count,
    ):
        run_planned(session, plan)
        st.rerun()


def _cost(plan: Plan) -> str:
    if not plan.unpriced:
        return "They cost nothing." if not plan.cost else f"About {words.money(plan.cost)}."
    names = ", ".join(plan.unpriced)
    known = f"About {words.money(plan.cost)}, " if plan.cost else "The cost is "
    return f"{known}{'without' if plan.cost else 'not known for'} {names}" + (
        ", whose price is not known." if plan.cost else "."
    )


def _numbered(name: str, number: int) -> str:
    return f"{name} {number}"


def draw_place(view: View) -> None:
    """Which row and repeat the columns show, where there are several."""
    many_rows, many_repeats = view.many
    place = view.place
    for name, most, now in (("Row", many_rows, place.row), ("Repeat", many_repeats, place.repeat)):
        if most < 2:
            continue
        widget = f"place-{name}-{view.session.id}-{place.batch}-{now}"

        def chosen(name: str = name, widget: str = widget) -> None:
            number = int(st.session_state[widget]) - 1
            is_row = name == "Row"
            choose_place(number if is_row else place.row, place.repeat if is_row else number)

        st.selectbox(
            f"{name} that is shown",
            list(range(1, most + 1)),
            index=min(now, most - 1),
            format_func=partial(_numbered, name),
            key=widget,
            label_visibility="collapsed",
            width=130,
            on_change=chosen,
        )
