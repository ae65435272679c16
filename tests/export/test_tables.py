"""Tables as other programs read them: every cell is what the store holds."""

from __future__ import annotations

import csv
import hashlib
import json
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.export.support import NOON, add, chat, export, lines, manifest
from tests.seed import data_url, png
from workbench.export.tables import encoding
from workbench.export.tables.csv_table import CsvSink
from workbench.export.tables.parquet_table import ROW_GROUP_BYTES, ParquetSink
from workbench.jsontext import FieldError
from workbench.messages import image_part, text_part
from workbench.store import requests
from workbench.store.errors import Refused
from workbench.store.export_columns import COLUMNS
from workbench.store.rows import Detail
from workbench.store.store import Store

# A text in many scripts, with everything that a file format takes for its own.
HARD = (
    'He said "yes", then\nleft;\ttab\r\nnext \\ back \\n | \x00 \x1f \x7f \u2028 '
    "é e\u0301 ß ﬁ İ 中文 日本語 한국어 العربية עברית हिन्दी ไทย ქართული Ελληνικά Привет "
    "👩‍👩‍👧‍👦 🏳️‍🌈 🇩🇪 \U0001f9d1\U0001f3fd‍🚀 𝒳 \ufeff \u202e"
)
FORMULAS = ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "＝1", "'=1", "''=1"]
NUMBERS = ["-5", "+49301234", "-0.25"]


def fill(store: Store) -> list[int]:
    picture = image_part(data_url(png(40, 40, (1, 2, 3)) + bytes(3000)))
    shown = {
        "type": "chat",
        "messages": [{"role": "user", "content": [text_part(HARD), picture]}],
    }
    return add(
        store,
        chat(
            0, HARD, HARD, error_message=HARD, tags=("a,b", "c", "=x"), cost=Decimal("0.000000001")
        ),
        chat(1, "plain", "answer", metadata={"k\"'.~/": HARD, "n": 5, "deep": {"a": [1]}}),
        chat(2, "picture", "seen", prompt=shown),
        chat(3, "", "", prompt=None, output=None, input_text="", output_text="", metadata={}),
        *(chat(4 + n, "q", "a", error_message=text) for n, text in enumerate(FORMULAS + NUMBERS)),
    )


def stored(store: Store, ids: list[int]) -> list[Detail]:
    found = [requests.get(store.connection, id_) for id_ in ids]
    return [each for each in found if each is not None]


def test_parquet_holds_what_the_store_holds(store: Store, folder: Path) -> None:
    ids = fill(store)
    made, place = export(store, folder, {"format": "parquet"})
    table = pq.read_table(place / "requests.parquet")
    assert table.schema.field("started_at").type.tz == "UTC"
    rows = table.to_pylist()
    assert [row["id"] for row in rows] == ids
    for row, detail in zip(rows, stored(store, ids), strict=True):
        assert row["started_at"] == detail.summary.started_at
        assert row["error_message"] == detail.error_message
        assert row["tags"] == detail.summary.tags
        assert row["cost"] == detail.summary.cost
        assert json.loads(row["metadata"]) == detail.metadata
        assert json.loads(row["input"] or "null") == detail.prompt
        assert json.loads(row["output"] or "null") == detail.output
    assert made.rows == len(ids)


def test_jsonl_is_read_by_two_other_readers(store: Store, folder: Path) -> None:
    ids = fill(store)
    columns = ["id", "error_message", "tags", "metadata", "input", "output_text", "raw", "cost"]
    _, place = export(store, folder, {"format": "jsonl", "columns": columns})
    text = (place / "requests.jsonl").read_text(encoding="utf-8")
    rows = [json.loads(line) for line in text.split("\n")[:-1]]
    assert rows == [orjson.loads(line) for line in text.split("\n")[:-1]]
    for row, detail in zip(rows, stored(store, ids), strict=True):
        assert list(row) == columns
        assert row["error_message"] == detail.error_message
        assert row["output_text"] == detail.output_text
        assert row["input"] == detail.prompt
        assert row["metadata"] == detail.metadata
        assert row["raw"] == json.loads(detail.raw)
        assert Decimal(str(row["cost"])) == detail.summary.cost if row["cost"] else True


def test_csv_is_read_by_two_other_readers(store: Store, folder: Path) -> None:
    ids = fill(store)
    _, place = export(store, folder, {"format": "csv", "columns": ["id", "output_text", "input"]})
    path = place / "requests.csv"
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    for row, detail in zip(rows, stored(store, ids), strict=True):
        assert row["id"] == str(detail.summary.id)
        assert row["output_text"] == detail.output_text
        assert json.loads(row["input"] or "null") == detail.prompt
    assert list(frame["id"]) == [row["id"] for row in rows]
    assert len(frame) == len(ids)


