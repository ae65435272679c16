"""Two cursors of an export see one moment, whatever is committed while they begin."""

from __future__ import annotations

import threading

from tests.store.samples import some_request
from workbench.store.export_cursors import begun_together, end
from workbench.store.store import Store


def test_both_see_the_same_requests_while_others_arrive(store: Store) -> None:
    done = threading.Event()

    def arrive() -> None:
        while not done.is_set():
            store.add(some_request()).result()

    thread = threading.Thread(target=arrive)
    thread.start()
    seen: list[int] = []
    pairs = 0
    try:
        while len(seen) < 60:
            one, other = begun_together(store.connection)
            cursors = [one] if other is None else [one, other]
            pairs += other is not None
            counts = {
                cursor.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0]
                for cursor in cursors
                for table in ("requests", "bodies")
            }
            for cursor in cursors:
                end(cursor)
            assert len(counts) == 1
            seen += counts
    finally:
        done.set()
        thread.join()
    assert seen == sorted(seen)
    assert len(set(seen)) > 1
    # A DuckLake store gives one: its tables are read one after the other.
    assert pairs > 0 or store.connection.is_ducklake
