"""What the filter finds, above the list: exact figures, or how far a search of texts has come.

A search of texts draws its first page as soon as that is full. The exact count needs every text, so
it is filled in afterwards, in steps between which a click gets its turn.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import streamlit as st

from workbench.filters import Filter
from workbench.store import search, text_search
from workbench.store.store import open_store
from workbench.store.text_search import Reach
from workbench.ui import words
from workbench.ui.later import draw_later, is_painted
from workbench.ui.timeline import HEIGHT
from workbench.ui.zones import local

# How long the count goes on by itself after the page was drawn.
FINISH_SECONDS = 4.0
Draw = Callable[[], None]


class Found:
    """The strip over time and the line of figures. Made where they stand, filled by `draw`."""

    def __init__(self, filter_: Filter, now: datetime, up_to: int) -> None:
        self._filter = filter_
        self._now = now
        self._up_to = up_to
        # A container keeps its chart until the next one is there, where a placeholder would let
        # the table jump.
        self._strip = st.container()
        self._space = self._strip.empty()
        if not is_painted():
            self._keep_space()
        self._line: Any = None

    def place_line(self) -> None:
        """Where the figures stand: called inside the container of the toolbar."""
        with st.container(width="stretch"):
            self._line = st.empty()

    def draw(self, reach: Reach | None, strip: Draw, body: Callable[[int | None], None]) -> None:
        """Draw figures and list. reach: how far the search of texts came for this page.
        strip: draws the timeline. body: draws the list, or what stands there when nothing
        matches; it is told how many match, None where that is not known yet."""
        place = st.container()
        if reach is None or reach.is_complete:
            # The strip comes last: loading what draws it keeps a browser busy for half a second.
            total = self._draw_totals(reach)
            with place:
                body(total)
            self._draw_strip(strip)
            return
        self._draw_reach(reach)
        if reach.found:
            with place:
                body(None)
        last = self._finish() or reach
        if last.is_complete:
            total = self._draw_totals(last)
            self._draw_strip(strip)
            if not reach.found:
                with place:
                    body(total)
        else:
            self._keep_space()
            self._draw_reach(last)
            self._draw_go_on(last)

    def _finish(self) -> Reach | None:
        """Search on for a while; each step is shown, and lets a click through."""
        reach: Reach | None = None
        for reach in text_search.slices(
            open_store().connection,
            self._filter,
            now=self._now,
            up_to=self._up_to,
            seconds=FINISH_SECONDS,
        ):
            if not reach.is_complete:
                self._draw_reach(reach)
        return reach

    def _draw_strip(self, strip: Draw) -> None:
        self._space.empty()
        with self._strip:
            draw_later(strip, HEIGHT)

    def _keep_space(self) -> None:
        self._space.html(f'<div style="height:{HEIGHT}px"></div>')

    def _draw_totals(self, reach: Reach | None) -> int:
        connection = open_store().connection
        totals = search.totals(connection, self._filter, now=self._now, up_to=self._up_to)
        line = words.totals_line(totals)
        if reach is not None:
            line += f" · :small[searched the texts of {words.plural(reach.of, 'request')}]"
        self._line.markdown(line)
        return totals.requests

    def _draw_reach(self, reach: Reach) -> None:
        self._line.markdown(reach_line(reach))

    def _draw_go_on(self, reach: Reach) -> None:
        if not reach.found:
            st.subheader("Nothing found yet", anchor=False)
        left = words.plural(reach.of - reach.looked_at, "older request")
        st.button(f"Go on: search {left}", icon=":material/manage_search:", key="go-on")


def reach_line(reach: Reach) -> str:
    """What an unfinished search has found, as Markdown, and which part of the store it has seen."""
    line = f"**at least {reach.found:,}** {'request' if reach.found == 1 else 'requests'}"
    line += f" · searched the texts of {reach.looked_at:,} of {reach.of:,}"
    if reach.back_to is not None:
        line += f", back to {local(reach.back_to):%-d %b %Y %H:%M}"
    return line
