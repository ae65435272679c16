"""Filters that other pages link to."""

from __future__ import annotations

from datetime import datetime

from workbench.filters import Condition, Filter, TimeRange


def between(start: datetime, end: datetime) -> Filter:
    """Everything that started in [start, end)."""
    return Filter().with_time_range(TimeRange(start=start, end=end))


def of_origin(origin: str) -> Filter:
    """Everything that came from there, such as one import."""
    return Filter().with_condition(Condition("origin", "is", origin))
