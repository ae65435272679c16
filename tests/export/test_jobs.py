"""Exports in the background: one after the other, cancelled, kept, repeated, and killed halfway."""

from __future__ import annotations

import inspect
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pytest

from tests.export.support import add, chat, with_image
from workbench.export import schedules
from workbench.export.formats import FORMATS
from workbench.export.jobs import Jobs, jobs_of
from workbench.export.output import MANIFEST
from workbench.export.records import Records
from workbench.export.running import Control
from workbench.export.spec import read_spec
from workbench.settings import ROOT, Settings
from workbench.store import exports
from workbench.store.errors import Busy, NotFound, Refused, StoreError
from workbench.store.export_rows import Snapshot
from workbench.store.store import Store


@pytest.fixture
def jobs(store: Store) -> Jobs:
    add(store, *(chat(n, f"q{n}", "x" * 500) for n in range(20)))
    return jobs_of(store)


class Held:
    """Holds an export at its first step until it is let go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reached, self.go = threading.Event(), threading.Event()
        real = Control.tell

        def tell(control: Control, stage: str, done: int, total: int | None) -> None:
            self.reached.set()
            self.go.wait(20)
            real(control, stage, done, total)

        monkeypatch.setattr(Control, "tell", tell)


def test_a_running_export_is_cancelled_and_leaves_nothing(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held(monkeypatch)
    id_ = jobs.start(read_spec({}), "tester")
    assert held.reached.wait(20)
    assert jobs.get(id_).row.status == exports.RUNNING
    with pytest.raises(Refused, match="cancel it first"):
        jobs.remove(id_, "tester")
    jobs.cancel(id_)
    held.go.set()
    assert jobs.wait(id_).row.status == exports.CANCELLED
    assert list(jobs.folder.iterdir()) == []
    # The next one runs as if nothing had been.
    assert jobs.wait(jobs.start(read_spec({}), "tester")).row.status == exports.DONE


def test_an_export_is_shown_as_running_before_the_store_has_noted_it(
    store: Store, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held(monkeypatch)
    written = threading.Event()
    real = Records.begin

    def begin(records: Records, id_: int, snapshot: Any) -> Any:
        # The writer is busy with something else when it is told.
        store.change(lambda cursor: written.wait(20))
        return real(records, id_, snapshot)

    monkeypatch.setattr(Records, "begin", begin)
    id_ = jobs.start(read_spec({}), "tester")
    assert held.reached.wait(20)
    assert jobs.get(id_).row.status == exports.RUNNING
    assert [job.row.status for job in jobs.listed()] == [exports.RUNNING]
    written.set()
    held.go.set()
    assert jobs.wait(id_).row.status == exports.DONE


def test_what_arrives_meanwhile_is_not_in_it(
    store: Store, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held(monkeypatch)
    id_ = jobs.start(read_spec({"format": "jsonl"}), "tester")
    assert held.reached.wait(20)
    add(store, *(chat(100 + n, "tardy", "tardy") for n in range(5)))
    held.go.set()
    row = jobs.wait(id_).row
    assert (row.rows_expected, row.rows_written) == (20, 20)
    path = jobs.file(id_, "requests.jsonl")
    assert path is not None
    assert b"tardy" not in path.read_bytes()


def test_files_go_when_their_time_is_over_and_the_manifest_stays(jobs: Jobs) -> None:
    id_ = jobs.start(read_spec({"keep_days": 2}), "tester")
    jobs.wait(id_)
    jobs.look(datetime.now(UTC) + timedelta(days=1))
    assert jobs.file(id_, "requests.csv") is not None
    jobs.look(datetime.now(UTC) + timedelta(days=3))
    job = jobs.get(id_)
    assert job.row.status == exports.EXPIRED
    assert job.row.manifest is not None
    assert jobs.file(id_, "requests.csv") is None
    assert job.files == []


def test_a_removed_export_is_gone_with_its_files(jobs: Jobs) -> None:
    id_ = jobs.start(read_spec({}), "tester")
    jobs.wait(id_)
    jobs.remove(id_, "tester")
    assert list(jobs.folder.iterdir()) == []
    with pytest.raises(NotFound):
        jobs.get(id_)


def test_what_is_listed_as_done_can_be_removed_at_once(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted, go = threading.Event(), threading.Event()
    finish = Records.finish

    def then_linger(records: Records, *given: Any) -> None:
        finish(records, *given)
        noted.set()
        go.wait(20)

    monkeypatch.setattr(Records, "finish", then_linger)
    id_ = jobs.start(read_spec({}), "tester")
    assert noted.wait(20)
    assert jobs.get(id_).row.status == exports.DONE
    threading.Timer(0.3, go.set).start()
    jobs.remove(id_, "tester")
    with pytest.raises(NotFound):
        jobs.get(id_)


def test_a_file_has_no_name_outside_of_its_folder(jobs: Jobs) -> None:
    id_ = jobs.start(read_spec({}), "tester")
    jobs.wait(id_)
    for name in ("", ".", "..", "../../store.duckdb", "/etc/passwd", f"../{id_}/{MANIFEST}"):
        assert jobs.file(id_, name) is None


def test_what_is_due_runs_and_what_is_paused_does_not(store: Store, jobs: Jobs) -> None:
    now = datetime.now(UTC)
    hourly = schedules.add(store, "tester", read_spec({"name": "hourly"}), "hour")
    paused = schedules.add(store, "tester", read_spec({"name": "paused"}), "hour")
    schedules.pause(store, "tester", paused, True)
    jobs.look(now)
    assert jobs.listed() == []
    jobs.look(now + timedelta(hours=1, minutes=1))
    (job,) = jobs.listed()
    assert (job.row.name, job.row.schedule_id) == ("hourly", hourly)
    jobs.wait(job.row.id)
    # It was away for days: one run makes up for all of them.
    jobs.look(now + timedelta(days=3))
    assert len(jobs.listed()) == 2
    found = {each.id: each for each in schedules.listed(store.connection)}
    assert found[hourly].last_export == jobs.listed()[0].row.id
    schedules.remove(store, "tester", hourly)
    with pytest.raises(NotFound):
        schedules.remove(store, "tester", hourly)


def test_a_schedule_that_cannot_be_read_keeps_no_other_from_its_run(
    store: Store, jobs: Jobs
) -> None:
    now = datetime.now(UTC)
    broken = schedules.add(store, "tester", read_spec({"name": "broken"}), "hour", now)
    sound = schedules.add(store, "tester", read_spec({"name": "sound"}), "hour", now)
    store.change(
        lambda cursor: cursor.execute(
            'UPDATE export_schedules SET spec = \'{"format": "gone"}\' WHERE id = ?', [broken]
        )
    ).result()
    jobs.look(now)
    found = {job.row.schedule_id: job.row for job in jobs.listed()}
    assert found[broken].status == exports.FAILED
    assert '"gone" is no format' in (found[broken].error or "")
    assert jobs.wait(found[sound].id).row.status == exports.DONE


def test_what_the_queue_has_no_room_for_stays_due(
    store: Store, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.now(UTC)
    schedules.add(store, "tester", read_spec({"name": "first"}), "week", now)
    schedules.add(store, "tester", read_spec({"name": "second"}), "week", now)
    monkeypatch.setattr("workbench.export.jobs.MOST_WAITING", 0)
    jobs.look(now)
    assert jobs.listed() == []
    monkeypatch.undo()
    jobs.look(now + timedelta(minutes=1))
    assert sorted(job.row.name for job in jobs.listed()) == ["first", "second"]


def test_a_store_that_cannot_note_an_end_stops_no_later_export(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise Busy("Too much is waiting.")

    monkeypatch.setattr(Records, "finish", refuse)
    monkeypatch.setattr(Records, "end", refuse)
    lost = jobs.start(read_spec({}), "tester")
    jobs.wait(lost)
    # Its files would be known to nobody.
    assert list(jobs.folder.iterdir()) == []
    monkeypatch.undo()
    assert jobs.wait(jobs.start(read_spec({}), "tester")).row.status == exports.DONE
    assert jobs.get(lost).row.status == exports.RUNNING
    jobs.look(datetime.now(UTC))
    assert jobs.get(lost).row.status == exports.FAILED


def test_memory_that_cannot_be_given_back_stops_no_later_export(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    raised = threading.Event()

    def fail() -> None:
        raised.set()
        raise OSError("there is no such call here")

    with monkeypatch.context() as patched:
        patched.setattr("workbench.export.jobs.allocator.give_back", fail)
        assert jobs.wait(jobs.start(read_spec({}), "tester")).row.status == exports.DONE
        assert raised.wait(20)
    assert jobs.wait(jobs.start(read_spec({}), "tester")).row.status == exports.DONE


@pytest.mark.parametrize("what", ["cancel", "close"])
def test_an_export_on_its_way_into_the_queue_is_stopped_too(
    store: Store, jobs: Jobs, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    real = Records.add

    def add_and_stop(records: Records, id_: int, *rest: Any) -> None:
        real(records, id_, *rest)
        if what == "cancel":
            jobs.cancel(id_)
        else:
            jobs.close()

    monkeypatch.setattr(Records, "add", add_and_stop)
    if what == "cancel":
        assert jobs.get(jobs.start(read_spec({}), "tester")).row.status == exports.CANCELLED
    else:
        with pytest.raises(StoreError, match="closing"):
            jobs.start(read_spec({}), "tester")
        (row,) = exports.listed(store.connection)
        assert row.status == exports.INTERRUPTED


@pytest.mark.parametrize("format_", ["csv", "jsonl", "parquet", "excel"])
def test_a_cancelled_table_is_cancelled_and_not_failed_in_every_format(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch, format_: str
) -> None:
    # Closing the file would raise something else, and in Excel it builds the whole book first.
    monkeypatch.setattr(FORMATS[format_].load(), "close", lambda _: 1 / 0)
    held = Held(monkeypatch)
    id_ = jobs.start(read_spec({"format": format_}), "tester")
    assert held.reached.wait(20)
    jobs.cancel(id_)
    held.go.set()
    row = jobs.wait(id_).row
    assert (row.status, row.error) == (exports.CANCELLED, None)
    assert list(jobs.folder.iterdir()) == []


@pytest.mark.parametrize("where", ["metadata_keys", "score_names", "_whole", "_put_back"])
def test_cancelling_while_the_store_is_read_is_no_failure(
    store: Store, jobs: Jobs, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    add(store, with_image(50))
    real = getattr(Snapshot, where)

    def interrupted(snapshot: Snapshot, *rest: Any) -> Any:
        cursor = snapshot._cursor

        class Interrupted:
            def __getattr__(self, name: str) -> Any:
                return getattr(cursor, name)

            def execute(self, *_: object) -> None:
                raise duckdb.InterruptException("INTERRUPT Error: Interrupted!")

        snapshot._cursor = Interrupted()  # type: ignore[assignment]
        try:
            found = real(snapshot, *rest)
            return iter(list(found)) if inspect.isgenerator(found) else found
        finally:
            snapshot._cursor = cursor

    monkeypatch.setattr(Snapshot, where, interrupted)
    id_ = jobs.start(read_spec({"flatten": True}), "tester")
    assert jobs.wait(id_).row.status == exports.CANCELLED


_RUN = """
import os, signal, sys
from tests.export.support import add, chat
from workbench.export import output
from workbench.export.jobs import jobs_of
from workbench.export.running import Control
from workbench.export.spec import read_spec
from workbench.settings import Settings
from workbench.store.store import Store

