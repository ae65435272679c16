"""When the shop's customers write: by hour, by weekday, and a little more every week."""

from __future__ import annotations

from bisect import bisect
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from random import Random

from data.sample_text.models import DAY, INCIDENT

# Any Thursday afternoon would do: it only decides which offsets are nights and weekends.
NOMINAL_NOW = datetime(2025, 6, 12, 15, 20, tzinfo=UTC)
STEP = 600.0
DAYS = 30
BY_HOUR = (0.16, 0.11, 0.09, 0.08, 0.1, 0.18, 0.38, 0.66, 0.95, 1.15, 1.22, 1.18,
           1.05, 1.1, 1.16, 1.18, 1.15, 1.12, 1.1, 1.05, 0.95, 0.72, 0.45, 0.26)  # fmt: skip
BY_WEEKDAY = (1.22, 1.1, 1.04, 1.02, 0.98, 0.56, 0.5)
WORKING_HOURS = (0.0,) * 7 + (0.3, 1.0, 1.2, 1.2, 0.9, 0.6, 1.1, 1.2, 1.1, 0.8, 0.3) + (0.05,) * 6


def busy(at: float, hours: tuple[float, ...] = BY_HOUR) -> float:
    """How many people write at `at` seconds before the moment of loading, as a bare number."""
    when = NOMINAL_NOW + timedelta(seconds=at)
    trend = 0.72 + 0.62 * (1 + at / (DAYS * DAY))
    return hours[when.hour] * BY_WEEKDAY[when.weekday()] * trend


def arrivals(
    rng: Random,
    count: int,
    first_day: float = -DAYS,
    last_day: float = 0.0,
    *,
    hours: tuple[float, ...] = BY_HOUR,
    surge: float = 1.0,
    tail: tuple[float, ...] = (),
) -> list[float]:
    """`count` moments between two days, oldest first.

    surge: the rush during the incident. tail: moments of the last minutes, among the count.
    """
    starts = [
        first_day * DAY + step * STEP for step in range(int((last_day - first_day) * DAY / STEP))
    ]
    weights = [
        busy(at, hours) * (surge if INCIDENT[0] <= at < INCIDENT[1] else 1.0) for at in starts
    ]
    ladder = list(accumulate(weights))
    drawn = [
        round(starts[bisect(ladder, rng.random() * ladder[-1])] + rng.random() * STEP, 3)
        for _ in range(count - len(tail))
    ]
    return sorted([*drawn, *tail])


def day_of(at: float) -> int:
    """The day of `at`, in days after the day of loading (0 or negative)."""
    return (NOMINAL_NOW + timedelta(seconds=at)).toordinal() - NOMINAL_NOW.toordinal()
