"""Charts of the playground's statistics."""

from __future__ import annotations

import plotly.graph_objects as go
import streamlit as st

from workbench.playground.analysis import Report
from workbench.ui.hostile import escaped

# Told apart in both themes and without red or green sight.
_COLOURS = ("#5b7fe0", "#e3b341", "#2a9d8f", "#c5649b", "#7f8c99", "#e07b39")
_HEIGHT = 64
_UNITS = {
    "latency_ms": "milliseconds",
    "first_token_ms": "milliseconds",
    "cost": "US dollars",
}


def draw_distribution(found: Report, measure: str, title: str, key: str) -> None:
    """A box a column, with every answer as a point."""
    figure = go.Figure()
    shown = [one for one in found.columns if measure in one.summaries]
    for number, column in enumerate(shown):
        values = [each for each in column.observed if measure in each.values]
        name = f"{column.title} · {column.model}"
        figure.add_box(
            x=[each.values[measure] for each in values],
            # Plotly reads a few tags in names.
            name=escaped(name if len(name) <= 40 else f"{name[:39]}…"),
            boxpoints="all",
            jitter=0.6,
            pointpos=0,
            boxmean=True,
            marker={"color": _COLOURS[number % len(_COLOURS)], "size": 5, "opacity": 0.7},
            line={"width": 1},
            customdata=[f"row {each.row + 1}, repeat {each.repeat + 1}" for each in values],
            hovertemplate="%{x:,.4~g}<br>%{customdata}<extra></extra>",
            showlegend=False,
        )
    unit = _UNITS.get(measure, "")
    figure.update_layout(
        height=90 + _HEIGHT * len(shown),
        margin={"l": 0, "r": 10, "t": 10, "b": 40},
        xaxis={"title": f"{title}, {unit}" if unit else title, "rangemode": "tozero"},
        yaxis={"autorange": "reversed", "automargin": True},
    )
    st.plotly_chart(
        figure,
        key=key,
        config={"displayModeBar": False},
        alt=f"{title} of each answer, by column",
    )
