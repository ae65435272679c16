"""What the logs know of a template and of each of its versions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from workbench.registry import finding
from workbench.store import registry_usage as rows
from workbench.store.connection import Connection
from workbench.store.registry_rows import DayUse, ScoreUse, Template, VersionUse

MAX_BARS = 400


@dataclass(frozen=True, slots=True)
class Usage:
    """Use of a template within [since, until). Latency in milliseconds, cost in dollars.

    versions: the newest first; requests that name no version have None and come last.
    over_time: one row a bar and version; `start` is local time of the zone asked for, naive.
    """

    template: Template
    since: datetime
    until: datetime
    versions: tuple[VersionUse, ...]
    scores: tuple[ScoreUse, ...]
    over_time: tuple[DayUse, ...]

    @property
    def requests(self) -> int:
        return sum(one.requests for one in self.versions)

    @property
    def errors(self) -> int:
        return sum(one.errors for one in self.versions)

    @property
    def cost(self) -> Decimal | None:
        """The sum of what is known; None where nothing is."""
        known: Sequence[Decimal] = [one.cost for one in self.versions if one.cost is not None]
        return sum(known, Decimal(0)) if known else None


def usage(
    connection: Connection,
    identifier: str | int,
    since: datetime,
    until: datetime,
    *,
    zone: str = "UTC",
    width: timedelta | None = None,
) -> Usage:
    """Use of a template and its versions; times are aware, `zone` is an IANA name.

    width: of a bar; by default a day, an hour for periods up to two days. Raises NotFound.
    """
    if width is None:
        width = timedelta(hours=1) if until - since <= timedelta(days=2) else timedelta(days=1)
    while (until - since) / width > MAX_BARS:
        width *= 2
    template = finding.template(connection, identifier, deleted=True)
    period = (connection, template.id, template.name, since, until)
    return Usage(
        template,
        since,
        until,
        tuple(rows.by_version(*period)),
        tuple(rows.scores(*period)),
        tuple(rows.over_time(*period, width=width, zone=zone)),
    )
