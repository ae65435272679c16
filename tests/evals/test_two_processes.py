"""Two processes, one after the other, on one DuckLake store: the next finishes what one left."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from tests.evals.grids import (
    ACTOR,
    Vendor,
    add_dataset,
    contexts_of,
    crash,
    prompt,
    until,
    values,
    wait,
)
from workbench.evals import grids, running
from workbench.evals.runner import runner_of
from workbench.settings import Settings
from workbench.store import clock, evaluation_runs, evaluations
from workbench.store.store import Store

ROWS = 12


def test_a_silent_process_loses_its_run_to_another_and_nothing_is_paid_twice(
    tmp_path: Path,
) -> None:
    database = f"ducklake:{tmp_path}/catalogue.ducklake"
    first = Store(Settings(database=database, process_id=1))
    dataset = add_dataset(first, [{"question": f"Case {n}"} for n in range(ROWS)], ["question"])
    run = grids.create(
        first,
        ACTOR,
        "G",
        dataset_id=dataset,
        columns=[prompt("answer", "question")],
        concurrency=2,
    )[1]
    early = Vendor(first, delay=0.05)
    runner_of(first, contexts_of(early), ())
    running.start(first, ACTOR, run)
    until(lambda: len(early.asked) >= 5)
    crash(first)
    first.close()
    second = Store(Settings(database=database, process_id=2))
    late = Vendor(second)
    try:
        # As long as its heartbeat is fresh, the run is the other's.
        assert evaluation_runs.free_runs(second.connection, 2) == []
        silent = clock.now() - timedelta(seconds=20)
        second.change(
            lambda cursor: cursor.execute("UPDATE evaluation_runs SET heartbeat_at = ?", [silent])
        ).result()
        runner = runner_of(second, contexts_of(late), ())
        until(lambda: evaluations.state(second.connection, run) == "done")
        wait(second, run)
        runner.close()
        assert {cells["answer"][0] for cells in values(second, run).values()} == {"done"}
        with second.connection.cursor() as cursor:
            logged = cursor.execute(
                "SELECT count(*), count(DISTINCT json_extract_string(metadata, '/cell')) "
                "FROM requests WHERE status = 'SUCCESS'"
            ).fetchone()
        assert logged == (ROWS, ROWS)
    finally:
        second.close()
