"""Figures over time and by value add up to what is there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from tests.store.samples import NOON, some_request
from workbench.filters import Condition, Filter, Group
from workbench.store import search, stats
from workbench.store.store import Store

EVERYTHING = Filter()
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def add_at(store: Store, *moments: datetime, **fields: object) -> None:
    for each in [
        store.add(some_request(started_at=at, ended_at=at + timedelta(seconds=1), **fields))
        for at in moments
    ]:
        each.result()


@pytest.mark.parametrize(
    ("zone", "midnight"),
    [
        ("Europe/Berlin", datetime(2026, 3, 28)),  # the clock goes forward on the 29th
        ("Europe/Berlin", datetime(2026, 10, 24)),  # and back on the 25th
        ("America/New_York", datetime(2026, 11, 1)),
        ("Australia/Lord_Howe", datetime(2026, 4, 4)),  # by half an hour
        ("Asia/Kathmandu", datetime(2026, 1, 1)),  # a quarter of an hour off
        ("UTC", datetime(2026, 1, 1)),
    ],
)
@pytest.mark.parametrize("width", [timedelta(minutes=30), HOUR, DAY], ids=["30 min", "hour", "day"])
def test_bars_around_a_change_of_the_clock_add_up(
    store: Store, zone: str, midnight: datetime, width: timedelta
) -> None:
    """A request every 20 minutes for three days is in the bar of its own local time."""
    start = midnight.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    moments = [start + timedelta(minutes=20 * number) for number in range(3 * 72)]
    add_at(store, *moments)
    bars = stats.timeline(store.connection, EVERYTHING, now=NOON, width=width, zone=zone)
    expected: dict[datetime, int] = {}
    for moment in moments:
        local = moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        bar = datetime(2024, 1, 1) + (local - datetime(2024, 1, 1)) // width * width
        expected[bar] = expected.get(bar, 0) + 1
    assert {bar.start: bar.requests for bar in bars} == expected
    assert [bar.start for bar in bars] == sorted(expected)
    total = search.totals(store.connection, EVERYTHING, now=NOON).requests
    assert sum(bar.requests for bar in bars) == total == len(moments)


def test_bars_are_by_status_and_follow_the_filter(store: Store) -> None:
    add_at(store, NOON, NOON, status="SUCCESS", model="a")
    add_at(store, NOON, status="ERROR", model="a")
    add_at(store, NOON + HOUR, status="ERROR", model="b")
    bars = stats.timeline(store.connection, EVERYTHING, now=NOON, width=HOUR, zone="UTC")
    at = NOON.replace(tzinfo=None)
    assert [(bar.start, bar.status, bar.requests) for bar in bars] == [
        (at, "ERROR", 1),
        (at, "SUCCESS", 2),
        (at + HOUR, "ERROR", 1),
    ]
    only = Filter(Group((Condition("engine", "is", "b"),)))
    bars = stats.timeline(store.connection, only, now=NOON, width=HOUR, zone="UTC")
    assert [bar.requests for bar in bars] == [1]


def test_extent_is_the_first_and_last_start(store: Store) -> None:
    assert stats.extent(store.connection, EVERYTHING, now=NOON) is None
    add_at(store, NOON + HOUR, NOON, NOON + DAY)
    assert stats.extent(store.connection, EVERYTHING, now=NOON) == (NOON, NOON + DAY)


def test_facets_count_each_value_the_most_frequent_first(store: Store) -> None:
    add_at(store, NOON, model="b", tags=("x", "y"), metadata={"user": 1, "place": None})
    add_at(store, NOON, NOON, model="a", tags=("x",), metadata={"user": 2})
    add_at(store, NOON, model=None)

    def facet(name: str, limit: int = 200) -> list[tuple[str, int]]:
        found = stats.facet(store.connection, name, EVERYTHING, now=NOON, limit=limit)
        return [(each.value, each.requests) for each in found]

    assert facet("model") == [("a", 2), ("b", 1)]
    assert facet("tag") == [("x", 3), ("y", 1)]
    assert facet("metadata_key") == [("user", 3), ("place", 1)]
    assert facet("status") == [("SUCCESS", 4)]
    assert facet("provider") == []
    assert facet("model", limit=1) == [("a", 2)]


def test_contents_say_what_the_store_holds(store: Store) -> None:
    assert stats.contents(store.connection) == stats.Contents(0, None, None, 0, 0, 0, 0)
    image = "QUJD" * 700
    add_at(store, NOON, raw=f'"{image}"')
    add_at(store, NOON + DAY, origin="sample")
    add_at(store, NOON - DAY)
    oldest = search.page(store.connection, EVERYTHING, now=NOON, limit=5).rows[-1].id
    store.change(lambda cursor: store.annotations.delete(cursor, "x", oldest)).result()
    assert stats.contents(store.connection) == stats.Contents(2, NOON, NOON + DAY, 1, 2100, 1, 1)


def test_slices_group_what_a_period_holds(store: Store) -> None:
    add_at(store, NOON, NOON, provider="p", model="a", cost=Decimal("0.5"))
    add_at(store, NOON, provider="p", model="b", status="ERROR")
    add_at(store, NOON + DAY, provider="p", model="a")
    found = stats.slices(store.connection, by=("provider", "model"), since=NOON, until=NOON + DAY)
    assert [(each.model, each.requests, each.errors, each.cost) for each in found] == [
        ("a", 2, 0, Decimal("1.0")),
        ("b", 1, 1, None),
    ]
    assert found[0].mean_cost == pytest.approx(0.5)
    assert found[0].p95_ms == pytest.approx(1000)
    for by in ((), ("nonsense",)):
        with pytest.raises(ValueError, match="cannot group by"):
            stats.slices(store.connection, by=by, since=NOON, until=NOON)
