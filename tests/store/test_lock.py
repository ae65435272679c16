"""The store's instance reaches its own files and nothing else, and nothing unlocks it."""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path

import duckdb
import pytest

from tests.store.samples import some_request
from workbench.settings import Settings
from workbench.store.connection import backups_folder, exports_folder
from workbench.store.store import Store

REFUSED = {
    "read a file of the system": "SELECT * FROM read_text('/etc/passwd')",
    "read it as a table": "SELECT * FROM read_csv('/etc/passwd', header = false)",
    "read it by its name": "SELECT * FROM '/etc/passwd'",
    "list a folder": "SELECT * FROM glob('/etc/*')",
    "look beside the store": "SELECT * FROM glob('{folder}/*')",
    "read a file beside the store": "SELECT * FROM read_text('{folder}/beside.txt')",
    "attach another file": "ATTACH '{folder}/other.duckdb' AS other",
    "attach over a way round": "ATTACH '{exports}/../other.duckdb' AS other",
    "write beside the store": "COPY (SELECT 1) TO '{folder}/out.csv'",
    "write over a way round": "COPY (SELECT 1) TO '{exports}/../out.csv'",
    "write to the system": "COPY (SELECT 1) TO '/tmp/workbench-out.csv'",
    "load an extension": "LOAD httpfs",
    "install an extension": "INSTALL spatial",
    "fetch from the network": "SELECT * FROM read_text('http://127.0.0.1:9/x')",
    "allow itself access": "SET enable_external_access = true",
    "unlock itself": "SET lock_configuration = false",
    "reset the lock": "RESET lock_configuration",
    "take more memory": "SET memory_limit = '100GB'",
    "take more threads": "PRAGMA threads = 64",
    "allow itself a folder": "SET allowed_directories = ['/']",
    "spill elsewhere": "SET temp_directory = '/tmp/elsewhere'",
    "log elsewhere": "SET log_query_path = '/tmp/workbench-log'",
    "export everything elsewhere": "EXPORT DATABASE '{folder}/all'",
}


def places(store: Store, tmp_path: Path) -> dict[str, str]:
    exports = exports_folder(store.settings)
    exports.mkdir(exist_ok=True)
    (tmp_path / "beside.txt").write_text("a neighbour")
    return {"folder": str(tmp_path), "exports": str(exports)}


def test_whatever_leads_outside_or_unlocks_is_refused(store: Store, tmp_path: Path) -> None:
    known = places(store, tmp_path)
    before = {str(each) for each in tmp_path.rglob("*")}
    allowed = []
    with store.connection.cursor() as cursor:
        for what, statement in REFUSED.items():
            with contextlib.suppress(duckdb.Error):
                cursor.execute(statement.format(**known)).fetchall()
                allowed.append(what)
    assert allowed == []
    new = {str(each) for each in tmp_path.rglob("*")} - before
    assert not [each for each in new if ".files/" not in each]
    assert not Path("/tmp/workbench-out.csv").exists()


def test_python_objects_cannot_be_read_by_their_name(store: Store) -> None:
    secret = [("a", 1)]
    with store.connection.cursor() as cursor, pytest.raises(duckdb.CatalogException):
        cursor.execute("SELECT * FROM secret")
    assert secret


def test_exports_and_backups_may_be_written(store: Store) -> None:
    store.add(some_request()).result()
    for folder in (exports_folder(store.settings), backups_folder(store.settings)):
        folder.mkdir(exist_ok=True)
        with store.connection.cursor() as cursor:
            cursor.execute(f"COPY (SELECT id FROM requests) TO '{folder}/ids.csv'")
        assert len((folder / "ids.csv").read_text().splitlines()) == 2


def test_writing_and_checkpoints_go_on_behind_the_lock(store: Store) -> None:
    ids = {store.add(some_request(raw=str(number))).result().id for number in range(5)}
    with store.connection.cursor() as cursor:
        cursor.execute("CHECKPOINT")
        found = cursor.execute("SELECT id FROM requests").fetchall()
    assert {id_ for (id_,) in found} == ids


def test_what_does_not_fit_into_memory_is_spilled_beside_the_store(tmp_path: Path) -> None:
    store = Store(Settings(database=str(tmp_path / "workbench.duckdb"), memory_limit="100MB"))
    with store.connection.cursor() as cursor:
        sorted_ = cursor.execute(
            "SELECT count(*) FROM (SELECT row_number() OVER (ORDER BY md5(i::VARCHAR)) AS n, "
            "md5(i::VARCHAR) || md5((i + 1)::VARCHAR) AS t FROM range(2_000_000) AS r(i)) "
            "WHERE length(t) = 64"
        ).fetchone()
    assert sorted_ == (2_000_000,)
    store.close()
    assert not Path("workbench.tmp").exists()
    assert not Path(".tmp").exists()
    assert [each.name for each in tmp_path.iterdir()] == ["workbench.duckdb"]


def test_a_query_that_runs_too_long_can_be_stopped_and_the_cursor_used_again(store: Store) -> None:
    with store.connection.cursor() as cursor:
        timer = threading.Timer(0.3, cursor.interrupt)
        timer.start()
        with pytest.raises(duckdb.InterruptException):
            cursor.execute("SELECT count(*) FROM range(10_000_000_000) AS a(i) WHERE i % 7 = 8")
        timer.join()
        assert cursor.execute("SELECT 1").fetchone() == (1,)
