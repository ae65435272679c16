"""Columns of unknown files proposed as fields, and shown before anything is stored."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.importing.support import FILES
from workbench.logs.importing.job import Options
from workbench.logs.importing.mapping import propose, snake
from workbench.logs.importing.preview import preview


def fields(*columns: str, **cells: object) -> dict[str, str]:
    return {each.column: each.field for each in propose(columns, [cells] if cells else [])}


@pytest.mark.parametrize(
    ("column", "field"),
    [
        ("model", "model"),
        ("Model Name", "model"),
        ("promptTokens", "input_tokens"),
        ("usage.completion_tokens", "output_tokens"),
        ("Total Cost", "cost"),
        ("createdAt", "started_at"),
        ("duration_ms", "latency_ms"),
        ("completion", "output"),
        ("llm_call_prompt_tokens", "input_tokens"),
    ],
)
def test_a_column_is_known_by_its_name(column: str, field: str) -> None:
    assert fields(column) == {column: field}


def test_what_stands_in_a_column_counts_more_than_its_name() -> None:
    cells: dict[str, object] = {"time": "in the evening", "cost": "high", "prompt": "Hi"}
    found = fields(*cells, **cells)
    assert found == {"time": "metadata.time", "cost": "metadata.cost", "prompt": "input"}


def test_each_field_goes_to_the_column_that_fits_best() -> None:
    found = fields("timestamp", "created_at", "started_at")
    assert found["started_at"] == "started_at"
    assert "started_at" not in (found["timestamp"], found["created_at"])


def test_long_cells_of_unknown_columns_are_left_out() -> None:
    assert fields("embedding", embedding="0.1, " * 100) == {"embedding": ""}


def test_names_are_read_word_by_word() -> None:
    assert snake("HTTPStatus") == "http_status"
    assert snake("usage.inputTokens") == "usage_input_tokens"


def test_a_preview_shows_ten_records_and_can_be_changed() -> None:
    shown = preview(FILES / "own_table.csv")
    assert shown.format == "mapped"
    assert shown.mapping == {
        "When": "started_at",
        "LLM Model": "model",
        "Question": "input",
        "Reply": "output",
        "Duration (ms)": "latency_ms",
        "prompt_tokens": "input_tokens",
        "completion_tokens": "output_tokens",
        "Customer": "metadata.Customer",
    }
    assert [row.input_preview for _, row in shown.records] == ["Qu'est-ce que c'est ?", "Straße?"]
    changed = {**shown.mapping, "Customer": "tags", "Reply": "", "Question": "output"}
    again = preview(FILES / "own_table.csv", "mapped", Options(mapping=changed))
    first = again.records[0][1]
    assert (first.tags, first.output_text) == (("ACME GmbH",), "Qu'est-ce que c'est ?")


def test_a_preview_stops_after_ten_records(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    rows = "".join(f"{n},a,b,2026-01-01\n" for n in range(500))
    path.write_text("id,input,output,started_at\nx,,,\n" + rows)
    shown = preview(path)
    assert len(shown.records) == 10
    assert [one.place for one in shown.refused] == [2]
