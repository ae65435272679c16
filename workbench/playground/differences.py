"""Differences between the columns of one press of Run, each with its interval and its test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from workbench.playground.analysis import (
    MEASURES,
    ColumnReport,
    Measure,
    Report,
    agreements,
    row_means,
)
from workbench.statistics import Paired, mcnemar, paired_t, sign_test

VOTES = Measure("votes", "Votes", "share", "high")
AGREEMENT = Measure("agreement", "Agreement of repeats", "share", "high")


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """unit: what the pairs are of, "rows" or "repeats", or "votes"; paired.difference is right
    minus left, of votes the share that the right one won."""

    measure: Measure
    left: str
    right: str
    unit: str
    paired: Paired


def differences(found: Report, left_id: str) -> list[Difference]:
    """Every other column against one, measure by measure, where there are pairs to compare.

    Pairs are of the same row and repeat; with several rows and repeats, of the means of the rows,
    since repeats of one row say nothing about other rows. [] where there is no such column.
    """
    left = found.column(left_id)
    return [
        one
        for right in found.columns
        if left is not None and right is not left
        for one in _of_two(left, right, found)
    ]


def _of_two(left: ColumnReport, right: ColumnReport, found: Report) -> list[Difference]:
    unit = "rows" if found.rows > 1 else "repeats"
    tests = [(measure, _paired(measure, left, right, found), unit) for measure in MEASURES]
    if found.rows > 1:
        agreed = _by_key(agreements(left.observed), agreements(right.observed))
        tests.append((AGREEMENT, paired_t(agreed), "rows"))
    won = sum(duel == (right.column_id, left.column_id) for duel in found.duels)
    lost = sum(duel == (left.column_id, right.column_id) for duel in found.duels)
    tests.append((VOTES, sign_test(won, lost), "votes"))
    return [
        Difference(
            measure=measure, left=left.column_id, right=right.column_id, unit=each, paired=paired
        )
        for measure, paired, each in tests
        if paired is not None
    ]


def _by_key(left: Mapping[int, float], right: Mapping[int, float]) -> list[float]:
    return [right[key] - left[key] for key in left if key in right]


def _paired(
    measure: Measure, left: ColumnReport, right: ColumnReport, found: Report
) -> Paired | None:
    if found.rows > 1 and found.repeats > 1:
        means = [row_means(one.observed, measure.name) for one in (left, right)]
        return paired_t(_by_key(*means))
    sides = [
        {
            (one.row, one.repeat): one.values[measure.name]
            for one in column.observed
            if measure.name in one.values
        }
        for column in (left, right)
    ]
    both = [(sides[0][key], sides[1][key]) for key in sides[0] if key in sides[1]]
    if measure.kind == "share":
        return mcnemar(sum(a > b for a, b in both), sum(b > a for a, b in both), len(both))
    return paired_t([b - a for a, b in both])
