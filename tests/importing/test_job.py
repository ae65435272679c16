"""The job: resumed after a stop and after a kill, counted, told, in worker processes or alone."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.importing.support import a_store, kept
from workbench.logs.importing.job import Options, Progress, import_file
from workbench.logs.importing.record import ImportFailed
from workbench.store.store import Store

ROWS = 3000


def a_file(folder: Path, rows: int = ROWS, bad: int = 700) -> Path:
    """Rows of a kilobyte, each `bad`-th of them broken."""
    path = folder / "many.jsonl"
    with path.open("w") as file:
        for number in range(rows):
            row = {
                "id": f"r{number}",
                "model": "gpt-4o-mini",
                "input": f"question {number} " + "word " * 200,
                "output": f"answer {number}",
                "started_at": 1_767_000_000 + number,
                "input_tokens": -1 if number % bad == bad - 1 else number,
            }
            file.write(json.dumps(row) + "\n")
    return path


def options(folder: Path, **more: object) -> Options:
    return Options(refused=folder / "refused.jsonl", state=folder / "state.json", **more)  # type: ignore[arg-type]


def summary(store: Store) -> list[tuple[object, ...]]:
    """What the rows say, without ids and times of arrival."""
    with store.connection.cursor() as cursor:
        return cursor.execute(
            "SELECT r.started_at, r.ended_at, r.model, r.input_tokens, r.cost, r.origin, r.actor, "
            "b.input_text, b.output_text, b.prompt, b.output, b.raw FROM requests r "
            "JOIN bodies b ON b.request_id = r.id ORDER BY r.started_at, b.raw"
        ).fetchall()


def test_a_stopped_import_goes_on_and_ends_in_equal_rows(tmp_path: Path) -> None:
    path = a_file(tmp_path)
    with a_store(tmp_path, "whole") as store:
        whole = import_file(store, path, actor="tester")
        wanted = summary(store)
    asked = iter([False, False, True])
    with a_store(tmp_path) as store:
        first = import_file(
            store, path, None, options(tmp_path), actor="tester", stop=lambda: next(asked, True)
        )
        assert not first.finished
        assert 0 < first.read < ROWS
        second = import_file(store, path, None, options(tmp_path), actor="tester")
        assert second.finished
        assert (second.read, second.stored, second.duplicates) == (ROWS, whole.stored, 0)
        assert summary(store) == wanted
    refused = [json.loads(each)["line"] for each in (tmp_path / "refused.jsonl").open()]
    assert refused == [700, 1400, 2100, 2800]


def test_a_finished_import_begins_anew_and_adds_nothing(tmp_path: Path) -> None:
    path = a_file(tmp_path, 20)
    with a_store(tmp_path) as store:
        import_file(store, path, None, options(tmp_path), actor="tester")
        again = import_file(store, path, None, options(tmp_path), actor="another")
    assert (again.read, again.stored, again.duplicates) == (20, 0, 20)


def test_a_changed_file_does_not_go_on_where_the_old_one_stopped(tmp_path: Path) -> None:
    path = a_file(tmp_path)
    with a_store(tmp_path) as store:
        asked = iter([False, True])
        import_file(
            store, path, None, options(tmp_path), actor="tester", stop=lambda: next(asked, True)
        )
        path.write_text(path.read_text().replace('"r0"', '"another"'))
        counts = import_file(store, path, None, options(tmp_path), actor="tester")
        assert counts.read == ROWS
        assert counts.stored + counts.duplicates == ROWS - counts.refused


def test_rows_that_stand_twice_in_a_file_are_stored_once(tmp_path: Path) -> None:
    path = tmp_path / "f.jsonl"
    row = json.dumps({"input": "a", "output": "b", "started_at": 1_767_000_000}) + "\n"
    path.write_text(row * 3)
    with a_store(tmp_path) as store:
        counts = import_file(store, path, "neutral", actor="tester")
    assert (counts.stored, counts.duplicates) == (1, 2)


def test_the_counts_add_up_and_progress_tells_them(tmp_path: Path) -> None:
    path = a_file(tmp_path)
    heard: list[Progress] = []
    with a_store(tmp_path) as store:
        counts = import_file(
            store, path, None, options(tmp_path), actor="tester", progress=heard.append
        )
    assert counts.read == counts.stored + counts.duplicates + counts.refused == ROWS
    assert heard[-1].counts == counts
    assert heard[-1].fraction == 1.0
    assert heard[-1].rate > 0
    assert counts.refused_file == str(tmp_path / "refused.jsonl")


def test_worker_processes_read_the_same_rows(tmp_path: Path) -> None:
    path = a_file(tmp_path)
    with a_store(tmp_path, "alone") as store:
        import_file(store, path, None, Options(workers=0), actor="tester")
        wanted = summary(store)
    with a_store(tmp_path) as store:
        counts = import_file(store, path, None, Options(workers=2), actor="tester")
        assert summary(store) == wanted
    assert counts.refused == 4


def test_base64_images_are_kept_once(tmp_path: Path) -> None:
    path = tmp_path / "f.jsonl"
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "QUJD" * 600}}
    rows = [
        {"id": n, "input": [{"role": "user", "content": [image]}], "output": "x", "started_at": n}
        for n in (1, 2)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    with a_store(tmp_path) as store:
        import_file(store, path, "neutral", actor="tester")
        with store.connection.cursor() as cursor:
            blobs = cursor.execute("SELECT count(DISTINCT sha256) FROM blobs").fetchone()
            uses = cursor.execute("SELECT count(*) FROM request_blobs").fetchone()
        found = kept(store)
    assert (blobs, uses) == ((1,), (2,))
    assert found[0].prompt["messages"][0]["content"] == [image]


def test_a_value_that_the_store_cannot_hold_costs_only_its_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here a cast that fails on purpose stands for whatever a column may refuse one day."""
    from workbench.store import adding

    failing = adding._VALUES.replace(
        "prompt_name",
        "CASE WHEN prompt_name = 'bad' THEN prompt_name::INTEGER::VARCHAR ELSE prompt_name END",
    )
    monkeypatch.setattr(adding, "_VALUES", failing)
    path = tmp_path / "f.jsonl"
    rows = [
        {"id": n, "input": "a", "output": "b", "started_at": n, "prompt_name": name}
        for n, name in enumerate(["one", "two", "bad", "four", "five"], 1)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    with a_store(tmp_path) as store:
        counts = import_file(store, path, "neutral", options(tmp_path), actor="tester")
        assert [detail.summary.prompt_name for detail in kept(store)] == [
            "one",
            "two",
            "four",
            "five",
        ]
    assert (counts.stored, counts.refused) == (4, 1)
    assert json.loads((tmp_path / "refused.jsonl").read_text())["line"] == 3


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ({"Nothing": "input"}, "does not have"),
        ({"Question": "prompt of mine"}, "no field"),
        ({"Customer": "metadata.customer"}, "input or output"),
    ],
)
def test_a_mapping_that_cannot_be_used_is_refused(
    tmp_path: Path, mapping: dict[str, str], said: str
) -> None:
    path = Path(__file__).parent / "files" / "own_table.csv"
    with a_store(tmp_path) as store, pytest.raises(ImportFailed, match=said):
        import_file(store, path, "mapped", Options(mapping=mapping), actor="tester")


