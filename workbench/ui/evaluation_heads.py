"""The heads of a grid's columns: what each is, how it stands, and what can be done with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from workbench.evals import grid_edits, grid_query, grids
from workbench.evals.columns.code_execution import CodeExecution
from workbench.evals.grid_reading import Summary
from workbench.evals.grids import Column, Grid, NewColumn
from workbench.jsontext import FieldError
from workbench.store.errors import NotFound, Refused
from workbench.store.evaluation_values import RUNNING
from workbench.store.store import open_store
from workbench.ui import access, words
from workbench.ui import evaluation_words as say_it
from workbench.ui.dataset_links import say
from workbench.ui.evaluation_ask import Again, begin_again
from workbench.ui.evaluation_column import ask_column, why_off
from workbench.ui.evaluation_links import find, show_rating
from workbench.ui.hostile import escaped
from workbench.ui.menus import close_menus, menu_key
from workbench.ui.saying import done_or_said

WIDTH = 230


def draw_heads(found: Grid, summaries: Mapping[str, Summary]) -> None:
    off = why_off(one.kind for one in found.columns)
    with st.container(horizontal=True, wrap=False, gap="small", key="evaluation-heads"):
        if found.inputs:
            with st.container(border=True, width=WIDTH, key="head-inputs", gap="xsmall"):
                st.html(
                    f'<p class="wb-role">Dataset · {words.plural(len(found.inputs), "column")}</p>'
                    f'<p class="wb-note wb-cut">{escaped(", ".join(found.inputs)[:200])}</p>'
                )
        for at, column in enumerate(found.columns):
            with st.container(border=True, width=WIDTH, key=f"head-{column.id}", gap="xsmall"):
                _draw_head(found, at, column, summaries.get(column.name), off)
        if can_edit(found) and st.button(
            "Add a column", icon=":material/add:", key="add-column", type="secondary"
        ):
            ask_column(found, None)
    if not found.columns:
        st.info(
            "No column yet. Add one: a prompt that runs on every row, a judge, a check, a rating."
        )


def can_edit(found: Grid) -> bool:
    return found.is_newest and found.run.state != RUNNING and found.run.worker is None


def _draw_head(
    found: Grid, at: int, column: Column, summary: Summary | None, off: str | None
) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.html(
            f'<p class="wb-role wb-cut">{escaped(column.kind.title)}</p>'
            f'<p class="wb-cut"><strong>{escaped(column.name)}</strong></p>',
            width="stretch",
        )
        _draw_menu(found, at, column)
    cannot = [off] if off and column.kind.name == CodeExecution.name else []
    if not found.run.judge and grid_edits.uses_judge(column.row):
        cannot.append("No model is chosen, neither here nor as judge in the run's settings.")
    cannot += [str(one) for one in column.problems[:1]]
    st.html(_lines(column, summary, cannot))
    _draw_finds(column, summary)


def _lines(column: Column, summary: Summary | None, cannot: Sequence[str]) -> str:
    """cannot: why it cannot run."""
    lines = [f'<span class="wb-bad">Cannot run: {escaped(one)}</span>' for one in cannot]
    if summary is not None:
        scored = say_it.column_score(summary.score)
        if scored:
            lines.append(f"<strong>{escaped(scored)}</strong>")
        counts = summary.counts
        parts = [f"{counts.done:,} done"]
        for number, what in (
            (counts.stale, "stale"),
            (counts.cancelled, "cancelled"),
            (counts.waiting, "waiting"),
        ):
            if number:
                parts.append(f"{number:,} {what}")
        if counts.cost:
            parts.append(words.money(counts.cost))
        lines.append(" · ".join(parts))
    if column.used is not None:
        lines.append(escaped(column.used.sentence))
    if column.notice:
        lines.append(f'<span class="wb-held">{escaped(column.notice)}</span>')
    return "".join(f'<p class="wb-note">{line}</p>' for line in lines)


def _draw_finds(column: Column, summary: Summary | None) -> None:
    """Buttons that show the rows behind a figure."""
    if summary is None:
        return
    asked = []
    if summary.counts.failed:
        asked.append((f"▲ {summary.counts.failed:,} failed", "state", "failed"))
    if summary.score is not None and summary.score.kind == "share" and summary.score.value < 1:
        asked.append(("■ Only false", "", "false"))
    if not asked:
        return
    with st.container(horizontal=True, gap="xsmall"):
        for label, part, value in asked:
            st.button(
                label,
                key=f"find-{column.id}-{part}-{value}",
                type="tertiary",
                help="Show these rows",
                on_click=find,
                args=(grid_query.term(column.name, part, value),),
            )


def _draw_menu(found: Grid, at: int, column: Column) -> None:
    with st.popover(
        "",
        icon=":material/more_horiz:",
        type="tertiary",
        key=menu_key(f"menu-{column.id}"),
        help="More",
    ):
        if column.kind.name == "HUMAN":
            _item(column, "rate", "Rate one by one", "star", show_rating, column.name)
        if not can_edit(found):
            st.caption("Columns of older runs, and of one that goes on, stay as they are.")
            return
        for action, label, icon in (
            ("edit", "Edit…", "edit"),
            ("rename", "Rename…", "match_case"),
            ("remove", "Remove…", "delete"),
        ):
            if st.button(
                label,
                icon=f":material/{icon}:",
                type="tertiary",
                key=f"{action}-{column.id}",
                on_click=close_menus,
            ):
                _OPENS[action](found, column)
        names = [one.name for one in found.columns]
        if at:
            _item(column, "left", "Move left", "arrow_back", _move, found, column, names[at - 1])
        if at + 1 < len(names):
            before = names[at + 2] if at + 2 < len(names) else None
            _item(column, "right", "Move right", "arrow_forward", _move, found, column, before)
        _item(column, "copy", "Duplicate", "content_copy", _duplicate, found, column)
        if column.kind.name != "HUMAN" and st.button(
            "Run it anew",
            icon=":material/replay:",
            type="tertiary",
            key=f"rerun-{column.id}",
            help="And what depends on it",
            on_click=close_menus,
        ):
            begin_again(found, Again("column", column.name))


def _item(
    column: Column, key: str, label: str, icon: str, do: Callable[..., None], *args: object
) -> None:
    def clicked() -> None:
        close_menus()
        do(*args)

    st.button(
        label,
        icon=f":material/{icon}:",
        type="tertiary",
        key=f"{key}-{column.id}",
        on_click=clicked,
    )


def _move(found: Grid, column: Column, before: str | None) -> None:
    done_or_said(
        lambda: grids.move_column(open_store(), access.actor(), found.run.id, column.name, before)
    )


def _duplicate(found: Grid, column: Column) -> None:
    taken = {one.lower() for one in (*found.inputs, *found.ids)}
    number = 2
    while f"{column.name} {number}".lower() in taken:
        number += 1
    kind = column.kind
    made = NewColumn(f"{column.name} {number}", kind.name, column.config.model_dump(mode="json"))
    names = [one.name for one in found.columns]
    at = names.index(column.name) + 1
    before = names[at] if at < len(names) else None
    done_or_said(
        lambda: grids.add_column(open_store(), access.actor(), found.run.id, made, before=before)
    )


@st.dialog("Rename the column")
def _ask_rename(found: Grid, column: Column) -> None:
    name = st.text_input("Name", column.name, max_chars=100, key="column-rename")
    st.caption("Columns and the score that name it follow. Cells stay.")
    if not st.button("Rename", type="primary", key="rename-now"):
        return
    try:
        grids.rename_column(open_store(), access.actor(), found.run.id, column.name, name)
    except (Refused, NotFound, FieldError) as error:
        st.error(escaped(str(error)))
        return
    st.rerun()


@st.dialog("Remove the column?")
def _ask_remove(found: Grid, column: Column) -> None:
    st.markdown(
        f"**{escaped(column.name)}** goes with all its cells, and with what they cost. This cannot "
        "be undone; older runs keep theirs."
    )
    if not st.button("Remove it", type="primary", key="remove-now"):
        return
    try:
        grids.remove_column(open_store(), access.actor(), found.run.id, column.name)
    except (Refused, NotFound, FieldError) as error:
        st.error(escaped(str(error)))
        return
    say(f"{column.name} is removed.")
    st.rerun()


_OPENS: dict[str, Callable[[Grid, Column], None]] = {
    "edit": ask_column,
    "rename": _ask_rename,
    "remove": _ask_remove,
}
