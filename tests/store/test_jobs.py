"""Jobs in the store: whose they are, when they are lost, which are kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from workbench.store import clock, dataset_purge, jobs
from workbench.store.errors import NotFound, Refused
from workbench.store.jobs import LostJob, Process
from workbench.store.store import Store

HERE, THERE = Process(1), Process(2)


def add(store: Store, process: Process = HERE, subject: int | None = None, **more: Any) -> int:
    id_ = store.make_id()
    given = {"area": "datasets", "kind": "logs", "title": "T", "actor": "user:ada", "spec": {}}
    store.change_beside(
        lambda cursor: jobs.add(cursor, process, id_, subject=subject, **{**given, **more})
    ).result()
    return id_


def running(*ids: int) -> Process:
    return Process(HERE.worker, ids)


def let_it_be_silent(store: Store) -> None:
    silent = clock.now() - timedelta(seconds=20)
    store.change_beside(
        lambda cursor: cursor.execute("UPDATE jobs SET heartbeat_at = ?", [silent])
    ).result()


def state(store: Store, id_: int, process: Process) -> str:
    found = jobs.get(store.connection, id_, process)
    assert found is not None
    return found.state


def test_what_was_asked_and_how_far_it_is_are_read_as_they_were_told(store: Store) -> None:
    id_ = add(store, spec={"draft": 5}, subject=9)
    store.change_beside(lambda cursor: jobs.begin(cursor, id_, 1)).result()
    store.change_beside(lambda cursor: jobs.note(cursor, id_, 1, 40, 100, {"rows": 38})).result()
    store.change_beside(lambda cursor: jobs.note(cursor, id_, 1, 60, 100, None)).result()
    (job,) = jobs.listed(store.connection, "datasets", running(id_), 9)
    assert (job.state, job.through, job.planned, job.spec) == ("running", 60, 100, {"draft": 5})
    assert job.outcome == {"rows": 38}
    assert job.started_at is not None
    assert jobs.listed(store.connection, "datasets", running(id_), 8) == []
    assert jobs.listed(store.connection, "logs", running(id_)) == []
    store.change_beside(
        lambda cursor: jobs.end(
            cursor, id_, 1, state="done", through=100, planned=100, outcome={"rows": 98}
        )
    ).result()
    found = jobs.get(store.connection, id_, THERE)
    assert found is not None
    assert (found.state, found.outcome, found.worker) == ("done", {"rows": 98}, None)
    assert found.is_finished
    assert jobs.open_ones(store.connection, "datasets", HERE) == []


def test_a_job_is_lost_where_no_living_process_has_it(store: Store) -> None:
    id_ = add(store)
    assert state(store, id_, running(id_)) == "waiting"
    assert state(store, id_, THERE) == "waiting"
    # What stands as this process's and is not run by it is of one before.
    assert state(store, id_, HERE) == "lost"
    # Nobody else can have a file.
    assert state(store, id_, Process(2, is_alone=True)) == "lost"
    let_it_be_silent(store)
    assert state(store, id_, THERE) == "lost"
    assert state(store, id_, running(id_)) == "waiting"
    (left,) = jobs.open_ones(store.connection, "datasets", THERE)
    assert (left.id, left.is_over) == (id_, True)


def test_a_lost_job_is_taken_by_one_and_the_other_writes_no_more_of_it(store: Store) -> None:
    id_ = add(store)
    with pytest.raises(Refused, match="goes on already"):
        store.change_beside(lambda cursor: jobs.take(cursor, id_, THERE)).result()
    let_it_be_silent(store)
    store.change_beside(lambda cursor: jobs.take(cursor, id_, THERE)).result()
    with pytest.raises(LostJob):
        store.change_beside(lambda cursor: jobs.note(cursor, id_, 1, 5, 9, None)).result()
    store.change_beside(
        lambda cursor: jobs.end(cursor, id_, 1, state="done", through=9, planned=9)
    ).result()
    store.change_beside(lambda cursor: jobs.note(cursor, id_, 2, 7, 9, None)).result()
    found = jobs.get(store.connection, id_, THERE)
    assert found is not None
    assert (found.worker, found.through) == (2, 7)
    with pytest.raises(NotFound):
        store.change_beside(lambda cursor: jobs.take(cursor, 5, THERE)).result()


def test_a_stop_that_another_process_asks_for_is_heard_with_the_heartbeat(store: Store) -> None:
    first, second = add(store), add(store)
    let_it_be_silent(store)
    store.change_beside(lambda cursor: jobs.ask_stop(cursor, second)).result()
    asked = store.change_beside(lambda cursor: jobs.beat(cursor, [first, second], 1)).result()
    assert asked == {second}
    assert state(store, first, THERE) == "waiting"


def test_the_last_50_that_ended_are_kept_of_each_area(store: Store) -> None:
    alive = add(store)
    other = add(store, area="logs", kind="purge")
    ended = [add(store, running(alive, other)) for _ in range(jobs.KEPT + 3)]
    kept = jobs.listed(store.connection, "datasets", running(alive))
    # The newest was added after the old ones were taken away.
    assert [job.id for job in kept] == [*reversed(ended[2:]), alive]
    assert len(jobs.listed(store.connection, "logs", HERE)) == 1


def test_only_what_nobody_works_at_is_taken_off_the_list(store: Store) -> None:
    id_ = add(store)
    store.change_beside(lambda cursor: jobs.remove(cursor, id_, running(id_))).result()
    assert state(store, id_, running(id_)) == "waiting"
    store.change_beside(lambda cursor: jobs.remove(cursor, id_, HERE)).result()
    assert jobs.get(store.connection, id_, HERE) is None


def test_the_jobs_of_a_dataset_leave_for_good_with_it(store: Store) -> None:
    dataset = store.change(lambda cursor: store.datasets.create(cursor, "x", "Set")).result()
    id_, other = add(store, subject=dataset), add(store, subject=dataset, area="logs")
    store.change(lambda cursor: store.datasets.remove(cursor, "x", dataset)).result()
    store.change(dataset_purge.forget_removed).result()
    assert jobs.get(store.connection, id_, HERE) is None
    assert jobs.get(store.connection, other, HERE) is not None
