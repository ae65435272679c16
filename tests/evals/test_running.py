"""A run from its start to its end: what runs, what waits, what is tried again, what is stopped."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.evals.grids import (
    ACTOR,
    PRICE,
    Vendor,
    add_dataset,
    contexts_of,
    prompt,
    regex,
    runner,
    until,
    values,
    wait,
)
from workbench.evals import grid_reading, grids, rating, running
from workbench.evals.context import Context
from workbench.evals.grids import NewColumn
from workbench.providers.errors import ProviderError
from workbench.settings import Settings
from workbench.store.errors import Refused
from workbench.store.store import Store

RATED = NewColumn("rating", "HUMAN", {"data_type": "number"})
TEXTS = ["apple", "berry", "cherry", "date"]


@pytest.fixture
def store(database: str) -> Iterator[Store]:
    made = Store(Settings(database=database))
    yield made
    made.close()


@pytest.fixture
def dataset(store: Store) -> int:
    return add_dataset(store, [{"question": text} for text in TEXTS], ["question"])


def made(store: Store, dataset: int, *columns: NewColumn, **more: object) -> int:
    return grids.create(store, ACTOR, "Grid", dataset_id=dataset, columns=columns, **more)[1]  # type: ignore[arg-type]


def begin(store: Store, run: int, vendor: Vendor, at_once: int) -> None:
    """Start the run, and wait until so many calls are out."""
    running.start(store, ACTOR, run)
    until(lambda: vendor.at_once == at_once)


def test_every_row_goes_through_all_columns_in_order(store: Store, dataset: int) -> None:
    run = made(store, dataset, prompt("answer", "question"), regex("has an a", "answer"))
    vendor = Vendor(store)
    with runner(store, contexts_of(vendor)):
        running.start(store, ACTOR, run)
        end = wait(store, run)
    assert end.state == "done"
    assert (end.counts.done, end.counts.waiting, end.share) == (8, 0, 1.0)
    assert end.cost == 4 * PRICE
    assert sorted(vendor.texts()) == TEXTS
    assert values(store, run)[1] == {
        "answer": ("done", "answer: apple"),
        "has an a": ("done", True),
    }
    assert end.state == "done"


def test_what_cannot_run_is_refused_before_anything_is_paid(store: Store, dataset: int) -> None:
    with pytest.raises(Refused, match="reads"):
        made(store, dataset, regex("wrong", "nothing"))
    with pytest.raises(Refused, match="no column to run"):
        running.start(store, ACTOR, made(store, dataset, RATED))


def test_a_failure_is_kept_and_what_reads_it_fails_too(store: Store, dataset: int) -> None:
    broken = ProviderError("bad_request", "no")
    vendor = Vendor(store, says={"berry": [broken]})
    run = made(store, dataset, prompt("answer", "question"), regex("has an a", "answer"))
    with runner(store, contexts_of(vendor)):
        running.start(store, ACTOR, run)
        end = wait(store, run)
        assert end.counts.failed == 2
        answer = grid_reading.cell(store, run, 2, "answer").cell
        assert (answer.state, answer.kind, answer.attempts) == ("failed", "bad_request", 1)
        reads = grid_reading.cell(store, run, 2, "has an a").cell
        assert reads.message == 'The column "answer" failed in this row.'
        vendor.says.clear()
        assert running.rerun(store, ACTOR, run, "failed") == 2
        assert wait(store, run).counts.done == 8
    assert vendor.texts().count("berry") == 2
    assert vendor.texts().count("apple") == 1


@pytest.mark.parametrize(
    ("of", "calls"),
    [
        ({"again": "failed"}, 2),
        ({"again": "column", "column": "answer"}, 8),
        ({"again": "column", "column": "more"}, 4),
        ({"again": "row", "row": 1}, 2),
        ({"again": "cell", "row": 1, "column": "more"}, 1),
        ({"again": "all"}, 8),
    ],
)
def test_what_is_asked_before_a_rerun_is_what_it_calls_and_asking_marks_nothing(
    store: Store, dataset: int, of: dict[str, Any], calls: int
) -> None:
    says: list[str | ProviderError] = [ProviderError("bad_request", "no"), "now"]
    vendor = Vendor(store, says={"berry": says} if of["again"] == "failed" else {})
    more = prompt("more", "answer")
    run = made(store, dataset, prompt("answer", "question"), regex("a", "answer"), more)
    with runner(store, contexts_of(vendor)):
        running.start(store, ACTOR, run)
        wait(store, run)
        before, asked = values(store, run), len(vendor.asked)
        found = running.estimate(store, run, **of)
        assert values(store, run) == before
        scope, given = of["again"], {name: of[name] for name in of if name != "again"}
        running.rerun(store, ACTOR, run, scope, **given)
        wait(store, run)
    assert found.calls == len(vendor.asked) - asked == calls


def test_an_overloaded_model_is_asked_up_to_three_times(store: Store, dataset: int) -> None:
    busy = ProviderError("unavailable", "busy")
    vendor = Vendor(store, says={"apple": [busy, "at last"], "berry": [busy]})
    run = made(store, dataset, prompt("answer", "question"))
    with runner(store, contexts_of(vendor)):
        running.start(store, ACTOR, run)
        wait(store, run)
    assert values(store, run)[1]["answer"] == ("done", "at last")
    failed = grid_reading.cell(store, run, 2, "answer").cell
    assert (failed.state, failed.attempts, failed.retryable) == ("failed", 3, True)
    assert vendor.texts().count("berry") == 3


def test_of_repeats_only_those_that_failed_are_asked_again(store: Store, dataset: int) -> None:
    busy = ProviderError("bad_request", "no")
    vendor = Vendor(store, says={"apple": ["one", busy, "three", "four"]})
    run = made(store, dataset, prompt("answer", "question", repeats=3))
    with runner(store, contexts_of(vendor)):
        running.start(store, ACTOR, run)
        wait(store, run)
        assert vendor.texts().count("apple") == 3
        running.rerun(store, ACTOR, run, "failed")
        wait(store, run)
    assert vendor.texts().count("apple") == 4
    answer = grid_reading.cell(store, run, 1, "answer")
    assert sorted(answer.cell.value) == ["four", "one", "three"]
    assert answer.cell.cost == 3 * PRICE
    assert len(answer.request_ids) == 3


def test_a_person_is_waited_for_and_what_reads_the_rating_runs_then(
    store: Store, dataset: int
) -> None:
    good = NewColumn("good", "MATH_OPERATOR", {"sources": ["rating"], "operator": "ge", "value": 3})
    run = made(store, dataset, prompt("answer", "question"), RATED, good)
    with runner(store, contexts_of(Vendor(store))):
        running.start(store, ACTOR, run)
        end = wait(store, run)
        assert (end.state, end.for_people, end.counts.done) == ("done", 8, 4)
        cells = grid_reading.rows(store, run, [1])[0].cells
        assert cells["rating"].waits == "Waiting for a person."
        assert cells["good"].waits == "Waiting for a person, in the column rating."
        first = rating.next_unrated(store, run, "rating")
        assert first.row is not None
        assert (first.row.id, first.left, first.total) == (1, 4, 4)
        assert rating.rate(store, ACTOR, run, 1, "rating", 5).stale == ("good",)
        following = rating.next_unrated(store, run, "rating", after=1)
        assert following.row is not None
        assert (following.row.id, following.left) == (2, 3)
        running.start(store, ACTOR, run)
        assert wait(store, run).for_people == 6
        assert values(store, run)[1]["good"] == ("done", True)
        rating.rate(store, ACTOR, run, 1, "rating", 1)
        assert values(store, run)[1]["good"] == ("stale", True)
        running.start(store, ACTOR, run)
        wait(store, run)
        assert values(store, run)[1]["good"] == ("done", False)


def test_pausing_finishes_what_runs_and_going_on_asks_nothing_twice(
    store: Store, dataset: int
) -> None:
    vendor = Vendor(store, delay=0.2)
    run = made(store, dataset, prompt("answer", "question"), concurrency=2)
    with runner(store, contexts_of(vendor)):
        begin(store, run, vendor, 2)
        running.pause(store, ACTOR, run)
        held = wait(store, run)
        assert (held.state, held.counts.done, held.counts.waiting) == ("paused", 2, 2)
        running.resume(store, ACTOR, run)
        assert wait(store, run).counts.done == 4
    assert sorted(vendor.texts()) == TEXTS
    assert vendor.most_at_once == 2


def test_cancelled_cells_are_marked_and_run_at_the_next_start(store: Store, dataset: int) -> None:
    vendor = Vendor(store, delay=5.0)
    run = made(store, dataset, prompt("answer", "question"), concurrency=2)
    with runner(store, contexts_of(vendor)):
        begin(store, run, vendor, 2)
        running.cancel(store, ACTOR, run)
        held = wait(store, run)
        assert (held.state, held.counts.cancelled, held.counts.waiting) == ("cancelled", 2, 2)
        vendor.delay = 0.0
        running.start(store, ACTOR, run)
        assert wait(store, run).counts.done == 4


def test_a_run_pauses_before_its_budget_is_passed(store: Store, dataset: int) -> None:
    vendor = Vendor(store)
    budget = Decimal("0.025")
    run = made(store, dataset, prompt("answer", "question"), budget=budget, concurrency=4)
    with runner(store, contexts_of(vendor)):
        running.start(store, ACTOR, run)
        held = wait(store, run)
        assert (held.state, held.cost, len(vendor.asked)) == ("paused", 2 * PRICE, 2)
        assert held.reason is not None
        assert "the budget of $0.025: $0.02 is spent" in held.reason
        running.set_budget(store, ACTOR, run, None)
        held = running.progress(store, run)
        assert held.reason == "It was paused by its budget; it has none now."
        running.set_budget(store, ACTOR, run, Decimal(1))
        held = running.progress(store, run)
        assert held.reason == "It was paused by its budget; it is $1.00 now."
        running.start(store, ACTOR, run)
        assert wait(store, run).state == "done"
        assert running.progress(store, run).reason is None


def test_another_budget_leaves_the_words_of_a_pause_by_hand(store: Store, dataset: int) -> None:
    vendor = Vendor(store, delay=0.2)
    run = made(store, dataset, prompt("answer", "question"), concurrency=1)
    with runner(store, contexts_of(vendor)):
        begin(store, run, vendor, 1)
        running.pause(store, ACTOR, run)
        reason = wait(store, run).reason
        running.set_budget(store, ACTOR, run, Decimal(1))
        assert reason == f"Paused by hand ({ACTOR})." == running.progress(store, run).reason


def test_a_run_whose_code_fails_is_paused_and_says_so(store: Store, dataset: int) -> None:
    run = made(store, dataset, prompt("answer", "question"))

    def broken(*_: object) -> Context:
        raise RuntimeError("no contexts today")

    with runner(store, broken):
        running.start(store, ACTOR, run)
        held = wait(store, run)
    assert held.state == "paused"
    assert held.reason is not None
    assert "no contexts today" in held.reason


def test_closing_leaves_a_run_running_for_the_next_start(store: Store, dataset: int) -> None:
    vendor = Vendor(store, delay=0.1)
    run = made(store, dataset, prompt("answer", "question"), concurrency=1)
    with runner(store, contexts_of(vendor)):
        running.start(store, ACTOR, run)
        until(lambda: len(vendor.asked) == 2)
    left = running.progress(store, run)
    assert (left.state, left.is_here, left.counts.cancelled) == ("running", False, 0)
    with runner(store, contexts_of(vendor)):
        until(lambda: running.progress(store, run).state == "done")
    assert {cells["answer"][0] for cells in values(store, run).values()} == {"done"}


def test_marking_while_it_runs_is_run_by_the_same_run(store: Store, dataset: int) -> None:
    vendor = Vendor(store, delay=0.1)
    run = made(store, dataset, prompt("answer", "question"), concurrency=1)
    with runner(store, contexts_of(vendor)):
        running.start(store, ACTOR, run)
        until(lambda: running.progress(store, run).counts.done >= 1)
        running.rerun(store, ACTOR, run, "row", row=1)
        assert wait(store, run).counts.done == 4
    assert vendor.texts().count("apple") == 2


def test_a_second_start_is_refused_while_it_runs(store: Store, dataset: int) -> None:
    run = made(store, dataset, prompt("answer", "question"))
    with runner(store, contexts_of(Vendor(store, delay=0.3))):
        running.start(store, ACTOR, run)
        with pytest.raises(Refused, match="already"):
            running.start(store, ACTOR, run)
        with pytest.raises(Refused, match="running"):
            grids.remove(store, ACTOR, grids.grid(store, run).evaluation.id)
        wait(store, run)
        with pytest.raises(Refused, match="cannot be paused"):
            running.pause(store, ACTOR, run)
