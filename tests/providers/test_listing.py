"""Models listed in the background: at once what is known, soon what the provider has."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest

from tests.providers.scripted import Answer, Server
from tests.providers.vendors import Asked
from workbench.providers import about
from workbench.providers.listing import FAILED_SECONDS, FRESH_SECONDS, Listings
from workbench.providers.reach import Readiness

BOUND = 10


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def ready(asked: Asked, name: str) -> Readiness:
    (one,) = (each for each in about.ready(asked.host) if each.name == name)
    return one


def until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + BOUND
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.005)


def listing(*names: str) -> Answer:
    body = {"object": "list", "data": [{"id": each, "object": "model"} for each in names]}
    return Answer([json.dumps(body).encode()], content_type="application/json")


def names(listings: Listings, one: Readiness) -> list[str]:
    return [each.id for each in listings.models(one)]


def test_an_endpoint_connected_without_a_list_soon_offers_its_models(
    asked: Asked, server: Server
) -> None:
    server.will(listing("a/model", "b-model"))
    clock = Clock()
    listings, one = Listings(asked.host, clock), ready(asked, "gateway")
    assert names(listings, one) == []
    until(lambda: listings.changes == 1)
    assert names(listings, one) == ["a/model", "b-model"]
    assert len(server.heads) == 1
    clock.now += FRESH_SECONDS + 1
    server.will(listing("c-model"))
    assert names(listings, one) == ["a/model", "b-model"]
    until(lambda: listings.changes == 2)
    assert names(listings, one) == ["c-model"]
    assert asked.rows == []


def test_a_vendors_list_takes_the_place_of_the_price_tables_and_carries_its_prices(
    asked: Asked, server: Server
) -> None:
    server.will(listing("gpt-4o-mini", "a-model-of-tomorrow"))
    listings, one = Listings(asked.host), ready(asked, "openai")
    assert "gpt-4o" in names(listings, one)
    until(lambda: listings.changes == 1)
    new, old = listings.models(one)
    assert (new.id, new.input_price) == ("a-model-of-tomorrow", None)
    assert old.input_price
    assert old.context_window


def test_a_provider_that_fails_keeps_what_was_known_and_is_asked_again_soon(
    asked: Asked, server: Server
) -> None:
    server.will(Answer([b"{}"], 500, "application/json"))
    clock = Clock()
    listings, one = Listings(asked.host, clock), ready(asked, "gateway")
    names(listings, one)
    until(lambda: bool(server.heads) and not any(e.is_asked for e in listings._entries.values()))
    before = len(server.heads)
    assert names(listings, one) == []
    assert len(server.heads) == before
    clock.now += FAILED_SECONDS + 1
    server.will(listing("late"))
    names(listings, one)
    until(lambda: listings.changes == 1)
    assert names(listings, one) == ["late"]


def test_nobody_is_asked_without_a_key_or_where_the_user_gave_the_list(
    asked: Asked, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.will(listing("x"))
    listings = Listings(asked.host)
    given = Readiness("own", "own", "ready", is_connection=True, models=("m",))
    assert names(listings, given) == ["m"]
    monkeypatch.delenv("OPENAI_API_KEY")
    one = ready(asked, "openai")
    assert one.state == "missing key"
    assert "gpt-4o" in names(listings, one)
    time.sleep(0.1)
    assert server.heads == []
