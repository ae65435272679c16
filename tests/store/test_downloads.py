"""Small downloads hold what the requests hold, and refuse to grow large; on both engines."""

from __future__ import annotations

import base64
import csv
import io
from datetime import timedelta
from decimal import Decimal

import orjson
import pytest

from tests.store.samples import NOON, some_request
from workbench.logs import download
from workbench.logs.bulk import Selection
from workbench.store.extras import Extra, extras
from workbench.store.store import Store
from workbench.store.whole_rows import NAMES

PICTURE = "data:image/png;base64," + base64.b64encode(b"picture" * 400).decode()


def add(store: Store, **fields: object) -> int:
    return store.add(some_request(**fields)).result().id


def everything(*ids: int) -> Selection:
    return Selection(frozenset(ids))


def test_a_line_holds_the_whole_request(store: Store) -> None:
    prompt = {"messages": [{"role": "user", "content": f"Grüße ☃ {PICTURE}"}]}
    id_ = add(
        store,
        ended_at=NOON + timedelta(seconds=2),
        model="m",
        cost=Decimal("0.000000001"),
        tags=("a", "b"),
        metadata={"user": {"id": 1}},
        scores=(("q", 5.0),),
        prompt=prompt,
        output=[{"role": "assistant", "content": "x\u2028y"}],
        input_variables={"a": 1},
    )
    other = add(store)
    data = download.as_jsonl(store.connection, everything(id_, other, 12345))
    assert data is not None
    first, second = (orjson.loads(line) for line in data.splitlines())
    assert tuple(first) == NAMES
    assert first["id"] == id_
    assert (first["started_at"], first["latency_ms"]) == ("2026-03-01T12:00:00Z", 2000.0)
    assert (first["cost"], first["tags"], first["scores"]) == (
        "0.000000001",
        ["a", "b"],
        {"q": 5.0},
    )
    assert (first["input"], first["metadata"]) == (prompt, {"user": {"id": 1}})
    assert (second["id"], second["cost"], second["input"]) == (other, None, None)


def test_a_table_is_safe_to_open_in_a_spreadsheet(store: Store) -> None:
    id_ = add(
        store, model='=HYPERLINK("http://evil.example")', error_message='a,b\n"c"', tags=("+1",)
    )
    data = download.as_csv(store.connection, everything(id_))
    assert data is not None
    assert data.startswith(b"\xef\xbb\xbf")
    head, line = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
    found = dict(zip(head, line, strict=True))
    assert tuple(head) == NAMES
    assert found["model"] == '\'=HYPERLINK("http://evil.example")'
    assert found["error_message"] == 'a,b\n"c"'
    assert found["tags"] == '["+1"]'
    assert found["cost"] == ""


@pytest.mark.parametrize("make", [download.as_jsonl, download.as_csv])
def test_what_is_too_large_is_none(
    store: Store, monkeypatch: pytest.MonkeyPatch, make: object
) -> None:
    assert callable(make)
    small, large = add(store), add(store, prompt="x" * 5000)
    picture = add(store, prompt=PICTURE)
    monkeypatch.setattr(download, "MAX_BYTES", 2500)
    assert make(store.connection, everything(small)) is not None
    assert make(store.connection, everything(large)) is None
    assert make(store.connection, everything(picture)) is None
    monkeypatch.setattr(download, "MAX_BYTES", 10**6)
    assert make(store.connection, everything(large, picture)) is not None
    monkeypatch.setattr(download, "MAX_ROWS", 1)
    assert make(store.connection, everything(small, large)) is None


def test_nothing_picked_is_an_empty_file(store: Store) -> None:
    assert download.as_jsonl(store.connection, everything()) == b""


def test_extras_are_those_of_the_asked_requests(store: Store) -> None:
    id_ = add(
        store,
        finish_reason="stop",
        tool_names=("f",),
        metadata={"user": "u"},
        scores=(("q", 1.0), ("z", 2.0)),
    )
    bare = add(store)
    found = extras(store.connection, [id_, bare, 12345])
    assert set(found) == {id_, bare}
    assert found[id_].finish_reason == "stop"
    assert found[id_].tool_names == ["f"]
    assert found[id_].metadata == {"user": "u"}
    assert found[id_].scores == {"q": 1.0, "z": 2.0}
    assert found[bare].scores == Extra().scores
    assert extras(store.connection, []) == {}
