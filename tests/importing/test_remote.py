"""Importing into a server that has the store open."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest
from click.testing import CliRunner

from tests.importing.support import FILES, a_store, kept, told
from workbench.api.importing import read_line
from workbench.cli.import_ import import_
from workbench.logs.importing.job import Options, import_file
from workbench.logs.importing.preview import preview
from workbench.logs.importing.remote import BULK_PATH, ServerSink, take
from workbench.logs.importing.taking import Origin
from workbench.logs.intake import Sender, log_request
from workbench.settings import settings
from workbench.store.errors import StoreError
from workbench.store.store import Store

KEY = "pl_test"


@contextmanager
def serving(store: Store, *, bulk: bool = True, busy: int = 0, limit: int = 2**20) -> Iterator[str]:
    """A small server over a store, with or without the bulk route, busy for some requests.

    limit: of the bytes of a body.
    """
    left = [busy]

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            data = self.rfile.read(int(self.headers["Content-Length"]))
            asked = urlsplit(self.path)
            query = {name: found[0] for name, found in parse_qs(asked.query).items()}
            if self.headers["X-API-KEY"] != KEY:
                return self.answer(401, {"message": "Invalid API key."})
            if left[0]:
                left[0] -= 1
                return self.answer(503, {"message": "busy"})
            if len(data) > limit:
                return self.answer(413, {"message": "too large"})
            if asked.path == BULK_PATH and bulk:
                origin = Origin(query["name"], query["format"], Sender("key:test"))
                return self.answer(200, take(store, data, read_line, origin))
            if asked.path == "/log-request":
                row = log_request(orjson.loads(data), data.decode(), Sender("key:test")).row
                return self.answer(201, {"id": store.add(row).result().id})
            return self.answer(404, {"message": "no such path"})

        def answer(self, status: int, body: dict[str, object]) -> None:
            data = orjson.dumps(body)
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *about: object) -> None:
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def sink(server: str, key: str = KEY) -> ServerSink:
    return ServerSink(server, key, Origin("neutral.jsonl", "neutral", Sender("command line")))


@pytest.mark.parametrize("file", sorted(FILES.iterdir()), ids=lambda path: path.name)
def test_rows_through_the_bulk_route_are_those_of_the_store_itself(
    file: Path, tmp_path: Path
) -> None:
    name = preview(file).format
    options = Options(base=datetime(2026, 3, 1, tzinfo=UTC))
    with a_store(tmp_path, "direct") as store:
        direct = import_file(store, file, name, options, actor="tester")
        wanted = [(told(one), one.origin) for one in kept(store)]
    with a_store(tmp_path) as store, serving(store, busy=1) as server:
        to = ServerSink(server, KEY, Origin(file.name, name, Sender("command line")))
        counts = import_file(to, file, name, options, actor="tester")
        again = import_file(to, file, name, options, actor="tester")
        to.close()
        assert counts == direct
        assert (again.stored, again.duplicates) == (0, direct.stored + direct.duplicates)
        assert [(told(one), one.origin) for one in kept(store)] == wanted


def test_a_block_that_is_too_large_for_the_server_goes_in_halves(tmp_path: Path) -> None:
    """What is too large by itself is refused alone, with its own line."""
    path, refused = tmp_path / "large.jsonl", tmp_path / "refused.jsonl"
    rows = [{"input": f"question {n}", "output": "a", "started_at": n + 1} for n in range(20)]
    rows[6]["output"] = "b" * 5000
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    with a_store(tmp_path) as store, serving(store, limit=3000) as server:
        to = sink(server)
        counts = import_file(to, path, "neutral", Options(refused=refused), actor="tester")
        to.close()
        assert (counts.stored, counts.refused) == (19, 1)
        assert len(kept(store)) == 19
    told_of = orjson.loads(refused.read_bytes())
    assert (told_of["line"], told_of["reason"]) == (7, "too large")
    assert "question 6" in told_of["row"]


def test_a_server_without_the_bulk_route_gets_each_record_alone(tmp_path: Path) -> None:
    with a_store(tmp_path) as store, serving(store, bulk=False) as server:
        for _ in range(2):
            to = sink(server)
            counts = import_file(to, FILES / "neutral.jsonl", actor="tester")
            to.close()
            assert counts.stored == 4
        assert len(kept(store)) == 4


def test_what_the_bulk_route_refuses_has_the_place_of_its_line(tmp_path: Path) -> None:
    path = tmp_path / "f.jsonl"
    good = b'{"id": "1", "input": "a", "output": "b", "started_at": 5}\n'
    path.write_bytes(
        b"\n\n" + good + b'{"input": "a", "output": "b", "started_at": 5, "cost": -1}\n'
    )
    refused = tmp_path / "refused.jsonl"
    with a_store(tmp_path) as store, serving(store) as server:
        to = sink(server)
        counts = import_file(to, path, "neutral", Options(refused=refused), actor="tester")
        to.close()
    assert (counts.stored, counts.refused) == (1, 1)
    assert orjson.loads(refused.read_bytes())["line"] == 4


def test_a_wrong_key_ends_the_import_with_the_servers_own_words(tmp_path: Path) -> None:
    with a_store(tmp_path) as store, serving(store) as server:
        to = sink(server, "pl_wrong")
        with pytest.raises(StoreError, match="Invalid API key"):
            import_file(to, FILES / "neutral.jsonl", actor="tester")
        to.close()


@pytest.fixture
def own_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("WORKBENCH_DATABASE", str(tmp_path / "store.duckdb"))
    settings.cache_clear()
    yield tmp_path
    settings.cache_clear()


def test_the_command_imports_tells_and_repeats_nothing(own_store: Path) -> None:
    broken = own_store / "mine.jsonl"
    broken.write_bytes((FILES / "neutral.jsonl").read_bytes() + b"{broken\n")
    command = [str(broken), str(FILES / "langfuse_observations.jsonl")]
    first = CliRunner().invoke(import_, command)
    assert first.exit_code == 0, first.output
    assert "mine.jsonl: 5 read, 4 stored, 0 there already, 1 refused" in first.output
    assert "1 × tool: no call to a model" in first.output
    again = CliRunner().invoke(import_, command)
    assert "mine.jsonl: 5 read, 0 stored, 4 there already, 1 refused" in again.output
    (refused,) = (own_store / "imports").glob("mine.jsonl.*.refused.jsonl")
    assert orjson.loads(refused.read_bytes())["line"] == 5


def test_the_command_shows_a_preview_and_stores_nothing(own_store: Path) -> None:
    shown = CliRunner().invoke(import_, [str(FILES / "own_table.csv"), "--preview"])
    assert shown.exit_code == 0, shown.output
    assert "Question -> input" in shown.output
    assert "Straße?" in shown.output
    assert not (own_store / "store.duckdb").exists()


def test_the_preview_names_the_columns_where_nothing_can_be_proposed(own_store: Path) -> None:
    table = own_store / "de.csv"
    table.write_text("Frage;Antwort\nWo?;Hier.\n")
    shown = CliRunner().invoke(import_, [str(table), "--preview"])
    assert "  Frage -> metadata.Frage (40%" in shown.output
    assert "gives no column to input or output" in str(shown.exception)
    pairs = ["--map", "Frage=input", "--map", "Antwort=output"]
    shown = CliRunner().invoke(import_, [str(table), "--preview", *pairs])
    assert "  Frage -> input\n" in shown.output
    assert "'Wo?' -> 'Hier.'" in shown.output


def test_the_command_takes_a_mapping(own_store: Path) -> None:
    pairs = ["--map", "Question=input", "--map", "Reply=output", "--map", "When=started_at"]
    done = CliRunner().invoke(import_, [str(FILES / "own_table.csv"), *pairs])
    assert "2 stored" in done.output
    wrong = CliRunner().invoke(import_, [str(FILES / "own_table.csv"), "--map", "Question"])
    assert wrong.exit_code != 0
