"""What a purge takes away from datasets: rows of purged requests, and datasets that were removed.

It is all that ever changes a published version; its count of rows says how many are left.
"""

from __future__ import annotations

from collections.abc import Sequence

from workbench.store.connection import Cursor
from workbench.store.dataset_row_changes import drop_unused
from workbench.store.guards import guard

_IDS = "(SELECT unnest(?::BIGINT[]))"


def forget_requests(cursor: Cursor, request_ids: Sequence[int]) -> None:
    """Take away the rows that came from these requests. Run in the transaction that removes
    them."""
    given = [list(request_ids)]
    rows = cursor.execute(
        f"SELECT DISTINCT dataset_id FROM dataset_rows WHERE source_request IN {_IDS}", given
    ).fetchall()
    touched = sorted(id_ for (id_,) in rows)
    if not touched:
        return
    for dataset_id in touched:
        guard(cursor, "dataset", str(dataset_id))
    cursor.execute(f"DELETE FROM dataset_rows WHERE source_request IN {_IDS}", given)
    cursor.execute(
        "UPDATE dataset_versions v SET row_count = (SELECT count(*) FROM dataset_rows r "
        "WHERE r.dataset_id = v.dataset_id AND r.since <= v.number "
        "AND (r.until IS NULL OR r.until > v.number)) "
        f"WHERE v.published_at IS NOT NULL AND v.dataset_id IN {_IDS}",
        [touched],
    )
    drop_unused(cursor, touched)


def forget_removed(cursor: Cursor) -> None:
    """Take away for good the datasets that were removed."""
    rows = cursor.execute("SELECT id FROM datasets WHERE deleted_at IS NOT NULL").fetchall()
    ids = [[id_ for (id_,) in rows]]
    if ids[0]:
        for table, column in (
            ("dataset_rows", "dataset_id"),
            ("dataset_blobs", "dataset_id"),
            ("dataset_texts", "owner"),
            ("dataset_versions", "dataset_id"),
            ("datasets", "id"),
        ):
            cursor.execute(f"DELETE FROM {table} WHERE {column} IN {_IDS}", ids)
