"""Uniqueness without constraints: of two that decide about one name, one sees the other."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from tests.store.samples import some_request
from workbench.settings import Settings
from workbench.store import origins, requests
from workbench.store.connection import Cursor
from workbench.store.errors import Refused
from workbench.store.guards import BUCKETS, guard
from workbench.store.store import Store
from workbench.store.writer import Writer


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Store]:
    """DuckLake, where transactions of several writers meet as those of several processes do."""
    store = Store(Settings(database=f"ducklake:{tmp_path}/catalogue.ducklake"))
    store.change(
        lambda cursor: (
            cursor.execute("CREATE TABLE versions (name VARCHAR, number INTEGER)") and None
        )
    ).result()
    yield store
    store.close()


def next_version(meet: Callable[[], object]) -> Callable[[Cursor], int]:
    """A change that gives a template its next version number, as a registry does."""

    def change(cursor: Cursor) -> int:
        guard(cursor, "template", "greeting")
        row = cursor.execute(
            "SELECT coalesce(max(number), 0) + 1 FROM versions WHERE name = 'greeting'"
        ).fetchone()
        assert row is not None
        meet()
        cursor.execute("INSERT INTO versions VALUES ('greeting', ?)", [row[0]])
        return int(row[0])

    return change


def test_two_transactions_about_one_name_cannot_both_commit(lake: Store) -> None:
    change = next_version(lambda: None)
    one, other = lake.connection.new_cursor(), lake.connection.new_cursor()
    for cursor in (one, other):
        cursor.execute("BEGIN TRANSACTION")
    assert (change(one), change(other)) == (1, 1)
    one.execute("COMMIT")
    with pytest.raises(duckdb.TransactionException, match="conflict"):
        other.execute("COMMIT")
    assert one.execute("SELECT number FROM versions").fetchall() == [(1,)]


def test_without_the_guard_both_would_commit(lake: Store) -> None:
    """Why the guard is there: this is what DuckLake does with two plain inserts."""
    one, other = lake.connection.new_cursor(), lake.connection.new_cursor()
    for cursor in (one, other):
        cursor.execute("BEGIN TRANSACTION")
        cursor.execute("INSERT INTO versions VALUES ('greeting', 7)")
    one.execute("COMMIT")
    other.execute("COMMIT")
    assert one.execute("SELECT number FROM versions").fetchall() == [(7,), (7,)]


def test_the_loser_tries_again_and_sees_the_winner(lake: Store) -> None:
    """Two writers are made to read before either commits, at least the first time."""
    barrier = threading.Barrier(2)

    def meet() -> None:
        if not barrier.broken:
            try:
                barrier.wait(5)
            except threading.BrokenBarrierError:
                return
            barrier.abort()

    writers = [Writer(lake.connection) for _ in range(2)]
    numbers = [each.change(next_version(meet)) for each in writers]
    assert sorted(number.result() for number in numbers) == [1, 2]
    for each in writers:
        each.close()


def test_many_decisions_of_several_writers_give_every_number_once(lake: Store) -> None:
    writers = [Writer(lake.connection) for _ in range(3)]
    numbers = [each.change(next_version(lambda: None)) for each in writers * 4]
    assert sorted(number.result() for number in numbers) == list(range(1, 13))
    for each in writers:
        each.close()


def test_a_conflict_takes_no_neighbour_with_it(lake: Store) -> None:
    """Requests that wait beside a decision that conflicts are written all the same."""
    other = Writer(lake.connection)
    futures = []
    for number in range(4):
        decided = other.change(next_version(lambda: None))
        futures += [lake.add(some_request(raw=f"{number} {each}")) for each in range(3)]
        lake.change(next_version(lambda: None)).result()
        decided.result()
    assert len({each.result().id for each in futures}) == 12
    other.close()


def test_a_blob_that_another_writer_starts_to_use_is_not_removed(lake: Store) -> None:
    """A request with the sample's image arrives while the sample is removed."""
    image = "QUJD" * 700
    lake.add(some_request(raw=f'"{image}"', origin="sample")).result()
    remover = lake.connection.new_cursor()
    remover.execute("BEGIN TRANSACTION")
    assert origins.remove_origin(remover, lake.audit, "test", "sample") == 1
    kept = lake.add(some_request(raw=f'["{image}"]')).result().id
    with pytest.raises(duckdb.TransactionException, match="conflict"):
        remover.execute("COMMIT")
    detail = requests.get(lake.connection, kept)
    assert detail is not None
    assert detail.raw == f'["{image}"]'


def test_every_name_has_a_bucket_that_is_there(store: Store) -> None:
    with store.connection.cursor() as cursor:
        rows = cursor.execute("SELECT bucket FROM guards ORDER BY bucket").fetchall()
    assert rows == [(number,) for number in range(BUCKETS)]


def test_a_refusal_after_the_guard_leaves_nothing(store: Store) -> None:
    def change(cursor: Cursor) -> None:
        guard(cursor, "template", "greeting")
        raise Refused("No.")

    with pytest.raises(Refused):
        store.change(change).result()
    with store.connection.cursor() as cursor:
        assert cursor.execute("SELECT sum(turn) FROM guards").fetchone() == (0,)
