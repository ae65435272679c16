"""Home of a store in use: the last day and week at a glance, and what needs attention."""

from __future__ import annotations

from datetime import datetime, timedelta

import streamlit as st

from workbench.filters import Filter, to_params
from workbench.logs.attention import Finding, findings
from workbench.store import search
from workbench.store.search import Totals
from workbench.store.store import open_store
from workbench.ui import words
from workbench.ui.links import between
from workbench.ui.log_table import draw_rows
from workbench.ui.timeline import draw_timeline

DAY = timedelta(days=1)


def draw_periods(now: datetime) -> None:
    for title, length in (("Last 24 hours", DAY), ("Last 7 days", 7 * DAY)):
        current = _totals(now - length, now)
        before = _totals(now - 2 * length, now - length)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.subheader(title, anchor=False, width="stretch")
            st.page_link(
                "pages/logs.py",
                label="Open",
                icon=":material/list_alt:",
                query_params=to_params(between(now - length, now)),
            )
        _draw_metrics(current, before)
    draw_timeline(between(now - 7 * DAY, now), now, key="home-timeline")


def _totals(start: datetime, end: datetime) -> Totals:
    return search.totals(open_store().connection, between(start, end), now=end)


def _draw_metrics(current: Totals, before: Totals) -> None:
    grid = st.grid(5, min_column_width=150, border=True)
    cost = current.cost or 0
    metrics = (
        ("Requests", words.count(current.requests), _change(current.requests, before.requests)),
        ("Errors", words.share(current.errors, current.requests), f"{current.errors:,} requests"),
        (
            "Cost",
            words.money(current.cost if current.requests else 0),
            _change(float(cost), float(before.cost or 0)),
        ),
        ("Latency p50", _latency(current.p50_ms), None),
        ("Latency p95", _latency(current.p95_ms), _change(current.p95_ms, before.p95_ms)),
    )
    for label, value, delta in metrics:
        grid.metric(label, value, delta, delta_color="off", delta_arrow="off")


def _latency(milliseconds: float | None) -> str:
    return "none" if milliseconds is None else words.latency(milliseconds)


def _change(now: float | None, before: float | None) -> str | None:
    """The change against the period before; None where there is nothing to compare with."""
    if not now or not before:
        return None
    percent = round(100 * (now - before) / before)
    change = f"{percent:+d} %" if percent else "no change"
    return f"{change} vs. before"


def draw_attention(now: datetime) -> None:
    st.subheader("Needs attention", anchor=False)
    found = findings(open_store().connection, now)
    if not found:
        st.caption("Nothing stood out in the last two weeks.")
    for finding in found:
        _draw_finding(finding)


def _draw_finding(finding: Finding) -> None:
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        st.markdown(f"{finding.icon} {finding.sentence}", width="stretch")
        st.page_link(
            "pages/logs.py",
            label="Show",
            icon=":material/arrow_forward:",
            query_params=to_params(finding.filter),
        )


def draw_recent(now: datetime) -> None:
    st.subheader("Newest", anchor=False)
    page = search.page(open_store().connection, Filter(), now=now, limit=8)
    draw_rows(page.rows, key="home-newest")
