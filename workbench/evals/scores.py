"""The score of an evaluation, with how much of it is chance.

PromptLayer's default: the last column; a column of truth values scores their share of true, one of
numbers their mean; of several columns, the mean of their scores.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist, fmean, stdev
from typing import Any, Literal

from workbench.statistics import t_interval, wilson

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnScore:
    """The score of one column.

    kind: "share" (of true, 0 to 1) or "mean". size: cells that count; left_out: cells with another
    value, or none. interval: of 95 %, None where nothing can be said (no cell; a mean of one).
    error: the standard error of the value, None where it is not known.
    """

    column: str
    kind: Literal["share", "mean"]
    value: float
    size: int
    left_out: int
    interval: tuple[float, float] | None
    error: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """The score of an evaluation: value is the weighted mean of its columns'.

    columns: those that have a score. without: those that have none (no cell is a truth value or a
    number). interval: the column's own where there is one; of several, the normal one of their
    mean, taking them as independent; None where a column's error is not known. size: the smallest
    number of cells in a column.
    """

    value: float
    columns: tuple[ColumnScore, ...]
    without: tuple[str, ...]
    interval: tuple[float, float] | None
    size: int


def column_score(column: str, values: Iterable[Any]) -> ColumnScore | None:
    """The score of a column's values, None where no value counts.

    A truth value counts as one, a number as itself, an object or list of truth values by its share
    of true (several questions; repeats), one of numbers by its mean. A column in which both occur
    is one of numbers, true being 1.
    """
    numbers: list[float] = []
    left_out = 0
    is_share = True
    for value in values:
        found = counted(value)
        if found is None:
            left_out += 1
            continue
        number, is_truth = found
        numbers.append(number)
        is_share = is_share and is_truth
    if not numbers:
        return None
    return column_score_of(
        column,
        size=len(numbers),
        left_out=left_out,
        mean=fmean(numbers),
        deviation=stdev(numbers) if len(numbers) > 1 else None,
        is_share=is_share,
        is_whole=all(number in (0.0, 1.0) for number in numbers),
    )


def column_score_of(
    column: str,
    *,
    size: int,
    left_out: int,
    mean: float,
    deviation: float | None,
    is_share: bool,
    is_whole: bool,
) -> ColumnScore:
    """The score of a column from what was added up. size: cells that count, 1 or more. deviation:
    of a sample, None for one cell. is_share: all are truth values; is_whole: each is 0 or 1."""
    error = None if deviation is None else deviation / math.sqrt(size)
    interval: tuple[float, float] | None
    if is_share and is_whole:
        interval = wilson(round(mean * size), size, CONFIDENCE)
    else:
        # Of shares within cells, the cells vary: the interval is that of a mean.
        interval = None if deviation is None else t_interval(mean, deviation, size, CONFIDENCE)
        if interval is not None and is_share:
            interval = max(0.0, interval[0]), min(1.0, interval[1])
    return ColumnScore(
        column=column,
        kind="share" if is_share else "mean",
        value=mean,
        size=size,
        left_out=left_out,
        interval=interval,
        error=error,
    )


def counted(value: Any) -> tuple[float, bool] | None:
    """What a cell counts and whether it is a share; None where it does not count."""
    if isinstance(value, bool):
        return float(value), True
    if isinstance(value, int | float):
        # An integer may be larger than any float.
        finite = abs(value) <= 1e300
        return (float(value), False) if finite else None
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list) or not value:
        return None
    inner = [counted(one) if isinstance(one, bool | int | float) else None for one in value]
    known = [one for one in inner if one is not None]
    if len(known) < len(inner):
        return None
    return fmean(number for number, _ in known), all(is_truth for _, is_truth in known)


def score(
    columns: Mapping[str, Sequence[Any]],
    chosen: Sequence[str] | None = None,
    weights: Mapping[str, float] | None = None,
) -> Score | None:
    """The score of an evaluation; None where no column has one.

    columns: values by column, from left to right. chosen: the columns that count; without it, the
    last one. weights: of the chosen columns, above or at 0; 1 where none is given. Raises
    ValueError for a column that is not there and for a weight below 0.
    """
    names = list(columns)[-1:] if chosen is None else list(dict.fromkeys(chosen))
    unknown = [name for name in (*names, *(weights or {})) if name not in columns]
    if unknown:
        raise ValueError(f'There is no column "{unknown[0]}".')
    weight = {name: float((weights or {}).get(name, 1.0)) for name in names}
    wrong = [name for name, each in weight.items() if not 0 <= each <= 1e9]
    if wrong:
        raise ValueError(f'The weight of "{wrong[0]}" has to be a number from 0.')
    return combined({name: column_score(name, columns[name]) for name in names}, weight)


def combined(found: Mapping[str, ColumnScore | None], weight: Mapping[str, float]) -> Score | None:
    """The weighted mean of columns' scores, None where none has one. weight: of each column."""
    scored = tuple(one for one in found.values() if one is not None)
    total = sum(weight[one.column] for one in scored)
    if not scored or total == 0:
        return None
    value = sum(one.value * weight[one.column] for one in scored) / total
    without = tuple(name for name, one in found.items() if one is None)
    return Score(
        value=value,
        columns=scored,
        without=without,
        interval=_interval(scored, weight, value, total),
        size=min(one.size for one in scored),
    )


def _interval(
    scored: Sequence[ColumnScore], weight: Mapping[str, float], value: float, total: float
) -> tuple[float, float] | None:
    counting = [one for one in scored if weight[one.column] > 0]
    if len(counting) == 1:
        return counting[0].interval
    errors = [one.error for one in counting]
    known = [one for one in errors if one is not None]
    if len(known) < len(errors):
        return None
    pairs = zip(counting, known, strict=True)
    error = math.sqrt(sum((weight[one.column] * each) ** 2 for one, each in pairs)) / total
    half = NormalDist().inv_cdf((1 + CONFIDENCE) / 2) * error
    low, high = value - half, value + half
    if all(one.kind == "share" for one in counting):
        low, high = max(0.0, low), min(1.0, high)
    return low, high
