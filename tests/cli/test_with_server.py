"""The command line beside a running server, which owns the store."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import threading
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
