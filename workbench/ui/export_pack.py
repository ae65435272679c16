"""What packs of every source can be asked for: what is left out, the split, balance and cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import streamlit as st

from workbench.export.formats import FormatEntry
from workbench.ui.export_draft import Options, bound, put, value_at
from workbench.ui.export_words import choice

_LIKENESS = 0.8
_HELD_BACK = (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5)


def with_given(options: Options, path: str, names: Sequence[str]) -> list[str]:
    """Names to choose from: the link may name some that are of nothing now."""
    value = value_at(options, path)
    given = value if isinstance(value, list | tuple) else [value]
    return [*names, *(name for name in given if isinstance(name, str) and name not in names)]


def draw_learning(options: Options, entry: FormatEntry) -> None:
    """Which answers of a conversation are learnt."""
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


def draw_leaving(options: Options, names: Mapping[str, str]) -> None:
    """names: of what can be left out, with their labels."""
    given = {name: value_at(options, f"tuning.{name}") for name in names}
    key = "export-leaving"
    st.session_state[key] = [name for name, is_left in given.items() if is_left]
    st.pills(
        "Leave out",
        list(names),
        selection_mode="multi",
        format_func=names.__getitem__,
        key=key,
        on_change=_leave,
        args=(list(names),),
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


def _leave(names: Sequence[str]) -> None:
    chosen = st.session_state["export-leaving"]
    for name in names:
        put(f"tuning.{name}", name in chosen)


def draw_split_by_chance(options: Options, noun: str, together: Sequence[str]) -> None:
    """noun: what an example is made of. together: what may keep them on one side."""
    share = value_at(options, "tuning.validation")
    shares = sorted({*_HELD_BACK, float(share)})
    st.select_slider(
        "Held back for validation",
        shares,
        format_func=lambda value: f"{value:.0%}",
        **bound(options, "tuning.validation", float),
    )
    st.multiselect(
        "Kept on one side",
        with_given(options, "tuning.together", together),
        format_func=choice,
        placeholder="The same input always is",
        help=f"{noun.capitalize()}s that share one of these are never in both files, so that "
        "nothing that is validated was learnt. The same input never is",
        disabled=not share,
        **bound(options, "tuning.together"),
    )
    draw_seed(options, noun)


def draw_seed(options: Options, noun: str) -> None:
    st.number_input(
        "Seed",
        0,
        2**31 - 1,
        step=1,
        help=f"The same seed and the same {noun}s give the same files",
        **bound(options, "tuning.seed"),
    )


def draw_balance(options: Options, names: Sequence[str]) -> None:
    """names: what classes can be made by."""
    with st.expander("Balance", key="export-balance"):
        by = value_at(options, "tuning.balance_by")
        offered: list[Any] = [None, *with_given(options, "tuning.balance_by", names)]
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


def draw_cost(options: Options) -> None:
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
