"""Stars, groups and tombstones of many requests at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from workbench.store.bulk_batch import BEFORE, NOTED, THERE, Made, changed_by, note
from workbench.store.connection import Cursor
from workbench.store.errors import NotFound


@dataclass(frozen=True, slots=True)
class Starring:
    """Put stars on, or take them away."""

    action: ClassVar[str] = "star"
    starred: bool = True

    def apply(self, cursor: Cursor, made: Made, ids: Sequence[int]) -> int:
        noted = [made.id, list(ids)]
        if self.starred:
            number = note(
                cursor,
                f"SELECT ?, r.id, NULL FROM requests r WHERE {THERE} "
                "AND r.id NOT IN (SELECT request_id FROM stars)",
                noted,
            )
            cursor.execute(
                f"INSERT INTO stars SELECT request_id, ?, ?::TIMESTAMP FROM {NOTED}",
                [made.actor, made.at, *noted],
            )
            return number
        number = note(
            cursor,
            "SELECT ?, r.id, to_json({'actor': s.actor, 'at': epoch_us(s.starred_at)})::VARCHAR "
            f"FROM requests r JOIN stars s ON s.request_id = r.id WHERE {THERE}",
            noted,
        )
        cursor.execute(f"DELETE FROM stars WHERE request_id IN {NOTED}", noted)
        return number

    def revert(self, cursor: Cursor, made: Made, ids: Sequence[int]) -> int:
        noted = [made.id, list(ids)]
        if self.starred:
            return changed_by(
                cursor,
                f"DELETE FROM stars WHERE actor = ? AND starred_at = ? AND request_id IN {NOTED}",
                [made.actor, made.at, *noted],
            )
        return changed_by(
            cursor,
            "INSERT INTO stars SELECT r.id, b.before->>'actor', "
            "make_timestamp((b.before->>'at')::BIGINT) FROM bulk_before b, requests r "
            f"WHERE {BEFORE} AND r.id NOT IN (SELECT request_id FROM stars)",
            noted,
        )


@dataclass(frozen=True, slots=True)
class Grouping:
    """Put requests into a group; None takes them out of theirs."""

    action: ClassVar[str] = "group"
    group_id: int | None

    def apply(self, cursor: Cursor, made: Made, ids: Sequence[int]) -> int:
        if self.group_id is not None and not _is_group(cursor, self.group_id):
            raise NotFound(f"There is no group {self.group_id}.")
        number = note(
            cursor,
            f"SELECT ?, r.id, r.group_id::VARCHAR FROM requests r WHERE {THERE} "
            "AND r.group_id IS DISTINCT FROM ?::BIGINT",
            [made.id, list(ids), self.group_id],
        )
        cursor.execute(
            f"UPDATE requests SET group_id = ? WHERE id IN {NOTED}",
            [self.group_id, made.id, list(ids)],
        )
        return number

    def revert(self, cursor: Cursor, made: Made, ids: Sequence[int]) -> int:
        return changed_by(
            cursor,
            "UPDATE requests AS r SET group_id = b.before::BIGINT FROM bulk_before b "
            f"WHERE {BEFORE} AND r.group_id IS NOT DISTINCT FROM ?::BIGINT",
            [made.id, list(ids), self.group_id],
        )


@dataclass(frozen=True, slots=True)
class Deleting:
    """Hide requests at once; a purge removes what they hold."""

    action: ClassVar[str] = "delete"

    def apply(self, cursor: Cursor, made: Made, ids: Sequence[int]) -> int:
        number = note(
            cursor,
            f"SELECT ?, r.id, NULL FROM requests r WHERE {THERE}",
            [made.id, list(ids)],
        )
        cursor.execute(
            f"UPDATE requests SET deleted_at = ?, deleted_by = ? WHERE id IN {NOTED}",
            [made.at, made.actor, made.id, list(ids)],
        )
        return number

    def revert(self, cursor: Cursor, made: Made, ids: Sequence[int]) -> int:
        return changed_by(
            cursor,
            "UPDATE requests SET deleted_at = NULL, deleted_by = NULL "
            f"WHERE deleted_at = ? AND id IN {NOTED}",
            [made.at, made.id, list(ids)],
        )


def _is_group(cursor: Cursor, group_id: int) -> bool:
    row = cursor.execute("SELECT 1 FROM groups WHERE id = ?", [group_id]).fetchone()
    return row is not None
