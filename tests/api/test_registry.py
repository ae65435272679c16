"""Prompt templates over HTTP: shapes, statuses, names, labels, folders, refusals."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from tests.api.conftest import Track, kept
from tests.server import KEY
from workbench.registry import ab, base_urls, finding, labels
from workbench.registry.names import check_name
from workbench.settings import settings
from workbench.store.store import Store

Publish = Callable[..., dict[str, Any]]
RECORDED = [
    "id",
    "prompt_name",
    "tags",
    "prompt_template",
    "commit_message",
    "metadata",
    "release_labels",
]
FETCHED = [
    *("id", "prompt_name", "tags", "workspace_id", "commit_message", "metadata"),
    *("prompt_template", "llm_kwargs", "provider_base_url", "custom_provider", "version"),
    *("snippets", "warning"),
]
ITEM = [
    *("id", "prompt_name", "tags", "folder_id", "prompt_template", "version", "commit_message"),
    *("metadata", "parent_folder_name", "full_folder_path"),
]


def chat(text: str = "Hello {name}", **more: Any) -> dict[str, Any]:
    message = {"role": "user", "content": [{"type": "text", "text": text}]}
    return {"type": "chat", "messages": [message], **more}


@pytest.fixture
def name() -> str:
    return f"greeting-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def publish(client: TestClient, name: str) -> Publish:
    """Publish as the package does: the whole body in both parts."""

    def send(prompt: Any = None, *, named: str = name, **more: Any) -> dict[str, Any]:
        body = {"prompt_name": named, "prompt_template": prompt or chat(), **more}
        answer = client.post(
            "/rest/prompt-templates",
            json={
                "prompt_template": body,
                "prompt_version": body,
                "release_labels": more.get("release_labels"),
            },
        )
        assert answer.status_code == 201, answer.text
        value: dict[str, Any] = answer.json()
        return value

    return send


def path(name: str) -> str:
    return f"/prompt-templates/{quote(name, safe='')}"


# Publishing


def test_a_published_template_answers_with_the_recorded_fields(publish: Publish, name: str) -> None:
    answer = publish(tags=["a"], commit_message="first", metadata={"team": "x"})
    assert list(answer) == RECORDED
    assert isinstance(answer["id"], int)
    assert (answer["prompt_name"], answer["tags"]) == (name, ["a"])
    assert (answer["commit_message"], answer["metadata"]) == ("first", {"team": "x"})
    assert answer["release_labels"] is None
    assert answer["prompt_template"]["input_variables"] == ["name"]
    assert publish(release_labels=["prod"])["release_labels"] == ["prod"]


def test_the_newer_fields_come_with_a_setting(
    all_fields: None, client: TestClient, publish: Publish, name: str
) -> None:
    answer = publish(chat('{"a": 1}'))
    assert list(answer) == [
        *RECORDED,
        *("prompt_version_id", "version_number", "external_ids", "warnings"),
    ]
    assert answer["version_number"] == 1
    assert "JSON object" in answer["warnings"][0]
    got = client.post(path(name), json={}).json()
    assert list(got)[: len(FETCHED)] == FETCHED
    assert {"provider_id", "request_id", "prompt_version_id", "ab_release"} <= set(got)
    items = client.get("/prompt-templates").json()["items"]
    assert {"external_ids", "is_snippet"} <= set(items[0])


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"prompt_name": "a/../b"}, "prompt_name"),
        ({"prompt_name": "a\x07b"}, "prompt_name"),
        ({"prompt_name": ""}, "prompt_name"),
        ({"prompt_name": 5}, "prompt_template.prompt_name"),
        ({"prompt_template": {"type": "poem"}}, "prompt_template.type"),
        ({"prompt_template": "text"}, "prompt_version.prompt_template"),
        ({"metadata": {"model": "gpt"}}, "metadata.model"),
        ({"release_labels": ["a@b"]}, "release_labels"),
        ({"commit_message": "x" * 1001}, "commit_message"),
        ({"tags": "a"}, "prompt_template.tags"),
    ],
)
def test_what_cannot_be_published_is_a_400_that_the_package_understands(
    client: TestClient, name: str, changes: dict[str, Any], field: str
) -> None:
    body = {"prompt_name": name, "prompt_template": chat(), **changes}
    answer = client.post(
        "/rest/prompt-templates",
        json={
            "prompt_template": body,
            "prompt_version": body,
            "release_labels": changes.get("release_labels"),
        },
    )
    assert answer.status_code == 400, answer.text
    assert answer.json()["field"] == field
    assert answer.json()["success"] is False
    assert client.get(path(name)).status_code == 404


def test_a_patch_is_a_new_version(client: TestClient, publish: Publish, name: str) -> None:
    made = publish(
        metadata={"model": {"provider": "openai", "name": "gpt-4o", "parameters": {"a": 1}}}
    )
    body = {
        "messages": {"0": {"role": "user", "content": "Patched {name}"}},
        "model_parameters": {"temperature": 0.5},
        "commit_message": "tuned",
        "release_labels": ["staging"],
    }
    answer = client.patch(f"/rest/prompt-templates/{made['id']}", json=body)
    assert answer.status_code == 201, answer.text
    assert list(answer.json()) == RECORDED
    got = client.post(path(name), json={"label": "staging", "input_variables": {"name": "Ada"}})
    assert got.json()["version"] == 2
    assert got.json()["llm_kwargs"]["messages"][0]["content"][0]["text"] == "Patched Ada"
    assert got.json()["llm_kwargs"]["temperature"] == 0.5
    refused: list[tuple[dict[str, Any], int]] = [
        ({"messages": {"9": {}}}, 400),
        ({"version": 1, "label": "staging"}, 400),
        ({"version": 9}, 404),
    ]
    for body, status in refused:
        answer = client.patch(f"/rest/prompt-templates/{quote(name)}", json=body)
        assert answer.status_code == status, answer.text
    assert client.patch("/rest/prompt-templates/nobody", json={}).status_code == 404


def test_the_older_calls_publish_and_get(client: TestClient, name: str) -> None:
    body = {"prompt_name": name, "prompt_template": chat(), "commit_message": "x", "tags": ["t"]}
    answer = client.post("/library-publish-prompt-template", json={**body, "api_key": KEY})
    assert answer.status_code == 200
    assert answer.json()["version"] == 1
    got = client.get("/library-get-prompt-template", params={"prompt_name": name, "version": 1})
    assert got.status_code == 200
    assert got.json()["prompt_template"]["messages"][0]["content"][0]["text"] == "Hello {name}"
    asked: list[tuple[dict[str, Any], int]] = [
        ({}, 422),
        ({"prompt_name": "nobody"}, 404),
        ({"prompt_name": name, "version": "x"}, 422),
        ({"prompt_name": name, "label": "prod"}, 404),
    ]
    for params, status in asked:
        answer = client.get("/library-get-prompt-template", params=params)
        assert answer.status_code == status, answer.text


def test_a_key_that_strayed_into_a_template_is_not_kept(
    client: TestClient, publish: Publish, name: str
) -> None:
    publish(chat(f"The key is {KEY}"), metadata={"api_key": KEY})
    assert KEY not in client.get(path(name)).text


# Getting


def test_a_template_is_got_with_the_recorded_fields(
    client: TestClient, publish: Publish, name: str
) -> None:
    made = publish(release_labels=["prod"])
    publish(chat("Two"))
    answer = client.post(path(name), json={"label": "prod", "input_variables": {"name": "Ada"}})
    assert answer.status_code == 200
    assert list(answer.json()) == FETCHED
    assert answer.json()["version"] == 1
    assert answer.json()["prompt_template"]["messages"][0]["content"] == [
        {"type": "text", "text": "Hello Ada"}
    ]
    assert answer.json()["llm_kwargs"] is None
    assert client.post(f"/prompt-templates/{made['id']}").json()["version"] == 2
    for body in ({"version": 3}, {"label": "dev"}):
        assert client.post(path(name), json=body).status_code == 404
    assert client.post(path("nobody"), json={}).status_code == 404


@pytest.mark.parametrize(
    "name",
    [
        "a/b",
        "a//b",
        "/a",
        "a/",
        "a:b",
        "test: x / y?z#w%20&=+",
        "приветствие",
        "漢字/é",
        "a.b",
        "a b",
        "x/labels",
    ],
)
def test_any_name_is_reached_encoded(client: TestClient, publish: Publish, name: str) -> None:
    assert check_name(name) == name
    publish(named=name)
    for answer in (client.post(path(name), json={}), client.get(path(name))):
        assert answer.status_code == 200, answer.text
        assert answer.json()["prompt_name"] == name
    assert client.get(f"{path(name)}/labels").status_code == 200


def test_a_name_with_slashes_is_reached_plain_too(client: TestClient, publish: Publish) -> None:
    publish(named="team/greeting")
    answer = client.post("/prompt-templates/team/greeting", json={})
    assert answer.json()["prompt_name"] == "team/greeting"


def test_a_text_that_cannot_be_filled_in_comes_as_it_is_with_a_warning(
    client: TestClient, publish: Publish, name: str
) -> None:
    publish(chat('{"a": 1} {name}'))
    answer = client.post(path(name), json={"input_variables": {"name": "Ada"}}).json()
    assert answer["prompt_template"]["messages"][0]["content"][0]["text"] == '{"a": 1} {name}'
    assert answer["warning"].startswith("Text left unrendered.")
    quiet = client.post(path(name), json={"skip_input_variable_rendering": True}).json()
    assert quiet["warning"] is None


def test_no_body_asks_for_the_newest_version(
    client: TestClient, publish: Publish, name: str
) -> None:
    publish()
    for content in (b"", b"null", b"{}", b" null "):
        answer = client.post(path(name), content=content)
        assert answer.status_code == 200, answer.text


def test_a_template_without_an_end_is_answered_with_its_text_and_a_warning(
    client: TestClient, publish: Publish, name: str
) -> None:
    loop = "{% for a in range(99999) %}{% for b in range(99999) %}{{ x }}{% endfor %}{% endfor %}"
    prompt = chat(loop)
    prompt["messages"][0]["template_format"] = "jinja2"
    publish(prompt)
    answer = client.post(path(name), json={"input_variables": {"x": "y"}})
    assert answer.status_code == 200
    assert answer.json()["prompt_template"]["messages"][0]["content"][0]["text"] == loop
    # Which limit ends it depends on how busy the machine is: that of CPU time or that of the clock.
    assert re.search("CPU time|seconds and was stopped", answer.json()["warning"])


def test_the_raw_template_keeps_or_resolves_its_snippets(
    client: TestClient, publish: Publish, name: str
) -> None:
    snippet = f"{name}-tone"
    tone = {"type": "completion", "content": [{"type": "text", "text": "Be {mood}"}]}
    made = publish(tone, named=snippet, release_labels=["prod"])
    model = {"model": {"provider": "openai", "name": "gpt-4o", "parameters": {}}}
    publish(chat(f"@@@{snippet}@label:prod@@@"), metadata=model)

    def text(**params: Any) -> str:
        answer = client.get(path(name), params=params)
        assert answer.status_code == 200, answer.text
        found: str = answer.json()["prompt_template"]["messages"][0]["content"][0]["text"]
        return found

    assert text() == "Be {mood}"
    assert text(resolve_snippets="false") == f"@@@{snippet}@label:prod@@@"
    answer = client.get(path(name), params={"include_llm_kwargs": "true"}).json()
    assert answer["llm_kwargs"]["messages"][0]["content"][0]["text"] == "Be {mood}"
    assert answer["snippets"] == [{"prompt_name": snippet, "version": 1, "label": "prod"}]
    assert answer["success"] is True
    usage = client.get(f"{path(snippet)}/snippet-usage").json()
    assert usage["snippet_name"] == snippet
    assert [each["prompt_name"] for each in usage["snippet_usage"]] == [name]
    assert usage["total_prompts_using_snippet"] == 1
    by_version = client.get(
        f"/prompt-templates/{made['id']}/snippet-usage", params={"prompt_version_number": 7}
    )
    assert by_version.json()["snippet_usage"] == []


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"version": "0"}, "version"),
        ({"version": "x"}, "version"),
        ({"version": "1", "label": "prod"}, "label"),
        ({"resolve_snippets": "perhaps"}, "resolve_snippets"),
    ],
)
def test_a_wrong_parameter_is_named(
    client: TestClient, publish: Publish, name: str, params: dict[str, str], field: str
) -> None:
    publish()
    answer = client.get(path(name), params=params)
    assert answer.status_code == 422
    assert answer.json()["field"] == field


def test_the_list_comes_in_pages_what_changed_last_first(
    client: TestClient, publish: Publish, name: str
) -> None:
    for number in range(3):
        publish(named=f"{name}-{number}", tags=[name, f"t{number}"], release_labels=["prod"])
    publish(chat("newer"), named=f"{name}-0")
    answer = client.get("/prompt-templates", params={"tags": name, "per_page": 2}).json()
    assert [each["prompt_name"] for each in answer["items"]] == [f"{name}-0", f"{name}-2"]
    assert list(answer["items"][0]) == ITEM
    assert (answer["items"][0]["version"], answer["total"], answer["pages"]) == (2, 3, 2)
    assert (answer["has_next"], answer["next_num"], answer["prev_num"]) == (True, 2, None)
    last = client.get("/prompt-templates", params={"tags": name, "per_page": 2, "page": 2}).json()
    assert [each["prompt_name"] for each in last["items"]] == [f"{name}-1"]
    assert (last["has_next"], last["has_prev"], last["prev_num"]) == (False, True, 1)
    both = client.get("/prompt-templates", params=[("tags", name), ("tags", "t1")]).json()
    assert both["total"] == 1
    labelled = client.get("/prompt-templates", params={"name": name.upper(), "label": "prod"})
    assert {each["prompt_name"]: each["version"] for each in labelled.json()["items"]} == {
        f"{name}-0": 1,
        f"{name}-1": 1,
        f"{name}-2": 1,
    }
    for params in ({"page": "0"}, {"per_page": "501"}, {"status": "x"}, {"created_after": "x"}):
        assert client.get("/prompt-templates", params=params).status_code == 422


# Labels


def test_labels_are_made_moved_listed_and_removed(
    client: TestClient, publish: Publish, name: str
) -> None:
    id_ = publish()["id"]
    publish()
    made = client.post(f"/prompts/{id_}/label", json={"prompt_version_number": 1, "name": "prod"})
    assert made.status_code == 200, made.text
    assert sorted(made.json()) == ["created_at", "id", "name", "prompt_id", "prompt_version_id"]
    label = made.json()["id"]
    moved = client.patch(f"/prompt-labels/{label}", json={"prompt_version_number": 2})
    assert moved.status_code == 200
    assert moved.json()["id"] == label
    listed = client.get(f"{path(name)}/labels").json()
    assert listed == {
        "release_labels": [
            {
                "prompt_version_id": moved.json()["prompt_version_id"],
                "prompt_version_number": 2,
                "release_label": "prod",
                "release_label_id": label,
            }
        ]
    }
    gone = client.delete(f"/prompt-labels/{label}")
    assert (gone.status_code, gone.content) == (204, b"")
    assert client.get(f"/prompt-templates/{id_}/labels").json() == {"release_labels": []}
    assert client.delete(f"/prompt-labels/{label}").status_code == 404
    assert (
        client.patch(f"/prompt-labels/{label}", json={"prompt_version_number": 1}).status_code
        == 404
    )
    for body, status in (
        ({"prompt_version_number": 9, "name": "prod"}, 404),
        ({"prompt_version_number": 1, "name": "a\nb"}, 422),
        ({"prompt_version_number": 1}, 422),
    ):
        assert client.post(f"/prompts/{id_}/label", json=body).status_code == status


def test_a_protected_label_is_a_conflict_until_somebody_else_approves(
    client: TestClient, store: Store, publish: Publish, name: str
) -> None:
    id_ = publish(release_labels=["live"])["id"]
    publish()
    labels.protect(store, "user:ada", "live", id_)
    label = labels.labels(store.connection, id_)[0].id
    answer = client.patch(f"/prompt-labels/{label}", json={"prompt_version_number": 2})
    assert answer.status_code == 409
    assert "waits for a second person" in answer.json()["message"]
    assert client.delete(f"/prompt-labels/{label}").status_code == 409
    assert publish(release_labels=["live", "dev"])["release_labels"] == ["dev"]
    assert client.post(path(name), json={"label": "live"}).json()["version"] == 1
    request = next(
        one
        for one in labels.waiting(store.connection, id_)
        if (one.kind, one.to_number) == ("move", 2)
    )
    labels.approve(store, "user:ada", request.id)
    assert client.post(path(name), json={"label": "live"}).json()["version"] == 2


def test_an_ab_release_serves_by_metadata_and_the_answer_says_which(
    client: TestClient, store: Store, publish: Publish, name: str
) -> None:
    id_ = publish()["id"]
    publish()
    beta = ab.Segment("beta", {"plan": ("beta",)}, (ab.Share(2, Decimal(100)),))
    ab.start(store, "user:ada", id_, ab.Release("prod", (ab.Share(1, Decimal(100)),), (beta,)))

    def version(**metadata: str) -> int:
        body = {"label": "prod", "metadata_filters": metadata}
        return int(client.post(path(name), json=body).json()["version"])

    assert (version(plan="beta"), version(plan="free"), version()) == (2, 1, 1)


# Folders


def test_folders_are_made_listed_moved_and_deleted(
    client: TestClient, publish: Publish, name: str
) -> None:
    base = "/api/public/v2/folders"
    outer = client.post(base, json={"name": name})
    assert outer.status_code == 201
    assert outer.json()["folder"]["path"] is None
    parent = outer.json()["folder"]["id"]
    inner = client.post(base, json={"name": "Inner", "parent_id": parent}).json()["folder"]
    assert inner["path"] == [{"id": parent, "name": name}]
    assert client.post(base, json={"name": "Inner", "parent_id": parent}).status_code == 400
    assert client.post(base, json={"name": "x", "parent_id": 5}).status_code == 404
    assert client.post(base, json={"name": ""}).status_code == 422
    found = client.get(f"{base}/resolve-id", params={"path": f"{name}.Inner", "workspace_id": 1})
    assert found.json() == {"id": inner["id"]}
    assert client.get(f"{base}/resolve-id", params={"path": "nothing"}).status_code == 404
    made = publish(folder_id=inner["id"])
    item = client.get("/prompt-templates", params={"name": name}).json()["items"][0]
    assert (item["parent_folder_name"], item["full_folder_path"]) == ("Inner", f"{name}/Inner")

    def entities(**params: Any) -> list[tuple[str, str]]:
        answer = client.get(f"{base}/entities", params=params)
        assert answer.status_code == 200, answer.text
        return [(each["type"], each["name"]) for each in answer.json()["entities"]]

    assert entities(folder_id=parent) == [("FOLDER", "Inner")]
    assert entities(folder_id=parent, flatten="true") == [("FOLDER", "Inner"), ("PROMPT", name)]
    assert entities(folder_id=parent, flatten="true", filter_type="PROMPT") == [("PROMPT", name)]
    detail = client.get(
        f"{base}/entities", params={"folder_id": inner["id"], "include_metadata": "true"}
    ).json()["entities"][0]
    assert detail["metadata"] == {"type": "chat", "latest_version_number": 1}
    assert detail["path"] == [name, "Inner"]
    moved = client.post(
        f"{base}/entities",
        json={"entities": [{"id": made["id"], "type": "PROMPT"}], "folder_id": parent},
    )
    assert moved.json() == {"moved_count": 1}
    assert entities(folder_id=parent) == [("FOLDER", "Inner"), ("PROMPT", name)]
    renamed = client.patch(f"{base}/{inner['id']}", json={"name": "Renamed"})
    assert renamed.json()["folder"]["name"] == "Renamed"
    gone = {"entities": [{"id": parent, "type": "FOLDER"}]}
    assert client.request("DELETE", f"{base}/entities", json=gone).status_code == 400
    answer = client.request("DELETE", f"{base}/entities", json={**gone, "cascade": True})
    assert answer.json() == {"moved_count": 3}
    assert client.get(path(name)).status_code == 404


# Requests and their templates


def test_a_logged_call_is_linked_to_the_template_that_made_it(
    client: TestClient, store: Store, publish: Publish, name: str, track: Track
) -> None:
    id_ = publish(release_labels=["prod"])["id"]
    publish()
    by_id = kept(track(prompt_id=id_, prompt_version=1))
    assert (by_id.summary.prompt_name, by_id.prompt_id) == (name, id_)
    by_name = kept(track(prompt_name=name))
    assert by_name.prompt_id == id_
    request = track()
    body = {"request_id": request, "prompt_name": name, "label": "prod"}
    assert client.post("/library-track-prompt", json=body).status_code == 200
    found = kept(request)
    assert (found.prompt_id, found.summary.prompt_version, found.prompt_label) == (id_, 1, "prod")
    unknown = {"request_id": request, "prompt_name": "elsewhere", "version": 3}
    assert client.post("/rest/track-prompt", json=unknown).status_code == 200
    found = kept(request)
    assert (found.summary.prompt_name, found.summary.prompt_version) == ("elsewhere", 3)
    assert found.prompt_id is None


def test_the_blueprint_of_a_logged_call_names_the_base_url_of_its_version(
    client: TestClient, store: Store, publish: Publish, name: str
) -> None:
    base_urls.save(store, "user:ada", "inside", "openai", "https://models.example/v1")
    id_ = publish(provider_base_url_name="inside")["id"]
    fetched = client.post(path(name), json={}).json()
    assert fetched["provider_base_url"]["url"] == "https://models.example/v1"
    assert list(fetched["provider_base_url"]) == ["id", "name", "provider", "url"]
    body = {
        "function_name": "openai.chat.completions.create",
        "provider_type": "openai",
        "kwargs": {"model": "gpt-4o", "messages": []},
        "request_response": {},
        "request_start_time": 1.0,
        "request_end_time": 2.0,
        "prompt_id": id_,
        "prompt_version": 1,
        "return_prompt_blueprint": True,
    }
    blueprint = client.post("/track-request", json=body).json()["prompt_blueprint"]
    assert blueprint["provider_base_url_name"] == "inside"


def test_nothing_is_told_or_done_without_a_key(
    anyone: TestClient, store: Store, publish: Publish, name: str
) -> None:
    publish()
    for method, at in (
        ("POST", path(name)),
        ("GET", path(name)),
        ("GET", "/prompt-templates"),
        ("POST", "/rest/prompt-templates"),
        ("GET", f"{path(name)}/labels"),
        ("DELETE", "/prompt-labels/5"),
        ("GET", "/api/public/v2/folders/entities"),
    ):
        body: dict[str, Any] | None = {} if method == "POST" else None
        assert anyone.request(method, at, json=body).status_code == 401
    assert finding.template(store.connection, name).deleted_at is None
    assert settings() is store.settings
