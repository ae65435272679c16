"""What is refused: the status, an object that names the field, and nothing lost beside it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.api.conftest import Track, kept
from tests.api.test_logging import neutral
from tests.server import KEY, log_body
from workbench.api.routes import OPERATIONS
from workbench.store import search
from workbench.store.store import Store

POSTS = [each.path for each in OPERATIONS if each.method == "POST"]


def assert_refused(answer: Any, status: int, field: str | None = None) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    body: dict[str, Any] = answer.json()
    assert body["success"] is False
    assert body["message"].endswith(".")
    assert isinstance(body["error"], str)
    if field is not None:
        assert body["field"] == field
        assert body["message"].startswith(field)
    return body


@pytest.mark.parametrize("path", POSTS)
def test_without_a_valid_key_nothing_is_done(anyone: TestClient, path: str) -> None:
    assert_refused(anyone.post(path, json={}), 401)
    assert_refused(anyone.post(path, json={"api_key": "wrong"}), 401)
    assert_refused(anyone.post(path, json={"api_key": None}), 401)
    assert_refused(anyone.post(path, json={"api_key": {"a": 1}}), 401)
    assert_refused(anyone.post(path, json={}, headers={"X-API-KEY": "wrong"}), 401)
    assert_refused(anyone.post(path, json=log_body(api_key="ключ")), 401)


def test_without_a_key_an_unknown_id_looks_like_a_known_one(
    anyone: TestClient, track: Track
) -> None:
    there = anyone.get(f"/api/public/v2/requests/{track()}")
    missing = anyone.get("/api/public/v2/requests/12345")
    nonsense = anyone.get("/api/public/v2/requests/abc")
    assert [answer.status_code for answer in (there, missing, nonsense)] == [401, 401, 401]
    assert there.json() == missing.json() == nonsense.json()


def test_the_key_is_taken_from_the_header_or_from_the_body(anyone: TestClient) -> None:
    body = log_body(span_id="header")
    del body["api_key"]
    in_header = anyone.post("/track-request", json=body, headers={"x-api-key": KEY})
    assert in_header.status_code == 200
    in_body = anyone.post("/log-request", json=neutral(api_key=KEY))
    assert in_body.status_code == 201
    either = anyone.post("/create-group", json={"api_key": KEY}, headers={"X-API-KEY": "wrong"})
    assert either.status_code == 200


def test_a_revoked_key_is_no_key(anyone: TestClient, store: Store) -> None:
    from workbench.store import keys

    key = store.make_key("test", "short-lived")
    assert anyone.post("/create-group", json={"api_key": key}).status_code == 200
    (listed,) = [each for each in keys.listed(store.connection) if each.name == "short-lived"]
    store.revoke_key("test", listed.id)
    assert_refused(anyone.post("/create-group", json={"api_key": key}), 401)


MALFORMED: list[tuple[str, bytes, str]] = [
    ("empty", b"", ""),
    ("no object", b"[1, 2]", ""),
    ("text", b'"hello"', ""),
    ("broken", b'{"kwargs": {"model": gpt}}', "kwargs.model"),
    ("cut off", b'{"kwargs": {"model": "gp', "kwargs.model"),
    ("two values", b"{} {}", ""),
    ("not a number", b'{"request_start_time": NaN}', "request_start_time"),
    ("infinity", b'{"metadata": {"a": [0, -Infinity]}}', "metadata.a[1]"),
    ("too large a number", b'{"price": 1e999}', "price"),
    ("lone surrogate", b'{"tags": ["ok", "\\ud83d"]}', "tags[1]"),
    ("lone surrogate in a key", b'{"metadata": {"\\udc00": 1}}', 'metadata["\\\\udc00"]'),
    ("not utf-8", b'{"function_name": "caf\xe9"}', "function_name"),
    ("utf-16", '{"a": 1}'.encode("utf-16"), ""),
    ("byte order mark", b"\xef\xbb\xbf{}", ""),
    ("deep", b'{"kwargs": ' + b"[" * 500 + b"]" * 500 + b"}", "kwargs" + "[0]" * 11 + "…"),
    ("very deep", b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "a" + ".a" * 11 + "…"),
    ("huge integer", b'{"kwargs": {"seed": 123456789012345678901234567890}}', "kwargs.seed"),
    ("65 bits", b'{"kwargs": {"seed": 9223372036854775808}}', "kwargs.seed"),
    ("5000 digits", b'{"kwargs": {"seed": -' + b"9" * 5000 + b"}}", "kwargs.seed"),
]


@pytest.mark.parametrize(
    ("body", "field"), [case[1:] for case in MALFORMED], ids=[case[0] for case in MALFORMED]
)
@pytest.mark.parametrize("path", ["/track-request", "/library-track-metadata"])
def test_what_is_no_json_object_is_refused_by_its_place(
    client: TestClient, path: str, body: bytes, field: str
) -> None:
    refused = assert_refused(client.post(path, content=body), 400, field or None)
    assert "(line " in refused["message"]


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"provider_type": None}, "provider_type"),
    ({"provider_type": ""}, "provider_type"),
    ({"provider_type": 7}, "provider_type"),
    ({"provider_type": "x" * 1025}, "provider_type"),
    ({"function_name": ["a"]}, "function_name"),
    ({"args": {"a": 1}}, "args"),
    ({"kwargs": [1]}, "kwargs"),
    ({"tags": "prod"}, "tags"),
    ({"tags": ["a", 7]}, "tags[1]"),
    ({"tags": ["x" * 513]}, "tags[0]"),
    ({"tags": ["t"] * 101}, "tags"),
    ({"metadata": ["a"]}, "metadata"),
    ({"metadata": {"k" * 1025: "v"}}, 'metadata["' + "k" * 60 + '…"]'),
    ({"metadata": {str(n): "" for n in range(1001)}}, "metadata"),
    ({"metadata": {"a": "x" * 2**20}}, "metadata"),
    ({"request_start_time": None}, "request_start_time"),
    ({"request_start_time": True}, "request_start_time"),
    ({"request_start_time": -1}, "request_start_time"),
    ({"request_start_time": 1_767_000_000_000}, "request_start_time"),
    ({"request_end_time": 1e300}, "request_end_time"),
    ({"request_end_time": "yesterday"}, "request_end_time"),
    ({"request_end_time": "1969-12-31T00:00:00Z"}, "request_end_time"),
    ({"request_end_time": "9999-12-31T23:59:59-12:00"}, "request_end_time"),
    ({"request_end_time": "0001-01-01T00:00:00"}, "request_end_time"),
    ({"prompt_id": 2**53}, "prompt_id"),
    ({"prompt_id": 1.5}, "prompt_id"),
    ({"prompt_id": "abc"}, "prompt_id"),
    ({"prompt_version": 0}, "prompt_version"),
    ({"prompt_version": 2**31}, "prompt_version"),
    ({"prompt_input_variables": "a"}, "prompt_input_variables"),
    ({"group_id": -1}, "group_id"),
    ({"span_id": 5}, "span_id"),
    ({"status": "FINE"}, "status"),
    ({"status": "success"}, "status"),
    ({"error_message": {}}, "error_message"),
    ({"input_tokens": -1}, "input_tokens"),
    ({"output_tokens": 2**53}, "output_tokens"),
    ({"price": -0.5}, "price"),
    ({"price": 1e9}, "price"),
    ({"price": "12"}, "price"),
    ({"score": 101}, "score"),
    ({"client_record_id": ""}, "client_record_id"),
    ({"client_record_id": 12}, "client_record_id"),
    ({"return_prompt_blueprint": "yes"}, "return_prompt_blueprint"),
]


@pytest.mark.parametrize(
    ("changes", "field"), WRONG, ids=[f"{w[1][:30]}-{n}" for n, w in enumerate(WRONG)]
)
def test_a_wrong_field_is_named(client: TestClient, changes: dict[str, Any], field: str) -> None:
    assert_refused(client.post("/track-request", json=log_body(**changes)), 422, field)


@pytest.mark.parametrize("name", ["provider_type", "request_start_time", "request_end_time"])
def test_a_missing_field_is_named(client: TestClient, name: str) -> None:
    body = log_body()
    del body[name]
    refused = assert_refused(client.post("/track-request", json=body), 422, name)
    assert refused["message"] == f"{name}: this field is needed."


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"input": "Hello"}, "input"),
        ({"input": {"type": "talk"}}, "input.type"),
        ({"input": {"type": "chat"}}, "input.messages"),
        ({"input": {"type": "chat", "messages": ["Hello"]}}, "input.messages[0]"),
        ({"output": {"type": "chat", "messages": [{"content": []}]}}, "output.messages[0].role"),
        ({"model": None}, "model"),
        ({"parameters": []}, "parameters"),
        ({"prompt_version_number": 0}, "prompt_version_number"),
    ],
)
def test_a_wrong_field_of_the_neutral_schema_is_named(
    client: TestClient, changes: dict[str, Any], field: str
) -> None:
    assert_refused(client.post("/log-request", json=neutral(**changes)), 422, field)


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/library-track-metadata", {"metadata": {"a": "b"}}, "request_id"),
        ("/library-track-metadata", {"request_id": 5}, "metadata"),
        ("/library-track-metadata", {"request_id": "5x", "metadata": {}}, "request_id"),
        ("/library-track-metadata", {"request_id": 2**53, "metadata": {}}, "request_id"),
        ("/rest/track-score", {"request_id": 5, "score": 100.5}, "score"),
        ("/rest/track-score", {"request_id": 5, "score": "9"}, "score"),
        ("/rest/track-score", {"request_id": 5, "score": 9, "name": "n" * 1025}, "name"),
        ("/rest/track-prompt", {"request_id": 5, "prompt_name": ""}, "prompt_name"),
        ("/rest/track-prompt", {"request_id": 5, "prompt_name": "a", "version": "x"}, "version"),
        ("/rest/track-group", {"request_id": 5, "group_id": 0.5}, "group_id"),
    ],
)
def test_a_wrong_field_of_an_annotation_is_named(
    client: TestClient, path: str, body: dict[str, Any], field: str
) -> None:
    assert_refused(client.post(path, json=body), 422, field)


@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("/library-track-metadata", {"metadata": {"a": "b"}}),
        ("/library-track-score", {"score": 5}),
        ("/library-track-prompt", {"prompt_name": "a", "prompt_input_variables": {}}),
        ("/track-group", {"group_id": 7}),
    ],
)
def test_what_is_not_there_cannot_be_changed(
    client: TestClient, path: str, more: dict[str, Any]
) -> None:
    assert_refused(client.post(path, json={"request_id": 99, **more}), 404)


def test_a_group_that_is_not_there_is_not_joined(client: TestClient, track: Track) -> None:
    body = {"request_id": track(), "group_id": 4711}
    assert "group 4711" in assert_refused(client.post("/track-group", json=body), 404)["message"]


@pytest.mark.parametrize("id_", ["0", "-1", "1.5", "abc", "٣", "%00"])
def test_an_id_that_is_none_is_refused(client: TestClient, id_: str) -> None:
    assert_refused(client.get(f"/api/public/v2/requests/{id_}"), 422, "request_id")


@pytest.mark.parametrize("id_", ["1", str(2**53), "9" * 400])
def test_an_id_that_nobody_has_is_not_found(client: TestClient, id_: str) -> None:
    assert_refused(client.get(f"/api/public/v2/requests/{id_}"), 404)


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/api/public/v2/nothing",
            "/api",
            "/rest/track-nothing",
            "/v1/traces",
            "/library-nothing",
        ),
        *("/track-nothing", "/log-nothing", "/prompts/a%2Fb"),
        *(
            "/prompts",
            "/spans-bulk",
            "/create-group/x",
            "/track-request/",
            "/prompt-labels/5/6",
        ),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "PATCH"])
def test_an_unknown_path_of_the_api_is_no_page(client: TestClient, method: str, path: str) -> None:
    assert_refused(client.request(method, path), 404)


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("GET", "/track-request", "POST, OPTIONS"),
        ("PUT", "/log-request", "POST, OPTIONS"),
        ("DELETE", "/api/public/v2/requests/5", "GET, HEAD, OPTIONS"),
        ("GET", "/api/public/v2/requests/search", "POST, OPTIONS"),
        ("POST", "/openapi.json", "GET, HEAD, OPTIONS"),
        ("TRACE", "/create-group", "POST, OPTIONS"),
    ],
)
def test_a_method_that_is_not_served_is_refused_with_those_that_are(
    client: TestClient, method: str, path: str, allow: str
) -> None:
    answer = client.request(method, path)
    assert_refused(answer, 405)
    assert answer.headers["allow"] == allow


def test_options_and_head_are_answered(client: TestClient, track: Track) -> None:
    answer = client.options("/track-request")
    assert (answer.status_code, answer.headers["allow"]) == (204, "POST, OPTIONS")
    assert "access-control-allow-origin" not in answer.headers
    assert client.head(f"/api/public/v2/requests/{track()}").status_code == 200
    assert client.head("/api/public/v2/requests/1").status_code == 404


def test_when_too_much_is_waiting_the_caller_is_asked_to_come_again(
    client: TestClient, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    from workbench.store.errors import Busy

    def busy(_row: Any) -> Any:
        raise Busy("Too much is waiting to be written; try again in a moment.")

    monkeypatch.setattr(store, "add", busy)
    answer = client.post("/track-request", json=log_body())
    assert_refused(answer, 429)
    assert answer.headers["retry-after"] == "1"


def test_a_failure_of_ours_is_an_object_too_and_is_logged(
    client: TestClient,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(_row: Any) -> Any:
        raise RuntimeError("the disk is on fire")

    monkeypatch.setattr(store, "add", broken)
    refused = assert_refused(client.post("/track-request", json=log_body()), 500)
    assert "fire" not in refused["message"]
    assert "the disk is on fire" in caplog.text


def test_a_call_that_a_normaliser_trips_over_is_kept_raw(
    track: Track, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from workbench.logs import intake

    def broken(_call: Any) -> Any:
        raise KeyError("choices")

    monkeypatch.setattr(intake, "normalise", broken)
    found = kept(track(tags=["stumbled"]))
    assert found.normaliser == "raw/1"
    assert found.summary.tags == ["stumbled"]
    assert json.loads(found.raw)["kwargs"]["model"] == "gpt-4o"
    assert "kept raw" in caplog.text


def test_what_is_refused_leaves_nothing_behind(client: TestClient, store: Store) -> None:
    before = search.newest_id(store.connection)
    for changes, _ in WRONG:
        client.post("/track-request", json=log_body(**changes))
    assert search.newest_id(store.connection) == before
