"""The options of a pack of a dataset's rows, or of a grid's: which column holds what."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import streamlit as st

from workbench.export.formats import PREFERENCE, FormatEntry
from workbench.export.sources import SOURCES, snapshot_of
from workbench.export.spec import read_spec
from workbench.export.tuning import own_splits
from workbench.export.tuning.row_columns import GUESSED, NEEDED, guess
from workbench.export.tuning_options import COLUMN, NEAR, TAG, Tuning
from workbench.jsontext import FieldError
from workbench.store.errors import StoreError
from workbench.store.export_columns import Column
from workbench.store.export_datasets import SPLIT, TAGS, DatasetSnapshot
from workbench.store.store import open_store
from workbench.ui.export_draft import Options, bound, choose_split, value_at
from workbench.ui.export_pack import (
    draw_balance,
    draw_cost,
    draw_learning,
    draw_leaving,
    draw_split_by_chance,
    with_given,
)

_LEAVING = {"refusals": "Refusals", "duplicates": "Exact duplicates"}
_SPLIT = "export-tuning.split"
_SPLITS = {"chance": "By chance", "own": "The dataset's own splits"}
# What stands in the place of a column: none.
_NONE = {
    "answer_column": "The conversation's last message",
    "system_column": "No system message",
    "tools_column": "No tools",
}


def draw_row_tuning(options: Options, entry: FormatEntry, now: datetime) -> None:
    is_preference = entry.kind == PREFERENCE
    columns, splits, tags = _there(options, now)
    _draw_columns(options, columns, is_preference)
    if not is_preference:
        draw_learning(options, entry)
    draw_leaving(options, _LEAVING)
    names = [COLUMN + column.name for column in columns if column.default]
    with st.expander("Training and validation", key="export-split"):
        _draw_split(options, columns, splits, names)
    classes = [TAGS, *(TAG + tag for tag in tags)] if tags else []
    draw_balance(options, [*classes, *names])
    draw_cost(options)


def asked_for(options: Options, problem: FieldError) -> str | None:
    """What is still to be chosen, in words, where nothing else is the problem."""
    option = problem.field.removeprefix("tuning.")
    if option not in NEEDED or value_at(options, problem.field) is not None:
        return None
    return f"Choose the column that holds {NEEDED[option]}."


def _there(options: Options, now: datetime) -> tuple[list[Column], list[str], list[str]]:
    """Columns, splits and tags of the chosen rows; none where there are no such rows."""
    source = value_at(options, "source")
    chosen = {name: options[name] for name in SOURCES[source].choice if name in options}
    try:
        spec = read_spec({"source": source, **chosen})
        with snapshot_of(open_store().connection, spec, now=now) as snapshot:
            assert isinstance(snapshot, DatasetSnapshot)
            return snapshot.columns, snapshot.splits(), snapshot.tags()
    except (FieldError, StoreError):
        # What is wrong with the choice stands beside the form.
        return [], [], []


def _draw_columns(options: Options, columns: list[Column], is_preference: bool) -> None:
    chosen = {option: value_at(options, f"tuning.{option}") for option in GUESSED}
    guessed = guess(Tuning(**chosen), columns, is_preference=is_preference)
    _draw_column(
        options,
        "prompt_column",
        "Prompt",
        columns,
        guessed["prompt_column"],
        help_="Messages, a list of {role, content}; or a text, which the user says",
    )
    answer = "Preferred answer" if is_preference else "Expected answer"
    _draw_column(
        options,
        "answer_column",
        answer,
        columns,
        guessed["answer_column"],
        is_needed=is_preference,
        help_="A text, a message of the assistant, or messages of which the last is learnt",
    )
    if is_preference:
        other = guessed["rejected_column"]
        _draw_column(options, "rejected_column", "The other answer", columns, other)
    with st.container(horizontal=True):
        for option, label, help_ in (
            ("system_column", "System message", "Goes before the prompt, where it is not empty"),
            ("tools_column", "Tools", "OpenAI's function tools, as a list"),
        ):
            _draw_column(
                options, option, label, columns, guessed[option], is_needed=False, help_=help_
            )


def _draw_column(
    options: Options,
    option: str,
    label: str,
    columns: list[Column],
    guessed: str | None,
    *,
    is_needed: bool = True,
    help_: str | None = None,
) -> None:
    """What is guessed is shown as chosen, and is not in the link."""
    path = f"tuning.{option}"
    names = with_given(options, path, [one.name for one in columns if one.default])
    none = [] if is_needed else [""]
    st.selectbox(
        label,
        [*none, *(name for name in names if name)],
        format_func=lambda name: name or _NONE[option],
        placeholder="Choose a column",
        help=help_,
        **bound(
            options,
            path,
            lambda name: guessed if name is None else name or (None if is_needed else name),
            lambda name: None if name == guessed else name,
        ),
    )


def _draw_split(
    options: Options, columns: list[Column], splits: list[str], names: list[str]
) -> None:
    by = value_at(options, "tuning.split")
    has_own = any(one.name == SPLIT and one.default for one in columns)
    if has_own or by == "own":
        st.session_state[_SPLIT] = by
        st.segmented_control(
            "Split",
            list(_SPLITS),
            format_func=_SPLITS.__getitem__,
            required=True,
            key=_SPLIT,
            on_change=lambda: choose_split(st.session_state[_SPLIT]),
        )
    if by != "own":
        draw_split_by_chance(options, "row", [NEAR, *names])
        return
    tuning = _splits_of(options)
    usual = Tuning(split="own")
    for option, label, is_of in (
        ("training_splits", "Trained on", own_splits.is_training),
        ("validation_splits", "Validated with", own_splits.is_validation),
    ):
        chosen = [name for name in splits if is_of(name, tuning)]
        standard = [name for name in splits if is_of(name, usual)]
        _draw_splits(options, option, label, splits, chosen, standard)
    st.caption("Rows of other splits are left out.")


def _splits_of(options: Options) -> Tuning:
    found: dict[str, Any] = {
        name: value_at(options, f"tuning.{name}")
        for name in ("training_splits", "validation_splits")
    }
    kept: dict[str, Any] = {
        name: tuple(value) for name, value in found.items() if isinstance(value, list)
    }
    return Tuning(split="own", **kept)


def _draw_splits(
    options: Options,
    option: str,
    label: str,
    splits: list[str],
    chosen: list[str],
    standard: list[str],
) -> None:
    path = f"tuning.{option}"
    st.multiselect(
        label,
        with_given(options, path, splits),
        format_func=lambda name: name or "Rows in no split",
        placeholder="None",
        **bound(
            options,
            path,
            lambda given: chosen if given is None else given,
            lambda given: None if given == standard else given,
        ),
    )
