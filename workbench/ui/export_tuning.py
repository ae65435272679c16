"""The options of a pack of requests: pairs, or the answer that is to be learnt."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from workbench.export.formats import PREFERENCE, FormatEntry
from workbench.export.tuning_options import NEAR, TAG
from workbench.store.export_ratings import HUMAN, HumanColumn, human_columns, names_of
from workbench.store.store import open_store
from workbench.ui.export_draft import Options, bound, choose_answer, value_at
from workbench.ui.export_pack import (
    draw_balance,
    draw_cost,
    draw_learning,
    draw_leaving,
    draw_split_by_chance,
    with_given,
)
from workbench.ui.export_words import METADATA, choice
from workbench.ui.importing_words import plain

_ANSWER = "export-tuning.answer"
_LEAVING = {
    "errors": "Failed calls",
    "truncated": "Cut off answers",
    "refusals": "Refusals",
    "duplicates": "Exact duplicates",
}


def draw_tuning(
    options: Options, entry: FormatEntry, keys: list[str], scores: list[str], tags: list[str]
) -> None:
    """keys: of the metadata, scores and tags: as the filter's requests use them."""
    is_preference = entry.kind == PREFERENCE
    if is_preference:
        _draw_pairs(options, scores)
    else:
        _draw_answer(options, entry, keys)
        draw_leaving(options, _LEAVING)
    of_keys = [METADATA + key for key in keys]
    with st.expander("Training and validation", key="export-split"):
        usual = ["group_id", "trace_id"] if is_preference else ["group_id", "trace_id", NEAR]
        draw_split_by_chance(options, "request", [*usual, *of_keys])
    if not is_preference:
        of_tags = [TAG + tag for tag in tags]
        draw_balance(options, ["tags", "prompt_name", "model", *of_tags, *of_keys])
    draw_cost(options)


def _draw_pairs(options: Options, scores: list[str]) -> None:
    st.segmented_control(
        "Pairs from",
        ["scores", "votes"],
        format_func={"scores": "Scores", "votes": "Votes in the playground"}.__getitem__,
        required=True,
        **bound(options, "tuning.pairs"),
    )
    if value_at(options, "tuning.pairs") == "votes":
        st.caption(
            "Of each vote the preferred answer and another one, where both are among what the "
            "filter finds and were asked the same. Ties are left out."
        )
        return
    given = value_at(options, "tuning.score")
    names = scores if given in scores else [given, *scores]
    st.selectbox(
        "Score that tells the better answer",
        names,
        accept_new_options=True,
        help="Requests with the same input and different scores of this name make a pair",
        **bound(options, "tuning.score"),
    )
    if given not in scores:
        told = (
            f"Used are: {plain(', '.join(scores[:8]))}." if scores else "There are no scores yet."
        )
        st.caption(f"No request of this filter has a score of this name. {told}")
    st.number_input(
        "Least difference of the two scores",
        min_value=0.01,
        max_value=1e9,
        format="%g",
        **bound(options, "tuning.min_gap", float, float),
    )


def _draw_answer(options: Options, entry: FormatEntry, keys: list[str]) -> None:
    rated = human_columns(open_store().connection)
    usual = ["output", *(HUMAN + name for name in names_of(rated))]
    st.session_state[_ANSWER] = value_at(options, "tuning.answer")
    st.selectbox(
        "Expected answer",
        with_given(options, "tuning.answer", [*usual, *(METADATA + key for key in keys)]),
        format_func=choice,
        help="A corrected answer may stand in the metadata; a request without it keeps its output. "
        "A human column holds what people wrote in an evaluation; a request without it is left out",
        key=_ANSWER,
        on_change=lambda: choose_answer(st.session_state[_ANSWER]),
    )
    _draw_evaluation(options, rated)
    draw_learning(options, entry)


def _draw_evaluation(options: Options, rated: Sequence[HumanColumn]) -> None:
    """Whose human column the expected answer is in, where it is in one."""
    name = str(value_at(options, "tuning.answer"))
    if not name.startswith(HUMAN):
        return
    names: dict[int | None, str] = {
        one.evaluation_id: one.evaluation for one in rated if HUMAN + one.name == name
    }
    given = value_at(options, "tuning.evaluation")
    offered: list[int | None] = [None, *names]
    if given not in offered:
        offered.append(given)
    labels = {None: "The newest rating of any evaluation", **names}
    st.selectbox(
        "Rated in",
        offered,
        format_func=lambda id_: labels.get(id_, f"Evaluation {id_}, which has no such column"),
        help="A rating counts for the request that its row in the dataset was made from",
        **bound(options, "tuning.evaluation"),
    )
