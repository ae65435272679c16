"""What is taken away from datasets for good: rows of purged requests, datasets that were removed,
and what no row holds any more.

A purge is all that ever changes a published version; its count of rows says how many are left.
"""

from __future__ import annotations

from collections.abc import Sequence

from workbench.store import blobs, long_values
from workbench.store.connection import Cursor
from workbench.store.guards import guard

_IDS = "(SELECT unnest(?::BIGINT[]))"
#: The mark of a digest of a blob in a kept value, as a pattern.
_REFERENCE = f"{blobs.MARK}([0-9a-f]{{64}}){blobs.MARK}"


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
        # What was refused stands there with its text.
        cursor.execute(f"DELETE FROM jobs WHERE area = 'datasets' AND subject IN {_IDS}", ids)


def drop_unused(cursor: Cursor, dataset_ids: Sequence[int]) -> None:
    """Take away long values and images that no row of these datasets holds any more."""
    for dataset_id in dataset_ids:
        long_values.drop_unused(cursor, long_values.DATASETS, dataset_id)
        rows = cursor.execute(
            "SELECT sha256 FROM dataset_blobs WHERE dataset_id = ?", [dataset_id]
        ).fetchall()
        there = {digest for (digest,) in rows}
        if not there:
            continue
        # A reference is shorter than what pieces of a long value share.
        mark = f"chr({ord(blobs.MARK)})"
        used = cursor.execute(
            "SELECT DISTINCT unnest(regexp_extract_all(value, ?, 1)) FROM dataset_rows "
            f"WHERE dataset_id = ? AND contains(value, {mark}) UNION "
            "SELECT DISTINCT unnest(regexp_extract_all(text, ?, 1)) FROM dataset_texts "
            f"WHERE owner = ? AND contains(text, {mark})",
            [_REFERENCE, dataset_id] * 2,
        ).fetchall()
        unused = sorted(there - {digest for (digest,) in used})
        if unused:
            cursor.execute(
                "DELETE FROM dataset_blobs WHERE dataset_id = ? "
                "AND sha256 IN (SELECT unnest(?::VARCHAR[]))",
                [dataset_id, unused],
            )
