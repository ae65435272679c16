"""The use of a template: requests, cost, latency, errors and scores of each version."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from workbench.filters import Condition, Filter, to_params
from workbench.registry import snippets, usage
from workbench.registry.usage import Usage
from workbench.store.registry_rows import Template
from workbench.store.store import open_store
from workbench.ui import words
from workbench.ui.hostile import escaped
from workbench.ui.zones import zone_name

DAYS = {"7 days": 7, "30 days": 30, "90 days": 90}
HEIGHT = 180


def draw_usage(template: Template) -> None:
    connection = open_store().connection
    chosen = st.segmented_control(
        "Time", list(DAYS), default="30 days", required=True, key="days", bind="query-params"
    )
    until = datetime.now(UTC)
    since = until - timedelta(days=DAYS[chosen or "30 days"])
    found = usage.usage(connection, template.id, since, until, zone=zone_name())
    if not found.requests:
        st.info("No request of this time names this template.")
    else:
        _draw_chart(found)
        _draw_table(found)
        filter_ = Filter().with_condition(Condition("prompt_name", "is", template.name))
        st.page_link(
            "pages/logs.py",
            label="Its requests in the logs",
            icon=":material/list_alt:",
            query_params=to_params(filter_),
        )
    users = snippets.used_by(connection, template)
    if users:
        st.subheader("Used as a snippet by", anchor=False)
        for user in users:
            numbers = ", ".join(str(number) for number in user.numbers[:8])
            said = f"{user.name} (version {numbers})"
            st.html(f"<p>{escaped(said)}</p>")


def _draw_chart(found: Usage) -> None:
    figure = go.Figure()
    for version in dict.fromkeys(one.version for one in found.over_time):
        own = [one for one in found.over_time if one.version == version]
        figure.add_bar(
            x=[one.start for one in own],
            y=[one.requests for one in own],
            name="no version" if version is None else f"version {version}",
            hovertemplate="%{x|%d %b}<br>%{y:,} requests<extra>%{fullData.name}</extra>",
        )
    figure.update_layout(
        barmode="stack",
        height=HEIGHT,
        margin={"l": 0, "r": 0, "t": 4, "b": 0},
        legend={"orientation": "h", "y": 1.25},
        xaxis={"showgrid": False, "fixedrange": True},
        yaxis={"nticks": 3, "rangemode": "tozero", "fixedrange": True},
    )
    st.plotly_chart(
        figure, config={"displayModeBar": False}, alt="Requests over time by version", key="uses"
    )


def _draw_table(found: Usage) -> None:
    scores: dict[int | None, list[str]] = {}
    for one in found.scores:
        said = f"{one.name} {one.mean:.1f} ({one.scores:,})"
        scores.setdefault(one.version, []).append(said)
    rows = [
        {
            "Version": "none" if one.version is None else str(one.version),
            "Requests": one.requests,
            "Errors": words.share(one.errors, one.requests),
            "Cost": words.money(one.cost),
            "Mean latency": words.latency(one.mean_ms),
            "p95": words.latency(one.p95_ms),
            "Scores": ", ".join(scores.get(one.version, [])),
        }
        for one in found.versions
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, row_height=30)
