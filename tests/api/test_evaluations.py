"""Evaluations over HTTP: made with columns, run to their end, scored, listed, edited, removed."""

from __future__ import annotations

import itertools
import time
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.api.test_datasets import V2, group, saved, send_file

_numbers = itertools.count()
CASES = (
    b'[{"question": "alpha", "expected": "alpha"}, {"question": "beta", "expected": "gamma"},'
    b' {"question": "delta", "expected": "delta"}]'
)
IS_SAME = {
    "column_type": "COMPARE",
    "name": "same",
    "configuration": {
        "sources": ["question", "expected"],
        "comparison_type": {"type": "STRING"},
    },
}


@pytest.fixture(scope="module")
def dataset(client: TestClient) -> int:
    group_id: int = group(client)["dataset_group"]["id"]
    made = send_file(client, group_id, "cases.json", CASES).json()["dataset_id"]
    saved(client, made, group_id)
    return group_id


def report(client: TestClient, dataset: int, **more: Any) -> dict[str, Any]:
    body = {"dataset_group_id": dataset, "name": f"evaluation {next(_numbers)}", **more}
    answer = client.post("/reports", json=body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def run(client: TestClient, report_id: int, **more: Any) -> int:
    answer = client.post(f"/reports/{report_id}/run", json={"name": "batch", **more})
    assert answer.status_code == 201, answer.text
    return int(answer.json()["report_id"])


def ended(client: TestClient, report_id: int) -> dict[str, Any]:
    for _ in range(400):
        found: dict[str, Any] = client.get(f"/reports/{report_id}").json()
        if found["status"] == "COMPLETED":
            return found
        time.sleep(0.05)
    raise AssertionError(f"the run did not end: {found}")


def test_a_report_is_made_run_and_scored(client: TestClient, dataset: int) -> None:
    made = report(client, dataset, columns=[IS_SAME])
    assert [one["name"] for one in made["report_columns"]] == ["same"]
    before = client.get(f"/reports/{made['report_id']}").json()
    assert before["report"]["is_blueprint"] is True
    assert [one["name"] for one in before["report_columns"]] == ["question", "expected", "same"]
    assert len({int(one["id"]) for one in before["report_columns"]}) == 3
    assert client.get(f"/reports/{made['report_id']}/score").status_code == 400

    run_id = run(client, made["report_id"])
    told = ended(client, run_id)
    assert told["report"]["parent_report_id"] == made["report_id"]
    assert told["stats"]["status_counts"] == {
        "COMPLETED": 3,
        "FAILED": 0,
        "QUEUED": 0,
        "RUNNING": 0,
    }
    score = client.get(f"/reports/{run_id}/score").json()["score"]
    assert score["score_type"] == "single_column"
    assert score["overall_score"] == pytest.approx(200 / 3)
    # A column's own score is in the same measure.
    assert told["report_columns"][-1]["score"] == pytest.approx(200 / 3)

    page = client.get(f"{V2}/evaluations/{run_id}/rows").json()
    assert page["columns"] == ["question", "expected", "same"]
    assert [row[2]["status"] for row in page["rows"]] == ["PASSED", "NOT_PASSED", "PASSED"]
    assert [row[2]["value"] for row in page["rows"]] == [True, False, True]


def test_running_again_is_a_run_of_its_own(client: TestClient, dataset: int) -> None:
    report_id = report(client, dataset, columns=[IS_SAME])["report_id"]
    first, second = run(client, report_id), None
    ended(client, first)
    second = run(client, report_id)
    assert first != second
    ended(client, second)
    assert client.get(f"/reports/{first}").json()["status"] == "COMPLETED"
    listed = client.get(f"{V2}/evaluations", params={"include_runs": True, "per_page": 100})
    mine = next(one for one in listed.json()["evaluations"] if one["id"] == report_id)
    assert {one["id"] for one in mine["runs"]} == {first, second}


def test_columns_are_added_moved_renamed_and_removed(client: TestClient, dataset: int) -> None:
    report_id = report(client, dataset, columns=[IS_SAME])["report_id"]
    count = {
        "report_id": report_id,
        "column_type": "COUNT",
        "name": "length",
        "configuration": {"source": "question", "type": "chars"},
        "position": 2,
    }
    added = client.post("/report-columns", json=count)
    assert added.status_code == 201, added.text
    assert added.json()["report_column"]["position"] == 2
    assert client.post("/report-columns", json=count).status_code == 400
    over = client.post("/report-columns", json={**count, "name": "x", "position": 0})
    assert over.status_code == 403
    id_ = added.json()["report_column"]["id"]
    change = {
        "report_id": report_id,
        "column_type": "COUNT",
        "name": "words",
        "configuration": {"source": "question", "type": "words"},
        "position": 3,
    }
    edited = client.patch(f"/report-columns/{id_}", json=change)
    assert edited.status_code == 200, edited.text
    told = edited.json()["report_column"]
    assert (told["name"], told["position"], told["configuration"]["type"]) == ("words", 3, "words")
    names = [one["name"] for one in client.get(f"/reports/{report_id}").json()["report_columns"]]
    assert names == ["question", "expected", "same", "words"]
    other = client.patch(
        f"/report-columns/{id_}", json={"report_id": report_id, "column_type": "REGEX"}
    )
    assert other.status_code == 400
    assert client.delete(f"/report-columns/{id_}").status_code == 204
    assert client.delete(f"/report-columns/{id_}").status_code == 404


@pytest.mark.parametrize(
    "column",
    [
        {**IS_SAME, "configuration": {"sources": ["question", "nowhere"]}},
        {**IS_SAME, "column_type": "WORKFLOW", "configuration": {}},
        {**IS_SAME, "configuration": {"sources": "question"}},
    ],
)
def test_a_column_that_cannot_run_is_refused_with_a_reason(
    client: TestClient, dataset: int, column: dict[str, Any]
) -> None:
    answer = client.post("/reports", json={"dataset_group_id": dataset, "columns": [column]})
    assert answer.status_code == 400
    assert answer.json()["message"]
    report_id = report(client, dataset)["report_id"]
    added = client.post("/report-columns", json={"report_id": report_id, **column})
    assert (added.status_code, bool(added.json()["message"])) == (400, True)


def test_a_dataset_without_a_saved_version_makes_no_evaluation(client: TestClient) -> None:
    group_id = group(client)["dataset_group"]["id"]
    answer = client.post("/reports", json={"dataset_group_id": group_id})
    assert answer.status_code == 400
    assert "no published version" in answer.json()["message"]


def test_a_cell_that_failed_says_why(client: TestClient, dataset: int) -> None:
    number = {
        "column_type": "PARSE_VALUE",
        "name": "number",
        "configuration": {"source": "question", "type": "number"},
    }
    run_id = run(client, report(client, dataset, columns=[number])["report_id"])
    ended(client, run_id)
    cells = [row[-1] for row in client.get(f"{V2}/evaluations/{run_id}/rows").json()["rows"]]
    assert {cell["status"] for cell in cells} == {"FAILED"}
    assert all(cell["error_message"] for cell in cells)


def test_a_score_of_several_columns_and_of_code(client: TestClient, dataset: int) -> None:
    count = {
        "column_type": "COUNT",
        "name": "length",
        "configuration": {"source": "question", "type": "chars"},
    }
    report_id = report(client, dataset, columns=[IS_SAME, count])["report_id"]
    ended(client, run(client, report_id))
    assert client.get(f"/reports/{report_id}/score").json()["score"]["details"]["score"] == (
        pytest.approx(14 / 3)
    )
    card = client.patch(
        f"/reports/{report_id}/score-card", json={"column_names": ["same", "length"]}
    )
    assert card.status_code == 200, card.text
    # In the reference a score's settings are its code.
    assert card.json()["report"]["score_configuration"] is None
    assert card.json()["report"]["column_names"] == ["same", "length"]
    score = client.get(f"/reports/{report_id}/score").json()["score"]
    assert score["score_type"] == "multi_column"
    assert [one["column_name"] for one in score["details"]["columns"]] == ["same", "length"]
    javascript = client.patch(
        f"/reports/{report_id}/score-card",
        json={"column_names": [], "code": "return 1", "code_language": "JAVASCRIPT"},
    )
    assert javascript.status_code == 422


def test_a_report_is_renamed_and_removed_by_id_and_by_name(
    client: TestClient, dataset: int
) -> None:
    report_id = report(client, dataset)["report_id"]
    name = f"ein Name / {next(_numbers)}"
    assert client.patch(f"/reports/{report_id}/rename", json={"name": name}).status_code == 200
    assert client.get(f"/reports/{report_id}").json()["report"]["name"] == name
    from urllib.parse import quote

    assert client.delete(f"/reports/name/{quote(name, safe='')}").status_code == 200
    assert client.get(f"/reports/{report_id}").status_code == 404
    second = report(client, dataset)["report_id"]
    assert client.delete(f"/reports/{second}").status_code == 200
    assert client.delete(f"/reports/{second}").status_code == 404


def test_a_report_is_given_tags_with_its_name_and_without(client: TestClient, dataset: int) -> None:
    report_id = report(client, dataset)["report_id"]
    path = f"/reports/{report_id}/rename"
    both = client.patch(path, json={"name": "Support", "tags": ["prod", " eu  west", "prod"]})
    assert both.json()["report"] == {
        "id": report_id,
        "name": "Support",
        "tags": ["prod", "eu west"],
    }
    assert client.get(f"/reports/{report_id}").json()["report"]["tags"] == ["prod", "eu west"]
    named = client.patch(path, json={"name": "Help"}).json()["report"]
    assert (named["name"], named["tags"]) == ("Help", ["prod", "eu west"])
    cleared = client.patch(path, json={"tags": []}).json()["report"]
    assert (cleared["name"], cleared["tags"]) == ("Help", [])
    assert client.get(f"/reports/{report_id}").json()["report"]["tags"] is None
    assert client.patch(path, json={}).status_code == 400
    assert client.patch(path, json={"tags": ["x" * 300]}).status_code in (400, 422)


def test_an_evaluation_without_columns_or_dataset_says_why_it_does_not_run(
    client: TestClient, dataset: int
) -> None:
    report_id = report(client, dataset)["report_id"]
    answer = client.post(f"/reports/{report_id}/run", json={"name": "x"})
    assert answer.status_code == 400
    assert answer.json()["message"]
    assert client.post("/reports", json={"dataset_group_id": 77}).status_code == 404


def test_external_ids_of_evaluations(client: TestClient, dataset: int) -> None:
    mine = {"source": "ci", "external_id": f"pipeline {next(_numbers)}"}
    report_id = report(client, dataset, external_ids=[mine])["report_id"]
    assert client.get(f"/reports/{report_id}/external-ids").json()["external_ids"] == [mine]
    found = client.get(f"{V2}/evaluations", params={"external_source": "ci"}).json()
    assert report_id in [one["id"] for one in found["evaluations"]]
