from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.data.conftest import ANCHOR
from tests.data.facts import strings
from workbench.logs.sample import SAMPLE_PATH, SampleRequest, day_text, read_sample


def write(path: Path, *lines: dict[str, Any]) -> Path:
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines)
    return path


def line(text: str = "hello", **body: Any) -> dict[str, Any]:
    return {
        "path": "/track-request",
        "offset_seconds": -90.5,
        "duration_seconds": 2.25,
        "body": {"kwargs": {"text": text}, **body},
        "group": None,
    }


def test_times_count_back_from_the_anchor(tmp_path: Path) -> None:
    read = next(read_sample(write(tmp_path / "s.gz", line()), ANCHOR))
    assert read.body["request_start_time"] == ANCHOR.timestamp() - 90.5
    assert read.body["request_end_time"] == ANCHOR.timestamp() - 88.25


def test_an_openai_answer_is_created_when_its_request_starts(tmp_path: Path) -> None:
    path = write(tmp_path / "s.gz", line(request_response={"created": 0, "id": "x"}))
    read = next(read_sample(path, ANCHOR))
    assert read.body["request_response"]["created"] == int(ANCHOR.timestamp() - 90.5)


def test_days_are_written_as_the_customer_writes_them(tmp_path: Path) -> None:
    text = "⟦-3 iso⟧ ⟦-3 de⟧ ⟦-3 en-GB⟧ ⟦-3 en-US⟧ ⟦-3 ja⟧ ⟦+0 fr⟧ ⟦+27 ru⟧"
    read = next(read_sample(write(tmp_path / "s.gz", line(text)), ANCHOR))
    assert read.body["kwargs"]["text"] == ("2026-03-02 2.3. 2 March March 2 3月2日 5/3 01.04")


def test_texts_that_only_look_like_days_stay(tmp_path: Path) -> None:
    text = "{-3 de} ⟦soon⟧ [[-3 de]] ⟦-3⟧"
    read = next(read_sample(write(tmp_path / "s.gz", line(text)), ANCHOR))
    assert read.body["kwargs"]["text"] == text


def test_an_anchor_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        next(read_sample(SAMPLE_PATH, datetime(2026, 3, 5, 16, 40)))


def test_the_same_moment_in_another_zone_gives_the_same_times(tmp_path: Path) -> None:
    path = write(tmp_path / "s.gz", line())
    tokyo = ANCHOR.astimezone(timezone(timedelta(hours=9)))
    one, other = (next(read_sample(path, anchor)) for anchor in (ANCHOR, tokyo))
    assert one.body["request_start_time"] == other.body["request_start_time"]


@pytest.mark.parametrize("broken", [{}, {"path": "/track-request"}, {"body": {}, "group": None}])
def test_a_line_that_is_no_request_is_named(tmp_path: Path, broken: dict[str, Any]) -> None:
    path = write(tmp_path / "s.gz", line(), broken)
    with pytest.raises(ValueError, match="line 2"):
        list(read_sample(path, ANCHOR))


def test_a_missing_file_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"none\.gz"):
        next(read_sample(tmp_path / "none.gz", ANCHOR))


def test_requests_come_before_the_rest_of_the_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "s.gz"
    whole = gzip.compress(f"{json.dumps(line())}\n".encode())
    path.write_bytes(whole + b"not gzip at all")
    reading: Iterator[SampleRequest] = read_sample(path, ANCHOR)
    assert next(reading).path == "/track-request"


def test_ids_are_the_same_at_every_loading_and_all_different(
    requests: list[SampleRequest],
) -> None:
    again = read_sample(SAMPLE_PATH, datetime(2031, 1, 1, tzinfo=UTC))
    ids = [request.body["client_record_id"] for request in requests]
    assert ids == [request.body["client_record_id"] for request in again]
    assert len(set(ids)) == len(ids)


def test_no_mark_is_left_in_what_is_loaded(requests: list[SampleRequest]) -> None:
    left = [text for request in requests for text in strings(request.body) if "⟦" in text]
    assert left == []


@given(st.dates(min_value=date(1900, 1, 1)), st.text(max_size=6))
def test_every_style_names_the_day_of_the_month(day: date, style: str) -> None:
    assert str(day.day) in day_text(day, style)
