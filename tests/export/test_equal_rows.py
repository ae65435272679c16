"""Whatever the filter and whatever the texts: what an export holds is what the store holds."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from tests.export.support import NOON, a_store, add, chat, lines
from tests.export.test_tables import FORMULAS, HARD, NUMBERS
from tests.filters.strategies import HOSTILE, filters
from workbench.export.output import Output
from workbench.export.running import Control, run
from workbench.export.spec import spec_for
from workbench.filters import Condition, Filter
from workbench.store import requests
from workbench.store.filter_sql import compile_filter
from workbench.store.rows import Detail
from workbench.store.store import Store

COLUMNS = ["id", "started_at", "model", "tags", "metadata", "cost", "output_text", "error_message"]
# Zalgo, emoji with skin and sex, flags, right to left, private use, every plane.
SCRIPTS = ["Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢", "👩🏽‍🚀🏴󠁧󠁢󠁷󠁬󠁳󠁿🇺🇳☝🏿", "שָׁלוֹם مَرْحَبًا", "\ue000\U0010fffd", "𐍈𒀀𓀀", "ꦗꦮ ᜀ ᐃᓄ"]
TEXTS = [*HOSTILE, *FORMULAS, *NUMBERS, *SCRIPTS, HARD, "", "null", "NaN", "1e5", "true", "a\r\nb"]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with a_store(tmp_path_factory.mktemp("equal")) as store:
        add(
            store,
            *(
                chat(
                    n,
                    text,
                    text,
                    error_message=text or None,
                    tags=tuple(filter(None, (text, "prod" if n % 2 else ""))),
                    metadata={"user": text, f"k{n % 3}": n},
                    cost=Decimal(n).scaleb(-9) if n % 4 else None,
                    model=["gpt-4o", "claude", None][n % 3],
                )
                for n, text in enumerate(TEXTS)
            ),
        )
        yield store


def of_store(store: Store, filter_: Filter) -> list[Detail]:
    """What the filter finds, read one by one."""
    compiled = compile_filter(filter_, NOON)
    with store.connection.cursor() as cursor:
        rows = cursor.execute(
            "SELECT r.id FROM requests r JOIN bodies b ON b.request_id = r.id "
            f"WHERE {compiled.sql} ORDER BY r.id",
            compiled.params,
        ).fetchall()
    found = [requests.get(store.connection, id_) for (id_,) in rows]
    return [each for each in found if each is not None]


def told(detail: Detail) -> dict[str, Any]:
    summary = detail.summary
    return {
        "id": summary.id,
        "started_at": summary.started_at,
        "model": summary.model,
        "tags": list(summary.tags),
        "metadata": detail.metadata,
        "cost": summary.cost,
        "output_text": detail.output_text,
        "error_message": detail.error_message,
    }


def from_jsonl(path: Path) -> list[dict[str, Any]]:
    text = path.read_bytes().decode()
    found = [json.loads(line, parse_float=Decimal) for line in text.split("\n")[:-1]]
    for row in found:
        row["started_at"] = datetime.fromisoformat(row["started_at"])
        row["cost"] = None if row["cost"] is None else Decimal(row["cost"])
    return found


def from_parquet(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    for row in found:
        row["metadata"] = json.loads(row["metadata"])
    return found


def plain(text: str) -> str:
    """Without the apostrophe that keeps a spreadsheet from running it."""
    shielded = text.startswith("'") and text.lstrip("'")[:1] in tuple("=+-@\t\r\n＝＋－＠")
    return text[1:] if shielded else text


def from_csv(path: Path) -> list[dict[str, Any]]:
    with path.open(newline="", encoding="utf-8") as file:
        return [_of_cells(row) for row in csv.DictReader(file)]


def _of_cells(row: dict[str, str]) -> dict[str, Any]:
    return {
        "id": int(row["id"]),
        "started_at": datetime.fromisoformat(row["started_at"]),
        "model": row["model"] or None,
        "tags": json.loads(row["tags"]),
        "metadata": json.loads(row["metadata"]),
        "cost": Decimal(row["cost"]) if row["cost"] else None,
        "output_text": plain(row["output_text"]),
        "error_message": plain(row["error_message"]) or None,
    }


READERS = {"jsonl": from_jsonl, "parquet": from_parquet, "csv": from_csv}
# Those that find something beside those that may hold anything.
finding = some.sampled_from(
    [
        Filter(),
        Filter().with_condition(Condition("tags", "contains", "prod")),
        Filter().with_condition(Condition("engine", "is", "claude")),
        Filter().with_condition(Condition("cost", "is_not_null", None)),
        *(Filter(text=text) for text in ("a", "日本語", "👩", "привет")),
    ]
)
numbers = count(1)


@pytest.mark.parametrize("name", READERS)
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(filter_=finding | filters)
def test_what_is_read_back_equals_the_rows_of_the_store(
    filled: Store, tmp_path: Path, name: str, filter_: Filter
) -> None:
    number = next(numbers)
    spec = spec_for(filter_, format=name, columns=COLUMNS)
    made = run(
        filled.connection, spec, Output(tmp_path, number), id_=number, now=NOON, control=Control()
    )
    expected = [told(each) for each in of_store(filled, filter_)]
    assert READERS[name](tmp_path / str(number) / made.manifest["files"][0]["name"]) == expected
    assert made.manifest["rows"] == {"expected": len(expected), "written": len(expected)}


def test_pandas_and_openpyxl_read_whole_values(filled: Store, tmp_path: Path) -> None:
    expected = [told(each) for each in of_store(filled, Filter())]
    for number, name in enumerate(("csv", "parquet", "jsonl", "excel"), 1):
        spec = spec_for(Filter(), format=name, columns=COLUMNS)
        output = Output(tmp_path, number)
        run(filled.connection, spec, output, id_=number, now=NOON, control=Control())
    frames = {
        "csv": pd.read_csv(tmp_path / "1" / "requests.csv", keep_default_na=False, dtype=str),
        "parquet": pd.read_parquet(tmp_path / "2" / "requests.parquet"),
    }
    assert [plain(text) for text in frames["csv"]["output_text"]] == [
        # pandas makes every line break within a cell a \n.
        row["output_text"]
        for row in expected
    ]
    assert list(frames["parquet"]["output_text"]) == [row["output_text"] for row in expected]
    assert [list(tags) for tags in frames["parquet"]["tags"]] == [row["tags"] for row in expected]
    rows = lines(tmp_path / "3" / "requests.jsonl")
    assert [row["output_text"] for row in rows] == [row["output_text"] for row in expected]
    sheet: Any = openpyxl.load_workbook(tmp_path / "4" / "requests.xlsx").active
    cells = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
    at = COLUMNS.index("output_text")
    for row, one in zip(cells, expected, strict=True):
        assert row[0] == one["id"] or row[0] == str(one["id"])
        assert as_excel_has_it(row[at]) == as_excel_has_it(one["output_text"])


def as_excel_has_it(text: str | None) -> str:
    """XML knows neither control characters nor \\r as such; a workbook writes them as _x000D_."""
    shown = text or ""
    for code in [*range(9), 11, 12, *range(14, 32)]:
        shown = shown.replace(f"_x{code:04X}_", chr(code))
    return shown.replace("_x000D_", "\r").replace("\r\n", "\n").replace("\r", "\n")
