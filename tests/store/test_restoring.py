"""A backup comes back whole, on both engines, or nothing is touched."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from tests.store.conftest import Opener
from tests.store.samples import some_request
from workbench.settings import ROOT, Settings
from workbench.store import audit, requests, restoring
from workbench.store.connection import backups_folder
from workbench.store.errors import StoreError, StoreInUse
from workbench.store.files import TABLES, backup
from workbench.store.restoring import Restored, restore
from workbench.store.store import Store

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
IMAGE = "QUJD" * 700


def put_back(settings: Settings, path: Path, **more: bool) -> Restored:
    return restore(settings, path, actor="tester", now=AT, **more)


def backed_up(store: Store, name: str = "kept") -> Path:
    path = backups_folder(store.settings) / f"{name}.duckdb"
    backup(store.connection, path)
    return path


def add(store: Store, *names: str) -> list[int]:
    rows = [some_request(raw=f'{name} "{IMAGE}"', scores=(("s", 1.0),)) for name in names]
    return [future.result().id for future in [store.add(row) for row in rows]]


def tables(store: Store) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table but the entry that says that it was restored."""
    with store.connection.cursor() as cursor:
        found = {
            table: sorted(cursor.execute(f"SELECT * FROM {table}").fetchall(), key=repr)
            for table in TABLES
        }
    found["audit"] = [row for row in found["audit"] if restoring.AUDIT_ACTION not in row]
    return found


def test_the_store_is_what_it_was_when_the_backup_was_written(
    opener: Opener, chosen: Settings
) -> None:
    store = opener()
    key = store.make_key("page", "one")
    ids = add(store, "a", "b")
    store.change(lambda cursor: store.annotations.set_tags(cursor, "p", ids[0], ["x"])).result()
    path = backed_up(store)
    wanted, bytes_before = tables(store), path.read_bytes()
    later = add(store, "c")
    store.change(lambda cursor: store.annotations.set_tags(cursor, "p", ids[0], ["y"])).result()
    store.change(lambda cursor: store.annotations.delete(cursor, "p", ids[1])).result()
    store.close()
    found = put_back(chosen, path)
    assert found.requests == 2
    store = opener()
    assert tables(store) == wanted
    assert requests.get(store.connection, later[0]) is None
    detail = requests.get(store.connection, ids[1])
    assert detail is not None
    assert detail.raw == f'b "{IMAGE}"'
    assert store.actor_of(key, 0.0) == "key:one"
    (entry,) = audit.newest(store.connection, 1)
    assert (entry.actor, entry.action, entry.detail) == (
        "tester",
        "store.restore",
        {"file": "kept.duckdb"},
    )
    assert add(store, "d")[0] > later[0]
    assert path.read_bytes() == bytes_before


def test_the_store_as_it_was_is_kept_and_opens(opener: Opener, chosen: Settings) -> None:
    store = opener()
    path = backed_up(store)
    add(store, "a", "b", "c")
    wanted = tables(store)
    store.close()
    aside = put_back(chosen, path).aside
    assert aside is not None
    kept = Store(Settings(database=str(aside)))
    assert tables(kept) == wanted
    kept.close()
    assert put_back(chosen, aside).requests == 3
    assert tables(opener()) == wanted


def test_a_backup_taken_while_others_write_restores_to_one_moment(
    opener: Opener, chosen: Settings
) -> None:
    """Every request with its body, its score and its blob; nothing that was answered is missing."""
    store = opener()
    stop, answered = threading.Event(), list[int]()

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            answered.extend(add(store, f"{threading.get_ident()} {number}"))

    writers = [threading.Thread(target=write) for _ in range(2)]
    for each in writers:
        each.start()
    try:
        while len(answered) < 30:
            stop.wait(0.01)
        before = set(answered)
        path = backed_up(store)
    finally:
        stop.set()
        for each in writers:
            each.join()
    store.close()
    put_back(chosen, path)
    store = opener()
    with store.connection.cursor() as cursor:
        ids, bodies, scores = (
            {id_ for (id_,) in cursor.execute(f"SELECT {name}").fetchall()}
            for name in ("id FROM requests", "request_id FROM bodies", "request_id FROM scores")
        )
        uses = {id_ for (id_,) in cursor.execute("SELECT request_id FROM request_blobs").fetchall()}
    assert before <= ids <= set(answered)
    assert ids == bodies == scores == uses
    for id_ in sorted(ids)[-3:]:
        detail = requests.get(store.connection, id_)
        assert detail is not None
        assert IMAGE in detail.raw


def test_a_store_that_is_not_there_yet_is_made_of_the_backup(
    opener: Opener, tmp_path: Path
) -> None:
    store = opener()
    (id_,) = add(store, "a")
    path = backed_up(store)
    store.close()
    other = Settings(database=str(tmp_path / "elsewhere" / "new.duckdb"))
    assert put_back(other, path) == Restored(1, None)
    store = Store(other)
    assert requests.get(store.connection, id_) is not None
    store.close()


def test_a_backup_of_one_engine_restores_into_the_other(tmp_path: Path) -> None:
    file = Settings(database=str(tmp_path / "one" / "workbench.duckdb"))
    lake = Settings(database=f"ducklake:{tmp_path}/two/catalogue.ducklake")
    store = Store(file)
    (id_,) = add(store, "a")
    wanted, path = tables(store), backed_up(store)
    store.close()
    put_back(lake, path)
    store = Store(lake)
    assert tables(store) == wanted
    back = backed_up(store)
    store.close()
    put_back(file, back)
    store = Store(file)
    assert requests.get(store.connection, id_) is not None
    store.close()


