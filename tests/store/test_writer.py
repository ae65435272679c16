"""The writer: what is answered is on disk, and nobody suffers for a neighbour."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.store.conftest import Opener
from tests.store.samples import some_request
from workbench.settings import Settings
from workbench.store import requests, search, writer
from workbench.store.connection import Cursor
from workbench.store.errors import Busy, NotFound, Refused, StoreError
from workbench.store.store import Store
from workbench.store.writer import Change


@contextmanager
def held(store: Store) -> Iterator[None]:
    """The writer is kept busy, so that what is handed over inside waits and goes as one batch."""
    begun, go_on = threading.Event(), threading.Event()

    def wait(_cursor: Cursor) -> None:
        begun.set()
        assert go_on.wait(30)

    waiting = store.change(wait)
    assert begun.wait(30)
    try:
        yield
    finally:
        go_on.set()
        waiting.result()


def tag(store: Store, name: str) -> Change[None]:
    return lambda cursor: store.tags.save(cursor, "test", name, "blue")


def tags_of(store: Store) -> list[str]:
    with store.connection.cursor() as cursor:
        return [name for (name,) in cursor.execute("SELECT name FROM tags ORDER BY 1").fetchall()]


def fail(_cursor: Cursor) -> None:
    raise NotFound("There is no such thing.")


def fail_after_writing(store: Store, name: str) -> Change[None]:
    def change(cursor: Cursor) -> None:
        store.tags.save(cursor, "test", name, "red")
        raise Refused("On second thought, no.")

    return change


def test_many_callers_share_one_transaction(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    commit = writer.Writer._commit

    def counted(self: writer.Writer, works: list[Any]) -> list[Any]:
        sizes.append(len(works))
        return commit(self, works)

    with held(store):
        monkeypatch.setattr(writer.Writer, "_commit", counted)
        futures = [store.add(some_request(raw=str(number))) for number in range(100)]
    ids = [each.result().id for each in futures]
    assert sizes == [100]
    assert ids == sorted(ids)


def test_what_is_to_be_alone_shares_its_transaction_with_nobody_and_keeps_its_place(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    transactions: list[list[str]] = []
    commit = writer.Writer._commit

    def noted(self: writer.Writer, works: list[Any]) -> list[Any]:
        transactions.append([])
        return commit(self, works)

    def note(name: str) -> Change[None]:
        return lambda _cursor: transactions[-1].append(name)

    with held(store):
        monkeypatch.setattr(writer.Writer, "_commit", noted)
        futures = [
            store.change(note(name), is_alone=name.isupper()) for name in ("a", "b", "C", "D", "e")
        ]
    for each in futures:
        each.result()
    assert transactions == [["a", "b"], ["C"], ["D"], ["e"]]


def test_a_future_completes_only_when_others_can_see_the_row(store: Store) -> None:
    """Asked from the very callback of the future, before anyone else could have been answered."""
    seen: list[bool] = []
    done = threading.Event()

    def look(future: Future[Any]) -> None:
        seen.append(requests.get(store.connection, future.result().id) is not None)
        if len(seen) == 20:
            done.set()

    for number in range(20):
        store.add(some_request(raw=str(number))).add_done_callback(look)
    assert done.wait(60)
    assert seen == [True] * 20


def test_a_failing_change_takes_no_neighbour_with_it(store: Store) -> None:
    with held(store):
        before = [store.change(tag(store, f"a{number}")) for number in range(3)]
        failing = [store.change(fail), store.change(fail_after_writing(store, "half"))]
        rows = [store.add(some_request(raw=str(number))) for number in range(5)]
        failing += [store.change(fail)]
        after = [store.change(tag(store, "b"))]
    for each in failing:
        with pytest.raises(Refused, match=r"no such thing|second thought"):
            each.result()
    for done in (*before, *after):
        done.result()
    assert tags_of(store) == ["a0", "a1", "a2", "b"]
    assert all(requests.get(store.connection, each.result().id) for each in rows)


def test_the_neighbours_of_many_failing_changes_are_all_written(tmp_path: Path) -> None:
    store = Store(Settings(database=str(tmp_path / "workbench.duckdb")))
    with held(store):
        futures = []
        for number in range(60):
            futures.append(store.add(some_request(raw=str(number))))
            store.change(fail)
    assert len({each.result().id for each in futures}) == 60
    store.close()


def test_works_are_written_in_the_order_they_came(store: Store) -> None:
    """Also around one that fails: the last of two changes of the same thing stands."""
    id_ = store.add(some_request()).result().id
    annotate = store.annotations

    def set_tags(*tags: str) -> Change[None]:
        return lambda cursor: annotate.set_tags(cursor, "test", id_, tags)

    with held(store):
        for number in range(4):
            store.change(set_tags(f"t{number}"))
        store.change(fail)
        last = store.change(set_tags("last"))
    last.result()
    found = search.summary(store.connection, id_)
    assert found is not None
    assert found.tags == ["last"]


def test_an_error_that_is_no_refusal_goes_to_its_caller_alone(store: Store) -> None:
    with held(store):
        first = store.change(tag(store, "first"))
        division = store.change(lambda _cursor: 1 // 0)
        sql = store.change(lambda cursor: cursor.execute("SELECT nonsense FROM nowhere"))
        last = store.change(tag(store, "last"))
    with pytest.raises(ZeroDivisionError):
        division.result()
    with pytest.raises(duckdb.CatalogException):
        sql.result()
    first.result()
    last.result()
    assert tags_of(store) == ["first", "last"]


def test_a_caller_that_goes_away_neither_stops_the_writer_nor_loses_its_row(store: Store) -> None:
    async def gone() -> None:
        with held(store):
            waiting = asyncio.wrap_future(store.change(tag(store, "left behind")))
            await asyncio.sleep(0)
            waiting.cancel()
        with pytest.raises((asyncio.CancelledError, CancelledError)):
            await waiting

    asyncio.run(gone())
    store.change(tag(store, "next")).result(30)
    assert tags_of(store) == ["left behind", "next"]


def test_closing_writes_what_was_accepted_and_accepts_no_more(opener: Opener) -> None:
    store = opener()
    with held(store):
        futures = [store.add(some_request(raw=str(number))) for number in range(50)]
        closing = threading.Thread(target=store.close)
        closing.start()
    closing.join()
    with pytest.raises(StoreError, match="closing and takes no more"):
        store.add(some_request())
    again = opener()
    assert all(requests.get(again.connection, each.result().id) for each in futures)


def test_too_much_that_waits_is_refused_at_once_and_the_rest_is_written(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "MAX_WAITING_BYTES", 20_000)
    with held(store):
        futures = [store.add(some_request(raw="x" * 1000)) for _ in range(5)]
        with pytest.raises(Busy, match="try again"):
            store.add(some_request(raw="x" * 1000))
    assert len({each.result().id for each in futures}) == len(futures)
    assert store.add(some_request()).result().id


def test_one_row_larger_than_may_wait_is_still_taken(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "MAX_WAITING_BYTES", 1000)
    assert store.add(some_request(raw="x" * 5000)).result().id


def test_readers_do_not_wait_for_a_transaction_that_is_open(store: Store) -> None:
    first = store.add(some_request()).result().id
    second = store.change(lambda cursor: store._add(cursor, [some_request()])[0].id)
    second.result()
    begun, go_on = threading.Event(), threading.Event()

    def slow(cursor: Cursor) -> None:
        store.annotations.delete(cursor, "test", first)
        begun.set()
        assert go_on.wait(30)

    change = store.change(slow)
    assert begun.wait(30)
    assert requests.get(store.connection, first) is not None
    assert search.newest_id(store.connection) == second.result()
    go_on.set()
    change.result()
    assert requests.get(store.connection, first) is None


DISK_FULL = """
import resource, sys
from tests.store.samples import some_request
from workbench.settings import Settings
from workbench.store.errors import StoreError
from workbench.store.store import Store
store = Store(Settings(database=sys.argv[1]))
kept = [store.add(some_request(raw=str(number) * 1000)).result().id for number in range(5)]
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, resource.RLIM_INFINITY))
refused = 0
for number in range(5, 150):
    try:
        kept.append(store.add(some_request(raw=str(number) * 3000)).result().id)
    except StoreError as error:
        assert "cannot be written to" in str(error), error
        refused += 1
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
kept.append(store.add(some_request()).result().id)
store.close()
assert refused
print(*kept)
"""


def test_a_full_disk_is_told_to_the_callers_and_survived(
    tmp_path: Path, run_python: Callable[[str, str], str]
) -> None:
    """What was answered before and after is there, and nothing else."""
    database = str(tmp_path / "workbench.duckdb")
    kept = {int(id_) for id_ in run_python(DISK_FULL, database).split()}
    store = Store(Settings(database=database))
    with store.connection.cursor() as cursor:
        assert {id_ for (id_,) in cursor.execute("SELECT id FROM requests").fetchall()} == kept
        assert cursor.execute("SELECT count(*) FROM bodies").fetchone() == (len(kept),)
    store.close()
