"""A call that is sent again is one record: at once, at the same time, after a restart."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import httpx

from tests.server import application, log_body, running, store_in_process
from workbench.filters import Filter
from workbench.store import search


def test_the_same_body_many_times_at_once_is_one_record(tmp_path: Path) -> None:
    async def send() -> list[int]:
        transport = httpx.ASGITransport(application())
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            answers = await asyncio.gather(
                *(client.post("/track-request", json=log_body(span_id="twin")) for _ in range(50))
            )
        return [int(answer.json()["request_id"]) for answer in answers]

    with store_in_process(str(tmp_path / "workbench.duckdb")) as store:
        ids = asyncio.run(send())
        assert len(ids) == 50
        assert len(set(ids)) == 1
        assert search.count(store.connection, Filter(), now=datetime.now(UTC)) == 1


def test_the_same_body_after_a_restart_is_the_same_record(tmp_path: Path) -> None:
    database = str(tmp_path / "workbench.duckdb")
    body, own = log_body(span_id="before"), log_body(client_record_id="mine")
    with running(database) as server:
        first = httpx.post(f"{server.url}/track-request", json=body).json()["request_id"]
        first_own = httpx.post(f"{server.url}/track-request", json=own).json()["request_id"]
        server.stop()
        server.start()
        again = httpx.post(f"{server.url}/track-request", json=body).json()["request_id"]
        own["tags"] = ["changed"]
        again_own = httpx.post(f"{server.url}/track-request", json=own).json()["request_id"]
    assert (again, again_own) == (first, first_own)


def test_the_real_server_speaks_json_on_the_api_and_pages_elsewhere(tmp_path: Path) -> None:
    with running(str(tmp_path / "workbench.duckdb")) as server:
        page = httpx.get(f"{server.url}/")
        assert page.headers["content-type"].startswith("text/html")
        assert "img-src 'self' data: blob:" in page.headers["content-security-policy"]
        missing = httpx.get(f"{server.url}/api/nothing")
        assert missing.status_code == 404
        assert missing.json()["success"] is False
        assert httpx.get(f"{server.url}/rest/track-score").status_code == 405
        slashes = httpx.post(f"{server.url}//create-group", json={"api_key": server.key})
        assert slashes.status_code == 200
        too_large = httpx.post(f"{server.url}/track-request", content=b" " * (33 * 2**20))
        assert too_large.status_code == 413
        assert "32 MiB" in too_large.json()["message"]