def test_excel_holds_texts_as_texts(store: Store, folder: Path) -> None:
    fill(store)
    add(store, chat(90, "q", "x" * 40_000))
    columns = ["id", "started_at", "error_message", "output_text", "cost"]
    made, place = export(store, folder, {"format": "excel", "columns": columns})
    sheet: Any = openpyxl.load_workbook(place / "requests.xlsx").active
    rows = list(sheet.iter_rows())
    assert [cell.value for cell in rows[0]] == columns
    assert rows[1][1].value == NOON.replace(tzinfo=None)
    for row in rows[1:]:
        assert all(cell.data_type != "f" and cell.hyperlink is None for cell in row)
    messages = [row[2].value for row in rows[1:]]
    assert all(text in messages for text in ("=1+1", "@SUM(A1)", "-2+3"))
    assert rows[-1][3].value.endswith("(cut)")
    assert made.manifest["notes"]["cells_cut"] == 1
    assert sorted(each.name for each in place.iterdir()) == ["manifest.json", "requests.xlsx"]


def test_no_cell_of_a_csv_begins_a_formula(store: Store, folder: Path) -> None:
    add(
        store,
        *(
            chat(n, text, text, error_message=text, metadata={"k": text, text: "x"}, tags=(text,))
            for n, text in enumerate(FORMULAS)
        ),
    )
    _, place = export(store, folder, {"format": "csv", "flatten": True})
    with (place / "requests.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.reader(file):
            for cell in row:
                assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "＝")), cell


def test_plain_numbers_of_a_csv_stay_numbers(store: Store, folder: Path) -> None:
    add(store, *(chat(n, "q", "a", metadata={"delta": text}) for n, text in enumerate(NUMBERS)))
    _, place = export(store, folder, {"columns": ["metadata.delta"]})
    frame = pd.read_csv(place / "requests.csv")
    assert list(frame["metadata.delta"]) == [-5, 49301234, -0.25]


def test_flattened_keys_are_columns(store: Store, folder: Path) -> None:
    ids = add(
        store,
        chat(0, "q", "a", metadata={"user": "u", "k\"'.~/": "v"}, scores=(("helpful", 80.0),)),
        chat(1, "q", "a", metadata={"user": "w", "n": {"a": 1}}),
    )
    _, place = export(store, folder, {"format": "jsonl", "flatten": True})
    first, second = lines(place / "requests.jsonl")
    assert (first["metadata.user"], second["metadata.user"]) == ("u", "w")
    assert first["metadata.k\"'.~/"] == "v"
    assert second["metadata.n"] == '{"a":1}'
    assert (first["score.helpful"], second["score.helpful"]) == (80.0, None)
    assert "metadata" not in first
    assert [first["id"], second["id"]] == ids


def test_the_manifest_tells_what_is_in_the_files(store: Store, folder: Path) -> None:
    ids = fill(store)
    spec = {"q": "plain", "format": "jsonl"}
    made, place = export(store, folder, spec)
    told = manifest(place)
    assert told == json.loads(json.dumps(made.manifest))
    data = (place / "requests.jsonl").read_bytes()
    assert told["files"] == [
        {
            "name": "requests.jsonl",
            "rows": 1,
            "bytes": len(data),
            "sha256": hashlib.sha256(data).hexdigest(),
        }
    ]
    assert told["rows"] == {"expected": 1, "written": 1}
    assert told["filter"]["words"] == "text contains plain"
    assert "ILIKE '%plain%'" in told["filter"]["condition"]
    assert told["filter"]["json"] == {"q": "plain"}
    assert told["snapshot"]["newest_request"] == max(ids)
    assert told["masking"] is None


def test_an_export_of_nothing_is_a_file_with_a_header(store: Store, folder: Path) -> None:
    for name, suffix in (
        ("csv", "csv"),
        ("parquet", "parquet"),
        ("jsonl", "jsonl"),
        ("excel", "xlsx"),
    ):
        made, place = export(store, folder, {"format": name, "columns": ["id", "model"]})
        assert made.rows == 0
        path = place / f"requests.{suffix}"
        if name == "csv":
            assert path.read_text() == '"id","model"\n'
        elif name == "parquet":
            assert pq.read_table(path).column_names == ["id", "model"]
        elif name == "jsonl":
            assert path.read_bytes() == b""


def test_deleted_requests_are_not_exported(store: Store, folder: Path) -> None:
    ids = add(store, chat(0, "a", "b"), chat(1, "c", "d"))
    with store.connection.cursor() as cursor:
        cursor.execute("UPDATE requests SET deleted_at = now()::TIMESTAMP WHERE id = ?", [ids[0]])
    _, place = export(store, folder, {"columns": ["id"]})
    assert (place / "requests.csv").read_text().split() == ['"id"', str(ids[1])]


