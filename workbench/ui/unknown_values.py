"""Values that a filter asks for and no request has, with those that were perhaps meant."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import streamlit as st

from workbench.filters import Condition, Filter, Group
from workbench.filters.similar import similar
from workbench.store import search
from workbench.store.store import open_store
from workbench.store.suggestions import suggestions
from workbench.ui.chips import label_of, replaced
from workbench.ui.filter_bar import write_filter
from workbench.ui.hostile import escaped

# What a condition of this field looks for, in words. Prompts and labels may well exist while no
# request was made with them.
_NOUNS = {
    "engine": "model",
    "provider_type": "provider",
    "error_type": "error",
    "finish_reason": "finish reason",
    "prompt_name": "prompt of a request",
    "prompt_label": "release label of a request",
    "function_name": "function",
    "source": "source",
    "origin": "origin",
    "tags": "tag",
    "tool_names": "tool",
    "metadata_keys": "metadata key",
}
_EXACT = ("is", "contains", "key_equals")
# So many conditions are looked at: each asks the store.
_LOOKED_AT = 4
_LONGEST = 80
# The nearest by letters, of which a closer look takes the best.
_NEAREST = 40


def draw_unknown_values(filter_: Filter, now: datetime) -> None:
    """A sentence for each value that no request has; a button puts a similar one in its place."""
    for number, asked in enumerate(_asked(filter_)):
        missing = _missing(asked, now)
        if missing is not None:
            st.html(f"<div>{_sentence(missing)}</div>")
            _draw_similar(filter_, asked, missing, now, f"similar-{number}")


def _asked(filter_: Filter) -> list[Condition]:
    """Conditions that ask for one exact value of a field whose values the store can list."""
    found = [
        condition
        for condition in filter_.conditions
        if condition.operator in _EXACT
        and (condition.field in _NOUNS or condition.field == "metadata")
    ]
    return found[:_LOOKED_AT]


def _missing(asked: Condition, now: datetime) -> Condition | None:
    """What no request meets: the condition, or that its key is there at all."""
    if _is_met(asked, now):
        return None
    if asked.key is not None:
        has_key = Condition("metadata_keys", "contains", asked.key)
        return asked if _is_met(has_key, now) else has_key
    return asked


def _is_met(condition: Condition, now: datetime) -> bool:
    return search.finds_any(open_store().connection, Filter(Group((condition,))), now=now)


def _sentence(missing: Condition) -> str:
    noun = _NOUNS.get(missing.field) or f"metadata {_quoted(missing.key or '')}"
    word = "is" if missing.key is not None else "is called"
    return f"No {noun} {word} exactly {_quoted(missing.value)}."


def _quoted(text: str) -> str:
    shown = text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
    return f"&quot;<bdi>{escaped(shown)}</bdi>&quot;"


def _draw_similar(
    filter_: Filter, asked: Condition, missing: Condition, now: datetime, key: str
) -> None:
    listed = suggestions(
        open_store().connection,
        "metadata_values" if missing.field == "metadata" else missing.field,
        Filter(),
        now=now,
        key=missing.key,
        near=missing.value,
        limit=_NEAREST,
    )
    found = similar(missing.value, [each.value for each in listed.values])
    if not found:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=key):
        st.markdown("Similar:", width="content")
        for number, value in enumerate(found):
            is_key = missing is not asked
            meant = replace(asked, key=value) if is_key else replace(asked, value=value)
            st.button(
                label_of(value),
                key=f"{key}-{number}",
                on_click=write_filter,
                args=(replaced(filter_, asked, meant),),
            )
