"""Stored times as the clock on a wall shows them are those of the zone's own rules."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.store.wall_clock import local_time, offsets

ZONES = [
    *("UTC", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Africa/Casablanca"),
    *("Asia/Kathmandu", "Pacific/Apia", "America/Caracas"),
]
moments = st.datetimes(datetime(2005, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))


@given(
    zone=st.sampled_from(ZONES),
    first=moments,
    length=st.timedeltas(timedelta(0), timedelta(days=900)),
    shares=st.lists(st.floats(0, 1), max_size=20),
)
def test_each_moment_is_told_as_the_zone_tells_it(
    zone: str, first: datetime, length: timedelta, shares: list[float]
) -> None:
    last = first + length
    told = [first, last, *(first + length * share for share in shares)]
    # The moments around each change of the clock are where it could go wrong.
    told += [
        change + timedelta(seconds=step)
        for change, _ in offsets(ZoneInfo(zone), first, last)[:-1]
        for step in (-1, 0, 1)
        if first <= change + timedelta(seconds=step) <= last
    ]
    part = local_time(zone, first, last)
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE r (started_at TIMESTAMP)")
        connection.executemany(
            "INSERT INTO r VALUES (?)", [[each.replace(tzinfo=None)] for each in told]
        )
        rows = connection.execute(f"SELECT {part.sql} FROM r ORDER BY rowid", part.params)
        found = [row[0] for row in rows.fetchall()]
    assert found == [each.astimezone(ZoneInfo(zone)).replace(tzinfo=None) for each in told]


@pytest.mark.parametrize("year", [1, 9999])
def test_the_ends_of_the_calendar_do_not_break_it(year: int) -> None:
    moment = datetime(year, 6, 1, tzinfo=UTC)
    part = local_time("Europe/Berlin", moment, moment)
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE r AS SELECT ?::TIMESTAMP AS started_at", [moment])
        assert connection.execute(f"SELECT {part.sql} FROM r", part.params).fetchone() is not None