def test_what_cannot_be_exported_is_refused_with_its_place(store: Store, folder: Path) -> None:
    for spec, field in (
        ({"format": "xml"}, "format"),
        ({"columns": ["nope"]}, "columns"),
        ({"filter_group": {"filters": [{"field": "cost", "operator": "is"}]}}, "filter_group"),
        ({"keep_days": 0}, "keep_days"),
        ({"name": "../etc"}, "name"),
        ({"tuning": {"answer": "metadata."}}, "tuning.answer"),
        ({"colums": []}, "colums"),
        ({"masking": {"detectors": ["dna"]}}, "masking.detectors"),
    ):
        with pytest.raises(FieldError) as refused:
            export(store, folder, spec)
        assert refused.value.field.startswith(field), refused.value


def test_excel_refuses_more_rows_than_anyone_opens(
    store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from workbench.export.tables.excel_table import ExcelSink

    monkeypatch.setattr(ExcelSink, "MAX_ROWS", 1)
    add(store, chat(0, "a", "b"), chat(1, "c", "d"))
    with pytest.raises(Refused, match="choose CSV or Parquet"):
        export(store, folder, {"format": "excel"})
    assert not list(folder.iterdir())


def test_times_are_told_with_their_zone(store: Store, folder: Path) -> None:
    add(store, chat(0, "a", "b", started_at=NOON + timedelta(microseconds=7)))
    _, place = export(store, folder, {"format": "jsonl", "columns": ["started_at"]})
    (row,) = lines(place / "requests.jsonl")
    assert row == {"started_at": "2026-03-01T12:00:00.000007Z"}
    assert datetime.fromisoformat(row["started_at"]) == datetime(
        2026, 3, 1, 12, 0, 0, 7, tzinfo=UTC
    )


def test_parquet_has_the_same_types_with_rows_and_without(store: Store, folder: Path) -> None:
    fill(store)
    columns = [*COLUMNS, "metadata.k", "score.helpful"]
    schemas = []
    for q in ("", "nothing holds this"):
        _, place = export(store, folder, {"format": "parquet", "columns": columns, "q": q})
        schemas.append(pq.read_schema(place / "requests.parquet"))
    assert schemas[0] == schemas[1]


def test_parquet_holds_few_bytes_however_large_its_rows_are(tmp_path: Path) -> None:
    column = COLUMNS["output_text"]
    sink = ParquetSink(tmp_path / "large.parquet", [column])
    table = pa.table({"output_text": ["x" * 2**20] * 8})
    held = 0
    for _ in range(12):
        sink.write(table)
        held = max(held, sum(each.nbytes for each in sink._held))
    sink.close()
    assert held < ROW_GROUP_BYTES
    assert pq.read_metadata(tmp_path / "large.parquet").num_rows == 96


def test_csv_holds_the_longest_that_each_kind_of_cell_can_be(tmp_path: Path) -> None:
    names = ["started_at", "latency_ms", "id", "cost", "is_json", "output_text"]
    least = Decimal("-999999999.999999999")
    cells = [
        pa.array([datetime(9999, 12, 31, 23, 59, 59, 999_999, UTC)], pa.timestamp("us", "UTC")),
        pa.array([-sys.float_info.max], pa.float64()),
        pa.array([-(2**63)], pa.int64()),
        pa.array([least], pa.decimal128(18, 9)),
        pa.array([False]),
    ]
    sink = CsvSink(tmp_path / "long.csv", [COLUMNS[name] for name in names])
    # Short, longer than any room that is kept, short again: each is written beside the next.
    lengths = [1, 40 * 2**20, 1, 3, 7]
    for length in lengths:
        table = pa.table([*cells, pa.array(['"' * length])], names)
        sink.write(pa.concat_tables([table] * (3 if length < 10 else 1)))
    sink.close()
    csv.field_size_limit(2**27)
    with (tmp_path / "long.csv").open(newline="", encoding="utf-8") as file:
        head, *rows = csv.reader(file)
    assert head == names
    texts = ['"' * length for length in lengths for _ in range(3 if length < 10 else 1)]
    assert [row[5] for row in rows] == texts
    moment, number, whole, money, yes = rows[-1][:5]
    assert moment == "9999-12-31T23:59:59.999999Z"
    assert (float(number), int(whole), Decimal(money), yes) == (
        *(-sys.float_info.max, -(2**63), least),
        "false",
    )


@pytest.mark.parametrize(
    "sign", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "'="]
)
def test_a_single_formula_in_a_column_is_found(sign: str) -> None:
    cells = encoding.harmless(pa.chunked_array([["", None, "x"], [f"{sign}1+1", "é"]]))
    assert cells.to_pylist() == ["", None, "x", f"'{sign}1+1", "é"]
    plain = pa.chunked_array([["a=1", None, "", "-5"]])
    assert encoding.harmless(plain).to_pylist() == plain.to_pylist()
