"""Every field with every operator of the reference's search, asked through the API."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.server import log_body
from workbench.filters import FIELDS

SEARCH = "/api/public/v2/requests/search"
TAG = "operators"
OUTPUT = '{"result": {"status": "ok"}, "n": 3}'
# Field -> what it is in the one request, a text or number that it is not, its key.
KNOWN: dict[str, tuple[Any, Any]] = {
    "prompt_id": (7, 8),
    "engine": ("gpt-op", "gpt-x"),
    "provider_type": ("openai", "anthropic"),
    "status": ("WARNING", "ERROR"),
    "prompt_version_number": (3, 4),
    "input_tokens": (9, 10),
    "output_tokens": (3, 4),
    "cost": (0.25, 0.5),
    "latency_ms": (1250, 1300),
    "request_start_time": ("2025-12-29T09:20:00.250Z", "2025-12-30T00:00:00Z"),
    "request_end_time": ("2025-12-29T09:20:01.500Z", "2025-12-30T00:00:00Z"),
    "tags": (TAG, "other"),
    "metadata": ("u1", "u2"),
    "metadata_keys": ("user_id", "nothing"),
    "input_variables": ("Ada", "Bob"),
    "input_variable_keys": ("name", "nothing"),
    "output": ("ok", "late"),
    "output_keys": ("result.status", "nothing"),
    "tool_names": ("lookup", "other"),
    "input_text": ("Hello there", "goodbye"),
    "output_text": (OUTPUT, "nothing"),
}
KEYS = {"metadata": "user_id", "input_variables": "name", "output": "result.status"}
HOLDS: tuple[str, ...] = ("is", "in", "eq", "gte", "lte", "contains", "starts_with", "ends_with")
HOLDS += ("after", "key_equals", "key_contains", "is_not_empty", "is_not_null")
CASES = [
    (field.name, operator.name)
    for field in FIELDS.values()
    if not field.ours
    for operator in field.operators
    if not operator.ours
]


def _logged(client: TestClient, message: dict[str, Any], **changes: Any) -> int:
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", **message}}
    body = log_body(
        kwargs={"model": "gpt-op", "messages": [{"role": "user", "content": "Hello there"}]},
        request_response={
            "object": "chat.completion",
            "model": "gpt-op",
            "choices": [choice],
            "usage": {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12},
        },
        **changes,
    )
    answer = client.post("/track-request", json=body)
    assert answer.status_code == 200, answer.text
    return int(answer.json()["request_id"])


@pytest.fixture(scope="module")
def request_id(client: TestClient) -> int:
    return _logged(
        client,
        {"content": OUTPUT},
        tags=[TAG],
        status="WARNING",
        price=0.25,
        prompt_id=7,
        prompt_version=3,
        prompt_name="operators",
        prompt_input_variables={"name": "Ada"},
        client_record_id="operators",
    )


@pytest.fixture(scope="module")
def call_id(client: TestClient) -> int:
    """A request that ends in a tool call."""
    call = {"id": "c", "type": "function", "function": {"name": "lookup", "arguments": "{}"}}
    message = {"content": None, "tool_calls": [call]}
    return _logged(client, message, tags=[TAG + "-call"], client_record_id="call")


def condition(field: str, operator: str, request_id: int) -> tuple[dict[str, Any], bool]:
    """The condition on the one request, and whether it must find it."""
    known, other = KNOWN.get(field, (request_id, request_id + 1))
    asked: dict[str, Any] = {"field": field, "operator": operator}
    if field in KEYS:
        asked["nested_key"] = KEYS[field]
    takes = FIELDS[field].operator(operator).takes
    if FIELDS[field].kind == "boolean":
        return asked, (operator == "is_true") == (field == "is_json")
    if takes == "list" or takes == "range":
        asked["value"] = [known, other]
    elif takes == "one":
        asked["value"] = known
    return asked, operator in HOLDS or operator == "between"


@pytest.mark.parametrize(("field", "operator"), CASES)
def test_a_condition_finds_exactly_what_it_says(
    client: TestClient, request_id: int, call_id: int, field: str, operator: str
) -> None:
    tag = TAG
    if field == "tool_names":
        request_id, tag = call_id, TAG + "-call"
    asked, holds = condition(field, operator, request_id)
    mine = {"field": "tags", "operator": "contains", "value": tag}
    answer = client.post(SEARCH, json={"filter_group": {"filters": [asked, mine]}})
    assert answer.status_code == 200, answer.text
    assert [item["id"] for item in answer.json()["items"]] == ([request_id] if holds else [])


@pytest.mark.parametrize("per_page", [1, 7, 25])
def test_pages_reach_every_row_once_whatever_the_filter(client: TestClient, per_page: int) -> None:
    tag = f"pages-{per_page}"
    ids = [
        _logged(
            client,
            {"content": f"wombat {number}"},
            tags=[tag],
            request_start_time=5000 + number // 3,
            request_end_time=6000,
            client_record_id=f"{tag}-{number}",
        )
        for number in range(16)
    ]
    mine = {"field": "tags", "operator": "contains", "value": tag}
    for narrowed in ({}, {"q": "wombat"}):
        body = {"filter_group": {"filters": [mine]}, "per_page": per_page, **narrowed}
        met: list[int] = []
        page: int | None = 1
        while page is not None:
            found = client.post(SEARCH, json={**body, "page": page}).json()
            assert found["total"] == len(ids)
            met += [item["id"] for item in found["items"]]
            page = found["next_num"]
        assert met == ids[::-1]
