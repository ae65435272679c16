"""A repeated call is the same record: within the hour by its body, for ever by the caller's id."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.store.conftest import Opener
from tests.store.samples import digest_of, some_request
from workbench.store import clock, requests, search
from workbench.store.rows import NewRequest
from workbench.store.store import Store

BODY = some_request(body_hash=digest_of("a body"))
RECORD = some_request(client_record=digest_of("a record"))


@pytest.mark.parametrize("row", [BODY, RECORD], ids=["body", "record"])
def test_a_repeated_call_answers_with_the_first_id(store: Store, row: NewRequest) -> None:
    first = store.add(row).result()
    again = [each.result() for each in [store.add(row) for _ in range(5)]]
    assert not first.duplicate
    assert {(each.id, each.duplicate) for each in again} == {(first.id, True)}
    assert search.newest_id(store.connection) == first.id


@pytest.mark.parametrize("row", [BODY, RECORD], ids=["body", "record"])
def test_twins_that_wait_side_by_side_are_one_record(store: Store, row: NewRequest) -> None:
    added = store._add(store.writer.cursor, [row, some_request(), row, row])
    assert [each.duplicate for each in added] == [False, False, True, True]
    assert added[2].id == added[3].id == added[0].id != added[1].id


@pytest.mark.parametrize("row", [BODY, RECORD], ids=["body", "record"])
def test_a_repetition_is_known_after_a_restart(opener: Opener, row: NewRequest) -> None:
    first = opener().add(row).result()
    again = opener().add(row).result()
    assert (again.id, again.duplicate) == (first.id, True)


def test_after_an_hour_the_same_body_is_a_new_record_and_the_same_id_is_not(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    body, record = store.add(BODY).result(), store.add(RECORD).result()
    real = clock.now
    for minutes, is_same in ((59, True), (61, False)):
        later = timedelta(minutes=minutes)
        monkeypatch.setattr(clock, "now", lambda later=later: real() + later)
        assert store.add(RECORD).result().id == record.id
        assert (store.add(BODY).result().id == body.id) is is_same


def test_calls_without_a_digest_are_never_the_same(store: Store) -> None:
    ids = {store.add(some_request()).result().id for _ in range(3)}
    assert len(ids) == 3


def test_a_body_that_was_deleted_is_kept_anew_when_it_is_sent_again(store: Store) -> None:
    first = store.add(BODY).result()
    store.change(lambda cursor: store.annotations.delete(cursor, "page", first.id)).result()
    again = store.add(BODY).result()
    assert not again.duplicate
    assert requests.get(store.connection, again.id) is not None


def test_the_same_body_of_other_callers_is_theirs(store: Store) -> None:
    ids = {
        store.add(replace(BODY, body_hash=digest_of(f"{caller} a body"))).result().id
        for caller in ("one", "two")
    }
    assert len(ids) == 2
