"""Removing everything that came from one origin, such as the sample."""

from __future__ import annotations

from workbench.store import blob_rows, pieces
from workbench.store.audit import Audit
from workbench.store.guards import guard
from workbench.store.writer import Cursor


def remove_origin(cursor: Cursor, audit: Audit, actor: str, origin: str) -> int:
    """Delete the requests of an origin with all that hangs on them. Returns how many there were."""
    row = cursor.execute("SELECT count(*) FROM requests WHERE origin = ?", [origin]).fetchone()
    number = int(row[0]) if row else 0
    if number == 0:
        return 0
    chosen = "(SELECT id FROM requests WHERE origin = ?)"
    groups = [
        group
        for (group,) in cursor.execute(
            "SELECT group_id FROM requests WHERE group_id IS NOT NULL GROUP BY group_id "
            "HAVING bool_and(origin = ?)",
            [origin],
        ).fetchall()
    ]
    blobs = [
        digest
        for (digest,) in cursor.execute(
            f"SELECT DISTINCT sha256 FROM request_blobs WHERE request_id IN {chosen}", [origin]
        ).fetchall()
    ]
    for table in ("scores", "stars", "bulk_before", "bodies", *pieces.TABLES, "request_blobs"):
        cursor.execute(f"DELETE FROM {table} WHERE request_id IN {chosen}", [origin])
    cursor.execute("DELETE FROM requests WHERE origin = ?", [origin])
    cursor.execute("DELETE FROM groups WHERE id IN (SELECT unnest(?::BIGINT[]))", [groups])
    for digest in blobs:
        # Another process may be adding a request that uses the same blob.
        guard(cursor, "blob", digest)
    blob_rows.remove_unused(cursor, blobs)
    audit.record(cursor, actor, "origin.remove", f"origin/{origin}", {"requests": number})
    return number