where, database, format_ = sys.argv[1:]
store = Store(Settings(database=database, time_zone="UTC"))
add(store, *(chat(n, f"q{n}", "x" * 2000) for n in range(50)))
die = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
if where == "writing":
    Control.tell = die
elif where == "manifest":
    output._flush = die
elif where == "named":
    from workbench.export.records import Records
    Records.finish = die
jobs = jobs_of(store)
print(jobs.start(read_spec({"format": format_}), "tester"), flush=True)
jobs.wait(jobs.listed()[0].row.id)
"""


@pytest.mark.parametrize("where", ["writing", "manifest", "named"])
@pytest.mark.parametrize("format_", ["parquet", "openai"])
def test_a_kill_leaves_nothing_that_looks_complete_but_is_not(
    tmp_path: Path, where: str, format_: str
) -> None:
    database = str(tmp_path / "store.duckdb")
    command = [sys.executable, "-c", _RUN, where, database, format_]
    died = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert died.returncode == -signal.SIGKILL, died.stderr
    id_ = int(died.stdout)
    folder = tmp_path / "exports"
    names = {each.name for each in folder.iterdir()}
    assert names == ({str(id_)} if where == "named" else {f".partial-{id_}"})
    store = Store(Settings(database=database, time_zone="UTC"))
    try:
        job = jobs_of(store).get(id_)
        if where == "named":
            # All of it was there: the next start only notes it.
            assert job.row.status == exports.DONE
            for file in job.files:
                assert (folder / str(id_) / file["name"]).stat().st_size == file["bytes"]
            told = orjson.loads((folder / str(id_) / MANIFEST).read_bytes())
            assert told["rows"]["written"] == job.row.rows_written
        else:
            assert job.row.status == exports.INTERRUPTED
            assert list(folder.iterdir()) == []
            again = jobs_of(store).again(id_, "tester")
            assert jobs_of(store).wait(again).row.status == exports.DONE
    finally:
        store.close()
