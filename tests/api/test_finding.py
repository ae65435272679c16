"""Looking requests up through the API."""

from __future__ import annotations

import itertools
from datetime import datetime
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.api.conftest import Track
from tests.api.test_refusals import assert_refused
from workbench.filters import Filter
from workbench.store import text_scan, text_search
from workbench.store.filter_sql import Compiled, compile_filter
from workbench.store.text_scan import Pace

SEARCH = "/api/public/v2/requests/search"


def where(*conditions: dict[str, Any], logic: str = "AND") -> dict[str, Any]:
    return {"filter_group": {"logic": logic, "filters": list(conditions)}}


def tagged(tag: str) -> dict[str, Any]:
    return {"field": "tags", "operator": "contains", "value": tag}


def test_the_detail_has_what_was_logged_and_what_was_added(
    client: TestClient, track: Track
) -> None:
    id_ = track(prompt_input_variables={"name": "Ada"}, trace_id="a1b2")
    client.post("/rest/track-score", json={"request_id": str(id_), "score": 62.5, "name": "tone"})
    client.post("/rest/track-metadata", json={"request_id": id_, "metadata": {"plan": 2}})
    answer = client.get(f"/api/public/v2/requests/{id_}")
    assert answer.status_code == 200
    found = answer.json()
    assert found["success"] is True
    assert found["request_id"] == id_
    assert (found["provider"], found["model"]) == ("openai", "gpt-4o-2024-08-06")
    assert (found["input_tokens"], found["output_tokens"], found["tokens"]) == (9, 3, 12)
    assert found["price"] == 0.0000525
    assert found["latency_ms"] == 1250
    assert found["trace_id"] == "a1b2"
    assert found["request_start_time"] == "2025-12-29T09:20:00.250000Z"
    assert found["metadata"] == {"user_id": "u1", "plan": 2}
    assert [(score["name"], score["score"]) for score in found["scores"]] == [("tone", 62.5)]
    messages = found["prompt_blueprint"]["prompt_template"]["messages"]
    assert [message["role"] for message in messages] == ["user", "assistant"]


def test_a_search_answers_pages_in_the_references_envelope(
    client: TestClient, track: Track
) -> None:
    ids = [track(tags=["paged"], request_start_time=1000 + n) for n in range(7)]
    body = where(tagged("paged")) | {"per_page": 3}
    first = client.post(SEARCH, json=body).json()
    assert [item["id"] for item in first["items"]] == ids[:3:-1]
    envelope = {key: value for key, value in first.items() if key != "items"}
    assert envelope == {
        "success": True,
        "page": 1,
        "pages": 3,
        "per_page": 3,
        "total": 7,
        "has_next": True,
        "has_prev": False,
        "next_num": 2,
        "prev_num": None,
    }
    last = client.post(SEARCH, json=body | {"page": 3}).json()
    assert [item["id"] for item in last["items"]] == ids[:1]
    assert (last["has_next"], last["prev_num"], last["next_num"]) == (False, 2, None)
    assert client.post(SEARCH, json=body | {"page": 4}).json()["items"] == []


def test_an_item_of_a_search_has_the_references_fields(client: TestClient, track: Track) -> None:
    id_ = track(tags=["one"], prompt_name="greeting")
    client.post("/rest/track-score", json={"request_id": id_, "score": 5})
    body = where(tagged("one")) | {"include_prompt_name": True}
    (item,) = client.post(SEARCH, json=body).json()["items"]
    assert item == {
        "id": id_,
        "engine": "gpt-4o-2024-08-06",
        "provider_type": "openai",
        "input_tokens": 9,
        "output_tokens": 3,
        "price": 0.0000525,
        "request_start_time": "2025-12-29T09:20:00.250000Z",
        "request_end_time": "2025-12-29T09:20:01.500000Z",
        "latency": 1.25,
        "status": "SUCCESS",
        "tags_array": ["one"],
        "is_starred": False,
        "metadata": [{"user_id": "u1"}],
        "scores": [{"name": "default", "score": 5.0}],
        "prompt_name": "greeting",
    }
    del body["include_prompt_name"]
    assert "prompt_name" not in client.post(SEARCH, json=body).json()["items"][0]


@pytest.mark.parametrize(
    "asked",
    [
        {"q": "wombat"},
        where({"field": "metadata", "operator": "key_equals", "nested_key": "k", "value": "w"}),
        where({"field": "engine", "operator": "is", "value": "gpt-wombat"}),
        where({"field": "status", "operator": "is", "value": "WARNING"}),
        where(
            {"field": "request_start_time", "operator": "before", "value": "1980-01-01T00:00:00Z"},
            {"field": "engine", "operator": "in", "value": ["gpt-wombat", "x"]},
        ),
        where(
            {"field": "engine", "operator": "is", "value": "nothing"},
            {"filters": [{"field": "engine", "operator": "is", "value": "gpt-wombat"}]},
            logic="OR",
        ),
    ],
)
def test_searches_find_by_what_was_logged(
    client: TestClient, track: Track, asked: dict[str, Any]
) -> None:
    id_ = track(
        kwargs={"model": "gpt-wombat", "messages": [{"role": "user", "content": "A wombat"}]},
        request_response={},
        metadata={"k": "w"},
        status="WARNING",
        request_start_time=86_400,
        request_end_time=86_401,
        client_record_id="the wombat",
    )
    track()
    found = client.post(SEARCH, json=asked).json()
    assert [item["id"] for item in found["items"]] == [id_]


