"""Tests of pairs, against worked examples and published tables."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.statistics import (
    Paired,
    binomial_p,
    mcnemar,
    needed_pairs,
    paired_t,
    quantile,
    sign_test,
)

# Student's own data (Biometrika 6, 1908): extra hours of sleep of ten patients, two drugs.
FIRST = (0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0)
SECOND = (1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4)


def made(found: Paired | None) -> Paired:
    assert found is not None
    return found


def test_students_sleep_data_gives_the_published_t_test() -> None:
    found = made(paired_t([b - a for a, b in zip(FIRST, SECOND, strict=True)]))
    assert (found.size, found.test) == (10, "paired t test")
    assert found.difference == pytest.approx(1.58)
    # As R's documentation of t.test(extra ~ group, paired) prints it: p-value 0.002833, 0.70 to
    # 2.46.
    assert found.p == pytest.approx(0.002833, abs=5e-7)
    assert found.interval == pytest.approx((0.7001142, 2.4598858), abs=5e-7)
    assert found.more == 0


def test_pairs_that_are_not_apart_say_how_many_more_would_do() -> None:
    # Mean 1, standard deviation 2 (squares of 3, -1, 1, -1, 3 about 1: 4+4+0+4+4, over 4).
    found = made(paired_t([3, -1, 1, -1, 3]))
    assert found.difference == 1
    # t = 1 / (2 / sqrt 5) = 1.118; the table's 10 % value for 4 degrees, two-sided, is 2.132.
    assert found.p is not None
    assert 0.1 < found.p < 0.5
    # ((1.95996 + 0.84162) * 2)^2 + 1.95996^2 / 2 = 31.395 + 1.921 = 33.3, so 34 and five are there.
    assert needed_pairs(1, 2) == pytest.approx(33.316, abs=5e-3)
    assert found.more == 29


def test_one_pair_and_pairs_that_all_differ_by_the_same_say_nothing() -> None:
    for found in (made(paired_t([2.0])), made(paired_t([2.0, 2.0, 2.0]))):
        assert (found.interval, found.p, found.more) == (None, None, None)
    assert paired_t([]) is None
    same = made(paired_t([1.0, -1.0]))
    assert (same.difference, same.more) == (0, None)
    assert same.p == pytest.approx(1)


def test_exact_binomial_p_values_by_hand() -> None:
    # 2 * (1 + 10) / 2^10, 2 / 2^6, 2 / 2^5.
    assert binomial_p(1, 9) == pytest.approx(22 / 1024)
    assert binomial_p(6, 0) == pytest.approx(0.03125)
    assert binomial_p(0, 5) == pytest.approx(0.0625)
    assert binomial_p(3, 3) == 1
    assert binomial_p(0, 0) == 1


def test_mcnemar_by_hand() -> None:
    found = made(mcnemar(1, 9, 50))
    assert found.p == pytest.approx(22 / 1024)
    assert found.difference == pytest.approx(0.16)
    # Cells with a half more: (9.5 - 1.5) / 52, and sqrt(11 - 64 / 52) / 52 times 1.95996.
    middle, half = 8 / 52, 1.959964 * math.sqrt(11 - 64 / 52) / 52
    assert found.interval == pytest.approx((middle - half, middle + half), abs=1e-6)
    assert found.more == 0


def test_six_pairs_that_differ_are_the_fewest_for_an_exact_test() -> None:
    # All three differ: three more. Two of eight differ: 6 * 8 / 2 = 24 pairs, sixteen more, where
    # the normal formula has (2.80159 * sqrt(2/8 - 1/16) / (2/8))^2 + 1.92 = 25.5, so eighteen.
    assert made(mcnemar(0, 3, 3)).more == 3
    assert made(mcnemar(0, 2, 8)).more == 18


def test_shares_without_a_difference_are_not_told_apart_by_any_number() -> None:
    found = made(mcnemar(0, 0, 10))
    assert (found.difference, found.p, found.more) == (0, 1, None)
    assert mcnemar(0, 0, 0) is None


def test_votes_are_a_sign_test_with_wilsons_interval() -> None:
    found = made(sign_test(8, 2))
    # 2 * (1 + 10 + 45) / 1024.
    assert found.p == pytest.approx(112 / 1024)
    assert found.difference == 0.8
    # Wilson's interval for 8 of 10, as the table in Newcombe (1998) has it: 0.4902 to 0.9433.
    assert found.interval == pytest.approx((0.4902, 0.9433), abs=5e-5)
    # ((1.95996 * 0.5 + 0.84162 * 0.4) / 0.3)^2 = (1.31663 / 0.3)^2 = 19.26, so 20, and ten are
    # there.
    assert found.more == 10
    assert sign_test(0, 0) is None
    assert made(sign_test(5, 5)).more is None


def test_five_won_of_five_is_not_apart_yet_six_of_six_is() -> None:
    assert made(sign_test(5, 0)).more == 1
    assert made(sign_test(6, 0)).more == 0


def test_quantiles_lie_between_their_neighbours() -> None:
    assert quantile([4, 1, 3, 2], 0.5) == 2.5
    assert quantile([10], 0.95) == 10
    # Of 1 to 21 the place is 20 * 0.95 = 19, the twentieth value.
    assert quantile(list(range(1, 22)), 0.95) == 20
    assert quantile([0, 10], 0.25) == 2.5


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=30))
def test_the_interval_holds_the_difference_and_turns_with_it(values: list[float]) -> None:
    found = made(paired_t(values))
    mirrored = made(paired_t([-each for each in values]))
    assert mirrored.difference == pytest.approx(-found.difference)
    if found.interval is not None:
        low, high = found.interval
        assert low <= found.difference <= high
        assert mirrored.interval == pytest.approx((-high, -low))