_CHILD = """
import sys
from pathlib import Path
from workbench.logs.importing.job import Options, import_file
from workbench.settings import Settings
from workbench.store.store import Store
folder = Path(sys.argv[1])
store = Store(Settings(database=str(folder / "store.duckdb"), time_zone="UTC"))
def slow(progress):
    print(progress.counts.read, flush=True)
options = Options(state=folder / "state.json", refused=folder / "refused.jsonl", workers=0)
import_file(store, folder / "many.jsonl", None, options, actor="tester", progress=slow)
store.close()
"""


@pytest.mark.slow
def test_a_kill_in_the_middle_loses_and_doubles_nothing(tmp_path: Path) -> None:
    path = a_file(tmp_path, 12_000)
    with a_store(tmp_path, "whole") as store:
        import_file(store, path, actor="tester")
        wanted = summary(store)
    for part in (3_000, 6_000):
        child = subprocess.Popen(
            [sys.executable, "-c", _CHILD, str(tmp_path)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
            env={**os.environ, "PYTHONPATH": "."},
        )
        assert child.stdout is not None
        for read in child.stdout:
            if int(read) > part:
                break
        child.send_signal(signal.SIGKILL)
        child.wait()
        time.sleep(0.1)
    with a_store(tmp_path) as store:
        counts = import_file(store, path, None, options(tmp_path), actor="tester")
        assert counts.finished
        assert summary(store) == wanted
    refused = [json.loads(each)["line"] for each in (tmp_path / "refused.jsonl").open()]
    assert refused == list(range(700, 12_001, 700))


def test_a_worker_that_dies_ends_the_import_with_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/true")
    path = a_file(tmp_path)
    with a_store(tmp_path) as store, pytest.raises(ImportFailed, match="goes on from there"):
        import_file(store, path, None, Options(workers=1), actor="tester")
