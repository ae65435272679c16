"""The options of a fine-tuning pack: the answer, what is left out, the split, balance and cost."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import streamlit as st

from workbench.export.formats import PREFERENCE, FormatEntry
from workbench.export.tuning_options import NEAR, TAG
from workbench.store.export_ratings import HUMAN, HumanColumn, human_columns, names_of
from workbench.store.store import open_store
from workbench.ui.export_draft import Options, bound, choose_answer, put, value_at
from workbench.ui.export_words import METADATA, choice
from workbench.ui.importing_words import plain

_ANSWER = "export-tuning.answer"
_LEAVING = {
    "errors": "Failed calls",
    "truncated": "Cut off answers",
    "refusals": "Refusals",
    "duplicates": "Exact duplicates",
}
_LIKENESS = 0.8
_HELD_BACK = (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5)


def draw_tuning(
    options: Options, entry: FormatEntry, keys: list[str], scores: list[str], tags: list[str]
) -> None:
    """keys: of the metadata, scores and tags: as the filter's requests use them."""
    is_preference = entry.kind == PREFERENCE
    if is_preference:
        _draw_pairs(options, scores)
    else:
        _draw_answer(options, entry, keys)
        _draw_leaving(options)
    _draw_split(options, keys, is_preference)
    if not is_preference:
        _draw_balance(options, keys, tags)
    _draw_cost(options)


def _offered(options: Options, path: str, usual: Sequence[str], keys: list[str]) -> list[str]:
    """Names to choose from: the link may name some that no request uses now."""
    names = [*usual, *(METADATA + key for key in keys)]
    value = value_at(options, path)
    given = value if isinstance(value, list) else [value]
    return names + [name for name in given if isinstance(name, str) and name not in names]


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
        _offered(options, "tuning.answer", usual, keys),
        format_func=choice,
        help="A corrected answer may stand in the metadata; a request without it keeps its output. "
        "A human column holds what people wrote in an evaluation; a request without it is left out",
        key=_ANSWER,
        on_change=lambda: choose_answer(st.session_state[_ANSWER]),
    )
    _draw_evaluation(options, rated)
    st.segmented_control(
        "Learn from",
        ["last", "all"],
        format_func={"last": "The last answer", "all": "Every answer"}.__getitem__,
        required=True,
        help="Every answer: earlier turns of the conversation are learnt too",
        disabled=bool(entry.every_answer),
        **bound(options, "tuning.train_on"),
    )
    if entry.every_answer:
        st.caption(f"Nothing to choose here. {entry.every_answer}")


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


def _draw_leaving(options: Options) -> None:
    given = {name: value_at(options, f"tuning.{name}") for name in _LEAVING}
    key = "export-leaving"
    st.session_state[key] = [name for name, is_left in given.items() if is_left]
    st.pills(
        "Leave out",
        list(_LEAVING),
        selection_mode="multi",
        format_func=_LEAVING.__getitem__,
        key=key,
        on_change=_leave,
    )
    near = value_at(options, "tuning.near_duplicates")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.toggle(
            "Near duplicates too",
            help="Found by MinHash over what was asked and answered, with the seed below",
            **bound(
                options,
                "tuning.near_duplicates",
                lambda value: value is not None,
                lambda is_on: _LIKENESS if is_on else None,
            ),
        )
    if near is not None:
        key = "export-likeness"
        st.session_state[key] = float(near)
        st.slider(
            "Alike from",
            0.5,
            1.0,
            step=0.01,
            format="%.2f",
            key=key,
            help="Jaccard similarity of the two texts: 1 is the same, 0.8 differs in a few words",
            on_change=lambda: put("tuning.near_duplicates", st.session_state[key]),
        )
    st.number_input(
        "Most tokens of an example",
        1,
        10**7,
        step=256,
        placeholder="As many as the format takes",
        **bound(options, "tuning.max_tokens"),
    )


def _leave() -> None:
    chosen = st.session_state["export-leaving"]
    for name in _LEAVING:
        put(f"tuning.{name}", name in chosen)


def _draw_split(options: Options, keys: list[str], is_preference: bool) -> None:
    with st.expander("Training and validation", key="export-split"):
        share = value_at(options, "tuning.validation")
        shares = sorted({*_HELD_BACK, float(share)})
        st.select_slider(
            "Held back for validation",
            shares,
            format_func=lambda value: f"{value:.0%}",
            **bound(options, "tuning.validation", float),
        )
        usual = ("group_id", "trace_id") if is_preference else ("group_id", "trace_id", NEAR)
        st.multiselect(
            "Kept on one side",
            _offered(options, "tuning.together", usual, keys),
            format_func=choice,
            placeholder="The same input always is",
            help="Requests that share one of these are never in both files, so that nothing that "
            "is validated was learnt. The same input never is",
            disabled=not share,
            **bound(options, "tuning.together"),
        )
        st.number_input(
            "Seed",
            0,
            2**31 - 1,
            step=1,
            help="The same seed and the same requests give the same files",
            **bound(options, "tuning.seed"),
        )


def _draw_balance(options: Options, keys: list[str], tags: list[str]) -> None:
    with st.expander("Balance", key="export-balance"):
        by = value_at(options, "tuning.balance_by")
        names: list[Any] = [None, "tags", "prompt_name", "model"]
        offered = [*names, *(TAG + tag for tag in tags), *(METADATA + key for key in keys)]
        if by not in offered:
            offered.append(by)
        st.selectbox(
            "No class larger than the others, by",
            offered,
            format_func=lambda name: "Nothing" if name is None else choice(name),
            **bound(options, "tuning.balance_by"),
        )
        if by is not None:
            st.number_input(
                "Most examples of a class",
                1,
                10**9,
                step=1,
                placeholder="As many as the smallest has",
                **bound(options, "tuning.balance_to"),
            )


def _draw_cost(options: Options) -> None:
    with st.expander("Cost estimate", key="export-cost"):
        st.number_input("Epochs", 1, 100, step=1, **bound(options, "tuning.epochs"))
        st.number_input(
            "Dollars for a million tokens",
            0.0,
            1e6,
            format="%g",
            placeholder="A published price of that vendor",
            **bound(
                options,
                "tuning.price_per_million",
                lambda value: None if value is None else float(value),
                lambda value: None if value is None else str(Decimal(str(value))),
            ),
        )
