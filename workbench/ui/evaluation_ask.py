"""What is asked before models are called: how many calls, what they would cost, and the budget."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from workbench.evals import grid_reading, running
from workbench.evals.grids import Grid
from workbench.evals.running import Estimate, Scope
from workbench.jsontext import FieldError
from workbench.store.errors import NotFound, Refused
from workbench.store.evaluation_values import RUNNING
from workbench.store.store import open_store
from workbench.ui import access, words
from workbench.ui.hostile import escaped
from workbench.ui.saying import done_or_said


@dataclass(frozen=True, slots=True)
class Again:
    """What is to be run anew: the scope of a rerun with its column and row."""

    scope: Scope
    column: str | None = None
    row: int | None = None

    @property
    def title(self) -> str:
        if self.scope == "failed":
            return "Rerun what failed"
        if self.scope == "row":
            return f"Run row {self.row} anew"
        return "Run this cell anew" if self.scope == "cell" else "Run the column anew"


def begin(found: Grid, *, is_known: bool) -> None:
    """Start at once where no model is called; else say first what it would cost. is_known: that was
    said before."""
    if not is_known and any(one.kind.calls_models for one in found.columns):
        _ask("Run the evaluation", found, None)
    else:
        _at_once(lambda: running.start(open_store(), access.actor(), found.run.id))


def begin_again(found: Grid, again: Again) -> None:
    """The same of what is to be run anew. What goes on already was started with its estimate: it
    takes these cells along."""
    if found.run.state != RUNNING and _calls_models(found, again):
        _ask(again.title, found, again)
    else:
        _at_once(lambda: _rerun(found, again))


def _calls_models(found: Grid, again: Again) -> bool:
    """Whether a rerun may call models: for its own cells, or for what is left and runs with it."""
    models = {one.name for one in found.columns if one.kind.calls_models}
    if again.scope == "failed":
        summaries = grid_reading.summaries(open_store(), found.run.id)
        own = {name for name in models if summaries[name].counts.failed}
    elif again.column is not None:
        own = models.intersection(found.order.stale_after_edit(again.column))
    else:
        own = models
    return bool(own) or (bool(models) and _left(found) > 0)


def _left(found: Grid) -> int:
    now = running.progress(open_store(), found.run.id)
    return max(0, now.counts.left - now.for_people)


def _rerun(found: Grid, again: Again) -> None:
    running.rerun(
        open_store(),
        access.actor(),
        found.run.id,
        again.scope,
        column=again.column,
        row=again.row,
    )


def _at_once(do: Callable[[], object]) -> None:
    done_or_said(do)
    st.rerun()


def _try(do: Callable[[], object]) -> None:
    try:
        do()
    except (Refused, NotFound, FieldError) as error:
        st.error(escaped(str(error)))
        return
    st.rerun()


def _ask(title: str, found: Grid, again: Again | None) -> None:
    st.dialog(title, width="medium")(_draw_ask)(found, again)


def _draw_ask(found: Grid, again: Again | None) -> None:
    store, run_id = open_store(), found.run.id
    try:
        with st.spinner("Working out what it would cost"):
            asked = (
                running.estimate(store, run_id)
                if again is None
                else running.estimate(
                    store, run_id, again=again.scope, column=again.column, row=again.row
                )
            )
    except (Refused, NotFound, FieldError) as error:
        st.error(escaped(str(error)))
        return
    # A rerun is of some rows alone.
    _draw_estimate(asked, f" over {words.plural(asked.rows, 'row')}" if again is None else "")
    left = 0 if again is None else _left(found)
    if left:
        st.caption(f"{words.plural(left, 'cell')} that did not run yet {_are(left)} run as well.")
    budget = found.run.budget
    st.caption(
        f"It pauses before it has spent more than {words.money(budget)}."
        if budget is not None
        else "No budget is set: the settings of the run have one."
    )
    if st.button("Start", type="primary", icon=":material/play_arrow:", key="start-now"):
        if again is None:
            _try(lambda: running.start(store, access.actor(), run_id))
        else:
            _try(lambda: _rerun(found, again))


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


def _dollars(asked: Estimate) -> str:
    if asked.dollars is not None:
        return f"about {words.money(asked.dollars)}"
    if not asked.known:
        return "what they cost is not known"
    return f"{words.money(asked.known)} for what is known, more for what is not"


def _draw_estimate(asked: Estimate, over: str) -> None:
    # Of a rerun of some cells the other columns would fill the table with nothing.
    listed = [one for one in asked.columns if one.cells] or asked.columns
    st.html(
        f"<p>{escaped(words.plural(asked.calls, 'call'))} of models{escaped(over)}: "
        f"<strong>{escaped(_dollars(asked))}</strong></p>"
    )
    st.dataframe(
        {
            "Column": [one.column for one in listed],
            "Model": [one.model or "" for one in listed],
            "Cells": [one.cells for one in listed],
            "Calls": [one.calls for one in listed],
            "Tokens in": [one.input_tokens for one in listed],
            "Tokens out": [one.output_tokens for one in listed],
            "Cost": [words.money(one.dollars) for one in listed],
        },
        hide_index=True,
        placeholder="",
        column_config={
            **{
                name: st.column_config.NumberColumn(format="localized")
                for name in ("Cells", "Calls", "Tokens in", "Tokens out")
            },
            "Cost": st.column_config.TextColumn(alignment="right"),
        },
    )
    noted: dict[str, list[str]] = {}
    for one in listed:
        for problem in one.problems:
            st.warning(escaped(f"{one.column}: {problem}"), icon=":material/error:")
        if one.note:
            noted.setdefault(one.note, []).append(one.column)
    # Columns of one model have one note.
    for note, names in noted.items():
        st.caption(escaped(f"{', '.join(names)}: {note}"))
