"""Filters that other pages link to."""

from __future__ import annotations

from datetime import datetime

from workbench.filters import Filter, TimeRange


def between(start: datetime, end: datetime) -> Filter:
    """Everything that started in [start, end)."""
    return Filter().with_time_range(TimeRange(start=start, end=end))
