"""A server that is killed in the middle of a job says where it stopped, and goes on from there."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.seed import row
from workbench.datasets import going_on
from workbench.datasets.jobs import DATASETS
from workbench.jobs.running import Area, Shown, jobs_of
from workbench.logs import bulk_jobs
from workbench.logs.bulk_jobs import LOGS
from workbench.settings import ROOT, Settings
from workbench.store import bulk_changes
from workbench.store.clock import from_stored, now
from workbench.store.store import Store

pytestmark = pytest.mark.slow
REQUESTS = 12_000
_RUN = """
import sys, time
from workbench.datasets.adding import Target, open_target
from workbench.datasets.from_logs import USUAL, start_adding
from workbench.filters import Filter
from workbench.logs import bulk, bulk_jobs
from workbench.logs.bulk import Selection, Tagging
from workbench.settings import Settings
from workbench.store import search
from workbench.store.store import Store

store = Store(Settings(database=sys.argv[1]))
every = Selection(filter=Filter(), up_to=search.newest_id(store.connection))
if sys.argv[2] == "rows":
    job = start_adding(store, "x", open_target(store, "x", Target(name="Set")), every, USUAL)
else:
    bulk.BATCH = 200
    job = bulk_jobs.start(store, "x", every, Tagging(("seen",)))
while job.through < 1_000:
    time.sleep(0.001)
print("far", flush=True)
time.sleep(60)
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    chosen = Settings(database=str(tmp_path / "workbench.duckdb"))
    store = Store(chosen)
    at = from_stored(now())
    adding = [store.add(row(n, at, started_at=at, ended_at=at)) for n in range(REQUESTS)]
    assert len({one.result().id for one in adding}) == REQUESTS
    store.close()
    return chosen


def killed(settings: Settings, what: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", _RUN, settings.database, what], cwd=ROOT, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"far\n"
    time.sleep(0.05)
    process.kill()
    process.wait()
    process.stdout.close()


def lost(store: Store, area: Area) -> Shown:
    (job,) = jobs_of(store).open_ones(area)
    assert job.is_lost
    assert job.of == REQUESTS
    assert 1_000 <= job.through < REQUESTS
    return job


def count(store: Store, sql: str) -> Counter[int]:
    with store.connection.cursor() as cursor:
        return Counter(id_ for (id_,) in cursor.execute(sql).fetchall())


def test_rows_from_the_logs_are_there_once_after_a_kill(settings: Settings) -> None:
    killed(settings, "rows")
    store = Store(settings)
    try:
        job = lost(store, DATASETS)
        sources = "SELECT source_request FROM dataset_rows"
        assert count(store, sources).total() == job.through
        again = going_on.go_on(store, "x", job.id)
        assert again.wait(120)
        assert again.outcome is not None, again.error
        assert (again.outcome.rows, again.outcome.known) == (REQUESTS, 0)
        there = count(store, sources)
        assert (len(there), there.total()) == (REQUESTS, REQUESTS)
    finally:
        store.close()


def test_a_change_of_many_requests_is_one_change_after_a_kill(settings: Settings) -> None:
    killed(settings, "tag")
    store = Store(settings)
    try:
        job = lost(store, LOGS)
        tagged = "SELECT id FROM requests WHERE list_contains(tags, 'seen')"
        assert count(store, tagged).total() == job.through
        again = bulk_jobs.go_on(store, "x", job.id)
        assert again.wait(120)
        assert again.error is None
        assert count(store, tagged).total() == REQUESTS
        (change,) = bulk_changes.recent(store.connection)
        assert (change.changed, change.kept) == (REQUESTS, REQUESTS)
        back = bulk_jobs.start_undo(store, "x", change.id)
        assert back.wait(120)
        assert count(store, tagged).total() == 0
    finally:
        store.close()
