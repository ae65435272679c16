"""Evaluations in the store, on both engines: runs that are taken once, cells, figures, pages."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.evals.grids import add_dataset
from workbench.evals import scores, scoring
from workbench.store import (
    audit,
    clock,
    evaluation_calls,
    evaluation_cells,
    evaluation_pages,
    evaluation_purge,
    evaluation_runs,
    evaluation_sums,
    evaluations,
)
from workbench.store.connection import Cursor
from workbench.store.errors import NotFound, Refused
from workbench.store.evaluation_cells import Finished
from workbench.store.evaluation_pages import Condition, Sort
from workbench.store.evaluation_runs import LostRun
from workbench.store.evaluation_values import CellRow, ColumnRow, RunInfo
from workbench.store.rows import NewRequest
from workbench.store.store import Store

ACTOR = "user:anna"
ME = 0


def column(id_: int, name: str) -> ColumnRow:
    at = clock.from_stored(clock.now())
    return ColumnRow(
        id=id_,
        position=0,
        name=name,
        type="COUNT",
        spec='{"source":"question","type":"chars"}',
        used=None,
        edited_by=ACTOR,
        edited_at=at,
    )


def made(
    store: Store, rows: Sequence[dict[str, Any]] = ({"question": "Hello"},), names: str = "ab"
) -> tuple[RunInfo, list[int]]:
    """A run over a dataset of these rows that this process has, and the ids of its columns."""
    dataset = add_dataset(store, rows, list(rows[0]))

    def change(cursor: Cursor) -> int:
        id_ = store.evaluations.create(cursor, ACTOR, "Grid", "")
        return store.evaluations.add_run(
            cursor,
            ACTOR,
            id_,
            dataset=(dataset, 1),
            concurrency=4,
            columns=[column(0, name) for name in names],
        )

    run_id = store.change(change).result()
    store.change(lambda cursor: evaluation_runs.take(cursor, run_id, ME)).result()
    info = evaluations.run(store.connection, run_id)
    assert info is not None
    return info, [one.id for one in evaluations.columns(store.connection, run_id)]


def write(store: Store, run: RunInfo, *cells: CellRow, worker: int = ME) -> None:
    store.add_cells(Finished(run.id, worker, cells, clock.now())).result()


def done(row: int, column_id: int, value: Any, **more: Any) -> CellRow:
    return CellRow(
        dataset_row=row,
        column_id=column_id,
        state="done",
        value=orjson.dumps(value).decode(),
        attempts=1,
        **more,
    )


def kept(store: Store, run: RunInfo, row: int, column_id: int) -> evaluation_cells.Kept:
    return evaluation_cells.of_rows(store.connection, run.id, [row])[row][column_id]


def test_a_cell_is_there_once_however_often_it_is_written(store: Store) -> None:
    run, (a, _) = made(store)
    write(store, run, done(1, a, "one"), done(1, a, "two"))
    write(store, run, done(1, a, "three"))
    assert kept(store, run, 1, a) == evaluation_cells.Kept("done", 0, 1, '"three"')
    with store.connection.cursor() as cursor:
        assert cursor.execute("SELECT count(*) FROM evaluation_cells").fetchone() == (1,)


def test_a_cell_that_was_marked_while_it_ran_stays_to_be_run(store: Store) -> None:
    run, (a, b) = made(store)
    write(store, run, done(1, a, "old"))
    store.change(
        lambda cursor: evaluation_cells.mark_row(cursor, run.id, 1, [a, b], also_waiting=True)
    ).result()
    write(store, run, done(1, a, "late"), done(1, b, "late"))
    assert kept(store, run, 1, a).state == "stale"
    assert kept(store, run, 1, b) == evaluation_cells.Kept("stale", 1, 0, None)
    write(store, run, done(1, b, "new", generation=1))
    assert kept(store, run, 1, b).state == "done"


def test_only_the_process_that_has_the_run_writes_its_cells(store: Store) -> None:
    run, (a, _) = made(store)
    with pytest.raises(LostRun):
        write(store, run, done(1, a, "x"), worker=7)
    assert evaluation_cells.of_rows(store.connection, run.id, [1]) == {1: {}}


def test_a_run_is_taken_over_once_its_process_is_silent(store: Store) -> None:
    run, _ = made(store)
    with pytest.raises(Refused, match="already"):
        store.change(lambda cursor: evaluation_runs.take(cursor, run.id, 7)).result()
    assert evaluation_runs.free_runs(store.connection, 7) == []
    assert not store.change(lambda cursor: evaluation_runs.take_over(cursor, run.id, 7)).result()
    silent = clock.now() - timedelta(seconds=16)
    store.change(
        lambda cursor: cursor.execute("UPDATE evaluation_runs SET heartbeat_at = ?", [silent])
    ).result()
    assert evaluation_runs.free_runs(store.connection, 7) == [run.id]
    assert store.change(lambda cursor: evaluation_runs.take_over(cursor, run.id, 7)).result()
    with pytest.raises(LostRun):
        store.change(lambda cursor: evaluation_runs.beat(cursor, run.id, ME)).result()
    assert store.change(lambda cursor: evaluation_runs.beat(cursor, run.id, 7)).result() == (
        evaluation_runs.Beat("running", None)
    )


def test_a_paused_run_keeps_its_process_until_it_lets_go(store: Store) -> None:
    run, _ = made(store)
    store.change(lambda cursor: evaluation_runs.hold(cursor, run.id, "paused", "Wait.")).result()
    assert store.change(lambda cursor: evaluation_runs.take(cursor, run.id, 7)).result()[1] is False
    assert not store.change(lambda cursor: evaluation_runs.let_go(cursor, run.id, ME)).result()
    store.change(lambda cursor: evaluation_runs.hold(cursor, run.id, "paused", "Wait.")).result()
    assert store.change(lambda cursor: evaluation_runs.let_go(cursor, run.id, ME)).result()
    assert store.change(lambda cursor: evaluation_runs.take(cursor, run.id, 7)).result()[1] is True


def test_rows_in_which_something_is_left_are_found_slice_by_slice(store: Store) -> None:
    run, (a, b) = made(store, [{"question": str(n)} for n in range(10)])
    write(store, run, *(done(row, a, 1) for row in range(1, 11)))
    write(store, run, *(done(row, b, 1) for row in (1, 2, 9)))
    store.change(
        lambda cursor: evaluation_cells.mark_row(cursor, run.id, 2, [b], also_waiting=False)
    ).result()
    found, after = [], 0
    while True:
        ids, last = evaluation_cells.pending(store.connection, run, [a, b], after, 4)
        if last is None:
            break
        found.append(ids)
        after = last
    assert found == [[2, 3, 4], [5, 6, 7, 8], [10]]


def test_the_cost_of_a_call_that_was_turned_away_is_known(store: Store) -> None:
    run, (a, _) = made(store, [{"question": str(n)} for n in range(3)])
    called = '{"request_ids":[1]}'
    write(
        store,
        run,
        CellRow(dataset_row=1, column_id=a, state="failed", kind="authentication", detail=called),
        CellRow(dataset_row=2, column_id=a, state="failed", kind="timeout", detail=called),
    )
    found = evaluation_sums.counts(store.connection, run, [a], [a])
    assert (found[a].failed, found[a].unpriced) == (2, 1)


def test_cells_are_counted_by_state_with_what_they_cost(store: Store) -> None:
    run, (a, b) = made(store, [{"question": str(n)} for n in range(6)])
    cost = Decimal("0.125")
    called = '{"request_ids":[1]}'
    write(
        store,
        run,
        done(1, a, 1, cost=cost, detail=called),
        done(2, a, 1, detail=called),
        done(3, a, 1),
        CellRow(dataset_row=4, column_id=a, state="failed", kind="timeout", cost=cost),
        CellRow(dataset_row=5, column_id=a, state="cancelled", attempts=1),
    )
    store.change(
        lambda cursor: evaluation_cells.mark_row(cursor, run.id, 3, [a, b], also_waiting=True)
    ).result()
    found = evaluation_sums.counts(store.connection, run, [a, b], [a])
    assert (found[a].done, found[a].failed, found[a].stale) == (2, 1, 1)
    assert (found[a].cancelled, found[a].waiting) == (1, 1)
    assert (found[a].cost, found[a].unpriced) == (2 * cost, 1)
    assert found[b].waiting == 6
    assert evaluation_sums.spent(store.connection, run.id) == 2 * cost
    assert evaluation_sums.failures(store.connection, run.id) == {a: {"timeout": 1}}


_SCALARS = st.one_of(
    st.booleans(),
    st.integers(-(10**6), 10**6),
    st.floats(-1e6, 1e6, allow_nan=False),
    st.sampled_from([1e300, -1e300, 2**63, 10**25 * 1.0, 0.0, -0.0]),
)
_VALUES = st.one_of(
    _SCALARS,
    st.none(),
    st.text(max_size=5),
    st.lists(st.one_of(_SCALARS, st.none(), st.text(max_size=2)), max_size=4),
    st.dictionaries(st.text(max_size=3), _SCALARS, max_size=3),
    st.lists(st.booleans(), min_size=1, max_size=3),
)


@settings(max_examples=25)
@given(
    st.one_of(
        st.lists(_VALUES, max_size=12),
        st.lists(st.booleans(), max_size=12),
        st.lists(st.floats(-100, 100), max_size=12),
    )
)
def test_a_score_added_up_by_the_engine_is_the_one_of_the_values(
    scored: tuple[Store, list[int]], values: list[Any]
) -> None:
    store, counter = scored
    counter[0] += 1
    column_id = 10_000 + counter[0]
    rows = [done(row, column_id, value) for row, value in enumerate(values, start=1)]
    run, _ = SCORED[id(store)]
    write(store, run, *rows)
    sums = evaluation_sums.sums(store.connection, [(run.id, column_id)])
    found = scoring.column_score("x", sums.get((run.id, column_id)), len(values))
    expected = scores.column_score("x", values)
    if expected is None or found is None:
        assert found is expected
        return
    assert (found.kind, found.size, found.left_out) == (
        expected.kind,
        expected.size,
        expected.left_out,
    )
    # Among numbers of 1e300 a 1 is below what a sum in any order can hold.
    scale = max(1.0, *(abs(n) for n in _numbers(values)))
    assert close(found.value, expected.value, scale)
    assert (found.interval is None) == (expected.interval is None)
    if found.interval is not None and expected.interval is not None:
        assert all(
            close(a, b, scale) for a, b in zip(found.interval, expected.interval, strict=True)
        )


SCORED: dict[int, tuple[RunInfo, list[int]]] = {}


@pytest.fixture
def scored(store: Store) -> tuple[Store, list[int]]:
    SCORED[id(store)] = made(store)
    return store, [0]


def close(a: float, b: float, scale: float = 1.0) -> bool:
    return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9 * scale)


def _numbers(values: Sequence[Any]) -> list[float]:
    found = [scores.counted(value) for value in values]
    return [one[0] for one in found if one is not None]


CASES: list[dict[str, Any]] = [
    {"question": "Where is it?", "size": 3},
    {"question": "WHERE was it", "size": 20},
    {"question": "Why", "size": None},
    {"question": 'A "quoted" \\ one', "size": 100},
    {"other": True},
]


@pytest.mark.parametrize(
    ("condition", "rows"),
    [
        (Condition(column="question", text="where"), [1, 2]),
        (Condition(column="question", text="where", negated=True), [3, 4, 5]),
        (Condition(column="question", text='"quoted" \\'), [4]),
        (Condition(column="size", operator="gt", text="9"), [2, 4]),
        (Condition(column="size", operator="is", text="3.0"), [1]),
        (Condition(column="size", operator="empty"), [3, 5]),
        (Condition(column="a", operator="is", text="YES"), [1]),
        (Condition(column="b", operator="ge", text="2"), [2]),
        (Condition(field="state", column="a", text="waiting"), [3, 5]),
        (Condition(field="state", column="a", text="failed"), [4]),
        (Condition(field="state", column="a", text="stale"), [2]),
        (Condition(field="passed", column="b", text="false"), [2]),
        (Condition(field="cost", column="b", operator="ge", text="0.5"), [2]),
        (Condition(field="row", operator="ge", text="4"), [4, 5]),
        (Condition(field="any", text='"quoted" \\'), [4]),
        (Condition(field="any", text="no way"), [2]),
    ],
    ids=str,
)
def test_rows_are_found_by_any_column(store: Store, condition: Condition, rows: list[int]) -> None:
    run, ids = grid_of_cases(store)
    found, total = evaluation_pages.page(
        store.connection, run, ids, [condition], Sort(), offset=0, limit=10
    )
    assert (found, total) == (rows, len(rows))


@pytest.mark.parametrize(
    ("sort", "rows"),
    [
        (Sort(descending=True), [5, 4, 3, 2, 1]),
        (Sort(field="value", column="size"), [1, 2, 4, 3, 5]),
        (Sort(field="value", column="size", descending=True), [4, 2, 1, 3, 5]),
        (Sort(field="value", column="a"), [2, 1, 3, 4, 5]),
        (Sort(field="value", column="b", descending=True), [2, 1, 3, 4, 5]),
        (Sort(field="passed", column="b"), [2, 1, 3, 4, 5]),
        (Sort(field="cost", column="b", descending=True), [2, 1, 3, 4, 5]),
    ],
    ids=str,
)
def test_rows_are_sorted_by_any_column_what_is_missing_last(
    store: Store, sort: Sort, rows: list[int]
) -> None:
    run, ids = grid_of_cases(store)
    found, total = evaluation_pages.page(store.connection, run, ids, [], sort, offset=0, limit=10)
    assert (found, total) == (rows, 5)
    assert evaluation_pages.page(store.connection, run, ids, [], sort, 3, 1)[0] == rows[3:4]


def grid_of_cases(store: Store) -> tuple[RunInfo, dict[str, int]]:
    run, (a, b) = made(store, CASES)
    write(
        store,
        run,
        done(1, a, "yes"),
        done(2, a, "no way"),
        CellRow(dataset_row=4, column_id=a, state="failed", kind="timeout", message="late"),
        done(1, b, 1.5, passed=True, cost=Decimal("0.25")),
        done(2, b, 2, passed=False, cost=Decimal("0.5")),
    )
    store.change(
        lambda cursor: evaluation_cells.mark_row(cursor, run.id, 2, [a], also_waiting=False)
    ).result()
    store.change(
        lambda cursor: evaluation_cells.mark_row(cursor, run.id, 5, [a], also_waiting=True)
    ).result()
    return run, {"a": a, "b": b}


def test_two_columns_are_compared_row_by_row(store: Store) -> None:
    run, (a, b) = made(store, [{"question": str(n)} for n in range(8)])
    pairs = [(True, False), (1, 2.5), (3, 3), ("x", "y"), ("x", "x"), (False, True)]
    for row, (first, second) in enumerate(pairs, start=1):
        write(store, run, done(row, a, first), done(row, b, second))
    write(store, run, done(7, a, 1), done(8, b, 1))
    found = evaluation_sums.paired(store.connection, (run.id, a), (run.id, b))
    assert (found.pairs, found.better, found.worse, found.equal) == (6, 2, 1, 1)
    assert (found.changed, found.same, found.only_first, found.only_second) == (1, 1, 1, 1)
    assert found.numbers == 4
    assert found.difference == pytest.approx((-1 + 1.5 + 0 + 1) / 4)
    assert found.first == pytest.approx(5 / 4)
    assert found.second == pytest.approx(6.5 / 4)
    rows = evaluation_sums.paired_rows(
        store.connection, (run.id, a), (run.id, b), "better", offset=0, limit=5
    )
    assert rows == ([2, 6], 2)


def request(run_id: int, cell: str, sent: str = "d", **changes: Any) -> NewRequest:
    at = clock.from_stored(clock.now())
    metadata = {"run": str(run_id), "cell": cell, "call": "repeat 1", "sent": sent}
    fields: dict[str, Any] = {
        "started_at": at,
        "ended_at": at,
        "actor": ACTOR,
        "source": "track-request",
        "raw": "{}",
        "origin": "evaluation",
        "status": "SUCCESS",
        "metadata": metadata,
    }
    return NewRequest(**(fields | changes))


def test_logged_calls_are_found_for_cells_without_an_end_of_their_generation(
    store: Store,
) -> None:
    run, (a, b) = made(store, [{"question": str(n)} for n in range(5)])
    write(store, run, done(2, a, "x"), done(3, a, "x"))
    store.change(
        lambda cursor: evaluation_cells.mark_row(cursor, run.id, 3, [a], also_waiting=False)
    ).result()
    taken = store.add(request(run.id, f"1/{a}/0")).result().id
    later = store.add(request(run.id, f"3/{a}/1")).result().id
    for one in (
        request(run.id, f"2/{a}/0"),
        request(run.id, f"3/{a}/0"),
        request(run.id, f"4/{a}/0", status="ERROR"),
        request(run.id + 1, f"4/{b}/0"),
        request(run.id, f"4/{b}/0", origin="playground"),
        request(run.id, "nonsense"),
    ):
        store.add(one).result()
    found = evaluation_calls.logged(store.connection, run.id, run.created_at)
    assert sorted((one.row, one.generation, one.request_id) for one in found) == [
        (1, 0, taken),
        (3, 1, later),
    ]


def test_a_purge_takes_texts_and_leaves_verdicts(store: Store) -> None:
    run, (a, b) = made(store, [{"question": str(n)} for n in range(3)])
    write(
        store,
        run,
        done(1, a, "secret", detail='{"request_ids":[41,42]}'),
        done(1, b, True, passed=True, detail='{"reasoning":"secret"}'),
        done(2, a, "kept", detail='{"request_ids":[43]}'),
    )
    store.change(lambda cursor: evaluation_purge.forget_requests(cursor, [42])).result()
    assert kept(store, run, 1, a).value is None
    assert kept(store, run, 1, b).value == "true"
    assert kept(store, run, 2, a).value == '"kept"'
    assert evaluation_pages.detail(store.connection, run.id, 1, b) == {}


def test_a_purge_takes_cells_of_rows_that_came_from_the_requests(store: Store) -> None:
    run, (a, _) = made(store, [{"question": str(n)} for n in range(2)])
    write(store, run, done(1, a, 1), done(2, a, 2))
    store.change(
        lambda cursor: cursor.execute("UPDATE dataset_rows SET source_request = 9 WHERE id = 1")
    ).result()
    store.change(lambda cursor: evaluation_purge.forget_requests(cursor, [9])).result()
    assert evaluation_cells.of_rows(store.connection, run.id, [1, 2])[1] == {}
    assert kept(store, run, 2, a).value == "2"


def test_removing_hides_restoring_brings_back_and_a_purge_ends_it(store: Store) -> None:
    run, (a, _) = made(store)
    write(store, run, done(1, a, 1))
    id_ = run.evaluation_id
    with pytest.raises(Refused, match="running"):
        store.change(lambda cursor: store.evaluations.remove(cursor, ACTOR, id_)).result()
    store.change(lambda cursor: evaluation_runs.hold(cursor, run.id, "cancelled", None)).result()
    store.change(lambda cursor: store.evaluations.remove(cursor, ACTOR, id_)).result()
    assert evaluations.get(store.connection, id_) is None
    assert evaluations.counted(store.connection, "", deleted=True) == 1
    store.change(lambda cursor: store.evaluations.restore(cursor, ACTOR, id_)).result()
    assert evaluations.get(store.connection, id_) is not None
    store.change(evaluation_purge.forget_removed).result()
    assert kept(store, run, 1, a).value == "1"
    store.change(lambda cursor: store.evaluations.remove(cursor, ACTOR, id_)).result()
    store.change(evaluation_purge.forget_removed).result()
    assert evaluations.run(store.connection, run.id) is None
    with pytest.raises(NotFound):
        store.change(lambda cursor: store.evaluations.restore(cursor, ACTOR, id_)).result()
    actions = {entry.action for entry in audit.newest(store.connection)}
    assert {"evaluation.create", "evaluation.run", "evaluation.remove"} <= actions
