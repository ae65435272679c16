"""Imports that the server runs: one after the other, stopped, resumed, there after a restart."""

from __future__ import annotations

import csv
import io
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
import pytest

from tests.importing.support import FILES, a_store, kept
from workbench.logs.importing import background, incoming
from workbench.logs.importing.background import Jobs
from workbench.logs.importing.background_job import Asked, Job
from workbench.logs.importing.job import Progress
from workbench.logs.importing.record import ImportFailed
from workbench.store.store import Store

ENDED = ("done", "stopped", "failed", "interrupted")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with a_store(tmp_path) as store:
        yield store


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[Jobs]:
    made = Jobs(tmp_path / "imports")
    made.folder.mkdir()
    yield made
    made.close()


def ended(jobs: Jobs, job_id: str) -> Job:
    """The job when it does not run any more."""
    while True:
        job = jobs.get(job_id)
        assert job is not None
        if job.state in ENDED:
            return job
        threading.Event().wait(0.02)


def upload(jobs: Jobs, name: str, data: bytes) -> str:
    return incoming.keep_upload(jobs.folder, name, io.BytesIO(data)).token


def lines(number: int, first: int = 0) -> bytes:
    rows = (
        {"id": f"r{n}", "input": f"question {n}", "output": "w " * 200, "started_at": n + 1}
        for n in range(first, first + number)
    )
    return b"".join(orjson.dumps(row) + b"\n" for row in rows)


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Imports wait after their first stored rows until this is called."""
    go_on = threading.Event()
    real = Jobs._reached

    def reached(self: Jobs, job_id: str, progress: Progress) -> None:
        real(self, job_id, progress)
        assert go_on.wait(60)

    monkeypatch.setattr(Jobs, "_reached", reached)
    yield go_on.set
    go_on.set()


def under_way(jobs: Jobs, job_id: str) -> Job:
    """The job when some of its rows are stored, and not all of them."""
    while True:
        job = jobs.get(job_id)
        assert job is not None
        assert job.state not in ENDED, job
        if job.counts.stored:
            return job
        threading.Event().wait(0.02)


def test_an_import_counts_keeps_what_was_refused_and_lets_the_upload_go(
    jobs: Jobs, store: Store
) -> None:
    token = upload(jobs, "mine.jsonl", lines(3) + b'{"input": "a", "started_at": "=when"}\n')
    asked = Asked(token, "mine.jsonl", "neutral")
    job = ended(jobs, jobs.start(asked, store, "tester").id)
    assert (job.state, job.problem, job.fraction) == ("done", None, 1.0)
    assert (job.counts.read, job.counts.stored, job.counts.refused) == (4, 3, 1)
    assert {one.origin for one in kept(store)} == {job.origin} == {"import:mine.jsonl"}
    refused = jobs.refused_file(job.id)
    assert refused is not None
    (row,) = csv.DictReader(refused.open(newline=""))
    assert (row["line"], row["field"]) == ("4", "started_at")
    while incoming.find(jobs.folder, token) is not None:
        threading.Event().wait(0.02)
    jobs.remove(job.id)
    assert (jobs.get(job.id), jobs.refused_file(job.id), refused.exists()) == (None, None, False)
    assert len(kept(store)) == 3


def test_a_stopped_import_goes_on_where_it_was(
    jobs: Jobs, store: Store, held: Callable[[], None]
) -> None:
    rows = 8000
    token = upload(jobs, "many.jsonl", lines(rows))
    job_id = jobs.start(Asked(token, "many.jsonl", "neutral"), store, "tester").id
    under_way(jobs, job_id)
    jobs.stop(job_id)
    assert jobs.is_stopping(job_id)
    held()
    stopped = ended(jobs, job_id)
    assert stopped.state == "stopped"
    assert 0 < stopped.counts.read == stopped.counts.stored < rows
    assert incoming.find(jobs.folder, token), "what was not read to its end is kept"
    jobs.resume(job_id, store)
    done = ended(jobs, job_id)
    assert (done.state, done.counts.read, done.counts.stored) == ("done", rows, rows)
    assert done.counts.duplicates == 0, "nothing was read twice"


def test_an_import_that_the_end_of_the_server_interrupts_goes_on_in_the_next_one(
    jobs: Jobs, store: Store, held: Callable[[], None]
) -> None:
    rows = 8000
    token = upload(jobs, "many.jsonl", lines(rows))
    job_id = jobs.start(Asked(token, "many.jsonl", "neutral"), store, "tester").id
    behind = jobs.start(Asked(token, "again.jsonl", "neutral"), store, "tester").id
    under_way(jobs, job_id)
    closing = threading.Thread(target=jobs.close)
    closing.start()
    while not jobs._closing:
        threading.Event().wait(0.01)
    held()
    closing.join()
    later = Jobs(jobs.folder)
    found = later.get(job_id)
    assert found is not None
    assert found.state == "interrupted"
    assert 0 < found.counts.stored < rows
    waited = later.get(behind)
    assert waited is not None
    assert (waited.state, waited.counts.read) == ("interrupted", 0)
    later.resume(job_id, store)
    assert ended(later, job_id).counts.stored == rows
    later.close()


def test_a_killed_server_leaves_a_job_that_can_go_on(jobs: Jobs, store: Store) -> None:
    """The note on the disk says "running", and nobody runs it."""
    token = upload(jobs, "a.jsonl", lines(5))
    job_id = jobs.start(Asked(token, "a.jsonl", "neutral"), store, "tester").id
    ended(jobs, job_id)
    note = jobs.folder / "jobs" / job_id / "job.json"
    note.write_bytes(orjson.dumps({**orjson.loads(note.read_bytes()), "state": "running"}))
    found = Jobs(jobs.folder).get(job_id)
    assert found is not None
    assert found.state == "interrupted"


def test_imports_wait_for_each_other_and_one_that_waits_can_be_stopped(
    jobs: Jobs, store: Store, held: Callable[[], None]
) -> None:
    token = upload(jobs, "many.jsonl", lines(8000))
    first = jobs.start(Asked(token, "many.jsonl", "neutral"), store, "tester").id
    under_way(jobs, first)
    other = upload(jobs, "b.jsonl", lines(2, first=90_000))
    second = jobs.start(Asked(other, "b.jsonl", "neutral"), store, "tester").id
    third = jobs.start(Asked(other, "c.jsonl", "neutral"), store, "tester").id
    assert [job.state for job in jobs.listed()] == ["waiting", "waiting", "running"]
    jobs.stop(second)
    held()
    assert ended(jobs, third).counts.stored == 2
    assert ended(jobs, second).counts.read == 0
    assert {ended(jobs, first).state, ended(jobs, second).state} == {"done", "stopped"}


def test_a_file_that_cannot_be_read_fails_with_a_sentence(jobs: Jobs, store: Store) -> None:
    token = upload(jobs, "a.zip", b"PK\x03\x04")
    job = ended(jobs, jobs.start(Asked(token, "a.zip", "neutral"), store, "tester").id)
    assert job.state == "failed"
    assert job.problem is not None
    assert "ZIP archive" in job.problem
    with pytest.raises(ImportFailed, match="is not there any more"):
        jobs.start(Asked("file-gone.csv", "gone.csv", "neutral"), store, "tester")


def test_a_store_that_closes_fails_the_import_and_is_not_opened_again(
    jobs: Jobs, tmp_path: Path
) -> None:
    with a_store(tmp_path, "closed") as store:
        pass
    token = upload(jobs, "a.jsonl", lines(2))
    job = ended(jobs, jobs.start(Asked(token, "a.jsonl", "neutral"), store, "tester").id)
    assert job.state == "failed"
    assert "takes no more changes" in (job.problem or "")


def test_a_batch_is_read_with_its_other_file_and_the_mapping_as_asked(
    jobs: Jobs, store: Store
) -> None:
    output = upload(jobs, "out.jsonl", (FILES / "openai_batch_output.jsonl").read_bytes())
    asked = upload(jobs, "in.jsonl", (FILES / "openai_batch_input.jsonl").read_bytes())
    batch = Asked(output, "out.jsonl", "openai-batch", companion=asked)
    assert ended(jobs, jobs.start(batch, store, "tester").id).counts.stored == 3
    assert all(one.input_text for one in kept(store))
    (jobs.folder / "own.csv").write_bytes((FILES / "own_table.csv").read_bytes())
    mapping = {"Question": "output", "Reply": "input", "When": "started_at"}
    own = Asked("file-own.csv", "own", "mapped", mapping, zone="Asia/Tokyo")
    done = ended(jobs, jobs.start(own, store, "tester").id)
    assert done.counts.stored == 2
    found = [one for one in kept(store) if one.origin == "import:own"]
    assert [one.output_text for one in found] == ["Qu'est-ce que c'est ?", "Straße?"]
    assert {one.summary.started_at.hour for one in found} == {1}, "10 o'clock in Tokyo"
    assert (jobs.folder / "own.csv").exists(), "a file that somebody placed there is theirs"


@pytest.mark.parametrize(
    "note", [b"", b"{}", b"[]", b'{"id": "../x"}', b'{"id": "0123456789abcdef", "asked": 1}']
)
def test_a_damaged_note_is_left_alone(tmp_path: Path, note: bytes) -> None:
    place = tmp_path / "jobs" / "0123456789abcdef"
    place.mkdir(parents=True)
    (place / "job.json").write_bytes(note)
    assert Jobs(tmp_path).listed() == []
    assert (place / "job.json").read_bytes() == note


def test_old_imports_are_forgotten_the_finished_ones_first(
    jobs: Jobs, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "KEPT", 3)
    (jobs.folder / "a.jsonl").write_bytes(lines(1))
    (jobs.folder / "b.zip").write_bytes(b"PK\x03\x04")
    names = ["b.zip", "a.jsonl", "a.jsonl", "a.jsonl", "a.jsonl"]
    ids = [
        ended(jobs, jobs.start(Asked(f"file-{name}", name, "neutral"), store, "t").id).id
        for name in names
    ]
    wanted = [ids[0], *ids[3:]]
    assert [job.id for job in jobs.listed()] == wanted[::-1]
    assert sorted(path.name for path in (jobs.folder / "jobs").iterdir()) == sorted(wanted)
