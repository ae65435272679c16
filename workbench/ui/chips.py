"""Active conditions as chips: each in words, taken out or turned round with a click."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from workbench.filters import PRESETS, Condition, Filter, Group, describe, terms
from workbench.filters.inverting import inverted

_MARKDOWN = frozenset("\\`*_{}[]()#+-.!:$~<>|")
# More would push the list off the screen; the line above has them all.
SHOWN = 24
LONGEST = 120
Write = Callable[[Filter], None]


def label_of(text: str) -> str:
    """A text as a button shows it, without the Markdown that a label would read."""
    shown = text if len(text) <= LONGEST else text[:LONGEST] + "…"
    shown = "".join(each if each.isprintable() else " " for each in shown)
    return "".join(f"\\{each}" if each in _MARKDOWN else each for each in shown)


def parts(filter_: Filter) -> list[tuple[str, Filter, Filter | None]]:
    """What must hold, one by one: in words, the filter without it, and with its opposite.

    The time preset is no part: it has a control of its own.
    """
    found: list[tuple[str, Filter, Filter | None]] = []
    for item in filter_.items:
        if is_preset(filter_, item):
            continue
        rest = filter_.without(item)
        opposite = inverted(item)
        found.append(
            (describe(item), rest, None if opposite is None else replaced(filter_, item, opposite))
        )
    for term in filter_.terms:
        rest = without_term(filter_, term)
        other = rest.with_condition(Condition("text", "not_contains", term))
        found.append((describe(Condition("text", "contains", term)), rest, other))
    return found


def without_term(filter_: Filter, term: str) -> Filter:
    """The filter without one word or phrase of its free text."""
    kept = tuple(other for other in filter_.terms if other != term)
    return filter_.with_text(terms.joined(kept))


def replaced(filter_: Filter, item: Condition | Group, other: Condition | Group) -> Filter:
    """The filter with another condition in the place of one."""
    items = tuple(other if each == item else each for each in filter_.items)
    return Filter(Group(items), filter_.text)


def is_preset(filter_: Filter, item: Condition | Group) -> bool:
    """Whether a condition is what the time control shows."""
    return (
        isinstance(item, Condition)
        and item.field == "request_start_time"
        and filter_.time_range.preset in PRESETS
    )


def draw_chips(filter_: Filter, write: Write) -> None:
    """A chip for each part of the filter; `write` gets the filter that a click leads to."""
    found = parts(filter_)
    if not found:
        return
    # A new key for each set of chips: the click that changes one is never read twice.
    mark = format(hash(filter_) & 0xFFFFFFFF, "x")
    with st.container(
        horizontal=True, vertical_alignment="center", gap="xsmall", key=f"chips-{mark}"
    ):
        for number, (words, rest, other) in enumerate(found[:SHOWN]):
            _draw_chip(f"{mark}-{number}", words, rest, other, write)
        if len(found) > SHOWN:
            st.caption(f"and {len(found) - SHOWN} more")
        if len(found) > 1:
            everything = Filter()
            if filter_.time_range.preset in PRESETS:
                everything = everything.with_time_range(filter_.time_range)
            st.button("Clear all", type="tertiary", on_click=write, args=(everything,))


def _draw_chip(key: str, words: str, rest: Filter, other: Filter | None, write: Write) -> None:
    with st.container(horizontal=True, gap=None, width="content", key=f"chip-{key}", wrap=False):
        st.button(
            label_of(words),
            icon=":material/close:",
            icon_position="right",
            help="Remove this condition",
            key=f"remove-{key}",
            on_click=write,
            args=(rest,),
        )
        if other is not None:
            st.button(
                "",
                icon=":material/contrast:",
                help="Turn round: show what this leaves out",
                key=f"invert-{key}",
                on_click=write,
                args=(other,),
            )
