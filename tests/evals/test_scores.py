"""Scores and their intervals."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.evals.scores import column_score, score
from workbench.statistics import t_interval, t_quantile, wilson


def test_the_last_column_is_the_score_and_truth_values_are_a_share() -> None:
    found = score({"n": [1, 2], "ok": [True, False, True, None, "x"]})
    assert found is not None
    assert found.value == pytest.approx(2 / 3)
    (column,) = found.columns
    assert (column.column, column.kind, column.size, column.left_out) == ("ok", "share", 3, 2)
    assert found.interval == column.interval


def test_numbers_are_a_mean_with_a_t_interval() -> None:
    found = column_score("n", [1, 2, 3, 4, 5])
    assert found is not None
    assert (found.kind, found.value, found.size) == ("mean", 3, 5)
    # R: t.test(c(1,2,3,4,5))$conf.int
    assert found.interval == pytest.approx((1.036757, 4.963243), abs=1e-6)


def test_several_columns_are_the_mean_of_their_scores_and_weights_count() -> None:
    columns: dict[str, list[Any]] = {"a": [True, True], "b": [0.0, 0.5], "c": ["x", "y"]}
    found = score(columns, ["a", "b", "c"])
    assert found is not None
    assert found.value == pytest.approx((1 + 0.25) / 2)
    assert found.without == ("c",)
    weighted = score(columns, ["a", "b"], {"a": 3})
    assert weighted is not None
    assert weighted.value == pytest.approx((3 * 1 + 0.25) / 4)
    left_out = score(columns, ["a", "b"], {"b": 0})
    assert left_out is not None
    assert (left_out.value, left_out.interval) == (1, wilson(2, 2))


@pytest.mark.parametrize(
    ("value", "counted"),
    [
        ({"a": True, "b": False}, (0.5, "share")),
        ([1, 2], (1.5, "mean")),
        ([True, 3], (2.0, "mean")),
        ("true", None),
        (None, None),
        ([], None),
        ([True, "x"], None),
        (float("inf"), None),
        (10**400, None),
    ],
)
def test_what_a_cell_counts(value: Any, counted: tuple[float, str] | None) -> None:
    found = column_score("c", [value])
    assert (None if found is None else (found.value, found.kind)) == counted


def test_nothing_that_counts_is_no_score_and_not_zero() -> None:
    assert score({"a": ["x", None]}) is None
    assert score({"a": []}) is None
    assert score({}) is None


@pytest.mark.parametrize(
    ("chosen", "weights", "words"),
    [
        (["z"], None, '"z"'),
        (["a"], {"z": 1}, '"z"'),
        (["a"], {"a": -1}, "weight"),
        (["a"], {"a": math.nan}, "weight"),
    ],
)
def test_wrong_choices_are_refused(chosen: list[str], weights: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        score({"a": [1]}, chosen, weights)


@pytest.mark.parametrize(
    ("successes", "size", "low", "high"),
    # Newcombe 1998, table I: the score method.
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson(successes: int, size: int, low: float, high: float) -> None:
    assert wilson(successes, size) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(
    ("probability", "freedom", "value"),
    # NIST/SEMATECH e-Handbook, table 1.3.6.7.2.
    [
        (0.975, 1, 12.706),
        (0.975, 2, 4.303),
        (0.975, 10, 2.228),
        (0.95, 5, 2.015),
        (0.995, 30, 2.750),
        (0.975, 100, 1.984),
        (0.999, 3, 10.215),
    ],
)
def test_t_quantiles(probability: float, freedom: int, value: float) -> None:
    assert t_quantile(probability, freedom) == pytest.approx(value, abs=5e-4)


def test_many_observations_make_the_t_quantile_the_normal_one() -> None:
    assert t_quantile(0.975, 10**6) == pytest.approx(1.959966, abs=1e-5)


@given(st.integers(1, 500), st.data())
def test_a_share_lies_in_its_interval_and_the_interval_in_0_to_1(size: int, data: Any) -> None:
    successes = data.draw(st.integers(0, size))
    found = wilson(successes, size)
    assert found is not None
    assert 0 <= found[0] <= successes / size <= found[1] <= 1
    mirrored = wilson(size - successes, size)
    assert mirrored is not None
    assert mirrored == pytest.approx((1 - found[1], 1 - found[0]))


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=30))
def test_a_mean_lies_in_its_interval(values: list[float]) -> None:
    found = column_score("c", values)
    assert found is not None
    assert found.interval is not None
    assert found.interval[0] - 1e-6 <= found.value <= found.interval[1] + 1e-6


def test_one_number_says_nothing_about_chance() -> None:
    found = column_score("c", [3])
    assert found is not None
    assert (found.interval, found.error) == (None, None)
    assert t_interval(3, 0, 1) is None
    assert wilson(0, 0) is None


@given(
    st.lists(
        st.one_of(
            st.booleans(),
            st.integers(),
            st.floats(),
            st.none(),
            st.text(max_size=3),
            st.lists(st.booleans(), max_size=3),
        ),
        max_size=12,
    )
)
def test_any_values_have_a_score_that_is_a_number_or_none(values: list[Any]) -> None:
    found = column_score("c", values)
    if found is not None:
        assert math.isfinite(found.value)
        assert found.size + found.left_out == len(values)
        if found.kind == "share":
            assert 0 <= found.value <= 1
