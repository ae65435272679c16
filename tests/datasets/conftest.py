"""Datasets over a store of the test's own, a DuckDB file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from workbench.datasets.adding import Opened, Target, open_target
from workbench.datasets.from_files import Reading, start_adding
from workbench.datasets.jobs import Brought
from workbench.settings import Settings
from workbench.store import dataset_reading
from workbench.store.dataset_reading import DatasetRow
from workbench.store.store import Store

ACTOR = "user:ada"
SECONDS = 60


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(Settings(database=str(tmp_path / "workbench.duckdb")))
    yield opened
    opened.close()


@pytest.fixture
def draft(store: Store) -> Opened:
    """The draft of a dataset without rows."""
    return open_target(store, ACTOR, Target(name="Set"))


def bring(store: Store, draft: Opened, path: Path, reading: Reading | None = None) -> Brought:
    """Bring a file's rows in; raises what the job raises."""
    job = start_adding(store, ACTOR, draft, path, path.name, reading or Reading())
    assert job.wait(SECONDS)
    if job.error is not None:
        raise job.error
    assert job.outcome is not None
    return job.outcome


def kept(store: Store, draft: Opened) -> list[DatasetRow]:
    return dataset_reading.rows(store.connection, draft.dataset_id, draft.number, limit=10_000)


def values(store: Store, draft: Opened) -> list[dict[str, Any]]:
    return [row.values for row in kept(store, draft)]
