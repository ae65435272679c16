"""A folder under its name is a whole export: the process is killed at any moment to find out."""

from __future__ import annotations

import hashlib
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import orjson
import pytest

from tests.export.support import add, chat
from workbench.export.jobs import jobs_of
from workbench.export.output import MANIFEST
from workbench.export.spec import read_spec
from workbench.settings import ROOT, Settings
from workbench.store import exports
from workbench.store.store import Store

pytestmark = pytest.mark.slow
ROUNDS = 20
ROWS = 3_000
LONGEST_SECONDS = 2.0
_RUN = """
import itertools, sys
from workbench.export.jobs import jobs_of
from workbench.export.spec import read_spec
from workbench.settings import Settings
from workbench.store.store import Store

store = Store(Settings(database=sys.argv[1], time_zone="UTC"))
jobs = jobs_of(store)
print("ready", flush=True)
tuning = {"near_duplicates": 0.8, "validation": 0.1}
for format_ in itertools.cycle(("parquet", "openai", "csv", "excel", "jsonl")):
    spec = {"format": format_, "masking": {}, "tuning": tuning if format_ == "openai" else {}}
    jobs.wait(jobs.start(read_spec(spec), "tester"))
"""


def assert_whole(folder: Path) -> None:
    """Every file that the manifest names is there, with its size, its digest and no other file."""
    manifest = orjson.loads((folder / MANIFEST).read_bytes())
    names = {file["name"] for file in manifest["files"]}
    assert {each.name for each in folder.iterdir()} == {*names, MANIFEST}
    for file in manifest["files"]:
        data = (folder / file["name"]).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (file["bytes"], file["sha256"])


def test_after_each_of_20_kills_every_export_is_whole_or_nowhere(tmp_path: Path) -> None:
    database = str(tmp_path / "store.duckdb")
    settings = Settings(database=database, time_zone="UTC")
    store = Store(settings)
    add(store, *(chat(n, f"question {n}", f"answer {n} " * 60) for n in range(ROWS)))
    store.close()
    source = random.Random()
    folder = tmp_path / "exports"
    done = interrupted = 0
    for number in range(ROUNDS):
        process = subprocess.Popen(
            [sys.executable, "-c", _RUN, database], cwd=ROOT, stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        time.sleep(source.uniform(0.0, LONGEST_SECONDS))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        for each in folder.iterdir() if folder.exists() else ():
            if not each.name.startswith("."):
                assert_whole(each)
        store = Store(settings)
        jobs = jobs_of(store)
        rows = [job.row for job in jobs.listed(1_000)]
        assert {row.status for row in rows} <= {exports.DONE, exports.INTERRUPTED}
        there = {each.name for each in folder.iterdir()} if folder.exists() else set()
        assert there == {str(row.id) for row in rows if row.status == exports.DONE}
        if number == ROUNDS - 1:
            done = sum(row.status == exports.DONE for row in rows)
            interrupted = len(rows) - done
            again = jobs.wait(jobs.start(read_spec({}), "tester")).row
            assert (again.status, again.rows_written) == (exports.DONE, ROWS)
        store.close()
    assert interrupted > ROUNDS // 4
    print(f"{ROUNDS} kills: {done} exports whole, {interrupted} nowhere")
