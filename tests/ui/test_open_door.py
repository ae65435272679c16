"""The server leaves this machine only behind a login."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.server import free_port
from workbench.settings import ROOT


def start(folder: Path, address: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "WORKBENCH_DATABASE": str(folder / "door.duckdb"), **settings}
    command = [sys.executable, "-m", "workbench", "serve", "--address", address]
    return subprocess.run(
        [*command, "--port", str(free_port())],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("address", ["0.0.0.0", "::"])
def test_another_address_without_a_login_is_refused_with_a_sentence(
    tmp_path: Path, address: str
) -> None:
    ended = start(tmp_path, address)
    assert ended.returncode == 2
    assert f"workbench: The server would listen on {address} without a login." in ended.stderr
    assert "WORKBENCH_PASSWORD" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (tmp_path / "door.duckdb").exists()


def test_a_wrong_setting_ends_the_start_with_a_sentence(tmp_path: Path) -> None:
    ended = start(tmp_path, "127.0.0.1", WORKBENCH_THREADS="many")
    assert ended.returncode == 2
    assert 'workbench: WORKBENCH_THREADS: "many" cannot be used' in ended.stderr
    assert "Traceback" not in ended.stderr
