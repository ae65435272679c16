"""Datasets over HTTP: groups, versions from files and requests, drafts, rows, external ids."""

from __future__ import annotations

import base64
import itertools
import json
import threading
import time
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.api.conftest import Track
from workbench.datasets import from_files
from workbench.jobs.job import Job

V2 = "/api/public/v2"
_numbers = itertools.count()


def group(client: TestClient, **more: Any) -> dict[str, Any]:
    answer = client.post(f"{V2}/dataset-groups", json={"name": f"dataset {next(_numbers)}", **more})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def send_file(client: TestClient, group_id: int, name: str, content: bytes) -> Any:
    body = {
        "dataset_group_id": group_id,
        "file_name": name,
        "file_content_base64": base64.b64encode(content).decode(),
    }
    return client.post(f"{V2}/dataset-versions/from-file", json=body)


def saved(client: TestClient, dataset_id: int, group_id: int) -> dict[str, Any]:
    """The version once it is saved; fails where that does not come."""
    for _ in range(200):
        listed = client.get(f"{V2}/datasets", params={"dataset_group_id": group_id}).json()
        found: dict[str, Any] = next(one for one in listed["datasets"] if one["id"] == dataset_id)
        if found["version_number"] != -1:
            return found
        time.sleep(0.05)
    raise AssertionError("the version was not saved")


def rows(client: TestClient, dataset_id: int, **query: Any) -> dict[str, Any]:
    answer = client.get(f"{V2}/datasets/{dataset_id}/rows", params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_group_has_an_empty_draft_and_a_name_of_its_own(client: TestClient) -> None:
    made = group(client)
    assert made["dataset"]["version_number"] == -1
    again = client.post(f"{V2}/dataset-groups", json={"name": made["dataset_group"]["name"]})
    assert again.status_code == 409
    assert again.json()["success"] is False


def test_a_file_becomes_a_saved_version_with_its_rows(client: TestClient) -> None:
    group_id = group(client)["dataset_group"]["id"]
    content = (
        'question,expected\nWo ist mein Paket?,unterwegs\n荷物はどこ,"配送中, 明日"\n'.encode()
    )
    answer = send_file(client, group_id, "cases.csv", content)
    assert answer.status_code == 201, answer.text
    version = saved(client, answer.json()["dataset_id"], group_id)
    assert (version["version_number"], version["column_names"]) == (1, ["question", "expected"])
    page = rows(client, version["id"], per_page=1, page=2)
    assert (page["total"], page["pages"]) == (2, 2)
    assert [cell["value"] for cell in page["rows"][0]] == ["荷物はどこ", "配送中, 明日"]
    assert rows(client, version["id"], q="paket")["total"] == 1


def test_a_second_file_is_a_version_of_its_own_and_the_first_stays(client: TestClient) -> None:
    group_id = group(client)["dataset_group"]["id"]
    first = send_file(client, group_id, "a.json", b'[{"a": 1}, {"a": 2}]').json()["dataset_id"]
    saved(client, first, group_id)
    second = send_file(client, group_id, "b.json", b'[{"b": 3}]').json()["dataset_id"]
    assert saved(client, second, group_id)["version_number"] == 2
    assert rows(client, second)["columns"] == ["b"]
    assert rows(client, second)["total"] == 1
    assert rows(client, first)["total"] == 2


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"file_content_base64": "%%%"}, 400, "file_content_base64"),
        ({"file_content_base64": "AAEC"}, 400, "file_content_base64"),
        ({"file_content_base64": base64.b64encode(b"a,b\n").decode()}, 400, "file_content_base64"),
        ({"file_name": ""}, 422, "file_name"),
        ({"dataset_group_id": 0}, 422, "dataset_group_id"),
    ],
)
def test_a_wrong_file_is_refused_by_its_field(
    client: TestClient, change: dict[str, Any], status: int, field: str
) -> None:
    body = {
        "dataset_group_id": group(client)["dataset_group"]["id"],
        "file_name": "a.csv",
        "file_content_base64": "YQ==",
    }
    answer = client.post(f"{V2}/dataset-versions/from-file", json={**body, **change})
    assert (answer.status_code, answer.json()["field"]) == (status, field)
    # What is wrong is said of the file by its own name.
    assert "dataset-" not in answer.json()["message"]


