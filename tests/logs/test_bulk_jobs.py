"""Changes of many requests go on by themselves: progress, stopping, failing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.store.samples import some_request
from workbench.jobs.running import jobs_of
from workbench.logs import bulk, bulk_jobs
from workbench.logs.bulk import Done, Grouping, Selection, Starring, Undone
from workbench.logs.bulk_jobs import LOGS
from workbench.settings import Settings
from workbench.store.errors import NotFound
from workbench.store.purge import Purged
from workbench.store.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(Settings(database=str(tmp_path / "workbench.duckdb")))
    yield opened
    opened.close()


@pytest.fixture
def ids(store: Store) -> list[int]:
    return [each.result().id for each in [store.add(some_request()) for _ in range(5)]]


def test_a_job_tells_how_far_it_came_and_what_became_of_it(store: Store, ids: list[int]) -> None:
    job = bulk_jobs.start(store, "x", Selection(frozenset(ids)), Starring())
    assert job.wait(60)
    assert (job.through, job.of, job.error) == (5, 5, None)
    assert isinstance(job.outcome, Done)
    assert job.outcome.changed == 5
    assert jobs_of(store).live(job.id) is job
    assert jobs_of(store).open_ones(LOGS) == []
    back = bulk_jobs.start_undo(store, "x", job.outcome.id)
    assert back.wait(60)
    assert back.outcome == Undone(5, 0)
    purged = bulk_jobs.start_purge(store, "x")
    assert purged.wait(60)
    assert isinstance(purged.outcome, Purged)
    assert purged.outcome.requests == 0


def test_a_job_that_fails_says_why(store: Store, ids: list[int]) -> None:
    job = bulk_jobs.start(store, "x", Selection(frozenset(ids)), Grouping(7))
    assert job.wait(60)
    assert job.outcome is None
    assert isinstance(job.error, NotFound)


def test_a_job_can_be_stopped(
    store: Store, ids: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "BATCH", 1)
    first = bulk_jobs.start(store, "x", Selection(frozenset(ids)), Starring())
    first.stop()
    assert first.wait(60)
    assert isinstance(first.outcome, Done)
    assert first.outcome.stopped == (first.outcome.changed < 5)


def test_jobs_run_one_after_the_other(store: Store, ids: list[int]) -> None:
    jobs = [
        bulk_jobs.start(store, "x", Selection(frozenset(ids)), Starring(starred))
        for starred in (True, False, True)
    ]
    assert all(job.wait(60) for job in jobs)
    assert [job.outcome.changed for job in jobs if isinstance(job.outcome, Done)] == [5, 5, 5]


def test_a_job_that_is_not_there_is_none(store: Store) -> None:
    assert jobs_of(store).get(10**9) is None
