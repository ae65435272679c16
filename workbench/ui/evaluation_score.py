"""The score: which columns count, how much, or by code of one's own."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from workbench.evals import grid_reading, grids
from workbench.evals.grid_reading import Scored
from workbench.evals.grids import Grid
from workbench.evals.scores import Score
from workbench.jsontext import FieldError
from workbench.store.errors import NotFound, Refused
from workbench.store.store import open_store
from workbench.ui import access, words
from workbench.ui import evaluation_words as say_it
from workbench.ui.dataset_links import say
from workbench.ui.hostile import escaped


def draw_score_line(found: Grid) -> None:
    """The score on one line above the grid; code of one's own is run on its own page alone."""
    if not found.columns:
        return
    if (found.run.score or {}).get("code"):
        st.html('<p class="wb-note">Scored by code: see Score.</p>', width="stretch")
        return
    scored = grid_reading.score(open_store(), found.run.id).score
    if scored is None:
        return
    st.html(f'<p class="wb-head">Score {_sentence(scored)}</p>', width="stretch")


def _sentence(found: Score) -> str:
    text = f"<strong>{escaped(say_it.score(found))}</strong>"
    out = say_it.left_out(found)
    names = ", ".join(one.column for one in found.columns)
    said = f"of {names}, {words.plural(found.size, 'cell')} at least"
    if len(found.columns) == 1:
        said = f"of {names}, {words.plural(found.size, 'cell')}"
    if out:
        said += f", {words.plural(out, 'cell')} left out"
    return f'{text} <span class="wb-note">{escaped(said)}</span>'


def draw_score(found: Grid) -> None:
    if not found.columns:
        st.info("There is nothing to score: the grid has no column yet.")
        return
    with st.spinner("Scoring"):
        scored = grid_reading.score(open_store(), found.run.id)
    shown, settings = st.columns([1.2, 1], gap="large")
    with shown:
        _draw_scored(scored)
    with settings:
        _draw_settings(found)


def _draw_scored(scored: Scored) -> None:
    if scored.problem:
        st.error(escaped(scored.problem), icon=":material/error:")
    if scored.custom is not None:
        value = scored.custom.get("score")
        if isinstance(value, int | float):
            st.metric("Score by code", say_it.figure(value, is_share=False))
        else:
            st.metric("Score by code", str(value)[:40])
        rest = {name: one for name, one in scored.custom.items() if name != "score"}
        if rest:
            st.json(rest, expanded=2)
    found = scored.score
    if found is None:
        st.info("No cell counts yet: the score is of truth values and numbers.")
        return
    st.metric("Score", say_it.figure(found.value, is_share=say_it.is_share(found)))
    within = say_it.interval(found.interval, is_share=say_it.is_share(found))
    st.caption(
        f"95 % interval {within}." if within else "Nothing can be said about chance with so few."
    )
    frame = {
        "Column": [one.column for one in found.columns],
        "Score": [say_it.column_score(one) for one in found.columns],
        "Cells": [one.size for one in found.columns],
        "Left out": [one.left_out for one in found.columns],
    }
    st.dataframe(pd.DataFrame(frame), hide_index=True, row_height=30)
    out = say_it.left_out(found)
    if out:
        st.caption(
            f"{words.plural(out, 'cell')} left out: failed, waiting, or neither a truth value nor "
            "a number. They count as nothing, neither 0 nor false."
        )
    if found.without:
        st.caption(f"Without a score: {escaped(', '.join(found.without))}.")


def _draw_settings(found: Grid) -> None:
    now = dict(found.run.score or {})
    names = list(found.ids)
    st.markdown("**What counts**")
    columns = st.multiselect(
        "Columns",
        names,
        [one for one in now.get("columns") or names[-1:] if one in names],
        key=f"score-columns-{found.run.id}",
        placeholder="The last one",
    )
    given = now.get("weights") or {}
    weights: dict[str, float] = {}
    if len(columns) > 1:
        with st.container(horizontal=True, gap="small"):
            for name in columns:
                weights[name] = st.number_input(
                    f"Weight of {name}",
                    min_value=0.0,
                    value=float(given.get(name, 1.0)),
                    step=0.5,
                    key=f"score-weight-{found.ids[name]}",
                    width=150,
                )
    with st.expander("Code of your own", expanded=bool(now.get("code"))):
        code = st.text_area(
            "Body of a function",
            now.get("code") or "",
            key=f"score-code-{found.run.id}",
            height=160,
            placeholder='return {"score": sum(row["good"] for row in data) / len(data)}',
            help='`data` is the list of rows; return {"score": a number}, also "sub_scores"',
        )
    if not st.button("Keep", type="primary", key="keep-score"):
        return
    wanted: dict[str, Any] = {}
    if columns:
        wanted["columns"] = columns
    if any(weight != 1 for weight in weights.values()):
        wanted["weights"] = weights
    if code.strip():
        wanted["code"] = code
    try:
        grids.set_up(open_store(), access.actor(), found.run.id, score=wanted)
    except (Refused, NotFound, FieldError) as error:
        st.error(escaped(str(error)))
        return
    say("Kept.")
    st.rerun()
