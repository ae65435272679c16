"""Files that are broken on purpose: a refused row has its place and a reason, the rest is kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.importing.support import a_store, kept
from workbench.logs.importing import formats
from workbench.logs.importing.container import Container, Position
from workbench.logs.importing.csvrows import Csv
from workbench.logs.importing.job import Options, import_file
from workbench.logs.importing.jsonarray import JsonArray
from workbench.logs.importing.lines import Lines
from workbench.logs.importing.record import Counts, ImportFailed, Refusal

GOOD = {"input": "in", "output": "out", "started_at": "2026-01-01T00:00:00Z"}
HEADER = "id,input,output,started_at\n"


def line(**changed: object) -> bytes:
    return json.dumps({**GOOD, **changed}).encode() + b"\n"


def imported(
    folder: Path, content: bytes, name: str = "f.jsonl"
) -> tuple[Counts, list[dict[str, Any]]]:
    path = folder / name
    path.write_bytes(content)
    options = Options(refused=folder / "refused.jsonl")
    with a_store(folder) as store:
        counts = import_file(store, path, "neutral", options, actor="tester")
        assert len(kept(store)) == counts.stored
    if not (folder / "refused.jsonl").exists():
        return counts, []
    lines = (folder / "refused.jsonl").read_text().splitlines()
    return counts, [json.loads(each) for each in lines]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b"{broken\n", "malformed"),
        (b'"a text"\n', "a string came"),
        (b'{"input": "a\x00b"}\n', "malformed"),
        (b'{"input": "\xff\xfe"}\n', "not UTF-8"),
        (b'{"input": "\\ud800", "output": "x"}\n', "surrogate"),
        (b'{"input": NaN}\n', "NaN"),
        (line(started_at="soon"), "started_at"),
        (line(started_at=-5), "1970"),
        (line(input_tokens="many"), "a whole number is needed"),
        (line(input_tokens=-1), "input_tokens"),
        (line(cost="cheap"), "a number is needed"),
        (line(status="meh"), "SUCCESS"),
        (line(latency_ms=-3), "duration"),
        (line(tags=["t" * 600]), "512"),
        (line(parameters="none of it"), "object"),
        (line(score=101), "0 to 100"),
        (line(input=None, output=None), "neither input nor output"),
        (b'{"input": ' + b"[" * 300 + b"]" * 300 + b"}\n", "nested"),
        (b'{"input": 123456789012345678901234567890}\n', "64 bits"),
    ],
)
def test_a_bad_line_is_refused_and_its_neighbours_are_kept(
    tmp_path: Path, bad: bytes, reason: str
) -> None:
    counts, refused = imported(tmp_path, line(id="1") + b"\n" + bad + line(id="2"))
    assert (counts.read, counts.stored, counts.refused) == (3, 2, 1)
    assert refused[0]["line"] == 3
    assert reason in refused[0]["reason"]
    assert refused[0]["row"]


def test_a_line_of_forty_megabytes_is_refused_by_its_size(tmp_path: Path) -> None:
    huge = b'{"input": "' + b"x" * 40 * 2**20 + b'"}\n'
    counts, refused = imported(tmp_path, line(id="1") + huge + line(id="2"))
    assert (counts.stored, counts.refused) == (2, 1)
    assert refused[0]["line"] == 2
    assert "limit" in refused[0]["reason"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_other_unicode_encodings_are_read(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "f.csv").write_bytes((HEADER + "1,Größe,答え,2026-01-01\n").encode(encoding))
    with a_store(tmp_path) as store:
        counts = import_file(store, tmp_path / "f.csv", "neutral", actor="tester")
        (only,) = kept(store)
    assert (counts.stored, counts.refused) == (1, 0)
    assert (only.input_text, only.output_text) == ("Größe", "答え")


def test_a_windows_file_is_refused_row_by_row_until_its_encoding_is_named(tmp_path: Path) -> None:
    content = (HEADER + "1,plain,ok,2026-01-01\n2,Größe,ok,2026-01-01\n").encode("windows-1252")
    counts, refused = imported(tmp_path, content, "f.csv")
    assert (counts.stored, counts.refused) == (1, 1)
    assert "windows-1252" in refused[0]["reason"]
    with a_store(tmp_path, "other") as store:
        named = Options(encoding="windows-1252")
        assert import_file(store, tmp_path / "f.csv", "neutral", named, actor="t").stored == 2
        assert kept(store)[0].input_text == "Größe"


@pytest.mark.parametrize(
    ("rows", "stored", "lines"),
    [
        ('1,"open,out,2026-01-01\n2,b,c,2026-01-01\n3,d,e,2026-01-01\n', 2, [2]),
        ('1,a,b,2026-01-01\n2,"x"y,c,2026-01-01\n3,d,e,2026-01-01\n', 2, [3]),
        ("1,a,b\n2,c,d,2026-01-01\n", 1, [2]),
        ("1,a,b,2026-01-01,,\n2,c,d,2026-01-01,more\n", 1, [3]),
        ('1,"two\nlines",b,2026-01-01\n2,c,d,never\n', 1, [4]),
        ("1,a\x00b,c,2026-01-01\n", 1, []),
        ('1,"=HYPERLINK(""http://x"")",@SUM(1),2026-01-01\n', 1, []),
    ],
)
def test_broken_csv_rows_are_refused_alone(
    tmp_path: Path, rows: str, stored: int, lines: list[int]
) -> None:
    counts, refused = imported(tmp_path, (HEADER + rows).encode(), "f.csv")
    assert counts.stored == stored
    assert [one["line"] for one in refused] == lines


def test_a_cut_off_json_file_keeps_what_is_whole(tmp_path: Path) -> None:
    content = b"[" + line(id="1") + b"," + line(id="2") + b', {"input": "cut'
    counts, refused = imported(tmp_path, content, "f.json")
    assert (counts.stored, counts.refused) == (2, 1)
    assert "cut off" in refused[0]["reason"]


def test_a_broken_element_does_not_end_the_list(tmp_path: Path) -> None:
    content = b"[" + line(id="1") + b', {"a": 1}}, 7, ' + line(id="2") + b"]"
    counts, refused = imported(tmp_path, content, "f.json")
    assert counts.stored == 2
    assert [one["element"] for one in refused] == [2, 3]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"PK\x03\x04rest", "ZIP"),
        (b"\x1f\x8brest", "gzip"),
        (b"PAR1 and nothing else", "Parquet"),
        (b"\n\n", "columns"),
    ],
)
def test_files_that_are_something_else_are_named(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "f").write_bytes(content)
    with a_store(tmp_path) as store, pytest.raises(ImportFailed, match=said):
        import_file(store, tmp_path / "f", actor="tester")


def test_refused_rows_in_csv_start_no_formula(tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_text(HEADER + "=1+1,a\n")
    options = Options(refused=tmp_path / "refused.csv")
    with a_store(tmp_path) as store:
        import_file(store, tmp_path / "f.csv", "neutral", options, actor="tester")
    assert "'=1+1,a" in (tmp_path / "refused.csv").read_text()


CONTAINERS = {"jsonl": Lines, "csv": Csv, "json": JsonArray}


@settings(max_examples=150, deadline=None)
@given(
    content=st.one_of(
        st.binary(max_size=300),
        st.text('{}[]",:;\\\n\r\t =1a\ufeff', max_size=300).map(str.encode),
    ),
    kind=st.sampled_from(sorted(CONTAINERS)),
)
def test_no_bytes_break_a_container(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, kind: str
) -> None:
    path = tmp_path_factory.mktemp("any") / "f"
    path.write_bytes(content)
    try:
        container: Container = CONTAINERS[kind](path)
    except ImportFailed:
        return
    at = Position()
    for block in container.blocks(at):
        assert block.end.offset > at.offset
        at = block.end
        for place, row in container.decoder().rows(block):
            assert place >= block.start.place
            assert isinstance(row, dict | Refusal)
    assert at.offset <= len(content)


@settings(max_examples=100, deadline=None)
@given(content=st.binary(min_size=1, max_size=200))
def test_any_file_is_recognised_or_refused_with_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.mktemp("any") / "f"
    path.write_bytes(content)
    try:
        with formats.opened(path) as container:
            said = formats.detect(container).format
    except ImportFailed as error:
        said = str(error)
    assert said in formats.names() or said.endswith(".")
