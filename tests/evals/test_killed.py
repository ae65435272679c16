"""The plug is pulled in the middle of a run."""

from __future__ import annotations

from pathlib import Path

from tests.evals.killing import kill_rounds


def test_a_killed_server_goes_on_and_no_finished_call_is_made_again(tmp_path: Path) -> None:
    kill_rounds(str(tmp_path / "workbench.duckdb"), rows=30, rounds=1)