def test_a_search_sorts_by_what_is_asked(client: TestClient, track: Track) -> None:
    ids = [track(tags=["sorted"], price=price) for price in (0.5, 2.5, 1.5)]
    body = where(tagged("sorted")) | {"sort_by": "cost", "sort_order": "desc"}
    found = client.post(SEARCH, json=body).json()
    assert [item["id"] for item in found["items"]] == [ids[1], ids[2], ids[0]]
    found = client.post(SEARCH, json=body | {"sort_order": "asc"}).json()
    assert [item["id"] for item in found["items"]] == [ids[0], ids[2], ids[1]]


def test_a_search_without_a_body_finds_the_newest(client: TestClient, track: Track) -> None:
    id_ = track(request_start_time="2200-01-01T00:00:00Z", request_end_time="2200-01-01T00:00:00Z")
    assert client.post(SEARCH).json()["items"][0]["id"] == id_
    assert (
        client.post(SEARCH, json={"filter_group": None, "q": None, "page": None}).json()["items"][
            0
        ]["id"]
        == id_
    )


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"per_page": 26}, "per_page"),
        ({"per_page": 0}, "per_page"),
        ({"page": 0}, "page"),
        ({"page": "1"}, "page"),
        ({"q": 5}, "q"),
        ({"sort_by": "mood", "sort_order": "asc"}, "sort_by"),
        ({"sort_by": "cost"}, "sort_order"),
        ({"sort_order": "asc"}, "sort_by"),
        ({"filter_group": []}, "filter_group"),
        ({"filter_group": {"filters": [{"field": "mood"}]}}, "filter_group.filters[0].operator"),
        (where({"field": "mood", "operator": "is", "value": 1}), "filter_group.filters[0].field"),
    ],
)
def test_a_search_that_is_none_is_refused_by_its_place(
    client: TestClient, asked: dict[str, Any], field: str
) -> None:
    assert_refused(client.post(SEARCH, json=asked), 400, field)


def test_a_deleted_request_is_not_found(client: TestClient, track: Track, store: Any) -> None:
    id_ = track(tags=["gone"])
    store.change(lambda cursor: store.annotations.delete(cursor, "test", id_)).result()
    assert_refused(client.get(f"/api/public/v2/requests/{id_}"), 404)
    assert client.post(SEARCH, json=where(tagged("gone"))).json()["total"] == 0
    body = {"request_id": id_, "score": 1}
    assert_refused(client.post("/library-track-score", json=body), 404)


def slow_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """A search that looks through one request and then has no time left."""
    pace = Pace(first=1, second=1, growth=1, by_id=1, scattered=1e9)
    monkeypatch.setattr(text_scan, "PACE", pace)
    real = text_search.slices

    def two(*args: Any, **more: Any) -> Any:
        return itertools.islice(real(*args, **more), 2)

    monkeypatch.setattr(text_search, "slices", two)


def test_a_search_that_ran_out_of_time_says_how_far_it_came_and_goes_on_when_sent_again(
    client: TestClient, track: Track, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "a numbat in the garden"
    ids = [track(tags=["slow"], request_start_time=5000 + n, kwargs=asking(text)) for n in range(3)]
    slow_search(monkeypatch)
    body = where(tagged("slow")) | {"q": "numbat"}
    looked = []
    for number in (1, 2):
        answer = client.post(SEARCH, json=body)
        looked.append(answer.headers["X-Search-Scanned"])
        assert answer.headers["X-Search-Of"] == "3"
        assert answer.headers["X-Search-Complete"] == "false"
        assert answer.headers["X-Search-Back-To"] == f"1970-01-01T01:23:2{3 - number}Z"
        assert "same search again" in answer.headers["X-Search-Go-On"]
        assert [item["id"] for item in answer.json()["items"]] == ids[::-1][:number]
        assert answer.json()["total"] == number
    assert looked == ["1", "2"]
    last = client.post(SEARCH, json=body)
    assert last.json()["total"] == 3
    assert last.headers["X-Search-Complete"] == "true"
    assert "X-Search-Go-On" not in last.headers
    assert "search" not in last.json()


def test_with_all_fields_an_answer_has_what_was_searched(
    client: TestClient, track: Track, all_fields: None
) -> None:
    track(tags=["quokka"], kwargs=asking("a quokka"))
    answer = client.post(SEARCH, json=where(tagged("quokka")) | {"q": "quokka"}).json()
    assert answer["search"] == {
        "scanned": 1,
        "of": 1,
        "found": 1,
        "back_to": None,
        "complete": True,
        "go_on": None,
    }
    without_text = client.post(SEARCH, json=where(tagged("quokka"))).json()["search"]
    assert (without_text["scanned"], without_text["complete"]) == (None, True)


def test_texts_are_searched_once_for_the_count_and_the_page(
    client: TestClient, track: Track, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After its time is over nothing reads the texts again without a limit."""
    track(tags=["bilby"], kwargs=asking("a bilby"))
    read: list[Filter] = []

    def noted(filter_: Filter, now: datetime) -> Compiled:
        read.append(filter_)
        return compile_filter(filter_, now)

    # What a query over all texts is made with, where no search stands for it.
    monkeypatch.setattr("workbench.store.search_finder.compile_filter", noted)
    slow_search(monkeypatch)
    client.post(SEARCH, json=where(tagged("bilby")) | {"q": "bilby"})
    assert read == []


def asking(text: str) -> dict[str, Any]:
    return {"model": "gpt-4o", "messages": [{"role": "user", "content": text}]}
