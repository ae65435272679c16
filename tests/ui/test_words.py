"""Numbers, money and times as a person reads them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from workbench.ui import words

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("dollars", "shown"),
    [
        (None, "unknown"),
        (Decimal(0), "$0"),
        (Decimal("0.0000012"), "$0.0000012"),
        (Decimal("0.00125"), "$0.00125"),
        (Decimal("0.12067"), "$0.121"),
        (Decimal("3.456"), "$3.46"),
        (Decimal("12345.6"), "$12,346"),
    ],
)
def test_money_has_as_many_places_as_it_needs(dollars: Decimal | None, shown: str) -> None:
    assert words.money(dollars) == shown


@pytest.mark.parametrize(
    ("milliseconds", "shown"),
    [(None, "unknown"), (0.4, "0 ms"), (999, "999 ms"), (1500, "1.50 s"), (180_000, "3.0 min")],
)
def test_latency_has_its_unit(milliseconds: float | None, shown: str) -> None:
    assert words.latency(milliseconds) == shown


@pytest.mark.parametrize(
    ("passed", "shown"),
    [
        (timedelta(seconds=5), "just now"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(hours=5, minutes=59), "5 hours ago"),
        (timedelta(days=2), "2 days ago"),
    ],
)
def test_ago_takes_the_largest_unit_that_fits(passed: timedelta, shown: str) -> None:
    assert words.ago(NOW - passed, NOW) == shown
