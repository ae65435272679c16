"""The use of a template: requests, cost, latency, errors and scores of each version."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from workbench.filters import Condition, Filter, to_params
from workbench.registry import snippets, usage
from workbench.registry.usage import Usage
from workbench.store.registry_rows import DayUse, Template
from workbench.store.store import open_store
from workbench.ui import state, words
from workbench.ui.chips import label_of
from workbench.ui.export_links import draw_export_link
from workbench.ui.zones import zone_name


@dataclass(frozen=True, slots=True)
class Measure:
    """What a chart shows of a version in a stretch of time: a number and its words."""

    unit: str
    adds_up: bool
    of: Callable[[DayUse], float | None]
    said: Callable[[DayUse], str]


MEASURES = {
    "Requests": Measure(
        "", True, lambda one: one.requests, lambda one: words.plural(one.requests, "request")
    ),
    "Cost": Measure(
        "$",
        True,
        lambda one: None if one.cost is None else float(one.cost),
        lambda one: words.money(one.cost),
    ),
    "Mean latency": Measure(
        "s",
        False,
        lambda one: None if one.mean_ms is None else one.mean_ms / 1000,
        lambda one: words.latency(one.mean_ms),
    ),
    "Errors": Measure(
        "%",
        False,
        lambda one: 100 * one.errors / one.requests if one.requests else None,
        lambda one: words.share(one.errors, one.requests),
    ),
    "Mean score": Measure(
        "",
        False,
        lambda one: one.mean_score,
        lambda one: words.UNKNOWN if one.mean_score is None else f"{one.mean_score:.1f}",
    ),
}
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
        _draw_table(template, found)
        filter_ = Filter().with_condition(Condition("prompt_name", "is", template.name))
        st.page_link(
            "pages/logs.py",
            label="Its requests in the logs",
            icon=":material/list_alt:",
            query_params=to_params(filter_),
        )
        draw_export_link(filter_, "Export its requests")
    users = snippets.used_by(connection, template)
    if users:
        st.subheader("Used as a snippet by", anchor=False)
        for user in users:
            numbers = ", ".join(str(number) for number in user.numbers[:8])
            said = f"{user.name} (version {numbers})"
            st.page_link(
                "pages/templates.py",
                label=label_of(said),
                icon=":material/edit_note:",
                query_params={state.TEMPLATE: str(user.template_id)},
            )


def _draw_chart(found: Usage) -> None:
    chosen = st.segmented_control(
        "What the chart shows",
        list(MEASURES),
        default="Requests",
        required=True,
        key="measure",
        bind="query-params",
        label_visibility="collapsed",
    )
    measure = MEASURES[chosen or "Requests"]
    figure = go.Figure()
    for version in dict.fromkeys(one.version for one in found.over_time):
        own = [one for one in found.over_time if one.version == version]
        # Sums are stacked; a mean or a share of several versions cannot be.
        figure.add_trace(
            (go.Bar if measure.adds_up else go.Scatter)(
                x=[one.start for one in own],
                y=[measure.of(one) for one in own],
                customdata=[measure.said(one) for one in own],
                name="no version" if version is None else f"version {version}",
                hovertemplate="%{x|%d %b}<br>%{customdata}<extra>%{fullData.name}</extra>",
            )
        )
    figure.update_layout(
        barmode="stack",
        height=HEIGHT,
        margin={"l": 0, "r": 0, "t": 4, "b": 0},
        legend={"orientation": "h", "y": 1.25},
        xaxis={"showgrid": False, "fixedrange": True},
        yaxis={"nticks": 3, "rangemode": "tozero", "fixedrange": True, "title": measure.unit},
    )
    st.plotly_chart(
        figure, config={"displayModeBar": False}, alt=f"{chosen} over time by version", key="uses"
    )


def _draw_table(template: Template, found: Usage) -> None:
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
            "Logs": _logs_of(template, one.version),
        }
        for one in found.versions
    ]
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        row_height=30,
        column_config={
            "Logs": st.column_config.LinkColumn(display_text="Open", width="small"),
            **{
                name: st.column_config.TextColumn(alignment="right")
                for name in ("Errors", "Cost", "Mean latency", "p95")
            },
        },
    )


def _logs_of(template: Template, version: int | None) -> str:
    """A link to the requests of a version."""
    number = (
        Condition("prompt_version_number", "is_null")
        if version is None
        else Condition("prompt_version_number", "eq", version)
    )
    filter_ = Filter().with_condition(Condition("prompt_name", "is", template.name))
    return f"/logs?{urlencode(to_params(filter_.with_condition(number)))}"
