"""Removing deleted requests for good: payload, everything that hangs on them, and the bytes.

A tombstone hides a request; this takes its rows away, then the images that nothing uses any more,
and at last makes sure that the store's files hold none of it (store/erasing.py). Backups that were
made before still do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from workbench.store import (
    blob_rows,
    dataset_purge,
    evaluation_purge,
    pieces,
    playground,
    text_search,
)
from workbench.store.bulk_batch import IDS
from workbench.store.connection import Cursor
from workbench.store.erasing import erase
from workbench.store.guards import guard
from workbench.store.store import Store
from workbench.store.watch import UNWATCHED, Watch

# Tables whose rows belong to one request.
NARROW = ("bodies", *pieces.TABLES, "scores", "stars", "bulk_before")
BATCH = 1_000
ERASED = '{"erased":true}'


@dataclass(frozen=True, slots=True)
class Purged:
    """What a purge removed. is_erased: whether the files hold nothing of it any more; not where it
    was stopped, or where readers kept old rows in use. A later purge goes on."""

    requests: int
    blobs: int
    is_erased: bool
    stopped: bool = False


def purge(store: Store, actor: str, watch: Watch = UNWATCHED) -> Purged:
    """Remove every request that is deleted now; deleting cannot be undone for them after that.

    Raises StoreError where nothing can be written.
    """
    with store.connection.cursor() as cursor:
        found = cursor.execute("SELECT id FROM requests WHERE deleted_at IS NOT NULL ORDER BY id")
        ids = [id_ for (id_,) in found.fetchall()]
    told = {"requests": 0, "blobs": 0, **watch.so_far}
    through, stopped = watch.through, False
    total = through + len(ids)
    store.change(playground.forget_removed).result()
    store.change(dataset_purge.forget_removed).result()
    store.change(evaluation_purge.forget_removed).result()
    for start in range(0, len(ids), BATCH):
        batch = ids[start : start + BATCH]
        through += len(batch)

        def step(
            cursor: Cursor,
            batch: list[int] = batch,
            through: int = through,
            told: dict[str, int] = told,
        ) -> dict[str, int]:
            removed, unused = remove(cursor, batch)
            told = {"requests": told["requests"] + removed, "blobs": told["blobs"] + unused}
            watch.note(cursor, through, total, told)
            return told

        told = store.change(step).result()
        text_search.forget(store.connection)
        watch.tell(through, total, told, noted=True)
        if watch.is_stopped:
            stopped = True
            break
    is_erased = not stopped and erase(store.connection, store.change)
    detail = {**told, "erased": is_erased}
    store.change(
        lambda cursor: store.audit.record(cursor, actor, "store.purge", "store", detail)
    ).result()
    return Purged(told["requests"], told["blobs"], is_erased, stopped)


def remove(cursor: Cursor, ids: Sequence[int]) -> tuple[int, int]:
    """Take away deleted requests with all that belongs to them; others among `ids` stay.

    Returns how many requests and how many blobs are gone. The audit trail keeps who did what to
    them and when, without the texts.
    """
    rows = cursor.execute(
        f"SELECT id FROM requests WHERE id IN {IDS} AND deleted_at IS NOT NULL", [list(ids)]
    ).fetchall()
    gone = [id_ for (id_,) in rows]
    if not gone:
        return 0, 0
    used = cursor.execute(
        f"SELECT DISTINCT sha256 FROM request_blobs WHERE request_id IN {IDS}", [gone]
    ).fetchall()
    digests = sorted(digest for (digest,) in used)
    for table in (*NARROW, "request_blobs"):
        cursor.execute(f"DELETE FROM {table} WHERE request_id IN {IDS}", [gone])
    playground.forget_requests(cursor, gone)
    dataset_purge.forget_requests(cursor, gone)
    evaluation_purge.forget_requests(cursor, gone)
    cursor.execute(f"DELETE FROM requests WHERE id IN {IDS}", [gone])
    for digest in digests:
        # Another process may be adding a request that uses the same blob.
        guard(cursor, "blob", digest)
    unused = blob_rows.remove_unused(cursor, digests)
    cursor.execute(
        "UPDATE audit SET detail = ? WHERE subject IN (SELECT 'request/' || unnest(?::BIGINT[]))",
        [ERASED, gone],
    )
    return len(gone), unused
