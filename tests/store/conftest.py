"""Stores of both kinds: a DuckDB file, and DuckLake with its catalogue in a local file."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from workbench.settings import ROOT, Settings
from workbench.store.store import Store

Opener = Callable[[], Store]


@pytest.fixture(params=["file", "ducklake"])
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def chosen(engine: str, tmp_path: Path) -> Settings:
    """The settings of a store that is not there yet."""
    if engine == "file":
        return Settings(database=str(tmp_path / "workbench.duckdb"))
    return Settings(database=f"ducklake:{tmp_path}/catalogue.ducklake")


@pytest.fixture
def opener(chosen: Settings) -> Iterator[Opener]:
    """Opens the store; called again, it closes the one before, as a restart does."""
    opened: list[Store] = []

    def open_again() -> Store:
        while opened:
            opened.pop().close()
        opened.append(Store(chosen))
        return opened[0]

    yield open_again
    while opened:
        opened.pop().close()


@pytest.fixture
def store(opener: Opener) -> Store:
    return opener()


@pytest.fixture
def run_python() -> Callable[[str, str], str]:
    """Runs a script in a process of its own with one argument; gives back what it printed."""

    def run(script: str, argument: str) -> str:
        command = [sys.executable, "-c", script, argument]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run
