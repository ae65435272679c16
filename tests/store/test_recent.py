"""What memory remembers of recent bodies: never a wrong no, seldom a needless perhaps."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.store.samples import digest_of, some_request
from workbench.settings import Settings
from workbench.store import clock
from workbench.store.recent import RecentBodies
from workbench.store.store import Store


@pytest.fixture(scope="module")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    store = Store(Settings(database=str(tmp_path_factory.mktemp("recent") / "w.duckdb")))
    yield store
    store.close()


DIGESTS = st.lists(st.uuids().map(str), max_size=50, unique=True)


@given(DIGESTS, DIGESTS)
def test_what_came_before_is_always_perhaps_known(
    empty_store: Store, first: list[str], second: list[str]
) -> None:
    recent, cursor = RecentBodies(), empty_store.writer.cursor
    recent.perhaps_known(cursor, first)
    assert set(recent.perhaps_known(cursor, [*second, *first])) >= set(first)


def test_few_new_ones_need_a_look_into_the_store(empty_store: Store) -> None:
    recent, cursor = RecentBodies(), empty_store.writer.cursor
    recent.perhaps_known(cursor, [str(uuid.uuid4()) for _ in range(50_000)])
    again = recent.perhaps_known(cursor, [str(uuid.uuid4()) for _ in range(50_000)])
    assert len(again) < 50


def test_what_the_store_took_within_the_hour_is_perhaps_known_at_a_start(
    empty_store: Store,
) -> None:
    bodies = [digest_of(f"body {number}") for number in range(300)]
    for each in [empty_store.add(some_request(body_hash=body)) for body in bodies]:
        each.result()
    assert RecentBodies().perhaps_known(empty_store.writer.cursor, bodies) == bodies


@pytest.mark.parametrize(("minutes", "is_held"), [(59, True), (61, True), (130, False)])
def test_it_forgets_between_one_hour_and_two(
    empty_store: Store, monkeypatch: pytest.MonkeyPatch, minutes: int, is_held: bool
) -> None:
    recent, cursor, body = RecentBodies(), empty_store.writer.cursor, digest_of("a body")
    recent.perhaps_known(cursor, [body])
    real = clock.now
    for passed in range(0, minutes + 1, 10):
        monkeypatch.setattr(clock, "now", lambda passed=passed: real() + timedelta(minutes=passed))
        recent.perhaps_known(cursor, [str(uuid.uuid4())])
    monkeypatch.setattr(clock, "now", lambda: real() + timedelta(minutes=minutes))
    assert bool(recent.perhaps_known(cursor, [body])) is is_held
