"""A backup is a whole store, as of one moment, also while others write."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.store.samples import some_request
from tests.store.test_open import schema
from workbench.filters import Filter
from workbench.settings import Settings
from workbench.store import files, keys, requests, search
from workbench.store.connection import backups_folder
from workbench.store.errors import Refused, StoreError
from workbench.store.files import TABLES, backup, backup_path, store_size
from workbench.store.store import Store
from workbench.store.writer import Cursor

IMAGE = "QUJD" * 700


def rows_of(store: Store, table: str) -> list[tuple[object, ...]]:
    with store.connection.cursor() as cursor:
        return sorted(cursor.execute(f"SELECT * FROM {table}").fetchall(), key=repr)


def fill_the_others(store: Store) -> None:
    """A row with something in every column for each table that has none yet."""

    def fill(cursor: Cursor) -> None:
        for table in TABLES:
            if cursor.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone() is None:
                described = cursor.execute(f"DESCRIBE {table}").fetchall()
                values = ", ".join(_value(str(column[1])) for column in described)
                cursor.execute(f"INSERT INTO {table} VALUES ({values})")

    store.change(fill).result()


def _value(kind: str) -> str:
    if kind.endswith("[]"):
        return f"[{_value(kind[:-2])}]"
    kind = kind.split("(")[0]
    known = {
        "TIMESTAMP": "TIMESTAMP '2026-05-01 12:00:00'",
        "BOOLEAN": "true",
        "VARCHAR": "'[]'",
        "BLOB": "'seven'::BLOB",
        "UUID": "'00000000-0000-0000-0000-000000000007'::UUID",
    }
    return known.get(kind, f"7::{kind}")


def target(store: Store) -> Path:
    return backup_path(store.settings, datetime.now(UTC))


def test_every_row_of_every_table_is_in_it_and_it_opens_as_a_store(store: Store) -> None:
    key = store.make_key("page", "one")
    store.change(lambda cursor: store.tags.save(cursor, "page", "prod", "green")).result()
    store.change(lambda cursor: store.preferences.put(cursor, "page", "zone", "UTC")).result()
    group = store.new_group("page").result()
    ids = [
        store.add(
            some_request(
                raw=f'{number} "{IMAGE}"',
                metadata={"n": [number, {"a": None}]},
                scores=(("s", 1.0),),
                group_id=group,
            )
        )
        .result()
        .id
        for number in range(20)
    ]
    fill_the_others(store)
    path = target(store)
    assert backup(store.connection, path) == path.stat().st_size > 100_000
    copy = Store(Settings(database=str(path)))
    try:
        for table in TABLES:
            assert rows_of(store, table), table
            assert rows_of(copy, table) == rows_of(store, table), table
        assert schema(copy) == schema(store)
        for id_ in ids:
            assert requests.get(copy.connection, id_) == requests.get(store.connection, id_)
        assert copy.actor_of(key, 0.0) == "key:one"
        assert copy.add(some_request()).result().id > max(ids)
        assert search.newest_id(store.connection) == max(ids)
    finally:
        copy.close()


def test_a_backup_taken_while_others_write_is_of_one_moment(store: Store) -> None:
    """Requests and their bodies arrive in one transaction, so neither may be without the other;
    and what was answered before the backup began is in it."""
    stop = threading.Event()
    answered: list[int] = []

    def write() -> None:
        number = 0
        while not stop.is_set():
            futures = [store.add(some_request(raw=f"{number} {each}")) for each in range(8)]
            answered.extend(each.result().id for each in futures)
            number += 1

    writers = [threading.Thread(target=write) for _ in range(2)]
    for each in writers:
        each.start()
    try:
        copies = []
        for number in range(3):
            while len(answered) < 50 * (number + 1):
                stop.wait(0.01)
            before = set(answered)
            path = backups_folder(store.settings) / f"{number}.duckdb"
            backup(store.connection, path)
            copies.append((path, before))
    finally:
        stop.set()
        for each in writers:
            each.join()
    sizes = []
    for path, before in copies:
        copy = Store(Settings(database=str(path)))
        with copy.connection.cursor() as cursor:
            ids = {id_ for (id_,) in cursor.execute("SELECT id FROM requests").fetchall()}
            bodies = cursor.execute("SELECT request_id FROM bodies").fetchall()
        copy.close()
        assert ids == {id_ for (id_,) in bodies}
        assert before <= ids <= set(answered)
        sizes.append(len(ids))
    assert sizes == sorted(sizes)
    assert search.count(store.connection, Filter(), now=datetime.now(UTC)) == len(answered)


def test_it_is_written_to_its_folder_alone_and_never_over_another(
    store: Store, tmp_path: Path
) -> None:
    with pytest.raises(Refused, match="is written to"):
        backup(store.connection, tmp_path / "elsewhere.duckdb")
    path = target(store)
    backup(store.connection, path)
    before = path.read_bytes()
    with pytest.raises(Refused, match="exists already"):
        backup(store.connection, path)
    assert path.read_bytes() == before
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_two_at_a_time_are_refused(store: Store) -> None:
    with files._one_at_a_time, pytest.raises(Refused, match="being written already"):
        backup(store.connection, target(store))
    assert backup(store.connection, target(store))


def test_one_that_fails_leaves_no_file_and_the_store_usable(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = target(store)
    monkeypatch.setattr(files, "TABLES", ("requests", "no_such_table"))
    with pytest.raises(StoreError, match="cannot be written"):
        backup(store.connection, path)
    assert list(path.parent.iterdir()) == []
    monkeypatch.undo()
    assert backup(store.connection, path)
    assert store.add(some_request()).result().id


def test_what_a_run_that_was_killed_left_behind_is_no_hindrance(store: Store) -> None:
    path = target(store)
    path.parent.mkdir(parents=True)
    path.with_suffix(".partial").write_bytes(b"half a file")
    Path(f"{path.with_suffix('.partial')}.wal").write_bytes(b"half a log")
    assert backup(store.connection, path)
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_the_size_of_a_store_is_that_of_its_files(store: Store) -> None:
    before = store_size(store.settings)
    assert before > 0
    for number in range(3):
        store.add(
            some_request(
                raw="".join(chr(0x4E00 + (number * 7 + i * i) % 20000) for i in range(50_000))
            )
        )
    store.change(lambda cursor: cursor.execute("SELECT 1") and None).result()
    assert store_size(store.settings) > before + 100_000
    assert keys.listed(store.connection) == []
