"""Which requests are picked: by the boxes of the table, page after page, or all that match."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import streamlit as st

from workbench.filters import Filter, parse_text, to_text
from workbench.logs.bulk import Selection
from workbench.ui import state


def selection(filter_: Filter) -> Selection:
    """What is picked. All that matched is kept only as long as the filter stays the same."""
    every = st.session_state.get(state.PICKED_ALL)
    if every is not None:
        text, now, up_to = every
        if text == to_text(filter_):
            return Selection(
                filter=parse_text(text), now=now, up_to=up_to, without=frozenset(_left_out())
            )
        clear()
    return Selection(frozenset(_picked()))


def count(chosen: Selection, matching: int | None) -> int | None:
    """How many are picked. matching: how many the filter finds; where that is not known (None),
    neither is the number of all of them."""
    if chosen.filter is None:
        return len(chosen.ids)
    return None if matching is None else max(0, matching - len(chosen.without))


def rows_of(chosen: Selection, ids: Sequence[int]) -> list[int]:
    """Which rows of a page are picked, by their number."""
    if chosen.filter is not None:
        return [row for row, id_ in enumerate(ids) if id_ not in chosen.without]
    return [row for row, id_ in enumerate(ids) if id_ in chosen.ids]


def pick_rows(chosen: Selection, ids: Sequence[int], rows: Iterable[int]) -> None:
    """Take over the boxes of a page; what is picked on other pages stays."""
    ticked = {ids[row] for row in rows if row < len(ids)}
    if chosen.filter is not None:
        left_out = _left_out() - ticked | (set(ids) - ticked)
        st.session_state[state.PICKED_NOT] = sorted(left_out)
    else:
        st.session_state[state.PICKED] = sorted(_picked() - set(ids) | ticked)


def pick_all(filter_: Filter, now: datetime, up_to: int) -> None:
    """Pick everything that the filter finds, as of this moment."""
    clear()
    st.session_state[state.PICKED_ALL] = (to_text(filter_), now, up_to)


def clear() -> None:
    for name in (state.PICKED, state.PICKED_ALL, state.PICKED_NOT):
        st.session_state.pop(name, None)


def _picked() -> set[int]:
    return set(st.session_state.get(state.PICKED, ()))


def _left_out() -> set[int]:
    return set(st.session_state.get(state.PICKED_NOT, ()))