def test_a_file_that_comes_while_another_one_does_waits_and_takes_nothing_from_it(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on = threading.Event()
    add = from_files.add

    def slowly(*given: Any) -> Any:
        goes_on.wait(20)
        return add(*given)

    monkeypatch.setattr(from_files, "add", slowly)
    group_id = group(client)["dataset_group"]["id"]
    body = {"dataset_group_id": group_id}
    first = send_file(client, group_id, "a.json", b'[{"a": 1}, {"a": 2}]')
    try:
        assert send_file(client, group_id, "b.json", b'[{"b": 3}]').status_code == 409
        for path in ("create-draft", "save-draft"):
            answer = client.post(f"{V2}/dataset-versions/{path}", json=body)
            assert (answer.status_code, "still coming" in answer.json()["message"]) == (409, True)
    finally:
        goes_on.set()
    version = saved(client, first.json()["dataset_id"], group_id)
    assert (version["version_number"], version["column_names"]) == (1, ["a"])
    assert rows(client, version["id"])["total"] == 2
    second = send_file(client, group_id, "b.json", b'[{"b": 3}]')
    assert saved(client, second.json()["dataset_id"], group_id)["version_number"] == 2


def test_whoever_sees_a_saved_version_may_send_the_next_file(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    end = Job.end

    def late(self: Job[Any], *given: Any, **named: Any) -> None:
        time.sleep(0.5)
        end(self, *given, **named)

    monkeypatch.setattr(Job, "end", late)
    group_id = group(client)["dataset_group"]["id"]
    for number in (1, 2):
        sent = send_file(client, group_id, f"{number}.json", b'[{"a": 1}]')
        assert sent.status_code == 201, sent.text
        version = saved(client, sent.json()["dataset_id"], group_id)
        assert version["version_number"] == number


@pytest.mark.parametrize("wanted", [{"q": "nobody said this"}, {"request_log_ids": [1, 2]}])
def test_no_version_is_begun_of_requests_that_there_are_not(
    client: TestClient, wanted: dict[str, Any]
) -> None:
    body = {"dataset_group_id": group(client)["dataset_group"]["id"], **wanted}
    answer = client.post(f"{V2}/dataset-versions/from-filter-params", json=body)
    assert (answer.status_code, answer.json()["message"]) == (
        422,
        "No request matches: no version was made.",
    )


def test_a_path_in_a_files_name_leads_nowhere(client: TestClient) -> None:
    group_id = group(client)["dataset_group"]["id"]
    answer = send_file(client, group_id, "../../../etc/cases.json", b'[{"a": 1}]')
    assert answer.status_code == 201
    saved(client, answer.json()["dataset_id"], group_id)


def test_requests_of_a_filter_become_rows_with_their_answers(
    client: TestClient, track: Track
) -> None:
    tag = f"cases-{next(_numbers)}"
    ids = [track(tags=[tag]) for _ in range(3)]
    group_id = group(client)["dataset_group"]["id"]
    wanted = {"filters": [{"field": "tags", "operator": "contains", "value": tag}]}
    answer = client.post(
        f"{V2}/dataset-versions/from-filter-params",
        json={"dataset_group_id": group_id, "filter_group": wanted, "limit": 2},
    )
    assert answer.status_code == 201, answer.text
    version = saved(client, answer.json()["dataset_id"], group_id)
    assert rows(client, version["id"])["total"] == 2
    assert {"messages", "output"} <= set(version["column_names"])
    one = client.post(
        f"{V2}/dataset-versions/from-filter-params",
        json={
            "dataset_group_id": group_id,
            "request_log_ids": ids[:1],
            "variables_to_parse": ["output"],
        },
    )
    assert saved(client, one.json()["dataset_id"], group_id)["column_names"] == ["output"]


def test_a_draft_takes_a_request_and_is_saved(client: TestClient, track: Track) -> None:
    group_id = group(client)["dataset_group"]["id"]
    body = {"dataset_group_id": group_id}
    draft = client.post(f"{V2}/dataset-versions/create-draft", json=body)
    assert draft.status_code == 201, draft.text
    added = client.post(
        f"{V2}/dataset-versions/add-request-log", json={**body, "request_log_id": track()}
    )
    assert added.status_code == 201, added.text
    assert added.json()["draft_dataset_id"] == draft.json()["draft_dataset_id"]
    assert client.post(f"{V2}/dataset-versions/create-draft", json=body).status_code == 409
    answer = client.post(f"{V2}/dataset-versions/save-draft", json=body)
    assert answer.status_code == 202
    version = saved(client, answer.json()["draft_dataset_id"], group_id)
    assert rows(client, version["id"])["total"] == 1
    copied = client.post(
        f"{V2}/dataset-versions/create-draft", json={**body, "source_dataset_id": version["id"]}
    )
    assert copied.status_code == 202
    assert rows(client, copied.json()["draft_dataset_id"])["total"] == 1


def test_a_draft_that_is_not_there_and_a_request_that_is_not_are_not_found(
    client: TestClient,
) -> None:
    group_id = group(client)["dataset_group"]["id"]
    body = {"dataset_group_id": group_id}
    missing = client.post(
        f"{V2}/dataset-versions/add-request-log", json={**body, "request_log_id": 999}
    )
    assert missing.status_code == 404
    client.post(f"{V2}/dataset-versions/save-draft", json=body)
    assert client.post(f"{V2}/dataset-versions/save-draft", json=body).status_code == 404
    unknown = client.post(f"{V2}/dataset-versions/save-draft", json={"dataset_group_id": 5})
    assert unknown.status_code == 404


def test_external_ids_name_one_dataset_and_find_it(client: TestClient) -> None:
    name = f"crm/{next(_numbers)} ä"
    mine = {"source": "crm", "external_id": name}
    made = group(client, external_ids=[mine])
    group_id = made["dataset_group"]["id"]
    assert made["external_ids"] == [mine]
    found = client.get(f"{V2}/datasets", params={"external_source": "crm", "external_id": name})
    assert [one["dataset_group_id"] for one in found.json()["datasets"]] == [group_id]
    other = group(client)["dataset_group"]["id"]
    path = f"{V2}/dataset-groups/{other}/external-ids"
    assert client.post(path, json=mine).status_code == 409
    second = {"source": "git", "external_id": name}
    assert client.post(path, json=second).status_code == 201
    assert client.get(path).json()["external_ids"] == [second]
    from urllib.parse import quote

    assert client.delete(f"{path}/git/{quote(name, safe='')}").status_code == 200
    assert client.get(path).json()["external_ids"] == []
    assert client.delete(f"{path}/git/{quote(name, safe='')}").status_code == 404


def test_nothing_is_read_or_made_without_a_key(anyone: TestClient) -> None:
    assert anyone.post(f"{V2}/dataset-groups", json={"name": "x"}).status_code == 401
    assert anyone.get(f"{V2}/datasets").status_code == 401
    assert anyone.get(f"{V2}/datasets/1/rows").status_code == 401
    assert json.loads(anyone.get(f"{V2}/evaluations").content)["success"] is False
