"""Requests coming in: what is answered, and what is in the store afterwards."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson
import pytest
from starlette.testclient import TestClient

from tests.api.conftest import Track, kept
from tests.server import KEY, log_body
from workbench.store.store import Store


def neutral(**changes: Any) -> dict[str, Any]:
    """A `/log-request` body as the SDK sends it when it is told only what it must be."""
    body: dict[str, Any] = {
        "provider": "openai",
        "model": "gpt-4o",
        "input": {
            "type": "chat",
            "messages": [{"role": "user", "content": [{"type": "text", "text": "Hello"}]}],
        },
        "output": {
            "type": "chat",
            "messages": [{"role": "assistant", "content": [{"type": "text", "text": "Hi"}]}],
        },
        "request_start_time": 1_767_000_000.0,
        "request_end_time": 1_767_000_002.0,
        "parameters": {"temperature": 0.5},
        "tags": ["prod"],
        "metadata": {"session": "s1"},
        "prompt_name": None,
        "prompt_version_number": None,
        "prompt_input_variables": {},
        "input_tokens": 0,
        "output_tokens": 0,
        "price": 0.0,
        "function_name": "",
        "score": 0,
        "score_name": None,
        "api_type": None,
        "prompt_id": None,
        "status": "SUCCESS",
        "error_type": None,
        "error_message": None,
    }
    return body | changes


def test_a_tracked_request_is_answered_with_its_id_and_is_in_the_store(client: TestClient) -> None:
    answer = client.post("/track-request", json=log_body())
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    value = answer.json()
    assert value["success"] is True
    assert value["message"] == "Request tracked successfully"
    assert value["prompt_blueprint"] is None
    found = kept(value["request_id"])
    assert found.summary.provider == "openai"
    assert found.summary.model == "gpt-4o-2024-08-06"
    assert (found.summary.input_tokens, found.summary.output_tokens) == (9, 3)
    assert found.summary.latency_ms == 1250.0
    assert found.summary.cost == Decimal("0.0000525")
    assert found.summary.tags == ["prod"]
    assert found.metadata == {"user_id": "u1"}
    assert found.input_text == "Hello"
    assert found.output_text == "Good day"
    assert found.source == "track-request"


def test_the_raw_call_comes_back_byte_for_byte_without_its_key(
    client: TestClient, store: Store
) -> None:
    body = json.dumps(log_body(metadata={"ключ": "\u0000 é 😀"}), ensure_ascii=True, indent=1)
    id_ = client.post("/track-request", content=body).json()["request_id"]
    assert kept(id_).raw == body.replace(f',\n "api_key": "{KEY}"', "")


def test_a_key_elsewhere_in_the_body_is_not_kept(client: TestClient, track: Track) -> None:
    escaped = "".join(f"\\u{ord(letter):04x}" for letter in KEY)
    body = json.dumps(log_body(metadata={"a": f"my key is {KEY}", "b": "ESCAPED"}))
    body = body.replace("ESCAPED", escaped).replace('"api_key"', '"api\\u005fkey"')
    id_ = client.post("/track-request", content=body).json()["request_id"]
    found = kept(id_)
    assert KEY not in json.dumps(orjson.loads(found.raw))
    assert "api_key" not in orjson.loads(found.raw)
    assert found.metadata == {"a": "my key is [API key removed]", "b": "[API key removed]"}


def test_a_vendor_key_in_the_arguments_is_not_kept(client: TestClient, track: Track) -> None:
    kwargs = {"model": "gpt-4o", "messages": [], "api_key": "sk-vendor-secret"}
    found = kept(track(kwargs=kwargs))
    assert "sk-vendor-secret" not in found.raw
    assert found.parameters == {"api_key": "[API key removed]"}


def test_the_blueprint_is_answered_when_it_is_asked_for(client: TestClient) -> None:
    body = log_body(return_prompt_blueprint=True)
    blueprint = client.post("/track-request", json=body).json()["prompt_blueprint"]
    messages = blueprint["prompt_template"]["messages"]
    assert [message["role"] for message in messages] == ["user", "assistant"]
    assert blueprint["metadata"]["model"]["name"] == "gpt-4o"


def test_a_logged_request_is_answered_with_its_whole_row(client: TestClient) -> None:
    answer = client.post("/log-request", json=neutral(input_tokens=1000, output_tokens=100))
    assert answer.status_code == 201
    row = answer.json()
    assert row["id"] == row["request_id"]
    assert row["type"] == "request"
    assert row["engine"] == "gpt-4o"
    assert row["tokens"] == 1100
    assert row["price"] == 0.0035
    assert row["score"] is None
    assert row["scores"] == []
    assert row["tags_array"] == ["prod"]
    assert row["metadata"] == [{"session": "s1"}]
    assert row["prompt_string"] == "Hello"
    assert row["response_string"] == "Hi"
    assert row["request_start_time"] == "2025-12-29T09:20:00Z"
    template = row["prompt_version"]["prompt_template"]
    assert [message["role"] for message in template["messages"]] == ["user", "assistant"]
    found = kept(row["id"])
    assert found.parameters == {"temperature": 0.5}
    assert found.source == "log-request"


def test_a_callers_own_price_wins_and_zero_counts_as_not_said(client: TestClient) -> None:
    stated = client.post("/log-request", json=neutral(price=1.25, input_tokens=5)).json()
    assert stated["price"] == 1.25
    assert kept(stated["id"]).cost_source == "caller"
    unknown = client.post("/log-request", json=neutral(model="nobody-knows", input_tokens=5))
    assert unknown.json()["price"] is None


def test_a_score_of_zero_counts_only_with_a_name(client: TestClient) -> None:
    row = client.post("/log-request", json=neutral(score=0, score_name="taste")).json()
    assert row["scores"] == [{"name": "taste", "score": 0.0}]
    row = client.post("/log-request", json=neutral(score=90)).json()
    assert [(score.name, score.value) for score in kept(row["id"]).scores] == [("default", 90.0)]


def test_what_the_caller_said_of_a_failure_is_kept(track: Track) -> None:
    found = kept(
        track(
            request_response={},
            status="ERROR",
            error_type="PROVIDER_TIMEOUT",
            error_message="no answer within 30 s",
        )
    )
    assert found.summary.status == "ERROR"
    assert found.summary.error_type == "PROVIDER_TIMEOUT"
    assert found.error_message == "no answer within 30 s"


def test_an_answer_that_says_it_failed_is_an_error_though_nobody_said_so(track: Track) -> None:
    error = {"message": "Rate limit reached", "type": "requests", "code": "rate_limit_exceeded"}
    found = kept(track(request_response={"error": error}))
    assert found.summary.status == "ERROR"
    assert found.summary.error_type is not None
    assert found.error_message is not None
    assert "Rate limit reached" in found.error_message


@pytest.mark.parametrize(
    ("sent", "read", "assumed"),
    [
        (1_767_225_600, datetime(2026, 1, 1, tzinfo=UTC), False),
        ("2026-01-01T00:00:00Z", datetime(2026, 1, 1, tzinfo=UTC), False),
        ("2026-01-01T01:00:00+01:00", datetime(2026, 1, 1, tzinfo=UTC), False),
        # The setting says Europe/Berlin: an hour ahead in winter, two in summer.
        ("2026-01-01T01:00:00", datetime(2026, 1, 1, tzinfo=UTC), True),
        ("2026-07-01T02:00:00.5", datetime(2026, 7, 1, 0, 0, 0, 500_000, tzinfo=UTC), True),
    ],
)
def test_times_are_read_as_numbers_and_as_text(
    track: Track, sent: Any, read: datetime, assumed: bool
) -> None:
    found = kept(track(request_start_time=sent, request_end_time=sent))
    assert found.summary.started_at == read
    assert found.time_assumed is assumed


def test_an_end_before_the_start_takes_no_time(track: Track) -> None:
    found = kept(track(request_start_time=1000.5, request_end_time=900))
    assert found.summary.latency_ms == 0
    assert found.summary.status == "SUCCESS"
    assert '"request_end_time": 900' in found.raw or '"request_end_time":900' in found.raw


def test_metadata_values_that_are_no_strings_stay_what_they_are(track: Track) -> None:
    metadata = {"n": 7, "f": 0.5, "t": True, "none": None, "list": [1, {"a": "b"}], "": "empty"}
    assert kept(track(metadata=metadata)).metadata == metadata


def test_tags_are_kept_once_each_without_outer_space(track: Track) -> None:
    assert kept(track(tags=[" prod ", "prod", "", "dev"])).summary.tags == ["prod", "dev"]


def test_null_where_nothing_is_to_say_is_taken(track: Track) -> None:
    found = kept(track(tags=None, metadata=None, args=None, function_name=None, status=None))
    assert found.summary.tags == []
    assert found.metadata == {}
    assert found.summary.status == "SUCCESS"


def test_the_same_body_again_is_the_same_record(client: TestClient) -> None:
    body = log_body(span_id="again")
    first = client.post("/track-request", json=body).json()["request_id"]
    assert client.post("/track-request", json=body).json()["request_id"] == first
    other = client.post("/track-request", json=body | {"span_id": "another"}).json()
    assert other["request_id"] != first


def test_the_same_body_with_another_key_is_another_record(
    client: TestClient, anyone: TestClient, store: Store
) -> None:
    body = log_body(span_id="two keys")
    first = client.post("/track-request", json=body).json()["request_id"]
    body["api_key"] = store.make_key("test", "another")
    assert anyone.post("/track-request", json=body).json()["request_id"] != first


def test_a_client_record_id_is_one_record_whatever_else_the_body_says(track: Track) -> None:
    first = track(client_record_id="7d0f", span_id="x")
    assert track(client_record_id="7d0f", span_id="y") == first
    assert track(client_record_id="7d10", span_id="x") != first


def test_compressed_bodies_are_read(client: TestClient) -> None:
    body = json.dumps(log_body(span_id="packed")).encode()
    packed = client.post(
        "/track-request", content=gzip.compress(body), headers={"Content-Encoding": "gzip"}
    )
    assert packed.status_code == 200
    assert kept(packed.json()["request_id"]).span_id == "packed"
    twice = gzip.compress(body[:100]) + gzip.compress(body[100:])
    again = client.post("/track-request", content=twice, headers={"Content-Encoding": "gzip"})
    assert again.json()["request_id"] == packed.json()["request_id"]


def test_a_langchain_call_of_an_older_package_is_taken(track: Track) -> None:
    found = kept(
        track(
            function_name="langchain.PromptLayerChatOpenAI",
            provider_type="langchain",
            args=[[{"role": "user", "content": "Guten Tag"}]],
            kwargs={"model_name": "gpt-4"},
            request_response=[{"role": "assistant", "content": "Servus"}],
        )
    )
    assert "Servus" in found.output_text


def test_a_new_kind_of_answer_is_kept_whole(track: Track) -> None:
    found = kept(
        track(provider_type="newcomer", function_name="n.call", request_response={"waves": [1]})
    )
    assert orjson.loads(found.raw)["request_response"] == {"waves": [1]}


def test_whole_numbers_may_be_written_with_a_point(track: Track) -> None:
    found = kept(track(prompt_version=2.0, group_id=7.0))
    assert (found.summary.prompt_version, found.group_id) == (2, 7)
