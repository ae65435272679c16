"""Jobs in a process: what they tell, what outlives them, two processes on one store."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from workbench.jobs import running
from workbench.jobs.job import Job
from workbench.jobs.running import Area, Asked, jobs_of
from workbench.settings import Settings
from workbench.store import jobs as rows
from workbench.store.errors import Refused
from workbench.store.jobs import Process
from workbench.store.store import Store

AREA = Area("datasets", 2)
ASKED = Asked("logs", "Some rows", "user:ada", 7, {"n": 1})
SECONDS = 60


@dataclass(frozen=True, slots=True)
class Made:
    rows: int
    stopped: bool = False


class Steps:
    """Work that waits between its steps until it is let on."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.may = threading.Semaphore(0)
        self.did = threading.Semaphore(0)

    def __call__(self, job: Job[Made]) -> Made:
        for number in range(job.through, 5):
            while not self.may.acquire(timeout=0.02):
                if job.is_stopped:
                    return Made(number, stopped=True)
            through, told = number + 1, {"rows": number + 1}
            note = partial(job.note, through=through, of=5, so_far=told)
            self.store.change(note).result()
            job.tell(through, 5, told, noted=True)
            self.did.release()
        return Made(5)

    def go(self, steps: int) -> None:
        for _ in range(steps):
            self.may.release()
            assert self.did.acquire(timeout=SECONDS)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(database=str(tmp_path / "workbench.duckdb"))


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    opened = Store(settings)
    yield opened
    opened.close()


def test_a_job_that_ended_is_read_by_the_next_server(store: Store, settings: Settings) -> None:
    steps = Steps(store)
    job = jobs_of(store).start(AREA, ASKED, steps)
    steps.go(5)
    assert job.wait(SECONDS)
    (shown,) = jobs_of(store).listed(AREA, 7)
    assert (shown.live, shown.is_over, shown.through, shown.of) == (job, True, 5, 5)
    store.close()
    again = Store(settings)
    (shown,) = jobs_of(again).listed(AREA, 7)
    assert (shown.live, shown.is_over, shown.is_lost) == (None, True, False)
    assert shown.row.outcome == {"rows": 5, "stopped": False}
    jobs_of(again).forget(shown.id)
    assert jobs_of(again).listed(AREA) == []
    again.close()


def test_a_server_that_ends_leaves_its_jobs_to_be_gone_on_with(
    store: Store, settings: Settings
) -> None:
    steps = Steps(store)
    jobs_of(store).start(AREA, ASKED, steps)
    waiting = [jobs_of(store).start(AREA, ASKED, steps) for _ in range(2)]
    steps.go(3)
    store.close()
    assert all(job.is_done for job in waiting)
    again = Store(settings)
    jobs = jobs_of(again)
    lost = jobs.open_ones(AREA)
    assert [one.is_lost for one in lost] == [True] * 3
    assert sum(one.through for one in lost) == 3
    first = max(lost, key=lambda one: one.through)
    steps = Steps(again)
    job = jobs.go_on(AREA, first.row, "user:bob", steps)
    with pytest.raises(Refused, match="goes on already"):
        jobs.go_on(AREA, first.row, "user:eve", steps)
    begun = first.through
    steps.go(5 - begun)
    assert job.wait(SECONDS)
    assert job.outcome == Made(5)
    found = jobs.get(first.id)
    assert found is not None
    assert (found.row.state, found.row.actor) == ("done", "user:ada")
    again.close()


def test_a_job_that_fails_says_why_after_a_restart(store: Store, settings: Settings) -> None:
    def refuse(_: Job[Made]) -> Made:
        raise Refused("There is no draft.")

    def break_(_: Job[Made]) -> Made:
        raise KeyError("secret")

    for work in (refuse, break_):
        assert jobs_of(store).start(AREA, ASKED, work).wait(SECONDS)
    store.close()
    again = Store(settings)
    failed = jobs_of(again).listed(AREA)
    assert [(one.row.state, one.row.error) for one in failed] == [
        ("failed", ""),
        ("failed", "There is no draft."),
    ]
    again.close()


def test_another_process_sees_how_far_a_job_is_and_asks_it_to_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "BEAT_SECONDS", 0.1)
    store = Store(Settings(database=f"ducklake:{tmp_path}/catalogue.ducklake", process_id=1))
    other = Process(2)
    try:
        steps = Steps(store)
        job = jobs_of(store).start(AREA, ASKED, steps)
        steps.go(2)
        (seen,) = rows.listed(store.connection, AREA.name, other, 7)
        assert (seen.is_over, seen.through, seen.planned) == (False, 2, 5)
        # As another process does, which has no other way to it.
        store.change_beside(lambda cursor: rows.ask_stop(cursor, job.id)).result()
        assert job.wait(SECONDS)
        assert job.outcome == Made(2, stopped=True)
        (seen,) = rows.listed(store.connection, AREA.name, other, 7)
        assert seen.state == "stopped"
    finally:
        store.close()
