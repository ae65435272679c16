"""What the kinds of bulk changes share: noting what was before, and the ids of one batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Protocol

from workbench.store.connection import Cursor

# Pieces of SQL. IDS binds the ids; NOTED and BEFORE bind the change and the ids.
IDS = "(SELECT unnest(?::BIGINT[]))"
NOTED = f"(SELECT request_id FROM bulk_before WHERE change_id = ? AND request_id IN {IDS})"
THERE = f"r.id IN {IDS} AND r.deleted_at IS NULL"
BEFORE = f"b.change_id = ? AND b.request_id = r.id AND r.id IN {IDS}"


@dataclass(frozen=True, slots=True)
class Made:
    """A change of many requests: who made it, and when (as times are stored)."""

    id: int
    actor: str
    at: datetime


class Kind(Protocol):
    """One thing to do. Its fields are what was asked, and are kept as JSON."""

    action: ClassVar[str]

    def apply(self, cursor: Cursor, made: Made, ids: Sequence[int]) -> int:
        """Change those of the requests that it changes; returns how many they are."""

    def revert(self, cursor: Cursor, made: Made, ids: Sequence[int]) -> int:
        """Put back what they had before, where that is what the change left; returns how many."""


def note(cursor: Cursor, select: str, params: Sequence[Any]) -> int:
    return changed_by(cursor, f"INSERT INTO bulk_before {select}", params)


def changed_by(cursor: Cursor, statement: str, params: Sequence[Any]) -> int:
    """Run a statement; how many rows it changed."""
    row = cursor.execute(statement, list(params)).fetchone()
    return int(row[0]) if row else 0
