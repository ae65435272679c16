"""Exports over HTTP: start, follow, fetch in ranges, links that end, refusals with their place."""

from __future__ import annotations

import hashlib
import time
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.api.conftest import Track
from workbench.datasets.adding import Target, add_by_hand
from workbench.export import links
from workbench.export.jobs import jobs_of
from workbench.store.datasets import NewRow
from workbench.store.store import open_store

BASE = "/api/workbench/exports"


@pytest.fixture
def made(client: TestClient, track: Track) -> dict[str, Any]:
    """An export that is done, of three requests with a tag of their own."""
    for _ in range(3):
        track(tags=["to-export"])
    group = {"filters": [{"field": "tags", "operator": "contains", "value": "to-export"}]}
    answer = client.post(BASE, json={"format": "jsonl", "filter_group": group, "name": "mine"})
    assert answer.status_code == 201, answer.text
    jobs_of(open_store()).wait(answer.json()["id"])
    found: dict[str, Any] = client.get(f"{BASE}/{answer.json()['id']}").json()
    assert found["status"] == "done", found
    return found


def test_an_export_is_followed_to_its_files(
    client: TestClient, anyone: TestClient, made: dict[str, Any]
) -> None:
    assert made["rows_written"] == made["rows_expected"] >= 3
    assert made["created_by"].startswith("key:")
    listed = client.get(BASE).json()["items"]
    assert listed[0]["id"] == made["id"]
    (file,) = made["files"]
    # The link alone is enough.
    answer = anyone.get(file["link"])
    assert answer.status_code == 200
    assert hashlib.sha256(answer.content).hexdigest() == file["sha256"]
    assert answer.headers["content-encoding"] == "identity"
    assert 'filename="mine.jsonl"' in answer.headers["content-disposition"]
    with_key = client.get(f"{BASE}/{made['id']}/file?name=manifest.json").json()
    assert with_key["rows"]["written"] == made["rows_written"]


def test_a_download_goes_on_where_it_broke_off(anyone: TestClient, made: dict[str, Any]) -> None:
    link = made["files"][0]["link"]
    whole = anyone.get(link)
    half = len(whole.content) // 2
    rest = anyone.get(link, headers={"Range": f"bytes={half}-", "If-Range": whole.headers["etag"]})
    assert rest.status_code == 206
    assert whole.content[:half] + rest.content == whole.content


@pytest.mark.parametrize("change", ["name", "expires", "signature", "id"])
def test_a_link_that_was_changed_is_refused(
    anyone: TestClient, made: dict[str, Any], change: str
) -> None:
    link = made["files"][0]["link"]
    link = {
        "name": link.replace("mine.jsonl", "manifest.json"),
        "expires": link.replace("expires=1", "expires=2"),
        "signature": link[:-1] + ("0" if link[-1] != "0" else "1"),
        "id": link.replace(str(made["id"]), str(made["id"] + 1)),
    }[change]
    assert anyone.get(link).status_code == 401


def test_a_link_ends(anyone: TestClient, made: dict[str, Any]) -> None:
    link = links.signed(made["id"], "mine.jsonl", time.time() - links.SECONDS - 1)
    assert anyone.get(link).status_code == 401
    assert anyone.get(f"{BASE}/{made['id']}/file?name=mine.jsonl").status_code == 401


def test_what_is_not_there_is_not_found(client: TestClient, made: dict[str, Any]) -> None:
    file = f"{BASE}/{made['id']}/file?name="
    assert client.get(f"{file}../../workbench.duckdb").status_code == 404
    assert client.get(f"{file}other.csv").status_code == 404
    assert client.get(f"{BASE}/1").status_code == 404
    assert client.get(f"{BASE}/x").status_code == 422


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"format": "xml"}, "format"),
        ({"tuning": {"near_duplicates": 2}}, "tuning.near_duplicates"),
        ({"filter_group": {"filters": [{"field": "nope"}]}}, "filter_group"),
        ({"name": "../x"}, "name"),
        ({"source": "prompts", "format": "openai"}, "format"),
        ({"source": "prompts", "columns": ["raw"]}, "columns"),
        ({"unknown": 1}, "unknown"),
        ({"format": "openai", "tuning": {"prompt_column": "q"}}, "tuning.prompt_column"),
        ({"source": "datasets", "format": "openai"}, "dataset"),
    ],
)
def test_what_makes_no_export_is_refused_with_its_place(
    client: TestClient, body: dict[str, Any], field: str
) -> None:
    for path in (BASE, f"{BASE}/preview"):
        answer = client.post(path, json=body)
        assert answer.status_code == 422, answer.text
        assert field in answer.text


def test_a_pack_is_made_of_a_datasets_columns(client: TestClient) -> None:
    rows = [NewRow({"q": "Where?", "gold": "Here."}), NewRow({"q": "Who?"})]
    made = add_by_hand(open_store(), "user:tester", Target(name="For a pack"), rows)
    body = {
        "source": "datasets",
        "dataset": made.dataset_id,
        "version": made.number,
        "format": "openai",
        "tuning": {"prompt_column": "q"},
    }
    refused = client.post(BASE, json=body)
    assert refused.status_code == 422
    assert "tuning.answer_column" in refused.text
    body["tuning"] = {"prompt_column": "q", "answer_column": "gold"}
    told = client.post(f"{BASE}/preview", json=body).json()
    assert told["left_out"] == {"missing value": 1}
    answer = client.post(BASE, json=body)
    assert answer.status_code == 201, answer.text
    jobs_of(open_store()).wait(answer.json()["id"])
    found = client.get(f"{BASE}/{answer.json()['id']}").json()
    assert (found["status"], found["rows_written"], found["rows_expected"]) == ("done", 1, 2)
    assert found["spec"] == body


def test_a_preview_writes_nothing(client: TestClient, made: dict[str, Any]) -> None:
    before = len(client.get(BASE).json()["items"])
    found = client.post(f"{BASE}/preview", json={"format": "openai", "masking": {}}).json()
    assert found["rows"] >= 3
    assert found["sampled"] == found["rows"]
    assert len(client.get(BASE).json()["items"]) == before


def test_a_removed_export_has_no_files(client: TestClient, made: dict[str, Any]) -> None:
    assert client.delete(f"{BASE}/{made['id']}").json() == {"removed": made["id"]}
    assert client.get(made["files"][0]["link"]).status_code == 404
    assert client.get(f"{BASE}/{made['id']}").status_code == 404


def test_nobody_without_a_key_exports(anyone: TestClient) -> None:
    assert anyone.post(BASE, json={}).status_code == 401
    assert anyone.get(BASE).status_code == 401
