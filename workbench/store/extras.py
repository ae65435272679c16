"""What lists show of a few requests beside the usual columns, read for one page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from workbench.store.connection import Connection
from workbench.store.search import scores_of

_COLUMNS = (
    *("finish_reason", "function_name", "source", "origin", "actor", "group_id", "prompt_label"),
    "tool_names",
)


@dataclass(frozen=True, slots=True)
class Extra:
    """The rest of a request's narrow row. scores: the last value of each name."""

    finish_reason: str | None = None
    function_name: str | None = None
    source: str | None = None
    origin: str | None = None
    actor: str | None = None
    group_id: int | None = None
    prompt_label: str | None = None
    tool_names: list[str] | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    scores: dict[str, float] = field(default_factory=dict)


def extras(connection: Connection, ids: Sequence[int]) -> dict[int, Extra]:
    """An Extra for each of the requests that is there."""
    if not ids:
        return {}
    with connection.cursor() as cursor:
        rows = cursor.execute(
            f"SELECT id, metadata, {', '.join(_COLUMNS)} FROM requests "
            "WHERE id IN (SELECT unnest(?::BIGINT[]))",
            [list(ids)],
        ).fetchall()
        scores = scores_of(cursor, ids)
    given: dict[int, dict[str, float]] = {}
    for id_, name, value in scores:
        given.setdefault(id_, {})[name] = value
    return {
        id_: Extra(
            **dict(zip(_COLUMNS, rest, strict=True)),
            metadata=orjson.loads(metadata) if metadata else {},
            scores=given.get(id_, {}),
        )
        for id_, metadata, *rest in rows
    }
