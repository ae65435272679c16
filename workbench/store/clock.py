"""Times as the store keeps them: UTC without a zone."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


def to_stored(moment: datetime) -> datetime:
    """An aware time as it is kept."""
    return moment.astimezone(UTC).replace(tzinfo=None)


def from_stored(moment: datetime) -> datetime:
    """A kept time with its zone."""
    return moment.replace(tzinfo=UTC)
