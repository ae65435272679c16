"""What each room brings along when it is imported by itself."""

from __future__ import annotations

import subprocess
import sys

import pytest

from workbench.settings import ROOT

HEAVY = ("streamlit", "duckdb", "plotly", "pandas", "openai", "anthropic")


@pytest.mark.parametrize(
    ("room", "allowed"),
    [
        ("workbench.settings", set()),
        ("workbench.messages", set()),
        ("workbench.usage", set()),
        ("workbench.ids", set()),
        ("workbench.jsontext", set()),
        ("workbench.filters", set()),
        ("workbench.diff", set()),
        ("workbench.templates", set()),
        ("workbench.cli.main", {"duckdb"}),
        ("workbench.store.store", {"duckdb"}),
        ("workbench.api.routes", {"duckdb"}),
        ("workbench.providers.host", {"duckdb"}),
        ("workbench.evals.columns", {"duckdb"}),
        ("workbench.evals.live", {"duckdb"}),
    ],
)
def test_a_room_brings_only_what_it_may(room: str, allowed: set[str]) -> None:
    code = f"import sys, {room}\nprint(','.join(sorted(set(sys.modules) & set({HEAVY!r}))))"
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    brought = set(filter(None, run.stdout.strip().split(",")))
    assert brought <= allowed
