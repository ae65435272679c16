"""A web server of this machine for endpoint columns."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


class _Pages(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        self.server.seen.append((self.path, dict(self.headers), body))  # type: ignore[attr-defined]
        status, headers, answer = 200, {}, body
        if self.path == "/status":
            status, answer = 503, b"busy"
        elif self.path == "/words":
            answer = "Grüße".encode()
        elif self.path == "/large":
            answer = b"x" * 3_000_000
        elif self.path == "/away":
            status, headers = 307, {"Location": "http://localhost:1/metadata"}
        elif self.path == "/here":
            status, headers = 303, {"Location": "/seen"}
        elif self.path == "/slow":
            self._drip()
            return
        self._send(status, headers, answer)

    def do_GET(self) -> None:
        self.server.seen.append((self.path, dict(self.headers), b""))  # type: ignore[attr-defined]
        self._send(200, {}, b'"seen"')

    def _send(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, text in headers.items():
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _drip(self) -> None:
        self.send_response(200)
        self.end_headers()
        stop: threading.Event = self.server.stop  # type: ignore[attr-defined]
        try:
            while not stop.wait(0.05):
                self.wfile.write(b"x")
        except OSError:
            self.close_connection = True

    def log_message(self, *args: object) -> None:
        pass


class Pages(ThreadingHTTPServer):
    """seen: (path, headers, body) of every request."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Pages)
        self.seen: list[tuple[str, dict[str, str], bytes]] = []
        self.stop = threading.Event()
        self.url = f"http://127.0.0.1:{self.server_port}"


@pytest.fixture
def server() -> Iterator[Pages]:
    made = Pages()
    thread = threading.Thread(target=made.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield made
    made.stop.set()
    made.shutdown()
    made.server_close()
    thread.join()
