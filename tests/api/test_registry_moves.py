"""Preflight, approvals and A/B releases over HTTP, each with what it refuses."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from tests.api.conftest import Track
from workbench.registry import labels, publishing
from workbench.registry.publishing import Draft
from workbench.store.store import Store

BASE = "/api/workbench"


@pytest.fixture
def name() -> str:
    return f"team / greeting-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def publish(store: Store, name: str) -> Callable[..., int]:
    def send(text: str, *released: str) -> int:
        prompt = {"type": "chat", "messages": [{"role": "user", "content": text}]}
        draft = Draft(name=name, prompt=prompt, labels=released)
        return publishing.publish(store, "user:ada", draft).template.id

    return send


def of(name: str, what: str) -> str:
    return f"{BASE}/prompts/{quote(name, safe='')}/{what}"


def test_logged_inputs_are_tried_on_the_version_to_come(
    client: TestClient, publish: Callable[..., int], name: str, track: Track
) -> None:
    id_ = publish("Hello {name}", "prod")
    publish("Hello {name} of {city}")
    for each in ("Ada", "Bob", "Cy"):
        track(prompt_id=id_, prompt_input_variables={"name": each})
    body = {"version": 2, "label": "prod"}
    found = client.post(of(name, "preflight"), json=body).json()
    assert (found["from_version"], found["to_version"], found["tried"]) == (1, 2, 3)
    assert found["variables"]["missing"] == {"city": 3}
    assert found["variables"]["new"] == ["city"]
    assert "Without a value: city (3 requests)." in found["remarks"]
    one = client.post(of(name, "preflight"), json={**body, "last": 1}).json()
    assert one["tried"] == 1
    by_id = client.post(of(str(id_), "preflight"), json={"version": 1}).json()
    assert (by_id["clear"], by_id["label"]) == (True, None)


@pytest.mark.parametrize(
    ("body", "status"),
    [({}, 422), ({"version": 9}, 404), ({"version": 1, "last": 0}, 422), ({"version": "1"}, 422)],
)
def test_a_preflight_that_cannot_be_is_refused(
    client: TestClient, publish: Callable[..., int], name: str, body: dict[str, Any], status: int
) -> None:
    publish("Hello")
    assert client.post(of(name, "preflight"), json=body).status_code == status
    assert client.post(of("nothing here", "preflight"), json={"version": 1}).status_code == 404


def test_what_a_page_asked_for_is_approved_with_a_key(
    client: TestClient, anyone: TestClient, store: Store, publish: Callable[..., int], name: str
) -> None:
    id_ = publish("Hello", "prod")
    publish("Good day")
    labels.protect(store, "page", "prod", id_)
    asked = labels.move_label(store, "page", id_, "prod", 2, "calmer")
    assert asked.request is not None
    items = client.get(f"{BASE}/label-requests", params={"prompt": name}).json()["items"]
    assert [(one["id"], one["requested_by"], one["note"]) for one in items] == [
        (asked.request.id, "page", "calmer")
    ]
    place = f"{BASE}/label-requests/{asked.request.id}"
    assert anyone.post(f"{place}/approve").status_code == 401
    assert client.post(f"{place}/withdraw").status_code == 422
    decided = client.post(f"{place}/approve").json()
    assert (decided["decision"], decided["prompt_name"]) == ("approved", name)
    assert decided["decided_by"].startswith("key:")
    assert labels.labels(store.connection, id_)[0].number == 2
    assert client.post(f"{place}/reject").status_code == 422
    assert client.get(f"{BASE}/label-requests?prompt={id_}").json()["items"] == []


def test_who_asked_with_a_key_does_not_approve_with_it(
    client: TestClient, store: Store, publish: Callable[..., int], name: str
) -> None:
    id_ = publish("Hello", "prod")
    publish("Good day")
    labels.protect(store, "page", "prod", id_)
    asked = client.post(of(name, "labels"), json={"label": "prod", "version": 2}).json()
    assert (asked["waits"], asked["to_version"]) == (True, 2)
    refused = client.post(f"{BASE}/label-requests/{asked['request_id']}/approve")
    assert refused.status_code == 422
    assert "somebody other than key:" in refused.json()["message"]
    labels.reject(store, "page", asked["request_id"])
    free = client.post(of(name, "labels"), json={"label": "beta", "version": 1}).json()
    assert (free["waits"], free["from_version"]) == (False, None)


def test_a_release_is_started_changed_and_ended(
    client: TestClient, store: Store, publish: Callable[..., int], name: str
) -> None:
    id_ = publish("Hello", "prod")
    publish("Good day")
    release = {
        "label": "prod",
        "shares": [{"version": 1, "percent": 90}, {"version": 2, "percent": "10"}],
        "segments": [
            {
                "name": "staff",
                "when": {"team": ["internal"], "plan": ["pro", "max"]},
                "shares": [{"version": 2, "percent": 100}],
            }
        ],
        "sticky_key": "user_id",
    }
    started = client.post(of(name, "releases"), json={"release": release})
    assert started.status_code == 201
    assert started.json()["running"] is True

    def version(**metadata: str) -> int:
        body = {"label": "prod", "metadata_filters": metadata}
        got = client.post(f"/prompt-templates/{quote(name, safe='')}", json=body)
        return int(got.json()["version"])

    assert version(team="internal", plan="max") == 2
    release["shares"] = [{"version": 1, "percent": 100}]
    assert client.post(of(name, "releases"), json={"release": release}).status_code == 201
    assert version(team="internal", plan="free", user_id="u1") == 1
    listed = client.get(of(name, "releases")).json()["items"]
    assert [one["running"] for one in listed] == [True, False]
    release["shares"] = [{"version": 1, "percent": 60}]
    wrong = client.post(of(name, "releases"), json={"release": release})
    assert (wrong.status_code, wrong.json()["field"]) == (422, "shares")
    assert client.post(of(name, "releases/end"), json={"label": "prod"}).status_code == 200
    assert client.post(of(name, "releases/end"), json={"label": "prod"}).status_code == 404
    labels.protect(store, "page", "prod", id_)
    release["shares"] = [{"version": 2, "percent": 100}]
    waits = client.post(of(name, "releases"), json={"release": release})
    assert waits.status_code == 409
