"""The workbench as tests reach it: the real server in a process, or its API inside the test."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.applications import Starlette

from workbench.api.middleware import middleware
from workbench.api.routes import routes
from workbench.providers.host import close_host
from workbench.settings import ROOT, settings
from workbench.store.store import Store, close_store, open_store

KEY = "wb_test_key_0123456789abcdef"
START_SECONDS = 60
STOP_SECONDS = 30


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def log_body(**changes: Any) -> dict[str, Any]:
    """A small `/track-request` body; `changes` replace or add top-level fields."""
    body: dict[str, Any] = {
        "function_name": "openai.OpenAI.chat.completions.create",
        "provider_type": "openai",
        "args": [],
        "kwargs": {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]},
        "tags": ["prod"],
        "request_response": {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "model": "gpt-4o-2024-08-06",
            "choices": [
                {
                    "index": 0,
                    "finish_reason": "stop",
                    "message": {"role": "assistant", "content": "Good day"},
                }
            ],
            "usage": {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12},
        },
        "request_start_time": 1_767_000_000.25,
        "request_end_time": 1_767_000_001.5,
        "metadata": {"user_id": "u1"},
        "api_key": KEY,
    }
    return body | changes


@dataclass
class Server:
    """A server process. `stop` asks it to finish (SIGTERM), `kill` does not ask (SIGKILL)."""

    database: str
    port: int = field(default_factory=free_port)
    key: str = KEY
    environment: Mapping[str, str] = field(default_factory=dict)
    log_file: Path | None = None
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, *, wait: bool = True) -> Server:
        self.log_file = self.log_file or Path(self.database).with_suffix(".log")
        environment = {
            **os.environ,
            "WORKBENCH_DATABASE": self.database,
            "WORKBENCH_API_KEY": self.key,
            **self.environment,
        }
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "streamlit", "run", "Home.py"),
                    *("--server.headless", "true", "--server.port", str(self.port)),
                ],
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        if wait:
            self.wait_until_ready()
        return self

    def wait_until_ready(self) -> None:
        assert self.process is not None
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended at its start:\n{self.log()}")
            try:
                with urllib.request.urlopen(f"{self.url}/healthz", timeout=5):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        self.kill()
        raise RuntimeError(f"the server was not ready in {START_SECONDS} s:\n{self.log()}")

    def log(self) -> str:
        return self.log_file.read_text(errors="replace") if self.log_file else ""

    def stop(self) -> int:
        """Ask the process to end; its exit status."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()


@contextmanager
def running(database: str, **fields: Any) -> Iterator[Server]:
    """The real server on a free port, until the block ends."""
    server = Server(database, **fields).start()
    try:
        yield server
    finally:
        if server.process is not None and server.process.poll() is None:
            server.stop()


@contextmanager
def store_in_process(database: str, **more: str) -> Iterator[Store]:
    """The store of this process, on a database of the test's own; `more`: other settings."""
    chosen = {"WORKBENCH_DATABASE": database, "WORKBENCH_API_KEY": KEY, **more}
    close_store()
    kept = dict(os.environ)
    os.environ.update(chosen)
    settings.cache_clear()
    try:
        yield open_store()
    finally:
        # As the server does: what asks models holds the store that it logs to.
        close_host()
        close_store()
        os.environ.clear()
        os.environ.update(kept)
        settings.cache_clear()


def application() -> Starlette:
    """The API without the pages: any other path is Starlette's own 404."""
    return Starlette(routes=routes(), middleware=middleware())
