"""Intervals for shares and means. Pure, without a numeric package: they run at each redraw."""

from __future__ import annotations

import math
from statistics import NormalDist


def wilson(successes: float, size: int, confidence: float = 0.95) -> tuple[float, float] | None:
    """Wilson's score interval of a share (E. B. Wilson, 1927); None for no observation.

    successes: a number from 0 to size.
    """
    if size == 0:
        return None
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share = successes / size
    spread = 1 + z * z / size
    middle = (share + z * z / (2 * size)) / spread
    half = z / spread * math.sqrt(share * (1 - share) / size + z * z / (4 * size * size))
    # At the ends the formula gives the end itself, but for rounding.
    low = 0.0 if successes == 0 else max(0.0, middle - half)
    high = 1.0 if successes == size else min(1.0, middle + half)
    return low, high


def t_interval(
    mean: float, deviation: float, size: int, confidence: float = 0.95
) -> tuple[float, float] | None:
    """Student's t interval of a mean; None for fewer than two observations.

    deviation: the sample standard deviation (divided by size - 1).
    """
    if size < 2:
        return None
    half = t_quantile((1 + confidence) / 2, size - 1) * deviation / math.sqrt(size)
    return mean - half, mean + half


def t_quantile(probability: float, freedom: float) -> float:
    """The quantile of Student's t distribution for 0.5 <= probability < 1."""
    if probability == 0.5:
        return 0.0
    low, high = 0.0, 1.0
    while t_probability(high, freedom) < probability:
        low, high = high, high * 2
    for _ in range(200):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if t_probability(middle, freedom) < probability:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def t_probability(value: float, freedom: float) -> float:
    """P(T <= value) for a value from 0."""
    tail = incomplete_beta(freedom / 2, 0.5, freedom / (freedom + value * value))
    return 1 - tail / 2


def incomplete_beta(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function (DLMF 8.17), by its continued fraction."""
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    if x > (a + 1) / (a + b + 2):
        return 1 - incomplete_beta(b, a, 1 - x)
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    )
    return front * _fraction(a, b, x) / a


def _fraction(a: float, b: float, x: float) -> float:
    """Lentz's method on DLMF 8.17.22."""
    tiny = 1e-300
    upper = 1.0
    lower = 1 - (a + b) * x / (a + 1)
    lower = 1 / (lower if abs(lower) > tiny else tiny)
    value = lower
    for step in range(1, 10_000):
        for term in (
            step * (b - step) * x / ((a + 2 * step - 1) * (a + 2 * step)),
            -(a + step) * (a + b + step) * x / ((a + 2 * step) * (a + 2 * step + 1)),
        ):
            lower = 1 + term * lower
            lower = 1 / (lower if abs(lower) > tiny else tiny)
            upper = 1 + term / upper
            upper = upper if abs(upper) > tiny else tiny
            value *= upper * lower
        if abs(upper * lower - 1) < 1e-15:
            break
    return value
