"""The command line beside a running server, which owns the store."""

from __future__ import annotations

import csv
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.server import KEY, Server, running
from workbench.settings import ROOT, Settings
from workbench.store import stats
from workbench.store.store import Store


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(str(tmp_path_factory.mktemp("served") / "workbench.duckdb")) as server:
        yield server


def command(
    database: str, *arguments: str, server: str = "", key: str = KEY, **more: str
) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    environment = {**kept, "WORKBENCH_DATABASE": database, **more}
    if key:
        environment["PROMPTLAYER_API_KEY"] = key
    options = ["--server", server] if server else []
    return subprocess.run(
        [sys.executable, "-m", "workbench", *arguments, *options],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


def told(server: Server, *arguments: str, **more: str) -> str:
    done = command(server.database, *arguments, server=server.url, **more)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout


def refused(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 2, done.stdout
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("workbench: ")
    assert done.stderr.count("\n") == 1
    return done.stderr


def test_keys_are_made_listed_and_revoked_through_the_server(server: Server) -> None:
    key = told(server, "keys", "make", "by the server").strip()
    assert re.fullmatch(r"wb_[\w-]{43}", key)
    (line,) = [
        line for line in told(server, "keys", "list", key=key).splitlines() if "by the" in line
    ]
    id_ = line.split()[0]
    assert "valid" in line
    assert told(server, "keys", "revoke", id_) == f"Key {id_} is revoked.\n"
    assert "refused: A valid API key" in refused(
        command(server.database, "keys", "list", server=server.url, key=key)
    )


def test_sample_and_backup_go_through_the_server(server: Server) -> None:
    loaded = told(server, "sample", "load")
    number = loaded.split()[0]
    assert int(number.replace(",", "")) > 1500
    path = Path(told(server, "backup").split()[0])
    copy = Store(Settings(database=str(path)))
    assert f"{stats.contents(copy.connection).requests:,}" == number
    copy.close()
    assert told(server, "sample", "remove") == f"{number} requests removed.\n"


def test_a_key_that_is_not_there_and_one_that_is_wrong(server: Server) -> None:
    done = command(server.database, "keys", "revoke", "7", server=server.url)
    assert "refused: There is no API key 7." in refused(done)
    done = command(server.database, "keys", "list", server=server.url, key="wrong")
    assert "refused: A valid API key is needed" in refused(done)
    done = command(server.database, "keys", "list", server=server.url, key="")
    assert "needs an API key: put one into WORKBENCH_API_KEY or PROMPTLAYER_API_KEY" in refused(
        done
    )


def test_the_server_of_another_store_is_not_asked_to_change_it(
    server: Server, tmp_path: Path
) -> None:
    """The default address may well be someone else's server."""
    other = Store(Settings(database=str(tmp_path / "other.duckdb")))
    done = command(str(tmp_path / "other.duckdb"), "sample", "remove", server=server.url)
    assert "has another store open" in refused(done)
    other.close()


def test_no_server_at_the_address_is_said(server: Server) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}"
        done = command(server.database, "keys", "list", server=nobody)
    assert f"no workbench answers at {nobody}" in refused(done)


def test_the_key_is_sent_neither_to_a_proxy_nor_after_a_redirect(server: Server) -> None:
    seen: list[str] = []

    class Elsewhere(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.path)
            self.send_response(302 if self.path.startswith("/api") else 200)
            self.send_header("Location", f"http://127.0.0.1:{self.server.server_port}/stolen")  # type: ignore[attr-defined]
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            pass

    web = HTTPServer(("127.0.0.1", 0), Elsewhere)
    thread = threading.Thread(target=web.serve_forever)
    thread.start()
    elsewhere = f"http://127.0.0.1:{web.server_port}"
    try:
        told(server, "keys", "list", http_proxy=elsewhere, HTTP_PROXY=elsewhere)
        assert seen == []
        refused(command(server.database, "keys", "list", server=elsewhere))
        assert seen == ["/api/workbench/store"]
    finally:
        web.shutdown()
        thread.join()
        web.server_close()


def found(server: Server, name: str) -> int:
    """How many requests the server has of an import."""
    told = {"field": "origin", "operator": "is", "value": f"import:{name}"}
    body = {"filter_group": {"logic": "AND", "filters": [told]}, "per_page": 1}
    request = urllib.request.Request(
        f"{server.url}/api/public/v2/requests/search",
        data=json.dumps(body).encode(),
        headers={"X-API-KEY": KEY, "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return int(json.load(answer)["total"])


def write_rows(path: Path, number: int) -> Path:
    rows = (
        {"id": f"{path.name}-{n}", "input": f"question {n}", "output": "yes", "started_at": n + 1}
        for n in range(number)
    )
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_a_file_is_imported_through_the_server_and_only_once(
    server: Server, tmp_path: Path
) -> None:
    file = write_rows(tmp_path / "calls.jsonl", 40)
    with file.open("a") as more:
        more.write('{"input": "a", "output": "b", "started_at": "not a time"}\n{broken\n')
    kept = tmp_path / "refused.csv"
    said = told(server, "import", str(file), "--refused", str(kept))
    assert "calls.jsonl: 42 read, 40 stored, 0 there already, 2 refused" in said
    assert [row["line"] for row in csv.DictReader(kept.open())] == ["41", "42"]
    again = told(server, "import", str(file))
    assert "calls.jsonl: 42 read, 0 stored, 40 there already, 2 refused" in again
    assert found(server, "calls.jsonl") == 40


def test_times_of_the_file_are_read_in_the_zone_that_the_command_names(
    server: Server, tmp_path: Path
) -> None:
    file = tmp_path / "naive.jsonl"
    call = {
        "provider_type": "openai",
        "kwargs": {"model": "gpt-4o", "messages": []},
        "request_response": {},
        "request_start_time": "2026-03-01T12:00:00",
        "request_end_time": "2026-03-01T12:00:01",
    }
    file.write_text(json.dumps(call))
    assert "1 stored" in told(server, "import", str(file), "--zone", "Asia/Tokyo")
    wrong = command(server.database, "import", str(file), "--zone", "Mars", server=server.url)
    assert wrong.returncode == 2
    assert 'an IANA name such as "Europe/Berlin" is needed' in wrong.stderr
    told_of = {"field": "origin", "operator": "is", "value": "import:naive.jsonl"}
    body = {"filter_group": {"logic": "AND", "filters": [told_of]}}
    request = urllib.request.Request(
        f"{server.url}/api/public/v2/requests/search",
        data=json.dumps(body).encode(),
        headers={"X-API-KEY": KEY, "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        (row,) = json.load(answer)["items"]
    assert row["request_start_time"].startswith("2026-03-01T03:00:00")


def test_an_import_goes_on_after_the_server_was_killed(tmp_path: Path) -> None:
    """Nothing is lost and nothing is doubled."""
    rows = 6000
    file = write_rows(tmp_path / "many.jsonl", rows)
    with file.open("a") as more:
        # Large rows behind them, so that the import is under way when the server ends.
        for n in range(1500):
            row = {"id": f"large-{n}", "input": "w " * 8000, "output": "b", "started_at": n + 1}
            more.write(json.dumps(row) + "\n")
    database = str(tmp_path / "workbench.duckdb")
    with running(database) as first:
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        process = subprocess.Popen(
            [sys.executable, "-m", "workbench", "import", str(file), "--server", first.url],
            cwd=ROOT,
            env={**kept, "WORKBENCH_DATABASE": database, "WORKBENCH_API_KEY": KEY},
            stderr=subprocess.PIPE,
            text=True,
        )
        until = time.monotonic() + 60
        while found(first, "many.jsonl") == 0:
            assert time.monotonic() < until, "nothing was stored in a minute"
            assert process.poll() is None
        first.kill()
        _, said = process.communicate(timeout=120)
        assert process.returncode == 2
        assert "the same import goes on from there" in said
        before = first.start()
        there = found(before, "many.jsonl")
        assert 0 < there < rows + 1500
        told(before, "import", str(file))
        assert found(before, "many.jsonl") == rows + 1500