_HOLD = """
import sys
from workbench.settings import Settings
from workbench.store.store import Store
store = Store(Settings(database=sys.argv[1]))
print("open", flush=True)
sys.stdin.read()
"""


def test_a_store_that_another_process_has_open_is_left_alone(
    opener: Opener, chosen: Settings
) -> None:
    store = opener()
    path = backed_up(store)
    add(store, "a")
    wanted = tables(store)
    store.close()
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLD, chosen.database],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "open\n"
    with pytest.raises(StoreInUse, match=f"in use by process {holder.pid}"):
        put_back(chosen, path)
    holder.communicate("")
    assert tables(opener()) == wanted


def damaged(path: Path) -> None:
    """Bytes in the middle of each block, behind the file's headers, are others."""
    with path.open("r+b") as file:
        for place in range(280_000, path.stat().st_size - 1000, 50_000):
            file.seek(place)
            file.write(bytes(range(1, 62)))


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def no_database(path: Path) -> None:
    path.write_text("a text")


def of_something_else(path: Path) -> None:
    path.unlink()
    connection = duckdb.connect(str(path))
    connection.execute("CREATE TABLE orders AS SELECT 1 AS id")
    connection.close()


def of_a_newer_version(path: Path) -> None:
    connection = duckdb.connect(str(path))
    connection.execute("INSERT INTO migrations VALUES (9999, 'to come', now()::TIMESTAMP)")
    connection.close()


def gone(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (damaged, r"damaged|cannot be"),
        (emptied, r"no store of the workbench|no backup"),
        (no_database, "no backup that can be read"),
        (of_something_else, "no store of the workbench"),
        (of_a_newer_version, "a newer version wrote it"),
        (gone, "there is no such file"),
    ],
)
def test_what_is_no_whole_backup_is_refused_and_nothing_is_touched(
    tmp_path: Path, spoil: Callable[[Path], None], said: str
) -> None:
    settings = Settings(database=str(tmp_path / "workbench.duckdb"))
    refused_and_untouched(settings, tmp_path, spoil, said)


def test_a_damaged_backup_does_not_reach_a_ducklake_store(tmp_path: Path) -> None:
    settings = Settings(database=f"ducklake:{tmp_path}/catalogue.ducklake")
    refused_and_untouched(settings, tmp_path, damaged, r"damaged|cannot be")


def refused_and_untouched(
    settings: Settings, folder: Path, spoil: Callable[[Path], None], said: str
) -> None:
    store = Store(settings)
    add(store, *map(str, range(100)))
    path = backed_up(store)
    add(store, "later")
    wanted = tables(store)
    store.close()
    spoil(path)
    with pytest.raises(StoreError, match=said):
        put_back(settings, path)
    assert not [each for each in folder.rglob("*") if "restor" in each.name]
    store = Store(settings)
    assert tables(store) == wanted
    store.close()


def test_a_damaged_store_can_be_replaced_and_is_kept(tmp_path: Path) -> None:
    settings = Settings(database=str(tmp_path / "workbench.duckdb"))
    store = Store(settings)
    (id_,) = add(store, "a")
    path = backed_up(store)
    store.close()
    broken = b"no database any more"
    settings.database_path.write_bytes(broken)
    Path(f"{settings.database_path}.wal").write_bytes(b"its log")
    aside = put_back(settings, path).aside
    assert aside is not None
    assert aside.read_bytes() == broken
    assert Path(f"{aside}.wal").read_bytes() == b"its log"
    store = Store(settings)
    assert requests.get(store.connection, id_) is not None
    store.close()


def test_the_store_is_no_backup_of_itself(tmp_path: Path) -> None:
    settings = Settings(database=str(tmp_path / "workbench.duckdb"))
    Store(settings).close()
    with pytest.raises(StoreError, match="is the store itself"):
        put_back(settings, settings.database_path)


def test_two_restores_within_a_second_keep_both_stores(tmp_path: Path) -> None:
    settings = Settings(database=str(tmp_path / "workbench.duckdb"))
    store = Store(settings)
    path = backed_up(store)
    store.close()
    first, second = put_back(settings, path).aside, put_back(settings, path).aside
    assert first != second
    assert first is not None
    assert second is not None
    assert first.exists()
    assert second.exists()


def test_where_other_processes_cannot_be_seen_the_caller_must_know(tmp_path: Path) -> None:
    file = Settings(database=str(tmp_path / "workbench.duckdb"))
    store = Store(file)
    path = backed_up(store)
    store.close()
    server = replace(file, database="ducklake:postgres:dbname=none", data_path=str(tmp_path))
    with pytest.raises(StoreError, match="--others-stopped"):
        put_back(server, path)


def test_an_import_that_was_stopped_begins_anew_in_a_restored_store(tmp_path: Path) -> None:
    settings = Settings(database=str(tmp_path / "workbench.duckdb"))
    store = Store(settings)
    path = backed_up(store)
    store.close()
    state = tmp_path / "imports" / "calls.jsonl.state.json"
    state.parent.mkdir()
    state.write_text("{}")
    put_back(settings, path)
    assert not state.exists()


def test_a_disk_without_room_is_said_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(database=str(tmp_path / "workbench.duckdb"))
    store = Store(settings)
    path = backed_up(store)
    store.close()

    class Little:
        free = 10

    monkeypatch.setattr("shutil.disk_usage", lambda _folder: Little)
    with pytest.raises(StoreError, match="make room first"):
        put_back(settings, path)
    Store(settings).close()
