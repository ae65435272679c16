"""What left comes back: an export that is imported into another store gives equal rows."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.export.support import a_store, add, chat, export, with_image, with_tools
from tests.export.test_tables import FORMULAS, HARD, NUMBERS
from tests.importing.support import kept, told
from workbench.logs.importing.job import Options, import_file
from workbench.logs.sample_store import load_sample
from workbench.store.rows import Detail
from workbench.store.store import Store


def say(detail: Detail) -> dict[str, Any]:
    """What must be equal: everything but ids, arrival, and where the cost came from."""
    found = told(detail)
    # A price in a file is the caller's word.
    del found["cost_source"]
    return {
        **found,
        "scores": sorted((score.name, score.value) for score in detail.scores),
        "finish_reason": detail.finish_reason,
        "function_name": detail.function_name,
        "cached_tokens": detail.cached_tokens,
        "reasoning_tokens": detail.reasoning_tokens,
        "prompt_version": detail.summary.prompt_version,
        "input_variables": detail.input_variables,
        "group_id": detail.group_id,
        "span_id": detail.span_id,
    }


def fill(store: Store) -> None:
    texts = [*FORMULAS, *NUMBERS, "'plain", "None", "null", "NaN", "[1, 2]", "{}", '"x"']
    variables = {"a": HARD, "n": 1}
    add(
        store,
        with_tools(50),
        with_image(51),
        chat(1, HARD, HARD, tags=("a,b", "c|d"), input_variables=variables),
        chat(2, "q", "a", scores=(("helpful", 80.0), ("short", 0.0)), cost=Decimal("1E-9")),
        chat(3, "q", "a", metadata={"list": [1, {"a": None}], "k.y": "v", "user": HARD}),
        *(chat(10 + n, text, text, error_message=text) for n, text in enumerate(texts)),
    )


@pytest.mark.parametrize("name", ["jsonl", "csv", "parquet"])
def test_an_export_that_is_imported_gives_equal_rows(
    tmp_path: Path, folder: Path, name: str
) -> None:
    with a_store(tmp_path) as store:
        fill(store)
        made, place = export(store, folder, {"format": name})
        before = [say(each) for each in kept(store)]
    with a_store(tmp_path, "second") as second:
        file = place / made.manifest["files"][0]["name"]
        counts = import_file(second, file, None, Options(name="back"), actor="tester")
        assert (counts.stored, counts.refused) == (len(before), 0)
        after = [say(each) for each in kept(second)]
    for one, other in zip(before, after, strict=True):
        assert other == one


@pytest.mark.slow
@pytest.mark.parametrize("name", ["jsonl", "csv", "parquet"])
def test_the_whole_sample_comes_back(tmp_path: Path, folder: Path, name: str) -> None:
    with a_store(tmp_path) as store:
        load_sample(store, "tester", datetime(2026, 3, 31, tzinfo=UTC))
        made, place = export(store, folder, {"format": name})
        before = [say(each) for each in kept(store)]
    with a_store(tmp_path, "second") as second:
        file = place / made.manifest["files"][0]["name"]
        import_file(second, file, None, Options(name="back"), actor="tester")
        after = [say(each) for each in kept(second)]
    assert len(after) == len(before)
    for one, other in zip(before, after, strict=True):
        assert other == one
