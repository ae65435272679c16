"""Files brought into datasets: right ones, wrong ones and hostile ones."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.datasets.conftest import ACTOR, bring, kept, values
from workbench.datasets import from_files
from workbench.datasets.adding import Opened
from workbench.datasets.from_files import ColumnPlan, Reading, preview, start_adding
from workbench.logs.importing.record import ImportFailed
from workbench.store import datasets
from workbench.store.store import Store

CSV = """question,price,ok,data,zip,split,tags,expected_output
Where is it?,9.50,true,"{""a"":[1]}",01234,test,"a, b",Here
"=HYPERLINK(""x"")",-3,false,[],00501,train,,'=1+1
,,,,,,,
"Zeile
zwei",1e3,true,null,99999,,c,é
"""
ROWS = [
    {
        "question": "Where is it?",
        "price": 9.5,
        "ok": True,
        "data": {"a": [1]},
        "zip": "01234",
        "expected_output": "Here",
    },
    {
        "question": '=HYPERLINK("x")',
        "price": -3,
        "ok": False,
        "data": [],
        "zip": "00501",
        "expected_output": "=1+1",
    },
    {
        "question": "Zeile\nzwei",
        "price": 1000.0,
        "ok": True,
        "zip": "99999",
        "expected_output": "é",
    },
]


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def make(content: str | bytes, name: str = "file") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return make


def workbook(path: Path, rows: list[list[Any]], more: list[list[Any]] | None = None) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    if more is not None:
        other = book.create_sheet("Other")
        for row in more:
            other.append(row)
    book.save(path)
    return path


def test_a_csv_file_comes_in_with_the_types_that_its_values_have(
    store: Store, draft: Opened, write: Callable[..., Path]
) -> None:
    path = write(CSV, "rows.csv")
    seen = preview(path)
    assert [(one.column, one.type, one.use) for one in seen.plans] == [
        ("question", "text", "input"),
        ("price", "number", "input"),
        ("ok", "boolean", "input"),
        ("data", "json", "input"),
        ("zip", "text", "input"),
        ("split", "text", "split"),
        ("tags", "text", "tags"),
        ("expected_output", "text", "expected"),
    ]
    assert [row.values for _, row in seen.rows] == ROWS
    brought = bring(store, draft, path)
    assert (brought.rows, brought.refused) == (3, 0)
    assert values(store, draft) == ROWS
    assert [(row.split, row.tags) for row in kept(store, draft)] == [
        ("test", ("a", "b")),
        ("train", ()),
        (None, ("c",)),
    ]
    version = datasets.draft(store.connection, draft.dataset_id)
    assert version is not None
    assert version.sources == ({"kind": "file", "name": "rows.csv", "rows": 3, "by": ACTOR},)
    assert {one.name: one.role for one in version.columns}["expected_output"] == "expected"


def test_rows_that_do_not_fit_are_listed_with_reasons_and_all_others_come_in(
    store: Store, draft: Opened, write: Callable[..., Path]
) -> None:
    lines = [f"row {n},{n}" for n in range(250)]
    lines[220] = "row 220,many"
    lines[230] = "row 230,1,surplus"
    lines[240] = 'row 240,"open'
    path = write("name,n\n" + "\n".join(lines))
    brought = bring(store, draft, path)
    assert brought.rows == 247
    assert [one.place for one in brought.listed] == [222, 232, 242]
    assert "a number is needed" in brought.listed[0].reason
    assert "many" in brought.listed[0].text
    assert len(values(store, draft)) == 247


def test_types_names_and_uses_are_chosen(
    store: Store, draft: Opened, write: Callable[..., Path]
) -> None:
    path = write("a,b,c\n1,x,2\n2,y,3\n")
    plans = (
        ColumnPlan("a", "number as text", "text", "metadata"),
        ColumnPlan("b", "b", "text", "split"),
        ColumnPlan("c", "c", "number", "left out"),
    )
    bring(store, draft, path, Reading(plans=plans))
    assert [(row.values, row.split) for row in kept(store, draft)] == [
        ({"number as text": "1"}, "x"),
        ({"number as text": "2"}, "y"),
    ]


@pytest.mark.parametrize(
    "plans",
    [
        (ColumnPlan("a", "a", "text", "left out"),),
        (ColumnPlan("a", "same", "text"), ColumnPlan("b", "same", "text")),
        (ColumnPlan("a", "", "text"),),
        (ColumnPlan("a", "x", "text"), *(ColumnPlan(c, c, "text", "split") for c in "bc")),
    ],
)
def test_plans_that_lead_nowhere_are_refused_before_anything_is_read(
    store: Store,
    draft: Opened,
    write: Callable[..., Path],
    plans: tuple[ColumnPlan, ...],
) -> None:
    path = write("a,b,c\n1,x,2\n")
    with pytest.raises(ImportFailed):
        bring(store, draft, path, Reading(plans=plans))
    assert values(store, draft) == []


def test_json_lines_keep_their_types_and_columns_that_come_late_are_not_lost(
    store: Store, draft: Opened, write: Callable[..., Path]
) -> None:
    lines = ['{"a": "5", "b": null, "c": [1, {"d": true}]}'] + ['{"a": "x"}'] * 250
    lines += ['{"late": 1}', "[1]", '{"a": 123456789012345678901234567890}', '{"a": ']
    path = write("\n".join(lines))
    brought = bring(store, draft, path)
    assert [one.place for one in brought.listed] == [253, 254, 255]
    found = values(store, draft)
    assert found[0] == {"a": "5", "c": [1, {"d": True}]}
    assert found[-1] == {"late": 1}


@pytest.mark.parametrize(
    "text", ['[{"a": 1}, {"a": 2}]', '{"data": [{"a": 1}, {"a": 2}]}', '{"a": 1}\n{"a": 2}\n']
)
def test_json_is_read_as_a_list_inside_an_object_and_line_by_line(
    store: Store, draft: Opened, write: Callable[..., Path], text: str
) -> None:
    bring(store, draft, write(text))
    assert values(store, draft) == [{"a": 1}, {"a": 2}]


def test_parquet_keeps_its_types_and_json_texts_in_it_become_values(
    store: Store, draft: Opened, tmp_path: Path
) -> None:
    path = tmp_path / "file.parquet"
    table = pa.table(
        {
            "n": [1, None],
            "x": [1.5, float("nan")],
            "t": ["a", "5"],
            "list": [["p"], []],
            "json": ['{"a":1}', '"text"'],
            "at": [datetime(2026, 1, 2, 3), None],
        }
    )
    pq.write_table(table, path)
    bring(store, draft, path)
    assert values(store, draft) == [
        {
            "n": 1,
            "x": 1.5,
            "t": "a",
            "list": ["p"],
            "json": {"a": 1},
            "at": "2026-01-02T03:00:00",
        },
        {"t": "5", "list": [], "json": "text"},
    ]


def test_excel_gives_values_with_their_types_from_the_chosen_sheet(
    store: Store, draft: Opened, tmp_path: Path
) -> None:
    path = workbook(
        tmp_path / "file.xlsx",
        [
            ["question", "n", None, "when", "ok", "n"],
            ["=1+1", 5, "x", datetime(2026, 1, 2), True, "12"],
            [None, None, None, None, None, None],
            ["é", 2.5, None, None, False, None, "beyond"],
            ["last", None, None, None, None, "7"],
        ],
        [["only"], ["other"]],
    )
    seen = preview(path)
    assert seen.sheets == ("Sheet", "Other")
    assert [row.values for _, row in preview(path, Reading(sheet="Other")).rows] == [
        {"only": "other"}
    ]
    brought = bring(store, draft, path)
    assert [one.place for one in brought.listed] == [4]
    assert values(store, draft) == [
        # A formula without a value that Excel kept is none.
        {"n": 5, "column 3": "x", "when": "2026-01-02T00:00:00", "ok": True, "n (2)": "12"},
        {"question": "last", "n (2)": "7"},
    ]


def broken_book(path: Path) -> bytes:
    workbook(path, [["a"], ["b"]])
    data = path.read_bytes()
    return data[: len(data) // 2]


def plain_zip(path: Path) -> bytes:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "text")
    return path.read_bytes()


def bad_xml(path: Path) -> bytes:
    workbook(path, [["a"], ["b"]])
    rewritten = path.with_suffix(".bad")
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(rewritten, "w") as target:
        for name in source.namelist():
            data = source.read(name)
            target.writestr(name, data[:200] if "sheet1" in name else data)
    return rewritten.read_bytes()


def entities(path: Path) -> bytes:
    """A sheet whose XML declares an entity that would grow when it is read."""
    workbook(path, [["a"], ["b"]])
    rewritten = path.with_suffix(".bomb")
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(rewritten, "w") as target:
        for name in source.namelist():
            data = source.read(name)
            if "sheet1" in name:
                data = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">]>' + data
            target.writestr(name, data)
    return rewritten.read_bytes()


@pytest.mark.parametrize("make", [broken_book, plain_zip, bad_xml, entities])
def test_what_is_no_workbook_is_refused_with_a_sentence(
    store: Store, draft: Opened, tmp_path: Path, make: Callable[[Path], bytes]
) -> None:
    path = tmp_path / "hostile.xlsx"
    path.write_bytes(make(tmp_path / "made.xlsx"))
    with pytest.raises(ImportFailed, match=r"[a-z].*\."):
        preview(path)
    with pytest.raises(ImportFailed):
        bring(store, draft, path)
    assert values(store, draft) == []


def test_a_workbook_that_would_unpack_to_gigabytes_is_not_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = workbook(tmp_path / "file.xlsx", [["a"], ["b"]])
    monkeypatch.setattr("workbench.datasets.excel._MOST_UNPACKED", 1000)
    with pytest.raises(ImportFailed, match="too large"):
        preview(path)


@pytest.mark.parametrize(
    "content", [b"", b"\x1f\x8b\x08rest", b"PAR1 not really", b"%PDF-1.4", b"\n\n", b"\x00" * 64]
)
def test_what_holds_no_rows_is_refused_with_a_sentence(
    write: Callable[..., Path], content: bytes
) -> None:
    with pytest.raises(ImportFailed, match=r"[a-z]"):
        preview(write(content))


def test_other_encodings_are_read_when_they_are_named(
    store: Store, draft: Opened, write: Callable[..., Path]
) -> None:
    path = write("frage\nWo ist die Straße?\n".encode("windows-1252"))
    assert "UTF-8" in preview(path).refused[0].reason
    bring(store, draft, path, Reading(encoding="windows-1252"))
    assert values(store, draft) == [{"frage": "Wo ist die Straße?"}]


def test_names_that_no_column_can_have_are_mended_in_the_proposal(
    store: Store, draft: Opened, write: Callable[..., Path]
) -> None:
    path = write('{"a\\nb": 1, "a b": 2, "": 3, "' + "x" * 300 + '": 4}\n{"a\\nb": 5}')
    bring(store, draft, path)
    found = values(store, draft)
    assert found[0] == {"a b": 1, "a b (2)": 2, "column": 3, "x" * 190: 4}


def test_a_stopped_import_says_so_and_keeps_what_it_added(
    store: Store, draft: Opened, write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(from_files, "_TELL_EVERY", 10)
    path = write("a\n" + "\n".join(str(n) for n in range(100_000)))
    job = start_adding(store, ACTOR, draft, path, "many.csv", Reading())
    job.stop()
    assert job.wait(60)
    assert job.outcome is not None
    assert job.outcome.stopped
    assert len(values(store, draft)) == job.outcome.rows < 100_000
