"""API keys: made once, shown once, kept as a digest."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime

from workbench.ids import IdMaker
from workbench.store import clock
from workbench.store.audit import Audit
from workbench.store.connection import Connection
from workbench.store.errors import NotFound, Refused
from workbench.store.writer import Cursor

PREFIX = "wb_"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it may be shown: `hint` is its last four characters."""

    id: int
    name: str
    hint: str
    created_at: datetime
    created_by: str
    revoked_at: datetime | None


def digest(key: str) -> str:
    """Keys are 32 random bytes, so one round of SHA-256 cannot be guessed back."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def same(key: str, other: str) -> bool:
    """Compare without telling by the time how far they agree."""
    return hmac.compare_digest(
        key.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass")
    )


class Keys:
    """Changes to be run by the writer."""

    def __init__(self, make_id: IdMaker, audit: Audit) -> None:
        self._make_id = make_id
        self._audit = audit

    def make(self, cursor: Cursor, actor: str, name: str) -> str:
        """A new key in the clear: the only time that it is to be had."""
        if not name.strip():
            raise Refused("A key needs a name that says what it is for.")
        key = PREFIX + secrets.token_urlsafe(32)
        id_ = self._make_id()
        cursor.execute(
            "INSERT INTO api_keys VALUES (?, ?, ?, ?, ?, ?, NULL, NULL)",
            [id_, name.strip(), digest(key), key[-4:], clock.now(), actor],
        )
        self._audit.record(cursor, actor, "key.make", f"key/{id_}", {"name": name.strip()})
        return key

    def revoke(self, cursor: Cursor, actor: str, key_id: int) -> None:
        row = cursor.execute(
            "SELECT name, revoked_at FROM api_keys WHERE id = ?", [key_id]
        ).fetchone()
        if row is None:
            raise NotFound(f"There is no API key {key_id}.")
        if row[1] is None:
            cursor.execute(
                "UPDATE api_keys SET revoked_at = ?, revoked_by = ? WHERE id = ?",
                [clock.now(), actor, key_id],
            )
            self._audit.record(cursor, actor, "key.revoke", f"key/{key_id}", {"name": row[0]})


def listed(connection: Connection) -> list[ApiKey]:
    """All keys, the newest first, revoked ones included."""
    with connection.cursor() as cursor:
        rows = cursor.execute(
            "SELECT id, name, hint, created_at, created_by, revoked_at FROM api_keys "
            "ORDER BY id DESC"
        ).fetchall()
    return [
        ApiKey(
            id_,
            name,
            hint,
            clock.from_stored(created),
            created_by,
            clock.from_stored(revoked) if revoked else None,
        )
        for id_, name, hint, created, created_by, revoked in rows
    ]


def valid_digests(connection: Connection) -> dict[str, tuple[int, str]]:
    """Digest to (id, name) of every key that is not revoked."""
    with connection.cursor() as cursor:
        rows = cursor.execute(
            "SELECT digest, id, name FROM api_keys WHERE revoked_at IS NULL"
        ).fetchall()
    return {value: (id_, name) for value, id_, name in rows}
