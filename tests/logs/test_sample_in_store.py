"""The sample in a store: loaded whole, once, and removed without a trace."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests.seed import row
from workbench.logs.attention import findings
from workbench.logs.sample_store import load_sample, remove_sample
from workbench.settings import Settings
from workbench.store import stats, tags
from workbench.store.store import Store

NOW = datetime(2026, 3, 5, 14, tzinfo=UTC)


@pytest.fixture
def store(database: str) -> Iterator[Store]:
    opened = Store(Settings(database=database))
    yield opened
    opened.close()


def test_the_sample_is_loaded_once_and_removed_whole(store: Store) -> None:
    own = store.add(row(1, NOW)).result().id
    parts: list[float] = []
    added = load_sample(store, "tests", NOW, parts.append)
    assert added > 2000
    assert parts == sorted(parts)
    assert parts[-1] > 0.9
    assert load_sample(store, "tests", NOW) == 0
    held = stats.contents(store.connection)
    assert (held.sample, held.requests) == (added, added + 1)
    assert held.blobs > 5
    assert remove_sample(store, "tests") == added
    held = stats.contents(store.connection)
    assert (held.sample, held.requests) == (0, 1)
    with store.connection.cursor() as cursor:
        for table in ("bodies", "scores", "request_blobs"):
            rows = cursor.execute(f"SELECT DISTINCT request_id FROM {table}").fetchall()
            assert set(rows) <= {(own,)}
        assert cursor.execute("SELECT count(*) FROM groups").fetchone() == (0,)
    assert load_sample(store, "tests", NOW) == added


def test_home_points_to_the_incident_and_to_the_cost_jump(store: Store) -> None:
    load_sample(store, "tests", NOW)
    told = [finding.sentence for finding in findings(store.connection, NOW)]
    assert any(sentence.startswith("openai was slow") for sentence in told)
    assert any(sentence.startswith("support/answer version 6 costs") for sentence in told)
    assert {tag.name for tag in tags.listed(store.connection) if not tag.listed} == set()
