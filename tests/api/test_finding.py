"""Looking requests up through the API."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.api.conftest import Track
from tests.api.test_refusals import assert_refused

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
