"""The bulk route of an import: what it takes, what it refuses, and that it keeps nobody waiting."""

from __future__ import annotations

import gzip
import threading
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from tests.api.test_openapi import anything
from tests.server import KEY
from workbench.filters import Condition, Filter
from workbench.logs.importing.remote import BULK_PATH, take
from workbench.store import clock, search
from workbench.store.store import Store

PLACE = f"{BULK_PATH}?name=calls.jsonl&format=neutral"


def line(key: str, **changes: Any) -> dict[str, Any]:
    body = {
        "provider": "openai",
        "model": "gpt-4o",
        "input": {"type": "completion", "content": [{"type": "text", "text": "Hello"}]},
        "output": {"type": "completion", "content": [{"type": "text", "text": f"Good day {key}"}]},
        "request_start_time": "2026-03-01T12:00:00+00:00",
        "request_end_time": "2026-03-01T12:00:01+00:00",
    }
    return {"path": "/log-request", "body": body | changes, "key": key}


def lines(*told: Any) -> bytes:
    return b"\n".join(each if isinstance(each, bytes) else orjson.dumps(each) for each in told)


def found(store: Store, name: str) -> list[Any]:
    asked = Filter().with_condition(Condition("origin", "is", f"import:{name}"))
    page = search.page(store.connection, asked, now=clock.now(), limit=100)
    return list(page.rows)


def test_lines_are_stored_once_and_the_others_are_refused_with_their_place(
    client: TestClient, store: Store
) -> None:
    place = f"{BULK_PATH}?name=a+file.jsonl&format=neutral"
    body = lines(line("a1"), b"", b"{broken", line("a2", price=-1), line("a3"), [1])
    first = client.post(place, content=body).json()
    assert (first["stored"], first["duplicates"]) == (2, 0)
    assert [(one["place"], one["field"]) for one in first["refused"]] == [
        (3, None),
        (4, "price"),
        (6, None),
    ]
    assert "a number from 0.0 up is needed" in first["refused"][1]["reason"]
    again = client.post(place, content=body).json()
    assert (again["stored"], again["duplicates"], len(again["refused"])) == (0, 2, 3)
    assert len(found(store, "a file.jsonl")) == 2


def test_times_without_a_zone_are_read_in_the_zone_that_is_named(
    client: TestClient, store: Store
) -> None:
    naive = {"request_start_time": "2026-03-01T12:00:00", "request_end_time": "2026-03-01T12:00:01"}
    for number, (zone, hour) in enumerate((("", 11), ("&zone=America/New_York", 17))):
        place = f"{BULK_PATH}?name=zone{number}&format=neutral{zone}"
        assert client.post(place, content=lines(line(f"z{number}", **naive))).json()["stored"] == 1
        (row,) = found(store, f"zone{number}")
        assert row.started_at.hour == hour, "the server's zone is Europe/Berlin"


def test_a_packed_body_is_unpacked(client: TestClient) -> None:
    packed = gzip.compress(lines(line("gzip")))
    answer = client.post(PLACE, content=packed, headers={"Content-Encoding": "gzip"})
    assert answer.json()["stored"] == 1


@pytest.mark.parametrize(
    ("place", "body", "status", "said"),
    [
        (PLACE, b"", 400, "one JSON object a line"),
        (PLACE, b" \n\n", 400, "one JSON object a line"),
        (f"{BULK_PATH}?format=neutral", lines(line("x")), 422, "name: "),
        (f"{BULK_PATH}?name={'n' * 256}&format=neutral", lines(line("x")), 422, "255"),
        (f"{BULK_PATH}?name=%00&format=neutral", lines(line("x")), 422, "printable"),
        (f"{BULK_PATH}?name=n", lines(line("x")), 422, "format: one of calls"),
        (f"{BULK_PATH}?name=n&format=../neutral", lines(line("x")), 422, "format: one of"),
        (f"{PLACE}&zone=Mars/Olympus", lines(line("x")), 422, "zone: an IANA name"),
        (f"{PLACE}&zone=../../etc/passwd", lines(line("x")), 422, "zone: an IANA name"),
    ],
)
def test_what_cannot_be_an_import_is_said(
    client: TestClient, place: str, body: bytes, status: int, said: str
) -> None:
    answer = client.post(place, content=body)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/json")
    assert said in answer.json()["message"]


def test_a_key_is_needed_and_other_methods_are_none(anyone: TestClient, client: TestClient) -> None:
    assert anyone.post(PLACE, content=lines(line("x"))).status_code == 401
    wrong = anyone.post(PLACE, content=lines(line("x")), headers={"X-API-KEY": f"{KEY}x"})
    assert wrong.status_code == 401
    assert client.get(BULK_PATH).status_code == 405


def test_a_body_beyond_the_limit_is_refused(client: TestClient) -> None:
    answer = client.post(PLACE, content=b"x" * (32 * 2**20 + 1))
    assert (answer.status_code, answer.json()["error"]) == (413, "body_too_large")


@given(
    said=anything,
    known=st.dictionaries(
        st.sampled_from(["cached_tokens", "finish_reason", "billing", "reasoning_tokens"]), anything
    ),
)
def test_no_line_breaks_the_route(client: TestClient, said: Any, known: dict[str, Any]) -> None:
    """Whatever stands in a line, the answer is 200 and each line is counted once."""
    told = [
        said,
        {"path": said, "body": said},
        {"path": "/track-request", "body": said, "key": said, "known": known},
        {**line("known"), "known": known},
        line("inside", input=said, metadata=said, tags=said),
        {**line("call"), "path": "/track-request", "body": {"kwargs": said, "provider_type": "x"}},
    ]
    answer = client.post(PLACE, content=lines(*told))
    assert answer.status_code == 200, answer.text
    counted = answer.json()
    assert counted["stored"] + counted["duplicates"] + len(counted["refused"]) == len(told)


def test_others_are_answered_while_an_import_is_being_stored(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The event loop is free: the health check comes back although the import does not end."""
    begun, go_on = threading.Event(), threading.Event()

    def slow(*given: Any) -> Any:
        begun.set()
        assert go_on.wait(30)
        return take(*given)

    monkeypatch.setattr("workbench.api.importing.take", slow)
    answers: list[int] = []
    sender = threading.Thread(
        target=lambda: answers.append(client.post(PLACE, content=lines(line("l"))).status_code)
    )
    sender.start()
    assert begun.wait(30)
    assert client.get("/healthz").status_code == 200
    assert answers == []
    go_on.set()
    sender.join()
    assert answers == [200]
