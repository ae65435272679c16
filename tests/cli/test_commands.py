"""The command line on a store that nobody has open."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from workbench import __version__
from workbench.cli.main import COMMANDS, main
from workbench.settings import ROOT, Settings, settings
from workbench.store import audit, keys, stats
from workbench.store.store import Store

Run = Callable[..., Result]


@pytest.fixture
def run(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Runs a command of the command line on a store of the test's own."""
    monkeypatch.setenv("WORKBENCH_DATABASE", database)
    settings.cache_clear()
    yield lambda *arguments: CliRunner().invoke(main, arguments)
    settings.cache_clear()


def succeeded(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return result.output


def test_a_key_is_made_listed_and_revoked(run: Run, database: str) -> None:
    key = succeeded(run("keys", "make", "mobile app")).strip()
    assert re.fullmatch(r"wb_[\w-]{43}", key)
    line = succeeded(run("keys", "list")).strip()
    assert key not in line
    id_ = line.split()[0]
    assert re.fullmatch(rf"{id_}  …{re.escape(key[-4:])}  2\S+  valid  mobile app", line)
    store = Store(Settings(database=database))
    assert store.actor_of(key, 0.0) == "key:mobile app"
    store.close()
    assert succeeded(run("keys", "revoke", id_)) == f"Key {id_} is revoked.\n"
    assert f"revoked {line.split()[2][:10]}" in succeeded(run("keys", "list"))
    store = Store(Settings(database=database))
    assert store.actor_of(key, 0.0) is None
    assert {entry.actor for entry in audit.newest(store.connection)} == {"command line"}
    store.close()


def test_what_cannot_be_done_is_one_sentence_and_status_2(run: Run) -> None:
    result = run("keys", "revoke", "7")
    assert result.exit_code == 2
    assert result.stderr == "workbench: There is no API key 7.\n"
    result = run("keys", "make", "  ")
    assert result.exit_code == 2
    assert "needs a name" in result.stderr


def test_the_sample_is_loaded_and_removed_whole(run: Run, database: str) -> None:
    loaded = succeeded(run("sample", "load"))
    match = re.fullmatch(r"([\d,]+) requests loaded\.\n", loaded)
    assert match
    number = int(match[1].replace(",", ""))
    assert number > 1500
    assert succeeded(run("sample", "remove")) == f"{number:,} requests removed.\n"
    store = Store(Settings(database=database))
    contents = stats.contents(store.connection)
    assert (contents.requests, contents.blobs, contents.deleted) == (0, 0, 0)
    with store.connection.cursor() as cursor:
        for table in ("bodies", "scores", "request_blobs", "groups"):
            assert cursor.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,), table
    store.close()


def test_a_backup_is_a_store_of_its_own(run: Run, database: str) -> None:
    key = succeeded(run("keys", "make", "one")).strip()
    match = re.fullmatch(r"(\S+) \(([\d,]+) bytes\)\n", succeeded(run("backup")))
    assert match
    path = Path(match[1])
    assert path.parent == Path(database).parent / "backups"
    assert path.stat().st_size == int(match[2].replace(",", ""))
    copy = Store(Settings(database=str(path)))
    assert copy.actor_of(key, 0.0) == "key:one"
    assert [each.name for each in keys.listed(copy.connection)] == ["one"]
    copy.close()


def test_a_wrong_setting_is_one_sentence(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_THREADS", "many")
    settings.cache_clear()
    result = run("keys", "list")
    assert result.exit_code == 2
    assert result.stderr.startswith('workbench: WORKBENCH_THREADS: "many" cannot be used')
    assert result.stderr.count("\n") == 1


def test_help_names_every_command_and_each_has_its_own(run: Run) -> None:
    shown = succeeded(run("--help"))
    for name in COMMANDS:
        assert re.search(rf"^  {name} ", shown, re.MULTILINE)
        assert succeeded(run(name, "--help")).startswith("Usage: main " + name)
    assert succeeded(run("--version")) == f"workbench, version {__version__}\n"
    assert run("nonsense").exit_code == 2


def test_serve_starts_streamlit_with_the_options_that_were_given(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr(os, "execv", lambda _path, command: started.append(command))
    succeeded(run("serve", "--port", "9001", "--address", "127.0.0.2", "--database", "x.duckdb"))
    ((*_, run_, home, port, address, headless),) = started
    assert (run_, home) == ("run", str(ROOT / "Home.py"))
    assert port == "--server.port=9001"
    assert address == "--server.address=127.0.0.2"
    assert headless == "--server.headless=true"
    assert os.environ["WORKBENCH_DATABASE"] == "x.duckdb"
    assert run("serve", "--port", "0").exit_code == 2


def test_it_runs_as_a_module(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "workbench", "keys", "make", "one"],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "WORKBENCH_DATABASE": str(tmp_path / "w.duckdb")},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("wb_")
