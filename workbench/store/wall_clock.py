"""Stored times as the clock on a wall shows them, in SQL that is quick over a million rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from workbench.store import clock
from workbench.store.filter_parts import Part

# Looking for changes of the clock takes a microsecond a day.
_LONGEST = timedelta(days=20 * 366)
_DAY = timedelta(days=1)
_MICROSECOND = timedelta(microseconds=1)


def local_time(zone: str, first: datetime, last: datetime) -> Part:
    """`r.started_at` in the zone (an IANA name), for requests from `first` to `last` (aware).

    The engine's own conversion asks its calendar for every row, which took half a second for a
    million; a zone changes its offset a few times a year, so here it is a comparison or two.
    """
    if last - first > _LONGEST or last.year >= 9998 or first.year <= 2:
        return Part("timezone(?, timezone('UTC', r.started_at))", (zone,))
    changes = offsets(ZoneInfo(zone), first, last)
    sql, params = "r.started_at + to_microseconds(CASE ", []
    for until, offset in changes[:-1]:
        sql += "WHEN r.started_at < ? THEN ?::BIGINT "
        params += [clock.to_stored(until), offset // _MICROSECOND]
    return Part(f"{sql}WHEN TRUE THEN ?::BIGINT END)", (*params, changes[-1][1] // _MICROSECOND))


def offsets(zone: ZoneInfo, first: datetime, last: datetime) -> list[tuple[datetime, timedelta]]:
    """Each offset from UTC that the zone has between two moments, with the moment it ends.

    The last one's end is after `last`. Two changes within one day are seen as one.
    """
    found: list[tuple[datetime, timedelta]] = []
    at = first.astimezone(UTC)
    end = last.astimezone(UTC) + _DAY
    offset = _offset(zone, at)
    while at < end:
        following = at + _DAY
        if _offset(zone, following) != offset:
            change = _change(zone, at, following, offset)
            found.append((change, offset))
            offset = _offset(zone, following)
        at = following
    return [*found, (at, offset)]


def _change(zone: ZoneInfo, before: datetime, after: datetime, offset: timedelta) -> datetime:
    """The first moment, to the second, at which the offset is another one."""
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) / 2
        if _offset(zone, middle) == offset:
            before = middle
        else:
            after = middle
    return after.replace(microsecond=0)


def _offset(zone: ZoneInfo, moment: datetime) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta(0)
