"""Upkeep from the command line: old requests read again, and a backup put back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.cli.test_with_server import command, refused, told
from tests.logs.test_renormalise import a_call, misread
from tests.server import Server, running
from workbench.cli.main import main
from workbench.settings import Settings, settings
from workbench.store import audit, requests
from workbench.store.store import Store


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """A store that nobody has open, which the commands of this process work on."""
    chosen = Settings(database=str(tmp_path / "alone.duckdb"))
    monkeypatch.setenv("WORKBENCH_DATABASE", chosen.database)
    settings.cache_clear()
    yield chosen
    settings.cache_clear()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    database = str(tmp_path_factory.mktemp("served") / "workbench.duckdb")
    fill(Settings(database=database))
    with running(database) as server:
        yield server


def fill(chosen: Settings) -> list[int]:
    store = Store(chosen)
    rows = [misread(a_call("a")), misread(a_call("b")), misread(replace(a_call("c"), raw="{"))]
    ids = [future.result().id for future in [store.add(row) for row in rows]]
    store.close()
    return ids


def run(*arguments: str) -> str:
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    return result.output


def models(chosen: Settings, ids: list[int]) -> list[str | None]:
    store = Store(chosen)
    found = [requests.get(store.connection, id_) for id_ in ids]
    store.close()
    return [None if one is None else one.summary.model for one in found]


def test_old_requests_are_read_again(alone: Settings) -> None:
    ids = fill(alone)
    told_first = run("renormalise", "--dry-run").splitlines()
    assert told_first[0] == "3 read, 2 would change, 0 unchanged, 1 failed."
    assert "  model: 2" in told_first
    assert told_first[-1] == f"  1 × its raw call is no JSON (first: request {ids[2]})"
    assert models(alone, ids) == ["wrong", "wrong", "wrong"]
    assert run("renormalise").startswith("3 read, 2 changed, 0 unchanged, 1 failed.")
    assert models(alone, ids) == ["o3", "o3", "wrong"]
    assert run("renormalise").startswith("1 read, 0 changed, 0 unchanged, 1 failed.")
    assert run("renormalise", "--all", "--filter", "model:o3", "--after", str(ids[0])) == (
        "1 read, 0 changed, 1 unchanged, 0 failed.\n"
    )


def test_a_filter_that_is_none_is_said(alone: Settings) -> None:
    result = CliRunner().invoke(main, ["renormalise", "--filter", "latency>soon"])
    assert result.exit_code == 2
    assert "--filter" in result.output


def test_a_backup_is_put_back(alone: Settings) -> None:
    ids = fill(alone)
    path = run("backup").split(" (")[0]
    run("renormalise")
    said = run("restore", path).splitlines()
    assert said[0] == f"{path} is in place: 3 requests."
    assert models(alone, ids) == ["wrong", "wrong", "wrong"]
    aside = said[1].removeprefix("The store as it was is kept in ").removesuffix(".")
    assert models(replace(alone, database=aside), ids) == ["o3", "o3", "wrong"]


def test_what_is_no_backup_is_one_sentence(alone: Settings, tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["restore", str(tmp_path / "none.duckdb")])
    assert result.exit_code == 2
    assert result.stderr == (
        f"workbench: The backup {tmp_path / 'none.duckdb'} cannot be read: there is no such file.\n"
    )


def test_old_requests_are_read_again_through_the_server_that_has_the_store(
    server: Server,
) -> None:
    said = told(server, "renormalise", "--dry-run").splitlines()
    assert said[0] == "3 read, 2 would change, 0 unchanged, 1 failed."
    said = told(server, "renormalise", "--filter", "model:wrong").splitlines()
    assert said[0] == "3 read, 2 changed, 0 unchanged, 1 failed."
    path = told(server, "backup").split(" (")[0]
    copy = Store(Settings(database=path))
    (entry,) = audit.newest(copy.connection, subject="requests")
    copy.close()
    assert entry.action == "request.renormalise"
    assert entry.actor.startswith("key:")
    assert entry.detail["filter"] == "model:wrong"


def test_a_store_that_a_server_has_open_is_not_restored(server: Server) -> None:
    path = told(server, "backup").split(" (")[0]
    said = refused(command(server.database, "restore", path))
    assert f"The store {server.database} is in use by process" in said
    assert "stop that one first" in said
    assert told(server, "keys", "list") is not None
