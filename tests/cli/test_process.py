"""The life of the server's process: one owner of a store, and an orderly end."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.server import KEY, Server, log_body, running
from workbench.settings import ROOT, Settings
from workbench.store import requests
from workbench.store.store import Store
from workbench.ui.snippets import connect_curl

END_SECONDS = 15


def post(server: Server, body: dict[str, Any]) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    try:
        connection.request("POST", "/track-request", json.dumps(body))
        answer = connection.getresponse()
        assert answer.status == 200
        return int(json.load(answer)["request_id"])
    finally:
        connection.close()


def refuses_connections(server: Server) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", server.port)) != 0


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_what_was_accepted_is_answered_and_kept_when_the_server_is_asked_to_end(
    tmp_path: Path, how: signal.Signals
) -> None:
    """One request is half sent when the signal comes; others come in without a pause."""
    database = str(tmp_path / "workbench.duckdb")
    server = Server(database).start()
    assert server.process is not None
    answered: list[int] = []
    broken: list[Exception] = []

    def send(worker: int) -> None:
        number = 0
        try:
            while True:
                answered.append(post(server, log_body(metadata={"n": f"{worker}/{number}"})))
                number += 1
        except (OSError, http.client.HTTPException) as error:
            broken.append(error)

    senders = [threading.Thread(target=send, args=(worker,)) for worker in range(4)]
    for each in senders:
        each.start()
    body = json.dumps(log_body(metadata={"n": "half sent"})).encode()
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as late:
        head = f"POST /track-request HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
        late.sendall(head.encode() + body[:100])
        while len(answered) < 20:
            assert not broken
            time.sleep(0.01)
        server.process.send_signal(how)
        asked = time.monotonic()
        while not refuses_connections(server):
            time.sleep(0.01)
        late.sendall(body[100:])
        response = http.client.HTTPResponse(late)
        response.begin()
        assert response.status == 200
        answered.append(int(json.load(response)["request_id"]))
    status = server.process.wait(END_SECONDS)
    assert time.monotonic() - asked < END_SECONDS
    for each in senders:
        each.join()
    # Streamlit's command line answers Ctrl-C with "Aborted" and 1, as click does.
    assert status in {0, -how, 128 + how, *([1] if how == signal.SIGINT else [])}
    assert "Traceback" not in server.log()
    # A closed store is one file without a log beside it.
    assert not Path(f"{database}.wal").exists()
    store = Store(Settings(database=database))
    for id_ in answered:
        assert requests.get(store.connection, id_) is not None
    with store.connection.cursor() as cursor:
        assert cursor.execute("SELECT count(*) FROM requests").fetchone() == (len(answered),)
    store.close()


def test_a_second_start_on_the_store_ends_with_one_sentence_that_names_the_first(
    tmp_path: Path,
) -> None:
    database = str(tmp_path / "workbench.duckdb")
    with running(database) as first:
        assert first.process is not None
        second = Server(database, log_file=tmp_path / "second.log").start(wait=False)
        assert second.process is not None
        try:
            assert second.process.wait(60) == 2
        finally:
            if second.process.poll() is None:
                second.kill()
        said = [line for line in second.log().splitlines() if line.startswith("workbench: ")]
        assert len(said) == 1
        assert f"is in use by process {first.process.pid} (" in said[0]
        assert "Traceback" not in second.log()
        assert post(first, log_body(api_key=KEY))


@pytest.mark.parametrize("of", ["README", "page"])
def test_the_line_that_logs_without_a_model_makes_the_newest_record(
    tmp_path: Path, of: str
) -> None:
    """Run by a shell, with what the first start prints for the two variables."""
    with running(str(tmp_path / "workbench.duckdb")) as server:
        line = connect_curl(server.url, KEY)
        if of == "README":
            blocks = re.findall(r"```bash\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
            (line,) = (each for each in blocks if "curl" in each)
        environment = {"PROMPTLAYER_BASE_URL": server.url, "PROMPTLAYER_API_KEY": KEY}
        done = subprocess.run(
            ["/bin/bash", "-c", line],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=True,
        )
        answer = json.loads(done.stdout)
    started = datetime.fromisoformat(answer["request_start_time"])
    assert abs((datetime.now(UTC) - started).total_seconds()) < 60
    assert answer["prompt_string"] == "Where is my parcel?"
    assert answer["tags_array"] == ["dev"]
