"""Suggested values through the API, asked as the reference has it and with a body."""

from __future__ import annotations

import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.api.conftest import Track
from tests.api.test_refusals import assert_refused

PATH = "/api/public/v2/requests/suggestions"
MINE = {"field": "tags", "operator": "contains", "value": "suggested"}


def only_mine(**more: Any) -> dict[str, str]:
    return {"filter_group": json.dumps({"logic": "AND", "filters": [MINE]}), **more}


@pytest.fixture(scope="module")
def _logged(client: TestClient) -> None:
    from tests.server import log_body

    for number in range(3):
        body = log_body(
            tags=["suggested", "Prod-v2"] if number else ["suggested"],
            kwargs={"model": f"gpt-s{number % 2}", "messages": []},
            request_response={},
            metadata={"user_id": f"u{number}", "Plan": "gold"},
            prompt_name="greeting",
            prompt_id=5,
            prompt_input_variables={"name": "Ada"},
            span_id=f"suggest-{number}",
        )
        assert client.post("/track-request", json=body).status_code == 200


pytestmark = pytest.mark.usefixtures("_logged")


def ask(client: TestClient, **query: str) -> tuple[list[str], list[int]]:
    answer = client.get(PATH, params=only_mine(**query))
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found["success"] is True
    return found["values"], found["counts"]


def test_values_come_with_their_counts_the_most_frequent_first(client: TestClient) -> None:
    assert ask(client, field="engine") == (["gpt-s0", "gpt-s1"], [2, 1])
    assert ask(client, field="tags") == (["suggested", "Prod-v2"], [3, 2])
    assert ask(client, field="metadata_keys") == (["Plan", "user_id"], [3, 3])
    assert ask(client, field="prompt") == (["greeting"], [3])
    assert ask(client, field="input_variable_keys") == (["name"], [3])


def test_a_prefix_counts_whatever_its_capitals(client: TestClient) -> None:
    assert ask(client, field="tags", prefix="prod") == (["Prod-v2"], [2])


def test_values_of_a_key_need_the_key(client: TestClient) -> None:
    asked = {"field": "metadata_values", "metadata_key": "Plan"}
    assert ask(client, **asked) == (["gold"], [3])
    asked = {"field": "input_variable_values", "metadata_key": "name"}
    assert ask(client, **asked) == (["Ada"], [3])
    assert_refused(client.get(PATH, params={"field": "metadata_values"}), 422, "metadata_key")


def test_the_prompts_id_narrows_the_prompts(client: TestClient) -> None:
    assert ask(client, field="prompt", prompt_id="5") == (["greeting"], [3])
    assert ask(client, field="prompt", prompt_id="6") == ([], [])


@pytest.mark.parametrize(
    "field",
    [
        "engine",
        "provider_type",
        "prompt_id",
        "prompt",
        "tags",
        "metadata_keys",
        "status",
        "tool_names",
        "output_keys",
        "input_variable_keys",
        "metadata_values",
        "output_values",
        "input_variable_values",
    ],
)
def test_every_field_of_the_reference_is_answered(client: TestClient, field: str) -> None:
    answer = client.get(PATH, params={"field": field, "metadata_key": "k"})
    assert answer.status_code == 200
    assert all(isinstance(value, str) for value in answer.json()["values"])


def test_the_same_can_be_asked_with_a_body(client: TestClient) -> None:
    body = {"field": "engine", "filter_group": {"filters": [MINE]}, "limit": 1}
    found = client.post(PATH, json=body).json()
    assert (found["values"], found["counts"], found["sampled"]) == (["gpt-s0"], [2], None)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({}, "field"),
        ({"field": "mood"}, "field"),
        ({"field": "tags", "filter_group": "{"}, "filter_group"),
        ({"field": "tags", "filter_group": "[]"}, "filter_group"),
        (
            {"field": "tags", "filter_group": '{"filters":[{"field":"mood","operator":"is"}]}'},
            "filter_group.filters[0].field",
        ),
        ({"field": "prompt", "prompt_id": "x"}, "prompt_id"),
        ({"field": "prompt", "prompt_id": "0"}, "prompt_id"),
        ({"field": "tags", "limit": "0"}, "limit"),
        ({"field": "tags", "limit": "1000"}, "limit"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_its_place(
    client: TestClient, query: dict[str, str], field: str
) -> None:
    assert_refused(client.get(PATH, params=query), 422, field)


def test_a_query_that_is_no_text_is_refused(client: TestClient) -> None:
    assert_refused(client.get(f"{PATH}?field=tags&prefix=%FF"), 400)


def test_a_key_is_needed(anyone: TestClient) -> None:
    assert anyone.get(PATH, params={"field": "tags"}).status_code == 401


def test_a_search_finds_what_was_suggested(client: TestClient, track: Track) -> None:
    values, counts = ask(client, field="metadata_values", metadata_key="user_id")
    for value, count in zip(values, counts, strict=True):
        condition = {
            "field": "metadata",
            "operator": "key_equals",
            "nested_key": "user_id",
            "value": value,
        }
        body = {"filter_group": {"filters": [MINE, condition]}}
        found = client.post("/api/public/v2/requests/search", json=body).json()
        assert found["total"] == count
