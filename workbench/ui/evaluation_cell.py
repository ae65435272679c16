"""One cell whole beside the grid: its value, or why there is none, and what stands behind it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from workbench.evals import grid_reading
from workbench.evals.grid_reading import CellDetail, CellView
from workbench.evals.grids import Grid
from workbench.logs.sessions import prompt_messages
from workbench.store import requests
from workbench.store.evaluation_values import CANCELLED, DONE, FAILED, RUNNING, STALE
from workbench.store.store import open_store
from workbench.ui import evaluation_words as say_it
from workbench.ui import state, words
from workbench.ui.conversation import Look, draw_messages
from workbench.ui.dataset_links import turn_to
from workbench.ui.dataset_values import draw_value
from workbench.ui.evaluation_ask import Again, begin_again
from workbench.ui.evaluation_links import show_cell
from workbench.ui.evaluation_rate import draw_rate
from workbench.ui.hostile import draw_text, escaped
from workbench.ui.marks import marked

#: A row and the page that it is on.
Place = tuple[int, int]


def draw_cell(
    found: Grid, opened: tuple[int, str], before: Place | None, after: Place | None
) -> None:
    row, column = opened
    names = [*found.inputs, *found.ids]
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.html(
            f'<p class="wb-head"><strong>{escaped(column)}</strong> '
            f'<span class="wb-note">row {row}</span></p>',
            width="stretch",
        )
        _draw_tools(found, opened, before, after)
    if column not in names:
        st.info("There is no such column in this run.")
        return
    rows = grid_reading.rows(open_store(), found.run.id, [row], cut=None)
    if not rows:
        st.info("This row is not in the version of the dataset.")
        return
    if column in found.inputs:
        _draw_view(rows[0].inputs[column], f"cell-{row}-in")
        if rows[0].source_request is not None:
            _draw_request(rows[0].source_request, "From request")
        return
    _draw_detail(found, grid_reading.cell(open_store(), found.run.id, row, column))


def _draw_tools(
    found: Grid, opened: tuple[int, str], before: Place | None, after: Place | None
) -> None:
    row, column = opened
    names = [*found.inputs, *found.ids]
    at = names.index(column) if column in names else 0
    left = (names[at - 1], None) if at else None
    right = (names[at + 1], None) if at + 1 < len(names) else None
    for icon, key, target, what in (
        ("arrow_left", "h", left and (row, left[0], None), "Column to the left"),
        ("arrow_right", "l", right and (row, right[0], None), "Column to the right"),
        ("arrow_up", "k", before and (before[0], column, before[1]), "Previous row"),
        ("arrow_down", "j", after and (after[0], column, after[1]), "Next row"),
    ):
        st.button(
            "",
            icon=f":material/keyboard_{icon}:",
            shortcut=key,
            help=what,
            key=f"go-{key}",
            type="tertiary",
            disabled=target is None,
            on_click=_go,
            args=(target,),
        )
    st.button(
        "",
        icon=":material/close:",
        shortcut="Esc",
        help="Close",
        key="close",
        type="tertiary",
        on_click=show_cell,
        args=(None,),
    )


def _go(target: tuple[int, str, int | None] | None) -> None:
    if target is None:
        return
    row, column, page = target
    show_cell(row, column)
    if page is not None:
        turn_to(page)


def _draw_detail(found: Grid, detail: CellDetail) -> None:
    cell, key = detail.cell, f"cell-{detail.row}-{found.ids[detail.column]}"
    _draw_state(cell)
    if found.column(detail.column).kind.name == "HUMAN":
        draw_rate(found, detail.row, detail.column, cell)
    else:
        # The mark above says a truth value already.
        if cell.state != DONE or cell.passed is None or cell.value is not cell.passed:
            _draw_view(cell, key)
        _draw_reruns(found, detail)
    if detail.reasoning:
        st.html('<p class="wb-role">The judge\'s reasoning</p>')
        draw_text(detail.reasoning, f"{key}-why")
    for note in detail.notes:
        _draw_said(note)
    _draw_sent(detail.request_ids)
    _draw_facts(detail)
    data = dict(detail.data)
    printed = data.pop("stdout", None)
    if printed:
        st.html('<p class="wb-role">Printed</p>')
        st.code(str(printed), language=None, wrap_lines=True)
    if data:
        st.html('<p class="wb-role">More</p>')
        st.json(data, expanded=1)
    for number, (name, read) in enumerate(detail.reads.items()):
        st.html(f'<p class="wb-role">Read from {escaped(name)}</p>')
        if read.state not in (DONE, STALE):
            _draw_state(read)
        _draw_view(read, f"{key}-read-{number}")


def _draw_state(cell: CellView) -> None:
    if cell.state == FAILED:
        again = "Trying again may help." if cell.retryable else "It would fail again as it stands."
        st.error(f"**{say_it.failure(cell.kind)}.** {again}", icon=":material/error:")
        _draw_said(cell.message)
    elif cell.state == RUNNING:
        st.info("It runs now.")
    elif cell.state == STALE:
        st.warning("Stale: what it depends on has changed.")
        _draw_said(cell.waits)
    elif cell.state == CANCELLED:
        st.info("Cancelled; a start runs it.")
    elif cell.state != DONE:
        _draw_said(cell.waits or "Not run yet.")
    elif cell.passed is not None:
        said = "● passed" if cell.passed else "■ not passed"
        st.html(f'<p class="wb-text">{marked(said)}</p>')


def _draw_said(text: str | None) -> None:
    """A sentence that may quote logged text."""
    if text:
        st.html(f'<p class="wb-note wb-text">{escaped(text)}</p>')


def _draw_view(cell: CellView, key: str) -> None:
    value: Any = cell.value if cell.value is not None else cell.text or None
    if value is None:
        if cell.state == DONE:
            st.caption("No value")
        return
    draw_value(value, key)


def _draw_request(request_id: int, label: str) -> None:
    st.page_link(
        "pages/request.py",
        label=f"{label} {request_id}",
        icon=":material/article:",
        query_params={state.REQUEST: str(request_id)},
    )


def _draw_sent(request_ids: Sequence[int]) -> None:
    """The calls behind a value. The prompt is read when it is opened, and stays open from cell to
    cell."""
    for request_id in request_ids:
        _draw_request(request_id, "Log record of the call: request")
    if not request_ids:
        return
    label = "Prompt as sent" if len(request_ids) == 1 else "Prompt as sent by the first call"
    folded = st.expander(label, key="cell-sent", on_change="rerun")
    if not folded.open:
        return
    with folded:
        sent = requests.get(open_store().connection, request_ids[0])
        if sent is None:
            st.caption("The request is not in the logs any more.")
        else:
            draw_messages(prompt_messages(sent.prompt), f"sent-{request_ids[0]}", Look())


def _draw_facts(detail: CellDetail) -> None:
    cell = detail.cell
    facts = []
    if detail.used:
        facts.append(("Prompt", detail.used))
    if cell.cost is not None:
        facts.append(("Cost", words.money(cell.cost)))
    elif detail.request_ids:
        facts.append(("Cost", words.UNKNOWN))
    if detail.milliseconds is not None:
        facts.append(("Time", words.latency(detail.milliseconds)))
    if cell.attempts > 1:
        facts.append(("Attempts", f"{cell.attempts:,}"))
    if cell.author:
        facts.append(("By", cell.author))
    if facts:
        rows = "".join(f"<dt>{name}</dt><dd>{escaped(text)}</dd>" for name, text in facts)
        st.html(f'<dl class="wb-facts">{rows}</dl>')


def _draw_reruns(found: Grid, detail: CellDetail) -> None:
    if not found.is_newest:
        return
    with st.container(horizontal=True, gap="small"):
        cell = st.button(
            "Run this cell anew",
            icon=":material/replay:",
            type="tertiary",
            key="rerun-cell",
            help="And what depends on it",
        )
        row = st.button("Run the row anew", type="tertiary", key="rerun-row")
    if cell:
        begin_again(found, Again("cell", detail.column, detail.row))
    elif row:
        begin_again(found, Again("row", row=detail.row))
