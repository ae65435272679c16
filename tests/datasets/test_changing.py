"""Changes to many rows, in batches."""

from __future__ import annotations

import pytest

from tests.datasets.conftest import ACTOR, SECONDS, kept
from workbench.datasets import changing
from workbench.datasets.adding import Opened, Target, add_by_hand
from workbench.datasets.changing import start_changing
from workbench.datasets.splitting import by_chance
from workbench.store.connection import Cursor
from workbench.store.datasets import NewRow
from workbench.store.store import Store


def test_all_rows_of_all_steps_are_changed_batch_by_batch(
    store: Store, draft: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changing, "BATCH", 3)
    id_ = draft.dataset_id
    add_by_hand(store, ACTOR, Target(id_), [NewRow({"n": n}) for n in range(20)])
    chosen = by_chance(range(1, 21), 0.3, 5)

    def into(split: str) -> changing.Change:
        def change(cursor: Cursor, part: list[int]) -> int:
            assert len(part) <= 3
            return store.datasets.set_split(cursor, ACTOR, id_, part, split)

        return change

    others = [row for row in range(1, 21) if row not in chosen]
    steps = [(others, into("train")), (sorted(chosen), into("test"))]
    job = start_changing(store, ACTOR, id_, "Split", steps)
    assert job.wait(SECONDS)
    assert job.outcome is not None
    assert (job.outcome.rows, job.outcome.verb, job.through, job.of) == (20, "changed", 20, 20)
    assert {row.id for row in kept(store, draft) if row.split == "test"} == chosen
    assert {row.id for row in kept(store, draft) if row.split == "train"} == set(others)


def test_a_share_by_chance_is_the_same_for_the_same_seed_and_has_its_size() -> None:
    ids = list(range(1, 1001))
    assert by_chance(ids, 0.2, 7) == by_chance(list(reversed(ids)), 0.2, 7)
    assert by_chance(ids, 0.2, 7) != by_chance(ids, 0.2, 8)
    assert len(by_chance(ids, 0.2, 7)) == 200
    assert by_chance([], 0.5, 0) == set()
