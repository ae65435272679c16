"""Requests over time by status: a strip above the table that narrows the list when dragged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import plotly.graph_objects as go
import streamlit as st

from workbench.filters import Filter
from workbench.store import stats
from workbench.store.store import open_store
from workbench.ui.later import rerun_page
from workbench.ui.zones import zone_name

HEIGHT = 130
BARS = 60
FEWEST = 20
WIDTHS = [
    timedelta(seconds=seconds)
    for seconds in (
        1,
        5,
        15,
        60,
        300,
        900,
        1800,
        3600,
        3 * 3600,
        6 * 3600,
        12 * 3600,
        86400,
        2 * 86400,
        7 * 86400,
        28 * 86400,
    )
]
# Colours that are told apart in both themes and without red or green sight.
COLOURS = {"SUCCESS": "#8ba7f0", "WARNING": "#e3b341", "ERROR": "#d9534f"}
_NAMES = {"SUCCESS": "ok", "WARNING": "warning", "ERROR": "error"}


def bar_width(span: timedelta) -> timedelta:
    """The smallest round width with which a span needs at most BARS bars."""
    return next((width for width in WIDTHS if span <= BARS * width), WIDTHS[-1])


def draw_timeline(
    filter_: Filter,
    now: datetime,
    key: str,
    on_range: Callable[[datetime, datetime], None] | None = None,
) -> None:
    """Draw the strip; `on_range` is called with the start and end of what was dragged over."""
    connection = open_store().connection
    ends = stats.extent(connection, filter_, now=now)
    if ends is None:
        return
    width = bar_width(ends[1] - ends[0])
    zone = zone_name()
    bars = stats.timeline(connection, filter_, now=now, width=width, zone=zone)
    selection: dict[str, Any] = {}
    if on_range is not None:
        selection = {
            "on_select": lambda: _selected(key, width, zone, on_range),
            "selection_mode": ("box", "points"),
        }
    st.plotly_chart(
        _figure(bars, width, selectable=on_range is not None),
        key=key,
        config={"displayModeBar": False},
        alt="Requests over time by status",
        **selection,
    )


def _figure(bars: list[stats.Bar], width: timedelta, *, selectable: bool) -> go.Figure:
    figure = go.Figure()
    half = width / 2
    for status, colour in COLOURS.items():
        own = [bar for bar in bars if bar.status == status]
        if own:
            figure.add_bar(
                x=[bar.start + half for bar in own],
                y=[bar.requests for bar in own],
                width=width / timedelta(milliseconds=1) * 0.86,
                name=_NAMES[status],
                marker_color=colour,
                customdata=[f"{bar.start:%d %b %H:%M}" for bar in own],
                hovertemplate="%{customdata}<br>%{y:,} " + _NAMES[status] + "<extra></extra>",
                selected={"marker": {"opacity": 1}},
                unselected={"marker": {"opacity": 0.45}},
            )
    starts = [bar.start for bar in bars]
    # Few bars keep the width of many: one alone would fill the strip with fractions of a second.
    missing = max(timedelta(0), FEWEST * width - (max(starts) + width - min(starts))) / 2
    most = max(_heights(bars).values())
    figure.update_layout(
        barmode="stack",
        height=HEIGHT,
        margin={"l": 0, "r": 0, "t": 20, "b": 0},
        showlegend=True,
        legend={
            "orientation": "h",
            "x": 1,
            "xanchor": "right",
            "y": 1.02,
            "yanchor": "bottom",
            "bgcolor": "rgba(0,0,0,0)",
            "font": {"size": 11},
        },
        dragmode="select" if selectable else False,
        selectdirection="h",
        xaxis={
            "showgrid": False,
            "fixedrange": True,
            "range": [min(starts) - missing, max(starts) + width + missing],
        },
        yaxis={
            "nticks": 3,
            "rangemode": "tozero",
            "fixedrange": True,
            # Requests are counted in whole numbers.
            "dtick": 1 if most < 3 else None,
        },
        bargap=0,
    )
    return figure


def _heights(bars: list[stats.Bar]) -> dict[datetime, int]:
    """How many requests each bar has, all statuses together."""
    heights: Counter[datetime] = Counter()
    for bar in bars:
        heights[bar.start] += bar.requests
    return heights


def _selected(
    key: str, width: timedelta, zone: str, on_range: Callable[[datetime, datetime], None]
) -> None:
    """Turn the dragged box, or the clicked bar, into whole bars of time."""
    selection = st.session_state[key]["selection"]
    edges = [
        _wall_time(str(value)) for box in selection.get("box") or () for value in box.get("x") or ()
    ]
    if not edges:
        edges = [_wall_time(str(point["x"])) for point in selection.get("points") or ()]
    if edges:
        start, end = _floor(min(edges), width), _floor(max(edges), width) + width
        here = ZoneInfo(zone)
        on_range(start.replace(tzinfo=here), end.replace(tzinfo=here))
        rerun_page()


def _wall_time(text: str) -> datetime:
    """A time of the axis, which is the viewer's wall clock."""
    return datetime.fromisoformat(text.replace(" ", "T")[:26]).replace(tzinfo=None)


def _floor(moment: datetime, width: timedelta) -> datetime:
    origin = datetime(2024, 1, 1)  # noqa: DTZ001 - the wall clock of the axis
    return origin + (moment - origin) // width * width
