"""Bodies that are large, packed or hostile: their limits, and what happens beside them."""

from __future__ import annotations

import asyncio
import gzip
import json
import zlib
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from tests.api.conftest import kept
from tests.api.test_refusals import MALFORMED, WRONG, assert_refused
from tests.server import KEY, application, log_body
from workbench.store.store import Store


def large(size: int) -> bytes:
    head, tail = json.dumps(log_body(kwargs={"model": "m", "prompt": "@"})).encode().split(b"@")
    return head + b"word " * ((size - len(head) - len(tail)) // 5) + tail


def test_a_body_of_the_limit_is_taken_and_one_above_it_is_not(client: TestClient) -> None:
    taken = client.post("/track-request", content=large(32 * 2**20))
    assert taken.status_code == 200
    assert len(kept(taken.json()["request_id"]).raw) > 31 * 2**20
    assert (
        "32 MiB"
        in assert_refused(client.post("/track-request", content=large(33 * 2**20)), 413)["message"]
    )


def test_a_body_without_a_length_is_refused_as_soon_as_it_is_too_large(client: TestClient) -> None:
    sent = 0

    def chunks() -> Any:
        nonlocal sent
        for _ in range(64):
            sent += 2**20
            yield b" " * 2**20

    assert_refused(client.post("/track-request", content=chunks()), 413)


@pytest.mark.parametrize(
    "packed",
    [
        gzip.compress(b" " * (33 * 2**20)),
        gzip.compress(b" " * (20 * 2**20)) + gzip.compress(b" " * (20 * 2**20)),
    ],
    ids=["one", "two together"],
)
def test_a_body_that_unpacks_to_too_much_is_refused(client: TestClient, packed: bytes) -> None:
    headers = {"Content-Encoding": "gzip"}
    assert_refused(client.post("/track-request", content=packed, headers=headers), 413)


@pytest.mark.parametrize(
    ("encoding", "content", "status"),
    [
        ("gzip", b"not packed at all", 400),
        ("gzip", gzip.compress(b"{}" * 1000)[:-12], 400),
        ("deflate", zlib.compress(b"{}") + b"rest", 400),
        ("br", b"{}", 415),
        ("gzip, gzip", b"{}", 415),
    ],
    # Packed bytes have the time in them, and every process must name its tests alike.
    ids=["not packed", "cut off", "with a rest", "unknown", "twice"],
)
def test_what_cannot_be_unpacked_is_refused(
    client: TestClient, encoding: str, content: bytes, status: int
) -> None:
    headers = {"Content-Encoding": encoding}
    assert_refused(client.post("/track-request", content=content, headers=headers), status)


def test_a_hostile_body_takes_no_neighbour_with_it(store: Store) -> None:
    """Good and bad bodies at once, so that they would share commits."""
    good = [log_body(span_id=f"neighbour-{n}") for n in range(60)]
    bad = [json.dumps(log_body(**changes)).encode() for changes, _ in WRONG] + [
        body for _, body, _ in MALFORMED if len(body) < 10_000
    ]
    mixed: list[bytes] = []
    for number in range(max(len(good), len(bad))):
        mixed += [json.dumps(body).encode() for body in good[number : number + 1]]
        mixed += bad[number : number + 1]

    async def send() -> list[httpx.Response]:
        transport = httpx.ASGITransport(application())
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            calls = (
                client.post("/track-request", content=body, headers={"X-API-KEY": KEY})
                for body in mixed
            )
            return await asyncio.gather(*calls)

    answers = asyncio.run(send())
    taken = [answer.json()["request_id"] for answer in answers if answer.status_code == 200]
    assert len(set(taken)) == len(good)
    assert {kept(id_).span_id for id_ in taken} == {body["span_id"] for body in good}
    assert {answer.status_code for answer in answers} == {200, 400, 422}
