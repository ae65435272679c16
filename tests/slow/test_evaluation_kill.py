"""The plug is pulled again and again, at random cells of a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.evals.killing import REPEATS, kill_rounds

pytestmark = pytest.mark.slow
ROUNDS, ROWS = 8, 80


def test_a_server_killed_8_times_ends_with_the_same_grid_and_pays_no_finished_call_twice(
    tmp_path: Path,
) -> None:
    calls = kill_rounds(str(tmp_path / "workbench.duckdb"), ROWS, ROUNDS)
    print(f"{calls} calls for {ROWS * (REPEATS + 1)} answers in {ROUNDS} rounds")
