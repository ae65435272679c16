"""What a purge takes away from evaluations: texts that came from purged requests, and evaluations
that were removed."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.store.connection import Cursor

_IDS = "(SELECT unnest(?::BIGINT[]))"
_PURGED = "What stood here was purged."
# A verdict or a number holds no text of the request: scores stay.
_HOLDS_TEXT = (
    "json_type(value) NOT IN ('BOOLEAN', 'UBIGINT', 'BIGINT', 'DOUBLE', 'HUGEINT', 'UHUGEINT')"
)


def forget_requests(cursor: Cursor, request_ids: Sequence[int]) -> None:
    """Take away the texts that came from these requests: in cells that were computed with them, in
    the cells to the right in the same row, which may have read those, and in the rows of datasets
    that were made from them. Run in the transaction that removes the requests, before or after
    the rows of datasets go."""
    given = [list(request_ids)]
    touched = cursor.execute(
        "SELECT c.run_id, c.dataset_row, min(k.position) FROM evaluation_cells c "
        "JOIN evaluation_columns k ON k.run_id = c.run_id AND k.id = c.column_id "
        "WHERE contains(c.detail, '\"request_ids\":') AND list_has_any("
        "TRY_CAST(json_extract(c.detail, '$.request_ids') AS BIGINT[]), ?::BIGINT[]) "
        "GROUP BY c.run_id, c.dataset_row",
        given,
    ).fetchall()
    if touched:
        runs, rows, positions = (list(each) for each in zip(*touched, strict=True))
        cursor.execute(
            "UPDATE evaluation_cells AS c SET "
            f"value = CASE WHEN {_HOLDS_TEXT} THEN NULL ELSE value END, detail = NULL, "
            "texts = NULL, long_values = NULL, "
            f"message = CASE WHEN message IS NULL THEN NULL ELSE '{_PURGED}' END "
            "FROM (SELECT unnest(?::BIGINT[]) AS run_id, unnest(?::BIGINT[]) AS dataset_row, "
            "unnest(?::BIGINT[]) AS position) t, evaluation_columns k "
            "WHERE c.run_id = t.run_id AND c.dataset_row = t.dataset_row "
            "AND k.run_id = c.run_id AND k.id = c.column_id AND k.position >= t.position",
            [runs, rows, positions],
        )
    cursor.execute(
        "DELETE FROM evaluation_cells AS c USING evaluation_runs r, dataset_rows d "
        "WHERE r.id = c.run_id AND d.dataset_id = r.dataset_id AND d.id = c.dataset_row "
        f"AND d.source_request IN {_IDS}",
        given,
    )
    _without_rows(cursor)


def forget_removed(cursor: Cursor) -> None:
    """Take away for good the evaluations that were removed."""
    rows = cursor.execute("SELECT id FROM evaluations WHERE deleted_at IS NOT NULL").fetchall()
    ids = [id_ for (id_,) in rows]
    if ids:
        found = cursor.execute(
            f"SELECT id FROM evaluation_runs WHERE evaluation_id IN {_IDS}", [ids]
        ).fetchall()
        runs = [id_ for (id_,) in found]
        for table in ("evaluation_cells", "evaluation_columns"):
            cursor.execute(f"DELETE FROM {table} WHERE run_id IN {_IDS}", [runs])
        cursor.execute(f"DELETE FROM evaluation_runs WHERE evaluation_id IN {_IDS}", [ids])
        cursor.execute(f"DELETE FROM evaluations WHERE id IN {_IDS}", [ids])
    _without_rows(cursor)


def _without_rows(cursor: Cursor) -> None:
    """Cells whose row of the dataset is gone for good."""
    cursor.execute(
        "DELETE FROM evaluation_cells AS c WHERE NOT EXISTS (SELECT 1 FROM evaluation_runs r "
        "JOIN dataset_rows d ON d.dataset_id = r.dataset_id "
        "WHERE r.id = c.run_id AND d.id = c.dataset_row)"
    )
    # Also what cells held before they were run anew.
    cursor.execute(
        "DELETE FROM evaluation_texts WHERE id NOT IN "
        "(SELECT texts FROM evaluation_cells WHERE texts IS NOT NULL)"
    )
