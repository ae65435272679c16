from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.server import KEY, application, log_body, store_in_process
from workbench.store import requests
from workbench.store.rows import Detail
from workbench.store.store import Store, open_store


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    database: Path = tmp_path_factory.mktemp("api") / "workbench.duckdb"
    with store_in_process(str(database), WORKBENCH_TIME_ZONE="Europe/Berlin") as store:
        yield store


@pytest.fixture(scope="module")
def anyone(store: Store) -> Iterator[TestClient]:
    """A client without a key."""
    with TestClient(application(), base_url="http://localhost") as client:
        yield client


@pytest.fixture(scope="module")
def client(store: Store) -> Iterator[TestClient]:
    with TestClient(
        application(), base_url="http://localhost", headers={"X-API-KEY": KEY}
    ) as client:
        yield client


@pytest.fixture
def all_fields(store: Store) -> Iterator[None]:
    object.__setattr__(store.settings, "answer_fields", "all")
    yield
    object.__setattr__(store.settings, "answer_fields", "recorded")


Track = Callable[..., int]


@pytest.fixture
def track(client: TestClient) -> Track:
    """Log a request (fields replaced as given) and get its id; each is a record of its own."""
    count = iter(range(10**9))

    def send(**changes: Any) -> int:
        body = log_body(**{"span_id": f"{id(client)}-{next(count)}", **changes})
        answer = client.post("/track-request", json=body)
        assert answer.status_code == 200, answer.text
        return int(answer.json()["request_id"])

    return send


def kept(request_id: int) -> Detail:
    found = requests.get(open_store().connection, request_id)
    assert found is not None, f"request {request_id} is not in the store"
    return found
