"""The flush to disk comes before the answer: seen in the system calls of the real server."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.server import Server, log_body, running

pytestmark = pytest.mark.slow
CALLS = "fsync,fdatasync,write,writev,pwrite64,pwritev,sendto,sendmsg"
REQUESTS = 5
CALL = re.compile(r"^(?P<pid>\d+)\s+(?P<name>\w+)\((?P<rest>.*)$")
RESUMED = re.compile(r"^(?P<pid>\d+)\s+<\.\.\. (?P<name>\w+) resumed>(?P<rest>.*)$")


@dataclass
class Event:
    """write: bytes went to the log; flushed: its flush has come back; answer: an answer begins."""

    kind: str
    line: str


@contextmanager
def traced(server: Server, out: Path) -> Iterator[None]:
    assert server.process is not None
    command = ["strace", "-f", "-y", "-s", "40", "-e", f"trace={CALLS}", "-o", str(out)]
    tracer = subprocess.Popen(
        [*command, "-p", str(server.process.pid)], stderr=subprocess.PIPE, text=True
    )
    assert tracer.stderr is not None
    try:
        said = tracer.stderr.readline()
        if "attached" not in said:
            tracer.wait(10)
            pytest.skip(f"strace may not look into a process here: {said.strip()}")
        # One line for each thread; after that the trace is whole.
        wait_for_quiet(out)
        yield
        wait_for_quiet(out)
    finally:
        tracer.send_signal(signal.SIGINT)
        tracer.wait(30)
        tracer.stderr.close()


def wait_for_quiet(out: Path) -> None:
    size, since = -1, time.monotonic()
    while time.monotonic() - since < 1:
        now = out.stat().st_size if out.exists() else 0
        if now != size:
            size, since = now, time.monotonic()
        time.sleep(0.05)


def events_of(trace: str, database: str) -> list[Event]:
    """What matters in the order it happened; a flush counts from the moment it has succeeded."""
    log = f"<{database}.wal>"
    events: list[Event] = []
    flushing: set[str] = set()
    for line in trace.splitlines():
        call, resumed = CALL.match(line), RESUMED.match(line)
        if call and call["name"] in {"fsync", "fdatasync"}:
            if log not in call["rest"]:
                continue
            if "<unfinished" in line:
                flushing.add(call["pid"])
            elif line.endswith("= 0"):
                events.append(Event("flushed", line))
        elif resumed and resumed["name"] in {"fsync", "fdatasync"}:
            if resumed["pid"] in flushing and line.endswith("= 0"):
                events.append(Event("flushed", line))
            flushing.discard(resumed["pid"])
        elif call and log in call["rest"]:
            events.append(Event("write", line))
        elif call and '"HTTP/1.1 ' in call["rest"]:
            events.append(Event("answer", line))
    return events


def assert_flushed_before_each_answer(events: list[Event], answers: int) -> None:
    shown = "\n".join(f"{event.kind:8} {event.line[:150]}" for event in events)
    assert [event.kind for event in events].count("answer") == answers, shown
    kinds: list[str] = []
    for event in events:
        if event.kind != "answer":
            kinds.append(event.kind)
            continue
        assert " 200 " in event.line, shown
        assert "write" in kinds, f"an answer without a write to the log before it:\n{shown}"
        assert kinds[-1] == "flushed", f"an answer before the flush:\n{shown}"
        kinds.clear()


def test_each_answer_follows_a_flush_of_what_was_written_for_it(tmp_path: Path) -> None:
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    database = str(tmp_path / "workbench.duckdb")
    out = tmp_path / "trace"
    with running(database) as server, traced(server, out):
        for number in range(REQUESTS):
            body = log_body(metadata={"number": number})
            request = urllib.request.Request(
                f"{server.url}/track-request", json.dumps(body).encode()
            )
            with urllib.request.urlopen(request, timeout=60) as answer:
                assert answer.status == 200
    events = events_of(out.read_text(errors="replace"), database)
    assert_flushed_before_each_answer(events, REQUESTS)


WRITE = '7 write(9</d.wal>, "row"..., 64) = 64'
FLUSH = "7 fdatasync(9</d.wal>) = 0"
ANSWER = '5 sendto(4<socket:[1]>, "HTTP/1.1 200 OK"..., 90, 0, NULL, 0) = 90'


@pytest.mark.parametrize(
    ("lines", "is_good"),
    [
        ([WRITE, FLUSH, ANSWER, WRITE, FLUSH, ANSWER], True),
        ([WRITE, "7 fsync(9</d.wal> <unfinished ...>", "7 <... fsync resumed>) = 0", ANSWER], True),
        ([WRITE, ANSWER, FLUSH], False),
        (
            [WRITE, "7 fsync(9</d.wal> <unfinished ...>", ANSWER, "7 <... fsync resumed>) = 0"],
            False,
        ),
        ([WRITE, "7 fdatasync(9</d.wal>) = -1 EIO (Input/output error)", ANSWER], False),
        ([WRITE, "7 fdatasync(8</other>) = 0", ANSWER], False),
        ([WRITE, FLUSH, WRITE, ANSWER], False),
        ([WRITE, FLUSH, ANSWER, ANSWER], False),
        ([ANSWER], False),
    ],
)
def test_a_trace_in_which_the_answer_comes_first_is_recognised(
    lines: list[str], is_good: bool
) -> None:
    events = events_of("\n".join(lines), "/d")
    answers = lines.count(ANSWER)
    if is_good:
        assert_flushed_before_each_answer(events, answers)
    else:
        with pytest.raises(AssertionError):
            assert_flushed_before_each_answer(events, answers)
