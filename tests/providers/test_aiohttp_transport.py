"""The client that packages send through: what httpx2's own would have done, it does."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Iterator

import httpx2
import pytest

from tests.providers.scripted import Answer, Server, scripted
from workbench.providers.adapter import Access
from workbench.providers.aiohttp_transport import AiohttpClient, client_over_aiohttp
from workbench.providers.openai_chat import ADAPTER

TIMEOUT = httpx2.Timeout(5.0)


@pytest.fixture
def server() -> Iterator[Server]:
    with scripted() as made:
        yield made


def json_answer(body: bytes, *headers: tuple[str, str]) -> Answer:
    return Answer([body], content_type="application/json", headers=headers)


def post(*urls: str) -> list[httpx2.Response]:
    async def main() -> list[httpx2.Response]:
        async with AiohttpClient(TIMEOUT) as client:
            return [await client.send(asked(client, url)) for url in urls]

    return asyncio.run(main())


def asked(client: httpx2.AsyncClient, url: str) -> httpx2.Request:
    headers = [("Authorization", "Bearer k"), ("Content-Type", "application/json")]
    return client.build_request("POST", url, headers=headers, content=b'{"a": 1}', timeout=TIMEOUT)


def test_a_packed_answer_is_unpacked(server: Server) -> None:
    server.will(json_answer(gzip.compress(b'{"b": 2}'), ("content-encoding", "gzip")))
    (answer,) = post(server.url)
    assert answer.json() == {"b": 2}
    assert "gzip" in server.heads[0].lower()
    assert server.bodies == [{"a": 1}]


def test_a_redirect_is_followed_and_the_key_stays_with_its_server(server: Server) -> None:
    with scripted() as other:
        other.will(json_answer(b"{}"))
        server.will(Answer(status=307, headers=(("location", f"{other.url}/there"),)))
        (answer,) = post(server.url)
        assert answer.status_code == 200
        assert other.bodies == [{"a": 1}]
        assert "POST /there" in other.heads[0]
        assert "Bearer k" not in other.heads[0]


def test_an_address_is_sent_as_it_was_written(server: Server) -> None:
    server.will(json_answer(b"{}"))
    post(f"{server.url}/deployments/a%2Fb/chat?api-version=1%2B2")
    assert server.heads[0].startswith("POST /deployments/a%2Fb/chat?api-version=1%2B2 ")


def test_a_cookie_of_an_answer_goes_nowhere(server: Server) -> None:
    server.will(json_answer(b"{}", ("set-cookie", "who=me; Path=/")))
    post(server.url, server.url)
    assert "who=me" not in server.heads[1]


def test_a_long_header_of_an_answer_is_read(server: Server) -> None:
    server.will(json_answer(json.dumps({}).encode(), ("x-policy", "p" * 20_000)))
    (answer,) = post(server.url)
    assert len(answer.headers["x-policy"]) == 20_000


def test_behind_a_proxy_httpx2_makes_the_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    assert not isinstance(client_over_aiohttp(TIMEOUT), AiohttpClient)


def test_each_path_of_each_server_keeps_its_own_address(server: Server) -> None:
    async def main() -> None:
        for place in ("eu/v1", "us/v1/"):
            client = ADAPTER.client(Access(base_url=f"{server.url}/{place}"))
            for path in ("/chat/completions", "/responses", "/chat/completions"):
                await client.post(path, cast_to=httpx2.Response, body={})
            await ADAPTER.close(client)

    server.will(json_answer(b"{}"))
    asyncio.run(main())
    paths = [head.split(" ")[1] for head in server.heads]
    once = ["chat/completions", "responses", "chat/completions"]
    assert paths == [f"/{place}/v1/{path}" for place in ("eu", "us") for path in once]
