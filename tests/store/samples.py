"""Requests as the tests of the store add them."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from workbench.store.rows import NewRequest

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def some_request(**changes: Any) -> NewRequest:
    """A small request; `changes` replace its fields."""
    fields: dict[str, Any] = {
        "started_at": NOON,
        "ended_at": NOON + timedelta(milliseconds=850),
        "actor": "key:test",
        "source": "track-request",
        "raw": '{"kwargs":{"model":"gpt-4o"}}',
    }
    return NewRequest(**{**fields, **changes})


def digest_of(text: str) -> str:
    """A UUID that stands for a caller's body or record."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, text))
