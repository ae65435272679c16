"""The grid of a run as a file: every row with its cells, read back by pyarrow."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pyarrow.parquet as pq
import pytest

from tests.evals.grids import ACTOR, add_dataset
from workbench.export.output import Output
from workbench.export.running import Control, Finished, run
from workbench.export.spec import Spec, read_spec
from workbench.jsontext import FieldError
from workbench.settings import Settings
from workbench.store import clock, evaluation_runs, evaluations
from workbench.store.connection import Cursor
from workbench.store.evaluation_cells import Finished as Cells
from workbench.store.evaluation_values import CellRow, ColumnRow
from workbench.store.export_evaluations import GridSnapshot
from workbench.store.store import Store

WORKER = 0


@pytest.fixture(params=["file", "ducklake"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    place = f"{tmp_path}/workbench.duckdb"
    if request.param == "ducklake":
        place = f"ducklake:{tmp_path}/catalogue.ducklake"
    opened = Store(Settings(database=place))
    yield opened
    opened.close()


def column(name: str) -> ColumnRow:
    at = clock.from_stored(clock.now())
    spec = '{"source":"question","type":"chars"}'
    return ColumnRow(
        id=0, position=0, name=name, type="COUNT", spec=spec, used=None, edited_by=ACTOR,
        edited_at=at,
    )  # fmt: skip


def grid(
    store: Store, rows: Sequence[Mapping[str, Any]], names: Sequence[str]
) -> tuple[int, dict[str, int]]:
    """A run over these rows, and the ids of its columns by name."""
    dataset = add_dataset(store, rows, list(rows[0]))

    def change(cursor: Cursor) -> int:
        id_ = store.evaluations.create(cursor, ACTOR, "Grid", "")
        return store.evaluations.add_run(
            cursor, ACTOR, id_, dataset=(dataset, 1), concurrency=4,
            columns=[column(name) for name in names],
        )  # fmt: skip

    run_id = store.change(change).result()
    store.change(lambda cursor: evaluation_runs.take(cursor, run_id, WORKER)).result()
    found = evaluations.columns(store.connection, run_id)
    return run_id, {one.name: one.id for one in found}


def write(store: Store, run_id: int, *cells: CellRow) -> None:
    store.add_cells(Cells(run_id, WORKER, cells, clock.now())).result()


def done(row: int, column_id: int, value: Any, **more: Any) -> CellRow:
    kept = orjson.dumps(value).decode()
    return CellRow(
        dataset_row=row, column_id=column_id, state="done", value=kept, attempts=1, **more
    )


def export(store: Store, folder: Path, run_id: int, **spec: Any) -> tuple[Path, Finished]:
    made = run(
        store.connection,
        Spec(source="evaluations", name="grid", evaluation_run=run_id, **spec),
        Output(folder, 1),
        id_=1,
        now=datetime.now(UTC),
        control=Control(),
    )
    return next(folder.rglob(made.manifest["files"][0]["name"])), made


def test_every_row_leaves_with_typed_values_and_what_is_not_done_is_empty(
    store: Store, tmp_path: Path
) -> None:
    rows = [{"question": f"q{n}"} for n in (1, 2, 3, 4)]
    run_id, ids = grid(store, rows, ["text", "whole", "number", "check", "mixed", "none"])
    write(
        store,
        run_id,
        done(1, ids["text"], "é 😀"),
        done(2, ids["text"], ""),
        CellRow(
            dataset_row=3, column_id=ids["text"], state="failed", kind="timeout", message="late"
        ),
        done(1, ids["whole"], 2**53 + 1),
        done(2, ids["whole"], -1),
        done(1, ids["number"], 0.5),
        done(3, ids["number"], 2),
        done(1, ids["check"], True, passed=True),
        done(2, ids["check"], False, passed=False),
        done(1, ids["mixed"], {"a": [1, None]}),
        done(2, ids["mixed"], "text"),
    )
    path, made = export(store, tmp_path / "out", run_id, format="parquet")
    assert pq.read_table(path).to_pydict() == {
        "row": [1, 2, 3, 4],
        "question": ["q1", "q2", "q3", "q4"],
        "text": ["é 😀", "", None, None],
        "whole": [2**53 + 1, -1, None, None],
        "number": [0.5, None, 2.0, None],
        "check": [True, False, None, None],
        "mixed": ['{"a":[1,null]}', '"text"', None, None],
        "none": [None] * 4,
    }
    assert made.rows == 4
    assert made.manifest["rows"]["expected"] == 4
    assert made.manifest["filter"]["json"] == {"evaluation_run": run_id}


def test_state_verdict_cost_and_error_leave_where_they_are_chosen(
    store: Store, tmp_path: Path
) -> None:
    run_id, ids = grid(store, [{"question": f"q{n}"} for n in (1, 2, 3)], ["judged"])
    write(
        store,
        run_id,
        done(1, ids["judged"], True, passed=True, cost=Decimal("0.000000123")),
        CellRow(
            dataset_row=2, column_id=ids["judged"], state="failed", kind="timeout", message="late"
        ),
    )
    chosen = ("judged.state", "judged.passed", "judged.cost", "judged.error", "row")
    path, _ = export(store, tmp_path / "out", run_id, format="parquet", columns=chosen)
    assert pq.read_table(path).to_pydict() == {
        "judged.state": ["done", "failed", "waiting"],
        "judged.passed": [True, None, None],
        "judged.cost": [Decimal("0.000000123"), None, None],
        "judged.error": [None, "late", None],
        "row": [1, 2, 3],
    }


HOSTILE = ["row", "row id", "split", "a\"b'c", "=1+1", "x.state", "</script>", "日本 😀", "na~me/1"]


@pytest.mark.parametrize("format_", ["csv", "jsonl", "parquet", "excel"])
def test_hostile_names_of_columns_keep_their_own_values(
    store: Store, tmp_path: Path, format_: str
) -> None:
    rows = [{name: f"{at} {name}" for at, name in enumerate(HOSTILE)}]
    run_id, ids = grid(store, rows, ["x", "tags", "=cmd|' /C calc'!A0"])
    write(store, run_id, *(done(1, id_, f"value of {name}") for name, id_ in ids.items()))
    path, made = export(store, tmp_path / "out", run_id, format=format_)
    expected = {
        "row 2": 1, **rows[0], **{name: f"value of {name}" for name in ids},
    }  # fmt: skip
    assert [one["name"] for one in made.manifest["columns"]] == list(expected)
    if format_ == "parquet":
        assert pq.read_table(path).to_pylist() == [expected]
    elif format_ == "jsonl":
        assert [orjson.loads(line) for line in path.read_bytes().splitlines()] == [expected]
    elif format_ == "csv":
        with path.open(newline="") as file:
            (head, values) = csv.reader(file)
        assert not [text for text in (*head, *values) if text.startswith(("=", "+", "-", "@"))]
        assert [text.removeprefix("'") for text in head] == list(expected)
    else:
        assert made.rows == 1


def test_a_column_beside_gets_another_name_where_the_dataset_has_it(
    store: Store, tmp_path: Path
) -> None:
    run_id, ids = grid(store, [{"x.state": "mine"}], ["x"])
    write(store, run_id, done(1, ids["x"], "v"))
    chosen = ("x.state", "x.state 2")
    path, _ = export(store, tmp_path / "out", run_id, format="jsonl", columns=chosen)
    assert orjson.loads(path.read_bytes()) == {"x.state": "mine", "x.state 2": "done"}


def test_cells_that_are_written_meanwhile_are_not_half_in(store: Store) -> None:
    rows = [{"question": f"q{n}"} for n in range(3000)]
    run_id, ids = grid(store, rows, ["a"])
    with GridSnapshot(store.connection, run_id) as snapshot:
        columns = snapshot.chosen(["a"])
        read = snapshot.tables(columns, lists_as_text=True)
        found = next(read).column("a").to_pylist()
        write(store, run_id, *(done(n, ids["a"], "late") for n in range(1, 3001)))
        for table in read:
            found += table.column("a").to_pylist()
    assert found == [None] * 3000
    with GridSnapshot(store.connection, run_id) as snapshot:
        (first, *rest) = snapshot.tables(snapshot.chosen(["a"]), lists_as_text=True)
        found = [text for table in (first, *rest) for text in table.column("a").to_pylist()]
    assert found == ["late"] * 3000


def test_values_of_models_are_masked(store: Store, tmp_path: Path) -> None:
    run_id, ids = grid(store, [{"question": "q"}], ["a"])
    write(store, run_id, done(1, ids["a"], "write to ada@example.org"))
    path, made = export(
        store, tmp_path / "out", run_id, format="jsonl", masking={"detectors": ("email",)}
    )
    assert "ada@example.org" not in path.read_text()
    assert made.manifest["masking"]["masked"]["email"] == 1


def test_a_run_that_is_not_there_is_told(store: Store, tmp_path: Path) -> None:
    with pytest.raises(FieldError, match="no run 5") as refused:
        export(store, tmp_path / "out", 5, format="csv")
    assert refused.value.field == "evaluation_run"
    for wrong in ({}, {"evaluation_run": 0}, {"evaluation_run": 1, "dataset": 1}):
        with pytest.raises(FieldError):
            read_spec({"source": "evaluations", "format": "csv", **wrong})
