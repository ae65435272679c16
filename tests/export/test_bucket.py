"""Exports into an S3-compatible bucket, by a small one that keeps what it is sent."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from tests.export.support import NOON, add, chat
from workbench.export import bucket as buckets
from workbench.export.bucket import Bucket, configured
from workbench.export.jobs import Jobs, jobs_of
from workbench.export.output import MANIFEST, Output
from workbench.export.running import Control, Stopped, run
from workbench.export.spec import read_spec
from workbench.settings import Settings, SettingsError
from workbench.store import exports
from workbench.store.errors import Refused, StoreError
from workbench.store.store import Store


@dataclass
class Kept:
    """What lies in the bucket. refuse: part of the name of a file that it does not take.
    keeps: it deletes nothing.
    """

    objects: dict[str, bytes] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)
    pieces: dict[str, dict[int, bytes]] = field(default_factory=dict)
    refuse: str = ""
    keeps: bool = False
    url: str = ""

    def put(self, key: str, data: bytes) -> None:
        self.objects[key] = data
        self.order.append(key)


def _plain(body: bytes) -> bytes:
    """The data of a body that comes in signed chunks, or as it is."""
    if not re.match(rb"[0-9a-f]+(;chunk-signature=[0-9a-f]+)?\r\n", body):
        return body
    data, at = b"", 0
    while True:
        end = body.index(b"\r\n", at)
        size = int(body[at:end].split(b";")[0], 16)
        if size == 0:
            return data
        data += body[end + 2 : end + 2 + size]
        at = end + 2 + size + 2


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> Iterator[Kept]:
    found = Kept()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self, status: int, body: bytes = b"", **headers: str) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _asked(self) -> tuple[str, dict[str, list[str]], bytes]:
            address = urlsplit(self.path)
            size = int(self.headers.get("Content-Length") or 0)
            data = self.rfile.read(size) if size else b""
            query = parse_qs(address.query, keep_blank_values=True)
            return unquote(address.path).lstrip("/"), query, data

        def do_PUT(self) -> None:
            key, query, data = self._asked()
            if found.refuse and found.refuse in key:
                body = b"<Error><Code>AccessDenied</Code><Message>no</Message></Error>"
                self._answer(403, body, **{"Content-Type": "application/xml"})
                return
            if "partNumber" in query:
                found.pieces.setdefault(key, {})[int(query["partNumber"][0])] = _plain(data)
            else:
                found.put(key, _plain(data))
            self._answer(200, ETag='"x"')

        def do_POST(self) -> None:
            key, query, _ = self._asked()
            if "uploads" in query:
                body = b"<InitiateMultipartUploadResult><UploadId>u</UploadId>"
                self._answer(200, body + b"</InitiateMultipartUploadResult>")
                return
            found.put(key, b"".join(data for _, data in sorted(found.pieces.pop(key).items())))
            self._answer(200, b"<CompleteMultipartUploadResult></CompleteMultipartUploadResult>")

        def do_DELETE(self) -> None:
            key, _, _ = self._asked()
            if found.keeps:
                self._answer(403)
                return
            found.pieces.pop(key, None)
            found.objects.pop(key, None)
            self._answer(204)

        def log_message(self, *_: Any) -> None:
            return

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    found.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield found
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def jobs(tmp_path: Path, kept: Kept) -> Iterator[Jobs]:
    store = Store(
        Settings(
            database=str(tmp_path / "store.duckdb"),
            time_zone="UTC",
            export_bucket="s3://team-data/exports",
            export_bucket_url=kept.url,
        )
    )
    add(store, *(chat(n, "q", "x" * 1000) for n in range(30)))
    yield jobs_of(store)
    store.close()


def test_the_files_are_in_the_bucket_and_the_manifest_is_the_last(jobs: Jobs, kept: Kept) -> None:
    id_ = jobs.start(read_spec({"format": "jsonl", "bucket": True}), "tester")
    job = jobs.wait(id_)
    assert (job.row.status, job.row.error) == (exports.DONE, None)
    folder = f"team-data/exports/export-{id_}"
    assert kept.order == [f"{folder}/requests.jsonl", f"{folder}/{MANIFEST}"]
    for name in ("requests.jsonl", MANIFEST):
        path = jobs.file(id_, name)
        assert path is not None
        assert kept.objects[f"{folder}/{name}"] == path.read_bytes()
    told = json.loads(kept.objects[f"{folder}/{MANIFEST}"])
    assert told["bucket"] == f"s3://team-data/exports/export-{id_}/"


def test_large_files_go_in_pieces(jobs: Jobs, kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buckets, "PIECE_BYTES", 5 * 2**20)
    folder = jobs.folder
    folder.mkdir(parents=True, exist_ok=True)
    data = bytes(range(256)) * (12 * 2**12)
    (folder / "big").write_bytes(data)
    Bucket("team-data", "", kept.url).put(folder, 7, ["big"], lambda: None)
    assert kept.objects == {"team-data/export-7/big": data}


def test_a_bucket_that_refuses_fails_the_export_and_keeps_nothing(jobs: Jobs, kept: Kept) -> None:
    kept.refuse = MANIFEST
    id_ = jobs.start(read_spec({"format": "jsonl", "bucket": True}), "tester")
    job = jobs.wait(id_)
    assert job.row.status == exports.FAILED
    assert "s3://team-data did not take the files" in (job.row.error or "")
    assert kept.objects == {}
    assert jobs.file(id_, "requests.jsonl") is None


def test_what_could_not_be_taken_back_is_told(jobs: Jobs, kept: Kept) -> None:
    kept.refuse, kept.keeps = MANIFEST, True
    id_ = jobs.start(read_spec({"format": "jsonl", "bucket": True}), "tester")
    error = jobs.wait(id_).row.error or ""
    assert "did not take the files" in error
    assert f"s3://team-data/exports/export-{id_}/requests.jsonl" in error


def test_an_export_that_is_stopped_while_it_is_sent_is_taken_back(
    store: Store, folder: Path, kept: Kept
) -> None:
    add(store, chat(1, "q", "a"))
    control = Control()
    bucket = Bucket("team-data", "", kept.url)
    real = bucket.put

    class Stopping(Bucket):
        __slots__ = ()

        def put(self, folder: Path, id_: int, names: Any, check: Any) -> None:
            def stop_at_the_second() -> None:
                if kept.order:
                    control.stop()
                check()

            real(folder, id_, names, stop_at_the_second)

    with pytest.raises(Stopped):
        run(
            store.connection,
            read_spec({"bucket": True}),
            Output(folder, 1),
            id_=1,
            now=NOON,
            control=control,
            bucket=Stopping("team-data", "", kept.url),
        )
    assert kept.order
    assert kept.objects == {}
    assert list(folder.iterdir()) == []


def test_without_a_bucket_it_is_said(store: Store, folder: Path) -> None:
    with pytest.raises(Refused, match="WORKBENCH_EXPORT_BUCKET"):
        run(
            store.connection,
            read_spec({"bucket": True}),
            Output(folder, 1),
            id_=1,
            now=NOON,
            control=Control(),
        )
    assert list(folder.iterdir()) == []


def test_a_bucket_out_of_reach_is_said(tmp_path: Path, kept: Kept) -> None:
    (tmp_path / "a").write_text("a")
    with pytest.raises(StoreError, match="did not take"):
        Bucket("team-data", "", "http://127.0.0.1:9").put(tmp_path, 1, ["a"], lambda: None)


def test_the_setting_is_checked() -> None:
    read = Settings.read({"WORKBENCH_EXPORT_BUCKET": "s3://team-data/a/b/"})
    assert configured(read) == Bucket("team-data", "a/b", None)
    assert configured(Settings()) is None
    for text in ("team-data", "s3://", "s3://Team_Data", "s3://team-data/../x"):
        with pytest.raises(SettingsError):
            Settings.read({"WORKBENCH_EXPORT_BUCKET": text})
