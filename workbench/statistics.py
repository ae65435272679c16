"""Intervals for shares and means, and tests of pairs. Pure, without a numeric package: they run at
each redraw."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist, fmean, stdev

POWER = 0.8
#: Pairs with which an exact test reaches 5 % at the least: 2 / 2^6 is below it, 2 / 2^5 is not.
FEWEST = 6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Paired:
    """What pairs say about a difference.

    test: the name of the test. size: pairs that it used. difference: right minus left, or the share
    of pairs that the right one won. interval: of the difference; p: two-sided. Both None where
    nothing can be said (one pair; pairs that all differ by the same). more: about how many more
    pairs would tell them apart with a chance of POWER, were the difference what it was here; 0
    where they are apart, None where no number of pairs is known to.
    """

    test: str
    size: int
    difference: float
    interval: tuple[float, float] | None
    p: float | None
    more: int | None


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


def paired_t(differences: Sequence[float], confidence: float = 0.95) -> Paired | None:
    """Student's t test of the mean of paired differences; None for no pair."""
    if not differences:
        return None
    size, mean = len(differences), fmean(differences)
    deviation = stdev(differences) if size > 1 else 0.0
    interval = p = None
    if size > 1 and deviation > 0:
        interval = t_interval(mean, deviation, size, confidence)
        t = abs(mean) / (deviation / math.sqrt(size))
        p = 2 * (1 - t_probability(t, size - 1))
    more = _more(size, needed_pairs(mean, deviation, confidence), p, confidence)
    return Paired(
        test="paired t test", size=size, difference=mean, interval=interval, p=p, more=more
    )


def mcnemar(only_left: int, only_right: int, size: int, confidence: float = 0.95) -> Paired | None:
    """McNemar's exact test of two shares of the same `size` pairs, with the interval of Agresti and
    Min (2005), which adds half an observation to each of the four cells; None for no pair.

    only_left, only_right: pairs in which the one was true and the other was not.
    """
    if size == 0:
        return None
    p = binomial_p(only_left, only_right)
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    left, right, whole = only_left + 0.5, only_right + 0.5, size + 2
    middle = (right - left) / whole
    error = math.sqrt(left + right - (right - left) ** 2 / whole) / whole
    interval = max(-1.0, middle - z * error), min(1.0, middle + z * error)
    mean = (only_right - only_left) / size
    deviation = math.sqrt(max(0.0, (only_left + only_right) / size - mean * mean))
    needed = None
    if only_left != only_right:
        # Exact p values come in steps: fewer than six pairs that differ never reach 5 %.
        needed = FEWEST * size / (only_left + only_right)
        needed = max(needed, needed_pairs(mean, deviation, confidence) or 0.0)
    more = _more(size, needed, p, confidence)
    return Paired(
        test="exact McNemar test",
        size=size,
        difference=mean,
        interval=interval,
        p=p,
        more=more,
    )


def sign_test(won: int, lost: int, confidence: float = 0.95) -> Paired | None:
    """The exact sign test of pairs that were won or lost, ties left out; the difference is the
    share that was won, with Wilson's interval. None for no pair."""
    size = won + lost
    if size == 0:
        return None
    share, p = won / size, binomial_p(won, lost)
    needed = None
    if won != lost:
        normal = NormalDist()
        reach = normal.inv_cdf((1 + confidence) / 2) * 0.5
        reach += normal.inv_cdf(POWER) * math.sqrt(share * (1 - share))
        needed = max((reach / (share - 0.5)) ** 2, FEWEST)
    return Paired(
        test="exact sign test",
        size=size,
        difference=share,
        interval=wilson(won, size, confidence),
        p=p,
        more=_more(size, needed, p, confidence),
    )


def binomial_p(one: int, other: int) -> float:
    """The two-sided exact p value of so many against so many where both are as likely."""
    size, fewer = one + other, min(one, other)
    tail = sum(math.comb(size, number) for number in range(fewer + 1))
    return min(1.0, 2 * tail / (1 << size))


def needed_pairs(mean: float, deviation: float, confidence: float = 0.95) -> float | None:
    """About how many pairs a paired t test needs to find this mean difference with a chance of
    POWER (the normal formula with Guenther's correction, 1981); None where that is not known."""
    if mean == 0 or deviation == 0:
        return None
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    return ((z + NormalDist().inv_cdf(POWER)) * deviation / mean) ** 2 + z * z / 2


def _more(size: int, needed: float | None, p: float | None, confidence: float) -> int | None:
    if p is not None and p <= 1 - confidence:
        return 0
    # Not yet apart: whatever the formula says, one more is needed.
    return None if needed is None else max(1, math.ceil(needed) - size)


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which a share lies, between two neighbours in proportion (Hyndman and Fan's
    definition 7). `values`: at least one, in any order."""
    ordered = sorted(values)
    place = (len(ordered) - 1) * share
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


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
