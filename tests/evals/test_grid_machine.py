"""Random edits, ratings, failures and kills against a plain model of the grid."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.evals.grids import (
    ACTOR,
    Vendor,
    add_dataset,
    chat_column,
    contexts_of,
    crash,
    until,
    values,
    wait,
)
from workbench.evals import grids, rating, running
from workbench.evals.grids import NewColumn
from workbench.evals.runner import runner_of
from workbench.providers.errors import ProviderError
from workbench.settings import Settings
from workbench.store.store import Store

ROWS = 4
#: Column -> what it reads, from left to right.
READS = {
    "answer": (),
    "second": ("answer",),
    "rating": (),
    "found": ("second",),
    "best": ("rating", "answer"),
    "high": ("rating",),
}
#: Of a cell that failed since one that it reads did.
UNREAD = "unread"
_NOT_RUN = ("waiting", "stale")

_ACTION = st.one_of(
    st.just(("run",)),
    st.tuples(st.just("kill"), st.integers(1, 10)),
    st.tuples(st.just("edit"), st.sampled_from(["answer", "second", "found"])),
    st.tuples(st.just("rate"), st.integers(1, ROWS), st.integers(0, 9)),
    st.tuples(st.just("unrate"), st.integers(1, ROWS)),
    st.tuples(st.just("again"), st.sampled_from(["failed", "column", "row", "cell", "all"])),
    st.tuples(st.just("break"), st.integers(1, ROWS)),
    st.just(("mend",)),
)


class Plain:
    """What the grid has to hold: (state, value) by row and column."""

    def __init__(self) -> None:
        self.cells: dict[tuple[int, str], tuple[str, Any]] = {
            (row, name): ("waiting", None) for row in range(1, ROWS + 1) for name in READS
        }
        self.edits = dict.fromkeys(READS, 0)
        self.broken: set[str] = set()

    def dependants(self, column: str) -> list[str]:
        touched, found = {column}, []
        for name, reads in READS.items():
            if touched & set(reads):
                touched.add(name)
                found.append(name)
        return found

    def mark(self, row: int, names: list[str]) -> None:
        for name in names:
            state, value = self.cells[row, name]
            if (state, value) == ("failed", UNREAD):
                # It never ran.
                self.cells[row, name] = "waiting", None
            elif state != "waiting" and name != "rating":
                self.cells[row, name] = "stale", value

    def run(self) -> None:
        for row, name in itertools.product(range(1, ROWS + 1), READS):
            if self.cells[row, name][0] in _NOT_RUN and name != "rating":
                self.cells[row, name] = self.cell(row, name)

    def cell(self, row: int, name: str) -> tuple[str, Any]:
        read = {one: self.cells[row, one] for one in READS[name]}
        if name == "best":
            return "done", next((v for s, v in read.values() if s == "done"), None)
        if any(state == "failed" for state, _ in read.values()):
            return "failed", UNREAD
        if any(state in _NOT_RUN for state, _ in read.values()):
            return self.cells[row, name]
        if name in ("answer", "second"):
            text = f"Case {row}" if name == "answer" else str(read["answer"][1])
            if text in self.broken:
                return "failed", None
            return "done", f"{model_of(name, self.edits[name])}: {text}"
        if name == "found":
            return "done", str(self.edits["found"] % 10) in str(read["second"][1])
        return "done", read["rating"][1] >= 5


def model_of(column: str, edits: int) -> str:
    return f"{column}-{edits}"


def spec_of(column: str, edits: int) -> NewColumn:
    if column == "found":
        pattern = str(edits % 10)
        return NewColumn("found", "REGEX", {"source": "second", "regex_pattern": pattern})
    source = {"answer": "question", "second": "answer"}[column]
    return chat_column(column, source, "echo", model_of(column, edits))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    made = Store(Settings(database=str(tmp_path_factory.mktemp("grids") / "w.duckdb")))
    yield made
    made.close()


@settings(max_examples=12)
@given(st.lists(_ACTION, min_size=1, max_size=8))
def test_after_any_edits_and_kills_the_grid_is_that_of_a_plain_model(
    store: Store, actions: list[tuple[Any, ...]]
) -> None:
    dataset = add_dataset(store, [{"question": f"Case {n + 1}"} for n in range(ROWS)], ["question"])
    columns = [
        spec_of("answer", 0),
        spec_of("second", 0),
        NewColumn("rating", "HUMAN", {"data_type": "number"}),
        spec_of("found", 0),
        NewColumn("best", "COALESCE", {"sources": ["rating", "answer"]}),
        NewColumn("high", "MATH_OPERATOR", {"sources": ["rating"], "operator": "ge", "value": 5}),
    ]
    run = grids.create(store, ACTOR, "G", dataset_id=dataset, columns=columns, concurrency=2)[1]
    plain, vendor = Plain(), Vendor(store, delay=0.002)
    contexts = contexts_of(vendor)
    runner_of(store, contexts, ())
    try:
        for action in actions:
            do(store, run, plain, vendor, contexts, *action)
            check(store, run, plain)
        finish(store, run, plain)
        check(store, run, plain)
    finally:
        runner_of(store).close()
    paid_twice(store, run)


def do(
    store: Store, run: int, plain: Plain, vendor: Vendor, contexts: Any, what: str, *given: Any
) -> None:
    if what == "run":
        finish(store, run, plain)
    elif what == "kill":
        before = len(vendor.asked)
        running.start(store, ACTOR, run)
        until(lambda: len(vendor.asked) >= before + given[0] or is_over(store, run))
        crash(store)
        # The next process finds it running, and goes on.
        runner_of(store, contexts, ())
        wait(store, run)
        plain.run()
    elif what == "edit":
        (column,) = given
        plain.edits[column] += 1
        grids.edit_column(store, ACTOR, run, column, spec_of(column, plain.edits[column]).spec)
        for row in range(1, ROWS + 1):
            plain.mark(row, [column, *plain.dependants(column)])
    elif what == "rate":
        row, value = given
        rating.rate(store, ACTOR, run, row, "rating", value)
        plain.cells[row, "rating"] = "done", value
        plain.mark(row, plain.dependants("rating"))
    elif what == "unrate":
        (row,) = given
        rating.unrate(store, ACTOR, run, row, "rating")
        plain.cells[row, "rating"] = "waiting", None
        plain.mark(row, plain.dependants("rating"))
    elif what == "again":
        (scope,) = given
        of = {"column": "second"} if scope in ("column", "cell") else {}
        at = {"row": 2} if scope in ("row", "cell") else {}
        running.rerun(store, ACTOR, run, scope, **of, **at, go=False)  # type: ignore[arg-type]
        names = ["second", *plain.dependants("second")] if of else list(READS)
        for one in [2] if at else range(1, ROWS + 1):
            failed = [n for n in names if plain.cells[one, n][0] == "failed"]
            plain.mark(one, failed if scope == "failed" else names)
    elif what == "break":
        plain.broken.add(f"Case {given[0]}")
        vendor.says[f"Case {given[0]}"] = [ProviderError("bad_request", "no")]
    else:
        plain.broken.clear()
        vendor.says.clear()


def is_over(store: Store, run: int) -> bool:
    return running.progress(store, run).state != "running"


def finish(store: Store, run: int, plain: Plain) -> None:
    running.start(store, ACTOR, run)
    assert wait(store, run).state == "done"
    plain.run()


def check(store: Store, run: int, plain: Plain) -> None:
    found = values(store, run)
    for (row, name), (state, value) in plain.cells.items():
        assert found[row][name][0] == state, (row, name, found[row], plain.cells)
        if state == "done":
            assert found[row][name][1] == value, (row, name, found[row])


def paid_twice(store: Store, run: int) -> None:
    with store.connection.cursor() as cursor:
        rows = cursor.execute(
            "SELECT json_extract_string(metadata, '/cell'), json_extract_string(metadata, '/call') "
            "FROM requests WHERE status = 'SUCCESS' "
            "AND json_extract_string(metadata, '/run') = ?",
            [str(run)],
        ).fetchall()
    assert not [cell for cell, times in Counter(rows).items() if times > 1]
