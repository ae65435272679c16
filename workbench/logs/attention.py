"""What stood out lately, each with the filter that shows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from workbench.filters import Condition, Filter, Group
from workbench.store import stats, tags
from workbench.store.connection import Connection
from workbench.store.stats import Slice

DAY = timedelta(days=1)
# Fewer requests than this say nothing about a rate.
ENOUGH = 20
ERROR_RATE = 0.1
SLOWER = 2.0
DEARER = 1.3
MOST = 6


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to look at: a sentence, a Material symbol, and the requests it speaks of."""

    sentence: str
    icon: str
    filter: Filter


def findings(connection: Connection, now: datetime) -> list[Finding]:
    """The gravest first, at most MOST."""
    found = [
        *_errors(connection, now),
        *_incidents(connection, now),
        *_dearer_versions(connection, now),
        *_unlisted_tags(connection),
    ]
    return found[:MOST]


def _span(start: datetime, end: datetime) -> Condition:
    return Condition("request_start_time", "between", (start, end))


def _filter(*conditions: Condition) -> Filter:
    return Filter(Group(conditions))


def _model_conditions(each: Slice) -> tuple[Condition, ...]:
    return (Condition("engine", "is", each.model),) if each.model else ()


def _errors(connection: Connection, now: datetime) -> list[Finding]:
    by = ("provider", "model")
    found = []
    for each in stats.slices(connection, by=by, since=now - DAY, until=now):
        if each.requests >= ENOUGH and each.errors / each.requests >= ERROR_RATE:
            share = round(100 * each.errors / each.requests)
            found.append(
                Finding(
                    f"{each.model or each.provider}: {share} % of {each.requests:,} requests of "
                    "the last 24 hours failed.",
                    ":material/error:",
                    _filter(
                        _span(now - DAY, now),
                        *_model_conditions(each),
                        Condition("status", "is", "ERROR"),
                    ),
                )
            )
    return found


def _incidents(connection: Connection, now: datetime) -> list[Finding]:
    """Days on which a provider was far slower than over the fortnight around them."""
    usual = {
        each.provider: each
        for each in stats.slices(connection, by=("provider",), since=now - 14 * DAY, until=now)
    }
    found: list[Finding] = []
    told: set[str | None] = set()
    for days in range(14):
        end = now - days * DAY
        slow = {
            each.provider: each
            for each in stats.slices(connection, by=("provider",), since=end - DAY, until=end)
            if _is_slow(each, usual.get(each.provider))
        }
        # One incident reaches into two of these days; it is told once.
        found += [
            _slow_finding(each, usual[name], end) for name, each in slow.items() if name not in told
        ]
        told = set(slow)
    return found


def _is_slow(each: Slice, usual: Slice | None) -> bool:
    if usual is None or not each.p95_ms or not usual.p95_ms:
        return False
    return each.requests >= ENOUGH and each.p95_ms >= SLOWER * usual.p95_ms


def _slow_finding(each: Slice, usual: Slice, end: datetime) -> Finding:
    slow, normal = each.p95_ms or 0.0, usual.p95_ms or 0.0
    return Finding(
        f"{each.provider} was slow in the 24 hours to {end:%d %B %H:%M} UTC: p95 "
        f"{slow / 1000:.1f} s against {normal / 1000:.1f} s over two weeks.",
        ":material/timer:",
        _filter(
            _span(end - DAY, end),
            Condition("provider_type", "is", each.provider),
            Condition("latency_ms", "gte", round(normal)),
        ),
    )


def _dearer_versions(connection: Connection, now: datetime) -> list[Finding]:
    """Template versions that cost clearly more a request than the version before."""
    by = ("prompt_name", "prompt_version")
    known = {
        (each.prompt_name, each.prompt_version): each
        for each in stats.slices(connection, by=by, since=now - 30 * DAY, until=now)
        if each.prompt_name and each.prompt_version and each.requests >= ENOUGH
    }
    found = []
    for (name, version), each in known.items():
        before = known.get((name, (version or 0) - 1))
        if (
            before is None
            or not before.mean_cost
            or not each.mean_cost
            or each.mean_cost < DEARER * before.mean_cost
        ):
            continue
        times = each.mean_cost / before.mean_cost
        found.append(
            Finding(
                f"{name} version {version} costs {times:.1f} times as much a request as version "
                f"{(version or 0) - 1}.",
                ":material/payments:",
                _filter(
                    Condition("prompt_name", "is", name),
                    Condition("prompt_version_number", "eq", version),
                ),
            )
        )
    return found


def _unlisted_tags(connection: Connection) -> list[Finding]:
    known = tags.listed(connection)
    if not any(tag.listed for tag in known):
        return []
    names = [tag.name for tag in known if not tag.listed]
    if not names:
        return []
    shown = ", ".join(names[:5]) + (" …" if len(names) > 5 else "")
    return [
        Finding(
            f"Tags are logged that are not on the list: {shown}.",
            ":material/sell:",
            _filter(Condition("tags", "in", names)),
        )
    ]
